//! Dependencies.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use kanban_core::{Added, CardRef, Dependency, DependencyView, NewDependency, Page};

use super::Answer;
use crate::extract::{Act, Body, Id, Query};
use crate::json::Json;
use crate::openapi::Conflict;

/// Adds a dependency: says how the card stands to another.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/dependencies",
    operation_id = "add_dependency",
    tag = "dependencies",
    params(Act, Id<CardRef>),
    request_body(content = NewDependency, example = json!({"relation": "relates_to", "card": "AB-2"})),
    responses(
        (status = 201, description = "The dependency, which is new.", body = Added),
        (status = 200, description = "The dependency, which was there already.", body = Added),
        Conflict,
    )
)]
pub(super) async fn add(Act(kanban): Act, Id(card): Id<CardRef>, Body(link): Body<NewDependency>) -> Answer {
    let added = kanban.add_dependency(card, link).await?;
    let status = if added.is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(added)).into_response())
}

/// Lists a card's dependencies, seen from that card.
#[utoipa::path(
    get,
    path = "/v1/cards/{id}/dependencies",
    operation_id = "list_dependencies",
    tag = "dependencies",
    params(Act, Id<CardRef>),
    responses((status = 200, description = "All dependencies of the card.", body = Page<DependencyView>))
)]
pub(super) async fn list(Act(kanban): Act, Id(card): Id<CardRef>) -> Answer {
    let items = kanban.list_dependencies(card).await?;
    Ok(Json(Page { items, next_cursor: None }).into_response())
}

/// Removes a dependency.
#[utoipa::path(
    delete,
    path = "/v1/cards/{id}/dependencies",
    operation_id = "remove_dependency",
    tag = "dependencies",
    params(Act, Id<CardRef>, Query<NewDependency>),
    responses((status = 200, description = "The dependency that was removed.", body = Dependency), Conflict)
)]
pub(super) async fn remove(Act(kanban): Act, Id(card): Id<CardRef>, Query(link): Query<NewDependency>) -> Answer {
    Ok(Json(kanban.remove_dependency(card, link).await?).into_response())
}
