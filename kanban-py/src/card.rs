//! Operations on cards.

use kanban_core::{BoardRef, CardFields, CardPatch, CardRef, ColumnId, Kanban, ListCards, MoveCard, NewCard, Place};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::board::page;
use crate::job::{Work, work};

pub(crate) fn create_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let column: ColumnId = a.named("column_id")?;
    let new: NewCard = a.rest()?;
    Ok(work(async move { kanban.create_card(column, new).await }))
}

pub(crate) fn get_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let card: CardRef = a.named("card")?;
    Ok(work(async move { kanban.get_card(card).await }))
}

pub(crate) fn list_cards(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let list = list(a)?;
    Ok(work(async move { kanban.list_cards(board, list).await }))
}

pub(crate) fn pick_cards(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (board, fields): (BoardRef, CardFields) = (a.named("board")?, a.take("fields")?);
    let list = list(a)?;
    Ok(work(async move { kanban.pick_cards(board, list, fields).await }))
}

fn list(a: &Arguments<'_>) -> PyResult<ListCards> {
    let (page, sort) = (page(a)?, a.take("sort")?);
    Ok(ListCards { filter: a.rest()?, sort, page })
}

pub(crate) fn update_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, version): (CardRef, _) = (a.named("card")?, a.version()?);
    let patch: CardPatch = a.rest()?;
    Ok(work(async move { kanban.update_card(card, version, patch).await }))
}

pub(crate) fn move_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, version): (CardRef, _) = (a.named("card")?, a.version()?);
    let column: ColumnId = a.named("column_id")?;
    let Place { after_id, before_id, position } = a.rest()?;
    let to = MoveCard { column_id: column, after_id, before_id, position };
    Ok(work(async move { kanban.move_card(card, version, to).await }))
}

pub(crate) fn reorder_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, version): (CardRef, _) = (a.named("card")?, a.version()?);
    let place: Place = a.rest()?;
    Ok(work(async move { kanban.reorder_card(card, version, place).await }))
}

pub(crate) fn delete_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, version): (CardRef, _) = (a.named("card")?, a.version()?);
    Ok(work(async move { kanban.delete_card(card, version).await }))
}

pub(crate) fn restore_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, version): (CardRef, _) = (a.named("card")?, a.version()?);
    Ok(work(async move { kanban.restore_card(card, version).await }))
}
