//! The board over HTTP: a thin server over `kanban-core`. It translates; every rule is the core's.

pub mod cli;
mod etag;
mod extract;
mod idempotency;
mod observe;
pub mod openapi;
mod problem;
mod rest;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use kanban_core::Store;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

/// The most bytes of a request's body.
const BODY_BYTES: usize = 1024 * 1024;

/// How long a request may take until its answer begins.
const ANSWER_TIME: Duration = Duration::from_secs(30);

/// The whole server as a service: what `serve` runs and tests call.
pub fn app(store: Store) -> Router {
    let layers = ServiceBuilder::new()
        .layer(from_fn(observe::observe))
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, ANSWER_TIME))
        .layer(DefaultBodyLimit::max(BODY_BYTES));
    rest::routes(store.clone()).layer(layers).with_state(store)
}
