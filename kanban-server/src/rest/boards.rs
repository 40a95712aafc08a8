//! Boards.

use axum::extract::OriginalUri;
use kanban_core::{BoardFilter, BoardPatch, BoardRef, NewBoard};

use super::Answer;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, Query};

pub(super) async fn create(Act(kanban): Act, Body(new): Body<NewBoard>) -> Answer {
    let board = kanban.create_board(new).await?;
    Ok(created(format!("/v1/boards/{}", board.board.key), &board))
}

pub(super) async fn read(Act(kanban): Act, Id(board): Id<BoardRef>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_board(board).await?))
}

pub(super) async fn list(Act(kanban): Act, uri: OriginalUri, Query(filter, page): Query<BoardFilter>) -> Answer {
    Ok(extract::list(&uri, kanban.list_boards(filter, page).await?))
}

pub(super) async fn update(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    IfMatch(expected): IfMatch,
    Body(patch): Body<BoardPatch>,
) -> Answer {
    Ok(tagged(&kanban.update_board(board, expected, patch).await?))
}

pub(super) async fn delete(Act(kanban): Act, Id(board): Id<BoardRef>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_board(board, expected).await?))
}
