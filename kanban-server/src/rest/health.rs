//! Whether the process lives, whether it can work, and what it can do.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use kanban_core::Store;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::openapi::{DOCUMENT, Unavailable};

/// How the server is.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok` or `ready`.
    status: &'static str,
}

/// Tells that the process lives.
#[utoipa::path(
    get,
    path = "/healthz",
    operation_id = "alive",
    tag = "server",
    responses((status = 200, description = "It lives.", body = Health))
)]
pub(super) async fn alive() -> Answer {
    Ok(Json(Health { status: "ok" }).into_response())
}

/// Tells that the server can work: its database answers and has the right schema.
#[utoipa::path(
    get,
    path = "/readyz",
    operation_id = "ready",
    tag = "server",
    responses((status = 200, description = "It can work.", body = Health), Unavailable)
)]
pub(super) async fn ready(State(store): State<Store>) -> Answer {
    store.ready().await?;
    Ok(Json(Health { status: "ready" }).into_response())
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "server",
    responses((status = 200, description = "OpenAPI 3.1.", body = Object))
)]
pub(super) async fn openapi() -> Answer {
    Ok(([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response())
}
