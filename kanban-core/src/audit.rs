//! Reading the audit log.

use crate::db::audit::{self, AuditPlace, Which};
use crate::db::events::EventRow;
use crate::model::{Event, ListAudit, Page, Scope};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// Lists events of all boards and of what belongs to no board, newest first. Nothing changes or removes an event.
    ///
    /// With a board they come in the order of their numbers, otherwise in that of their moments. An event that is part of
    /// two boards' histories, such as a move between them, is there once for each.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// kanban.move_card(card.id, card.version, MoveCard::to(board.columns[1].id)).await?;
    /// let filter = AuditFilter { entity_id: Some("AB-1".parse()?), ..AuditFilter::default() };
    /// let history = kanban.list_audit(ListAudit { filter, ..ListAudit::default() }).await?.items;
    /// let actions: Vec<&str> = history.iter().map(|event| event.action.as_str()).collect();
    /// assert_eq!(actions, ["card.moved", "card.created"]);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for a board or key that names nothing; [`Invalid`](Error::Invalid) for a bad filter,
    /// limit or cursor.
    pub async fn list_audit(&self, list: ListAudit) -> Result<Page<Event>> {
        let ListAudit { filter, page } = &list;
        filter.validate()?;
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_audit", filter);
        let before = page.cursor.as_ref().map(|cursor| key.open::<AuditPlace>(&scope, cursor)).transpose()?;
        let board = match &filter.board_id {
            Some(board) => {
                let id = self.read(|conn, t| audit::board_id(conn, t, board)).await?;
                Some(id.ok_or_else(|| Error::not_found("board", board.to_string()))?)
            }
            None => None,
        };
        let entity = match &filter.entity_id {
            Some(entity) => {
                let id = self.read(|conn, t| audit::entity_id(conn, t, entity)).await?;
                Some(id.ok_or_else(|| Error::not_found("thing", entity.to_string()))?)
            }
            None => None,
        };
        let which = Which::new(filter, board, entity);
        let rows = self.read(|conn, t| audit::list_audit(conn, t, &which, before, rows)).await?;
        Ok(key.page(&scope, rows, page, EventRow::place, Event::from))
    }
}
