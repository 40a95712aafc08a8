//! Undo, for operators.

use kanban_core::{BoardRef, Kanban, Undo};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};
use crate::metrics::as_named_here;

pub(crate) fn undo(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let undo = Undo {
        actor: a.take("actor")?,
        run_id: a.take("run_id")?,
        from: a.take("since")?,
        to: a.take("until")?,
        before_seq: a.take("before_seq")?,
        dry_run: a.take("dry_run")?,
    };
    Ok(work(async move { kanban.undo(board, undo).await.map_err(as_named_here) }))
}
