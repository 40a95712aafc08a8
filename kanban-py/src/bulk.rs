//! Many changes of one board at once.

use kanban_core::{BoardRef, Bulk, Kanban};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

pub(crate) fn bulk(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let bulk: Bulk = a.rest()?;
    Ok(work(async move { kanban.bulk(board, bulk).await }))
}
