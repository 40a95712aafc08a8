//! Reading what has happened on a board.

use kanban_core::{AuditFilter, BoardRef, Kanban, ListAudit, ListChanges, ListEvents, Timestamp};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::board::page;
use crate::job::{Work, work};

pub(crate) fn list_events(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let list = ListEvents { since: a.take("since")?, limit: a.take("limit")? };
    Ok(work(async move { kanban.list_events(board, list).await }))
}

pub(crate) fn list_audit(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let page = page(a)?;
    // the core's own names cannot be arguments: `from` is a word of Python
    let (from, to): (Option<Timestamp>, Option<Timestamp>) = (a.take("at_after")?, a.take("at_before")?);
    let filter = AuditFilter { from, to, ..a.rest()? };
    Ok(work(async move { kanban.list_audit(ListAudit { filter, page }).await }))
}

pub(crate) fn list_changes(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let list = ListChanges { since: a.take("since")?, limit: a.take("limit")? };
    Ok(work(async move { kanban.list_changes(board, list).await }))
}
