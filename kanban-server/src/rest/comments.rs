//! Comments.

use axum::extract::OriginalUri;
use kanban_core::{CardRef, Comment, CommentId, NewComment, Page};

use super::Answer;
use super::workspaces::NoFilter;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, Listed};
use crate::openapi::{Conflict, Forbidden};

/// Writes a comment on a card.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/comments",
    operation_id = "create_comment",
    tag = "comments",
    params(Act, Id<CardRef>),
    request_body(content = NewComment, example = json!({"body": "The search endpoint has no test."})),
    responses(
        (status = 201, description = "The comment.", body = Comment,
         headers(("Location" = String, description = "Where the comment is."))),
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Id(card): Id<CardRef>, Body(new): Body<NewComment>) -> Answer {
    let comment = kanban.create_comment(card, new).await?;
    Ok(created(format!("/v1/comments/{}", comment.id), &comment))
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

/// Reads a comment.
#[utoipa::path(
    get,
    path = "/v1/comments/{id}",
    operation_id = "get_comment",
    tag = "comments",
    params(Act, Id<CommentId>, Seen),
    responses((status = 200, description = "The comment.", body = Comment))
)]
pub(super) async fn read(Act(kanban): Act, Id(comment): Id<CommentId>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_comment(comment).await?))
}

/// Deletes a comment.
///
/// Who wrote it may, and people; other agents may not.
#[utoipa::path(
    delete,
    path = "/v1/comments/{id}",
    operation_id = "delete_comment",
    tag = "comments",
    params(Act, Id<CommentId>, IfMatch),
    responses((status = 200, description = "The comment as it was deleted.", body = Comment), Conflict, Forbidden)
)]
pub(super) async fn delete(Act(kanban): Act, Id(comment): Id<CommentId>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_comment(comment, expected).await?))
}
