//! Dependencies.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use kanban_core::{CardRef, NewDependency, Page};

use super::Answer;
use crate::extract::{Act, Body, Id, Query};

pub(super) async fn add(Act(kanban): Act, Id(card): Id<CardRef>, Body(link): Body<NewDependency>) -> Answer {
    let added = kanban.add_dependency(card, link).await?;
    let status = if added.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(added)).into_response())
}

pub(super) async fn list(Act(kanban): Act, Id(card): Id<CardRef>) -> Answer {
    let items = kanban.list_dependencies(card).await?;
    Ok(Json(Page { items, next_cursor: None }).into_response())
}

pub(super) async fn remove(Act(kanban): Act, Id(card): Id<CardRef>, Query(link, _): Query<NewDependency>) -> Answer {
    Ok(Json(kanban.remove_dependency(card, link).await?).into_response())
}
