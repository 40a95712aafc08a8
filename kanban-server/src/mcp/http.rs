//! The service over Streamable HTTP, at `/mcp`.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use kanban_core::{Store, TokenScope};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use super::service::{Identity, Service};
use crate::auth::Guard;
use crate::config::Config;
use crate::observe::Finished;
use crate::problem::Problem;

/// This machine's own names.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// The service as a route. A page of a foreign site that has got this server's address under a name of its own (DNS
/// rebinding) is told from a client by the names that both send: Host and Origin.
pub(crate) fn route(store: &Store, guard: Arc<Guard>, config: &Config) -> Router<Store> {
    let hosts = LOOPBACK.iter().map(|name| (*name).to_owned()).chain(config.allowed_host.iter().cloned());
    let own = LOOPBACK.iter().map(|name| format!("http://{name}:*"));
    let origins = own.chain(config.cors_origin.iter().filter_map(|origin| origin.to_str().ok()).map(with_port));
    let config = StreamableHttpServerConfig::default()
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
        .enforce_origin_validation()
        .with_max_request_body_bytes(config.body_limit)
        .with_json_response(true);
    let service = Service::new(store.clone(), Identity::Request);
    let service =
        StreamableHttpService::new(move || Ok(service.clone()), Arc::new(LocalSessionManager::default()), config);
    Router::new().route_service("/mcp", service).route_layer(from_fn_with_state(guard, enter))
}

/// An origin with the port that its scheme implies: without one, it would stand for any.
fn with_port(origin: &str) -> String {
    let has_port = origin.parse::<Uri>().is_ok_and(|uri| uri.port().is_some());
    match origin.split_once("://") {
        Some(("http", _)) if !has_port => format!("{origin}:80"),
        Some(("https", _)) if !has_port => format!("{origin}:443"),
        _ => origin.to_owned(),
    }
}

async fn enter(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    // what a tool needs beyond that, its operations ask for
    guard.admit(TokenScope::Read, request, |request| finished(request, next)).await
}

/// Refusals of the protocol have a shape of their own, which stays; those of the transport become problems.
async fn finished(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let status = response.status();
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json")) {
        response.extensions_mut().insert(Finished);
    } else if status.is_client_error() {
        let code = match status {
            StatusCode::FORBIDDEN => "forbidden",
            StatusCode::NOT_FOUND => "mcp_session_unknown",
            // the shape of these is the same on every path
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::PAYLOAD_TOO_LARGE => return response,
            _ => "bad_request",
        };
        let why = axum::body::to_bytes(response.into_body(), 1024).await.unwrap_or_default();
        let why = String::from_utf8_lossy(&why);
        let detail = format!("The MCP request cannot be served: {}.", why.trim().trim_end_matches('.'));
        response = Problem::new(status, code, detail).into_response();
    }
    response
}
