//! Comments.

use axum::Json;
use axum::extract::OriginalUri;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kanban_core::{CardRef, NewComment};

use super::Answer;
use super::workspaces::NoFilter;
use crate::extract::{self, Act, Body, Id, Query};

pub(super) async fn create(Act(kanban): Act, Id(card): Id<CardRef>, Body(new): Body<NewComment>) -> Answer {
    Ok((StatusCode::CREATED, Json(kanban.create_comment(card, new).await?)).into_response())
}

pub(super) async fn list(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    uri: OriginalUri,
    Query(NoFilter {}, page): Query<NoFilter>,
) -> Answer {
    Ok(extract::list(&uri, kanban.list_comments(card, page).await?))
}
