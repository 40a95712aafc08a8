//! Comments.

use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kanban_core::{CardRef, Comment, NewComment, Page};

use super::Answer;
use super::workspaces::NoFilter;
use crate::etag::tagged;
use crate::extract::{self, Act, Body, Id, Listed};
use crate::openapi::Conflict;

/// Writes a comment on a card.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/comments",
    operation_id = "create_comment",
    tag = "comments",
    params(Act, Id<CardRef>),
    request_body(content = NewComment, example = json!({"body": "The search endpoint has no test."})),
    responses((status = 201, description = "The comment.", body = Comment), Conflict)
)]
pub(super) async fn create(Act(kanban): Act, Id(card): Id<CardRef>, Body(new): Body<NewComment>) -> Answer {
    Ok((StatusCode::CREATED, tagged(&kanban.create_comment(card, new).await?)).into_response())
}

/// Lists a card's comments, oldest first.
#[utoipa::path(
    get,
    path = "/v1/cards/{id}/comments",
    operation_id = "list_comments",
    tag = "comments",
    params(Act, Id<CardRef>, Listed<NoFilter>),
    responses((status = 200, description = "A page of comments.", body = Page<Comment>))
)]
pub(super) async fn list(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    uri: OriginalUri,
    Listed(NoFilter {}, page): Listed<NoFilter>,
) -> Answer {
    Ok(extract::list(&uri, kanban.list_comments(card, page).await?))
}
