//! Operations on boards.

use kanban_core::{BoardFilter, BoardPatch, BoardRef, Kanban, ListPage, NewBoard};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work, work_as};

pub(crate) fn create_board(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let new: NewBoard = a.rest()?;
    Ok(work_as("BoardDetail", async move { kanban.create_board(new).await }))
}

pub(crate) fn get_board(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    Ok(work_as("BoardDetail", async move { kanban.get_board(board).await }))
}

pub(crate) fn list_boards(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let page = page(a)?;
    let filter: BoardFilter = a.rest()?;
    Ok(work(async move { kanban.list_boards(filter, page).await }))
}

pub(crate) fn update_board(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (board, version): (BoardRef, _) = (a.named("board")?, a.version()?);
    let patch: BoardPatch = a.rest()?;
    Ok(work_as("BoardDetail", async move { kanban.update_board(board, version, patch).await }))
}

pub(crate) fn delete_board(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (board, version): (BoardRef, _) = (a.named("board")?, a.version()?);
    Ok(work(async move { kanban.delete_board(board, version).await }))
}

/// The page of a list, where the list has filters too.
pub(crate) fn page(a: &Arguments<'_>) -> PyResult<ListPage> {
    Ok(ListPage { limit: a.take("limit")?, cursor: a.take("cursor")? })
}
