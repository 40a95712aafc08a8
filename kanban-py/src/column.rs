//! Operations on columns.

use kanban_core::{BoardRef, ColumnId, ColumnPatch, ColumnPlace, Kanban, NewColumn};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

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

pub(crate) fn reorder_column(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (column, version): (ColumnId, _) = (a.named("column_id")?, a.version()?);
    let place: ColumnPlace = a.rest()?;
    Ok(work(async move { kanban.reorder_column(column, version, place).await }))
}

pub(crate) fn delete_column(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (column, version): (ColumnId, _) = (a.named("column_id")?, a.version()?);
    let to: Option<ColumnId> = a.take("move_cards_to")?;
    Ok(work(async move { kanban.delete_column(column, version, to).await }))
}
