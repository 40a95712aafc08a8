//! Reading a board's events.

use kanban_core::{BoardRef, Kanban, ListEvents};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

pub(crate) fn list_events(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let list = ListEvents { since: a.take("since")?, limit: a.take("limit")? };
    Ok(work(async move { kanban.list_events(board, list).await }))
}
