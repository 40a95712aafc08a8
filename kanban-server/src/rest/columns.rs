//! Columns.

use axum::Json;
use axum::response::IntoResponse;
use kanban_core::{BoardRef, ColumnId, ColumnPatch, NewColumn, Page};

use super::Answer;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{Act, Body, Id};

pub(super) async fn create(Act(kanban): Act, Id(board): Id<BoardRef>, Body(new): Body<NewColumn>) -> Answer {
    let column = kanban.create_column(board, new).await?;
    Ok(created(format!("/v1/columns/{}", column.id), &column))
}

pub(super) async fn list(Act(kanban): Act, Id(board): Id<BoardRef>) -> Answer {
    let items = kanban.get_board(board).await?.columns;
    Ok(Json(Page { items, next_cursor: None }).into_response())
}

pub(super) async fn read(Act(kanban): Act, Id(column): Id<ColumnId>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_column(column).await?))
}

pub(super) async fn update(
    Act(kanban): Act,
    Id(column): Id<ColumnId>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<ColumnPatch>,
) -> Answer {
    Ok(tagged(&kanban.update_column(column, expected, patch).await?))
}
