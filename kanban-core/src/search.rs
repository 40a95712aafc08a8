//! Search for cards and comments by what they say.

use crate::db::search::{self, HitRow, SearchPlace};
use crate::model::{Clauses, Page, Scope, Search, SearchHit};
use crate::{Kanban, Result};

impl Kanban {
    /// Searches cards (title, key, external id, labels, description) and comments of boards that are not archived.
    ///
    /// The words may stand in any order, and case and accents do not matter: `cafe` finds `Café`. What no space parts stays
    /// together: `auth.go`, `AB-42`, `snake_case`. Best hits come first, and the newest of those that are alike:
    ///
    /// 1. the card whose key, id or external id is the query,
    /// 2. cards with all words in the title, then cards with all of them anywhere, then comments; whole words before those
    ///    that only begin so,
    /// 3. in the same order, what holds the words inside others, or other words that differ by a slip (a letter missing,
    ///    added, wrong or swapped; about two in words of eight letters or more). The hit says that it is approximate.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let hit = kanban.search(Search::for_text("login")).await?.items.remove(0);
    /// assert_eq!((hit.card.key.as_str(), hit.found_in, hit.is_approximate), ("AB-1", FoundIn::Title, false));
    /// assert_eq!(hit.excerpts[0].parts[1], ExcerptPart { text: "login".into(), is_hit: true });
    ///
    /// let hit = kanban.search(Search::for_text("lgoin")).await?.items.remove(0);
    /// assert_eq!((hit.card.key.as_str(), hit.is_approximate), ("AB-1", true));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](crate::Error::Invalid) for a query without a word to look for or one that is too long, for a bad filter, limit or
    /// cursor; [`NotFound`](crate::Error::NotFound) for the board.
    pub async fn search(&self, search: Search) -> Result<Page<SearchHit>> {
        let Search { query, filter, page } = search;
        let clauses = Clauses::of(&query.q)?;
        filter.validate()?;
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "search", &(&query, &filter));
        let after = page.cursor.as_ref().map(|cursor| key.open::<SearchPlace>(&scope, cursor)).transpose()?;
        let rows =
            self.read(|conn, t| search::search(conn, t, &query, &clauses, &filter, after.as_ref(), rows)).await?;
        if let (true, None, Some(board)) = (rows.is_empty(), &after, query.board_id) {
            self.get_board(board).await?;
        }
        Ok(key.page(&scope, rows, &page, HitRow::place, |row| row.hit(&clauses)))
    }
}
