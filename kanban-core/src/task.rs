//! What an agent can work on next, and why not on the rest.

use serde::{Deserialize, Serialize};

use crate::agent::check_agent;
use crate::db::tasks::{self, ReadyPlace, ReadyRow};
use crate::model::{CardId, ListPage, NextTasks, Page, Scope, Tasks};
use crate::{Kanban, Result};

/// Where a list of tasks goes on.
#[derive(Serialize, Deserialize)]
enum TaskPlace {
    /// Behind this ready card.
    Ready(ReadyPlace),
    /// Behind this card that is not ready; at the first of them when there is none.
    LeftOut(Option<CardId>),
}

impl Kanban {
    /// The cards an agent can work on now, in the order in which it should take them: its own unfinished work first,
    /// then by priority, due date (none last), place and id.
    ///
    /// A card is ready when it is not deleted, its board is not archived, nothing unresolved blocks it, it is unassigned
    /// or assigned to this agent, it needs nothing that the agent says it cannot do, no other agent has a live lease on it,
    /// and it is queued (`backlog`, `todo`), or in progress and this agent's own, or left in progress by an agent whose
    /// lease has ended.
    ///
    /// With [`explain`](NextTasks::explain) the list goes on, behind all cards that are ready, with the open ones that are
    /// not, each with everything that stands in the way: so each open card that passes the filters is either among the
    /// items or told why not.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let first = kanban.create_card(todo, NewCard::titled("Fix the login")).await?;
    /// let second = kanban.create_card(todo, NewCard::titled("Tell the users")).await?;
    /// kanban.add_dependency(second.id, NewDependency::waits_for(first.id)).await?;
    /// let tasks = kanban.next_tasks("claude-1", NextTasks { explain: true, ..NextTasks::default() }).await?;
    /// assert_eq!(tasks.items[0].key, "AB-1");
    /// let left_out = &tasks.left_out.unwrap()[0];
    /// assert_eq!((left_out.key.as_str(), left_out.reasons[0].code), ("AB-2", LeftOutCode::BlockedBy));
    /// assert_eq!(left_out.reasons[0].ids, ["AB-1"]);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) for the board; [`Invalid`](crate::Error::Invalid) for a bad filter, limit or
    /// cursor.
    pub async fn next_tasks(&self, agent: &str, list: NextTasks) -> Result<Tasks> {
        check_agent(agent)?;
        let filter = list.filter();
        filter.validate()?;
        let limit = list.page.rows()? - 1;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "next_tasks", &(agent, filter, list.explain));
        let place = match &list.page.cursor {
            Some(cursor) => key.open(&scope, cursor)?,
            None => TaskPlace::Ready(ReadyPlace::start()),
        };
        let (ready, behind) = match place {
            TaskPlace::Ready(after) => {
                let rows = self.read(|conn, t| tasks::next_tasks(conn, t, agent, &filter, &after, limit + 1)).await?;
                let place = |row: &ReadyRow| TaskPlace::Ready(row.place());
                (key.page(&scope, rows, &list.page, place, |row| row.ready.card), None)
            }
            TaskPlace::LeftOut(after) => (Page { items: Vec::new(), next_cursor: None }, after),
        };
        let mut answer =
            Tasks { items: ready.items, left_out: None, full_columns: None, next_cursor: ready.next_cursor };
        if list.explain {
            let room = limit - answer.items.len() as i64;
            let mut rest = Page { items: Vec::new(), next_cursor: None };
            if answer.next_cursor.is_none() && room == 0 {
                rest.next_cursor = Some(key.seal(&scope, &TaskPlace::LeftOut(None)));
            } else if answer.next_cursor.is_none() {
                let after = behind.map_or(uuid::Uuid::nil(), |card| card.uuid());
                let rows = self.read(|conn, t| tasks::left_out(conn, t, agent, &filter, after, room + 1)).await?;
                let page = ListPage::first(room as u32);
                rest = key.page(&scope, rows, &page, |row| TaskPlace::LeftOut(Some(row.card_id)), |row| row);
            }
            answer.next_cursor = answer.next_cursor.or(rest.next_cursor);
            answer.left_out = Some(rest.items);
            answer.full_columns = Some(self.read(|conn, t| tasks::full_columns(conn, t, filter.board)).await?);
        }
        if let (true, None | Some([]), Some(board)) = (answer.items.is_empty(), answer.left_out.as_deref(), &list.board)
        {
            // nothing there, or no such board
            self.get_board(board.clone()).await?;
        }
        Ok(answer)
    }
}
