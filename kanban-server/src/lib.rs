//! The board over HTTP: a thin server over `kanban-core`. It translates; every rule is the core's.

mod auth;
pub mod cli;
mod config;
mod etag;
mod extract;
mod headers;
mod idempotency;
mod json;
mod mcp;
mod observe;
pub mod openapi;
mod prefer;
mod problem;
#[cfg(feature = "pure")]
#[doc(hidden)]
pub mod pure;
mod rate;
mod rest;
mod sse;
mod telemetry;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use kanban_core::Store;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::TimeoutLayer;

pub use config::Config;
use telemetry::Telemetry;

/// The whole server as a service: what `serve` runs and tests call.
pub fn app(store: Store, config: &Config) -> Router {
    let telemetry = Arc::new(Telemetry::new());
    let layers = ServiceBuilder::new()
        .layer(CompressionLayer::new())
        .layer(from_fn_with_state(telemetry.clone(), observe::observe))
        .layer(Extension(telemetry))
        .option_layer(config.cors())
        .layer(CatchPanicLayer::custom(problem::panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, config.answer_time))
        .layer(DefaultBodyLimit::max(config.body_limit));
    let guard = Arc::new(auth::Guard::new(store.clone(), config));
    let routes = rest::routes(&guard).merge(mcp::route(&store, guard, config));
    routes.layer(layers).with_state(store)
}
