//! Every path of the REST API on one screen.
//!
//! To add a route: write its handler in the file of its noun, with `#[utoipa::path]` over it, and put it in the table below,
//! under the scope that it needs: `read`, `write`, `admin`, or `open` to everybody.
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
mod tenants;
mod tokens;
mod undo;
mod workspaces;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use kanban_core::Store;
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::auth::Guard;
use crate::openapi::Table;
use crate::problem::Problem;

/// What a handler answers.
type Answer = Result<Response, Problem>;

pub(crate) fn table() -> Table {
    Table::new()
        .open("/healthz", routes!(health::alive))
        .open("/readyz", routes!(health::ready))
        .open("/metrics", routes!(health::metrics))
        .open("/openapi.json", routes!(health::openapi))
        .read("/v1/workspaces", routes!(workspaces::list))
        .write("/v1/workspaces", routes!(workspaces::create))
        .read("/v1/workspaces/{id}", routes!(workspaces::read))
        .write("/v1/workspaces/{id}", routes!(workspaces::update, workspaces::delete))
        .read("/v1/boards", routes!(boards::list))
        .write("/v1/boards", routes!(boards::create))
        .read("/v1/boards/{id}", routes!(boards::read))
        .write("/v1/boards/{id}", routes!(boards::update, boards::delete))
        .read("/v1/boards/{id}/columns", routes!(columns::list))
        .write("/v1/boards/{id}/columns", routes!(columns::create))
        .read("/v1/boards/{id}/cards", routes!(cards::list))
        .write("/v1/boards/{id}/cards/bulk", routes!(bulk::bulk))
        .admin("/v1/boards/{id}/undo", routes!(undo::undo))
        .read("/v1/boards/{id}/changes", routes!(events::changes))
        .read("/v1/boards/{id}/events", routes!(events::watch))
        .read("/v1/boards/{id}/metrics", routes!(metrics::board_metrics))
        .read("/v1/boards/{id}/forecast", routes!(metrics::forecast))
        .read("/v1/boards/{id}/critical_chain", routes!(blockers::board_critical_chain))
        .read("/v1/columns/{id}", routes!(columns::read))
        .write("/v1/columns/{id}", routes!(columns::update, columns::delete))
        .write("/v1/columns/{id}/reorder", routes!(columns::reorder))
        .write("/v1/columns/{id}/cards", routes!(cards::create))
        .read("/v1/cards/{id}", routes!(cards::read))
        .write("/v1/cards/{id}", routes!(cards::update, cards::delete))
        .write("/v1/cards/{id}/restore", routes!(cards::restore))
        .write("/v1/cards/{id}/move", routes!(cards::move_to))
        .write("/v1/cards/{id}/reorder", routes!(cards::reorder))
        .write("/v1/cards/{id}/claim", routes!(agents::claim_card))
        .write("/v1/cards/{id}/heartbeat", routes!(agents::heartbeat))
        .write("/v1/cards/{id}/release", routes!(agents::release))
        .write("/v1/cards/{id}/complete", routes!(agents::complete))
        .read("/v1/cards/{id}/dependencies", routes!(dependencies::list))
        .write("/v1/cards/{id}/dependencies", routes!(dependencies::add, dependencies::remove))
        .read("/v1/cards/{id}/unblocks", routes!(blockers::unblocks))
        .read("/v1/cards/{id}/critical_chain", routes!(blockers::critical_chain))
        .read("/v1/cards/{id}/comments", routes!(comments::list))
        .write("/v1/cards/{id}/comments", routes!(comments::create))
        .read("/v1/cards/{id}/attachments", routes!(attachments::list))
        .write("/v1/cards/{id}/attachments", routes!(attachments::create))
        .read("/v1/attachments/{id}", routes!(attachments::read))
        .write("/v1/attachments/{id}", routes!(attachments::delete))
        .read("/v1/audit", routes!(audit::list))
        .read("/v1/comments/{id}", routes!(comments::read))
        .write("/v1/comments/{id}", routes!(comments::delete))
        .read("/v1/search", routes!(search::search))
        .read("/v1/agents/{id}/next_tasks", routes!(agents::next_tasks))
        .write("/v1/agents/{id}/claim", routes!(agents::claim_next))
        .read("/v1/agents/{id}/blockers", routes!(blockers::blockers))
        .read("/v1/agents/{id}/summary", routes!(metrics::agent_summary))
        .admin("/v1/tokens", routes!(tokens::create, tokens::list))
        .admin("/v1/tokens/{id}", routes!(tokens::read, tokens::revoke))
        .admin("/v1/tenants", routes!(tenants::create, tenants::list))
        .admin("/v1/tenants/{id}", routes!(tenants::read, tenants::delete))
        .admin("/v1/tenants/{id}/suspend", routes!(tenants::suspend))
        .admin("/v1/tenants/{id}/resume", routes!(tenants::resume))
}

pub(crate) fn routes(guard: &Arc<Guard>) -> Router<Store> {
    // a page to read the document and try it, with all it needs inside the binary
    let page = SwaggerUi::new("/docs").config(Config::from("/openapi.json").validator_url("none"));
    table().router(guard).merge(page)
}
