//! Whether the process lives, and whether it can work.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use kanban_core::Store;
use serde_json::json;

use super::Answer;

pub(super) async fn alive() -> Answer {
    Ok(Json(json!({ "status": "ok" })).into_response())
}

pub(super) async fn ready(State(store): State<Store>) -> Answer {
    store.ready().await?;
    Ok(Json(json!({ "status": "ready" })).into_response())
}
