//! Operations on boards and columns.

use kanban_core::{BoardFilter, BoardPatch, BoardRef, ColumnId, ColumnPatch, Kanban, ListPage, NewBoard, NewColumn};
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

pub(crate) fn create_column(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let new: NewColumn = a.rest()?;
    Ok(work(async move { kanban.create_column(board, new).await }))
}

pub(crate) fn get_column(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let column: ColumnId = a.named("column_id")?;
    Ok(work(async move { kanban.get_column(column).await }))
}

pub(crate) fn update_column(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (column, version): (ColumnId, _) = (a.named("column_id")?, a.version()?);
    let patch: ColumnPatch = a.rest()?;
    Ok(work(async move { kanban.update_column(column, version, patch).await }))
}

/// The page of a list, where the list has filters too.
pub(crate) fn page(a: &Arguments<'_>) -> PyResult<ListPage> {
    Ok(ListPage { limit: a.take("limit")?, cursor: a.take("cursor")? })
}
