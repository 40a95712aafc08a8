//! Operations on comments.

use crate::db::comments;
use crate::model::{CardRef, Comment, CommentId, ListPage, NewComment, Page, Scope};
use crate::{Kanban, Result};

impl Kanban {
    /// Writes a comment on a card.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// kanban.create_comment(card.id, NewComment::saying("The cookie expires too early.")).await?;
    /// let comments = kanban.list_comments(card.id, ListPage::default()).await?;
    /// assert_eq!(comments.items[0].author.id, "ada");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) for the card; [`Invalid`](crate::Error::Invalid).
    pub async fn create_comment(&self, card: impl Into<CardRef>, new: NewComment) -> Result<Comment> {
        new.validate()?;
        let card = card.into();
        let id = CommentId::generate().uuid();
        self.run(&[("card", &card)], |conn, t, actor| comments::create_comment(conn, t, actor, id, &card, &new)).await
    }

    /// Lists a card's comments, oldest first.
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) for the card; [`Invalid`](crate::Error::Invalid) for a bad limit or cursor.
    pub async fn list_comments(&self, card: impl Into<CardRef>, page: ListPage) -> Result<Page<Comment>> {
        let card = card.into();
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_comments", &card);
        let after = match &page.cursor {
            Some(cursor) => key.open::<CommentId>(&scope, cursor)?.uuid(),
            None => uuid::Uuid::nil(),
        };
        let rows = self.read(|conn, t| comments::list_comments(conn, t, &card, after, rows)).await?;
        if rows.is_empty() {
            self.get_card(card).await?;
        }
        Ok(key.page(&scope, rows, &page, |comment| comment.id, |comment| comment))
    }
}
