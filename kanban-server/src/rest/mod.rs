//! Every path of the REST API on one screen.

mod agents;
mod boards;
mod cards;
mod columns;
mod comments;
mod dependencies;
mod events;
mod health;
mod workspaces;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use kanban_core::Store;

use crate::problem::Problem;

/// What a handler answers.
type Answer = Result<Response, Problem>;

pub(crate) fn routes() -> Router<Store> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/v1/workspaces", post(workspaces::create).get(workspaces::list))
        .route("/v1/workspaces/{id}", get(workspaces::read))
        .route("/v1/boards", post(boards::create).get(boards::list))
        .route("/v1/boards/{id}", get(boards::read).patch(boards::update).delete(boards::delete))
        .route("/v1/boards/{id}/columns", post(columns::create).get(columns::list))
        .route("/v1/boards/{id}/cards", get(cards::list))
        .route("/v1/boards/{id}/changes", get(events::changes))
        .route("/v1/columns/{id}", get(columns::read).patch(columns::update))
        .route("/v1/columns/{id}/cards", post(cards::create))
        .route("/v1/cards/{id}", get(cards::read).patch(cards::update).delete(cards::delete))
        .route("/v1/cards/{id}/restore", post(cards::restore))
        .route("/v1/cards/{id}/move", post(cards::r#move))
        .route("/v1/cards/{id}/reorder", post(cards::reorder))
        .route("/v1/cards/{id}/claim", post(agents::claim_card))
        .route("/v1/cards/{id}/heartbeat", post(agents::heartbeat))
        .route("/v1/cards/{id}/release", post(agents::release))
        .route("/v1/cards/{id}/complete", post(agents::complete))
        .route(
            "/v1/cards/{id}/dependencies",
            post(dependencies::add).get(dependencies::list).delete(dependencies::remove),
        )
        .route("/v1/cards/{id}/comments", post(comments::create).get(comments::list))
        .route("/v1/agents/{id}/next_tasks", get(agents::next_tasks))
        .route("/v1/agents/{id}/claim", post(agents::claim_next))
}
