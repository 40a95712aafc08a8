//! Columns.

use axum::response::IntoResponse;
use kanban_core::{BoardRef, Column, ColumnId, ColumnPatch, ColumnPlace, NewColumn, Page};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{Act, Body, Id, Query};
use crate::json::Json;
use crate::openapi::Conflict;

/// Creates a column at the end of a board.
#[utoipa::path(
    post,
    path = "/v1/boards/{id}/columns",
    operation_id = "create_column",
    tag = "columns",
    params(Act, Id<BoardRef>),
    request_body(content = NewColumn, example = json!({"name": "Review", "kind": "doing", "wip_limit": 3})),
    responses(
        (status = 201, description = "The column.", body = Column,
         headers(("Location" = String, description = "Where the column is."))),
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Id(board): Id<BoardRef>, Body(new): Body<NewColumn>) -> Answer {
    let column = kanban.create_column(board, new).await?;
    Ok(created(format!("/v1/columns/{}", column.id), &column))
}

/// Lists a board's columns in order.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/columns",
    operation_id = "list_columns",
    tag = "columns",
    params(Act, Id<BoardRef>),
    responses((status = 200, description = "All columns of the board.", body = Page<Column>))
)]
pub(super) async fn list(Act(kanban): Act, Id(board): Id<BoardRef>) -> Answer {
    let items = kanban.get_board(board).await?.columns;
    Ok(Json(Page { items, next_cursor: None }).into_response())
}

/// Reads a column.
#[utoipa::path(
    get,
    path = "/v1/columns/{id}",
    operation_id = "get_column",
    tag = "columns",
    params(Act, Id<ColumnId>, Seen),
    responses((status = 200, description = "The column.", body = Column))
)]
pub(super) async fn read(Act(kanban): Act, Id(column): Id<ColumnId>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_column(column).await?))
}

/// Changes a column's name, kind, WIP limit or metadata.
///
/// Absent members stay; a null limit removes it; metadata is merged (RFC 7396).
#[utoipa::path(
    patch,
    path = "/v1/columns/{id}",
    operation_id = "update_column",
    tag = "columns",
    params(Act, Id<ColumnId>, IfMatch),
    request_body(content(
        (ColumnPatch = "application/merge-patch+json", example = json!({"wip_limit": 5})),
        (ColumnPatch = "application/json", example = json!({"name": "Next", "wip_limit": null})),
    )),
    responses((status = 200, description = "The column as it is now.", body = Column), Conflict)
)]
pub(super) async fn update(
    Act(kanban): Act,
    Id(column): Id<ColumnId>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<ColumnPatch>,
) -> Answer {
    Ok(tagged(&kanban.update_column(column, expected, patch).await?))
}

/// Moves a column to another place on its board.
///
/// Without a place it goes to the end. The versions of the other columns stay.
#[utoipa::path(
    post,
    path = "/v1/columns/{id}/reorder",
    operation_id = "reorder_column",
    tag = "columns",
    params(Act, Id<ColumnId>, IfMatch),
    request_body(content = ColumnPlace, example = json!({"position": 0})),
    responses((status = 200, description = "The column as it is now.", body = Column), Conflict)
)]
pub(super) async fn reorder(
    Act(kanban): Act,
    Id(column): Id<ColumnId>,
    IfMatch(expected): IfMatch,
    Body(place): Body<ColumnPlace>,
) -> Answer {
    Ok(tagged(&kanban.reorder_column(column, expected, place).await?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct WithCards {
    /// Another column of the board, to whose end its cards go. It holds none when this is absent.
    move_cards_to: Option<ColumnId>,
}

/// Deletes a column.
///
/// While it holds cards it needs `move_cards_to`, where all of them go at once and in their order, each as if it had been
/// moved there. At most 200 cards go with it.
#[utoipa::path(
    delete,
    path = "/v1/columns/{id}",
    operation_id = "delete_column",
    tag = "columns",
    params(Act, Id<ColumnId>, IfMatch, Query<WithCards>),
    responses((status = 200, description = "The column as it was deleted.", body = Column), Conflict)
)]
pub(super) async fn delete(
    Act(kanban): Act,
    Id(column): Id<ColumnId>,
    IfMatch(expected): IfMatch,
    Query(WithCards { move_cards_to }): Query<WithCards>,
) -> Answer {
    Ok(tagged(&kanban.delete_column(column, expected, move_cards_to).await?))
}
