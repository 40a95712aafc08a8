//! Every path of the REST API on one screen.
//!
//! To add a route: write its handler in the file of its noun, with `#[utoipa::path]` over it, and put it in the table below.
//! The attribute takes what is the route's own: method, path, `operation_id` (the name of the core's operation), tag, `params`
//! (the extractors in the handler's signature), body with an example, the answer that it gives, and `Conflict` or `Forbidden`
//! where the operation can be refused so. The other refusals and the headers follow from these, in `openapi/`. Then run
//! `cargo run -p kanban-server -- openapi > docs/openapi.json`.

mod agents;
mod attachments;
mod audit;
mod blockers;
mod boards;
mod bulk;
mod cards;
mod columns;
mod comments;
mod dependencies;
mod events;
mod health;
mod metrics;
mod search;
mod workspaces;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use kanban_core::Store;
use utoipa_axum::router::UtoipaMethodRouterExt;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::openapi::Table;
use crate::problem::Problem;
use crate::{idempotency, prefer};

/// What a handler answers.
type Answer = Result<Response, Problem>;

pub(crate) fn table() -> Table {
    Table::new()
        .at("/healthz", routes!(health::alive))
        .at("/readyz", routes!(health::ready))
        .at("/metrics", routes!(health::metrics))
        .at("/openapi.json", routes!(health::openapi))
        .at("/v1/workspaces", routes!(workspaces::create, workspaces::list))
        .at("/v1/workspaces/{id}", routes!(workspaces::read, workspaces::update, workspaces::delete))
        .at("/v1/boards", routes!(boards::create, boards::list))
        .at("/v1/boards/{id}", routes!(boards::read, boards::update, boards::delete))
        .at("/v1/boards/{id}/columns", routes!(columns::create, columns::list))
        .at("/v1/boards/{id}/cards", routes!(cards::list))
        .at("/v1/boards/{id}/cards/bulk", routes!(bulk::bulk))
        .at("/v1/boards/{id}/changes", routes!(events::changes))
        .at("/v1/boards/{id}/events", routes!(events::watch))
        .at("/v1/boards/{id}/metrics", routes!(metrics::board_metrics))
        .at("/v1/boards/{id}/forecast", routes!(metrics::forecast))
        .at("/v1/boards/{id}/critical_chain", routes!(blockers::board_critical_chain))
        .at("/v1/columns/{id}", routes!(columns::read, columns::update, columns::delete))
        .at("/v1/columns/{id}/reorder", routes!(columns::reorder))
        .at("/v1/columns/{id}/cards", routes!(cards::create))
        .at("/v1/cards/{id}", routes!(cards::read, cards::update, cards::delete))
        .at("/v1/cards/{id}/restore", routes!(cards::restore))
        .at("/v1/cards/{id}/move", routes!(cards::move_to))
        .at("/v1/cards/{id}/reorder", routes!(cards::reorder))
        .at("/v1/cards/{id}/claim", routes!(agents::claim_card))
        .at("/v1/cards/{id}/heartbeat", routes!(agents::heartbeat))
        .at("/v1/cards/{id}/release", routes!(agents::release))
        .at("/v1/cards/{id}/complete", routes!(agents::complete))
        .at("/v1/cards/{id}/dependencies", routes!(dependencies::add, dependencies::list, dependencies::remove))
        .at("/v1/cards/{id}/unblocks", routes!(blockers::unblocks))
        .at("/v1/cards/{id}/critical_chain", routes!(blockers::critical_chain))
        .at("/v1/cards/{id}/comments", routes!(comments::create, comments::list))
        .at("/v1/cards/{id}/attachments", routes!(attachments::create, attachments::list))
        .at("/v1/attachments/{id}", routes!(attachments::read, attachments::delete))
        .at("/v1/audit", routes!(audit::list))
        .at("/v1/comments/{id}", routes!(comments::read, comments::delete))
        .at("/v1/search", routes!(search::search))
        .at("/v1/agents/{id}/next_tasks", routes!(agents::next_tasks))
        .at("/v1/agents/{id}/claim", routes!(agents::claim_next))
        .at("/v1/agents/{id}/blockers", routes!(blockers::blockers))
        .at("/v1/agents/{id}/summary", routes!(metrics::agent_summary))
}

pub(crate) fn routes(store: Store) -> Router<Store> {
    // what a preference changes is part of the answer that is kept under a key
    let (router, _) = table().split(|routes| {
        routes.layer(from_fn(prefer::prefer)).layer(from_fn_with_state(store.clone(), idempotency::once))
    });
    // a page to read the document and try it, with all it needs inside the binary
    let page = SwaggerUi::new("/docs").config(Config::from("/openapi.json").validator_url("none"));
    router.merge(page)
}
