//! Boards.

use axum::extract::OriginalUri;
use kanban_core::{Board, BoardDetail, BoardFilter, BoardPatch, BoardRef, NewBoard, Page};

use super::Answer;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, Listed};
use crate::openapi::{Conflict, NotFound};

/// Creates a board with the columns of its template.
///
/// Without a key it gets one from its name; without a workspace it goes to the first one.
#[utoipa::path(
    post,
    path = "/v1/boards",
    operation_id = "create_board",
    tag = "boards",
    params(Act),
    request_body(content = NewBoard, example = json!({"name": "Release train", "template": "review"})),
    responses(
        (status = 201, description = "The board, with its columns.", body = BoardDetail,
         headers(("Location" = String, description = "Where the board is."))),
        NotFound,
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Body(new): Body<NewBoard>) -> Answer {
    let board = kanban.create_board(new).await?;
    Ok(created(format!("/v1/boards/{}", board.board.key), &board))
}

/// Reads a board with its columns in order and their counts of cards.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}",
    operation_id = "get_board",
    tag = "boards",
    params(Act, Id<BoardRef>, Seen),
    responses((status = 200, description = "The board, with its columns.", body = BoardDetail))
)]
pub(super) async fn read(Act(kanban): Act, Id(board): Id<BoardRef>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_board(board).await?))
}

/// Lists boards, oldest first.
#[utoipa::path(
    get,
    path = "/v1/boards",
    operation_id = "list_boards",
    tag = "boards",
    params(Act, Listed<BoardFilter>),
    responses((status = 200, description = "A page of boards.", body = Page<Board>))
)]
pub(super) async fn list(Act(kanban): Act, uri: OriginalUri, Listed(filter, page): Listed<BoardFilter>) -> Answer {
    Ok(extract::list(&uri, kanban.list_boards(filter, page).await?))
}

/// Changes a board's own members; archives it or brings it back.
///
/// Absent members stay; metadata is merged (RFC 7396). An archived board can be read but not changed.
#[utoipa::path(
    patch,
    path = "/v1/boards/{id}",
    operation_id = "update_board",
    tag = "boards",
    params(Act, Id<BoardRef>, IfMatch),
    request_body(content(
        (BoardPatch = "application/merge-patch+json", example = json!({"name": "Agent backlog", "metadata": {"team": "a"}})),
        (BoardPatch = "application/json", example = json!({"archived": true})),
    )),
    responses((status = 200, description = "The board as it is now.", body = BoardDetail), Conflict)
)]
pub(super) async fn update(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<BoardPatch>,
) -> Answer {
    Ok(tagged(&kanban.update_board(board, expected, patch).await?))
}

/// Deletes a board with all that is on it.
///
/// Its cards hold nothing back any more.
#[utoipa::path(
    delete,
    path = "/v1/boards/{id}",
    operation_id = "delete_board",
    tag = "boards",
    params(Act, Id<BoardRef>, IfMatch),
    responses((status = 200, description = "The board as it was deleted.", body = Board))
)]
pub(super) async fn delete(Act(kanban): Act, Id(board): Id<BoardRef>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_board(board, expected).await?))
}
