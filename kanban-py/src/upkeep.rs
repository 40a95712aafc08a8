//! Examining a tenant's boards, and the board that a fresh install starts with.

use kanban_core::Kanban;
use pyo3::PyResult;

use crate::job::{Work, work, work_into};
use crate::to_python;

pub(crate) fn examine(kanban: Kanban) -> PyResult<Work> {
    Ok(work(async move { kanban.examine().await }))
}

pub(crate) fn seed_demo(kanban: Kanban) -> PyResult<Work> {
    let seeded = async move { kanban.seed_demo().await };
    Ok(work_into(seeded, |py, board| match board {
        Some(board) => to_python::to_python_as(py, "BoardDetail", &board),
        None => Ok(py.None()),
    }))
}
