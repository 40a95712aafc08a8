//! Whether the process lives, whether it can work, what it can do, and how it fares.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use kanban_core::Store;
use serde::Serialize;
use utoipa::ToSchema;

use super::Answer;
use crate::json::Json;
use crate::openapi::{DOCUMENT, Unavailable};
use crate::telemetry::{self, Telemetry};

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

/// Tells how the server fares: requests and how long they took, by route and status, and connections to the database.
///
/// In the OpenMetrics text format, as Prometheus collects it.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "server_metrics",
    tag = "server",
    responses((status = 200, description = "The numbers.", body = String, content_type = "application/openmetrics-text"))
)]
pub(super) async fn metrics(State(store): State<Store>, Extension(telemetry): Extension<Arc<Telemetry>>) -> Answer {
    Ok(([(header::CONTENT_TYPE, telemetry::MEDIA_TYPE)], telemetry.text(&store.connections())).into_response())
}
