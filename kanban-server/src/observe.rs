//! What every request gets: an id, a line in the log, and its refusal in the one shape.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;

use crate::problem::Problem;
use crate::telemetry::Telemetry;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Identifies a request in logs, events and refusals.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(pub(crate) String);

impl RequestId {
    /// The caller's own id where it is a sane one, else a new ULID.
    fn of(request: &Request) -> Self {
        let given = request.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let sane = given.filter(|id| (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic()));
        Self(sane.map_or_else(|| ulid::Ulid::generate().to_string(), str::to_owned))
    }
}

/// Marks an answer whose body is what the caller must get, whatever its status.
#[derive(Debug, Clone)]
pub(crate) struct Finished;

pub(crate) async fn observe(State(telemetry): State<Arc<Telemetry>>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let active = telemetry.begin();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = RequestId::of(&request);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    request.extensions_mut().insert(id.clone());
    let empty = tracing::field::Empty;
    let span = tracing::info_span!("request", request.id = %id.0, tenant.id = empty, token.id = empty);
    let mut response = tracing::Instrument::instrument(next.run(request), span).await;
    let status = response.status();
    let is_finished = response.extensions_mut().remove::<Finished>().is_some();
    if !is_finished && (status.is_client_error() || status.is_server_error()) {
        response = as_problem(response, &id.0);
    }
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let took = began.elapsed();
    drop(active);
    telemetry.answered(&method, route.as_ref().map_or("", MatchedPath::as_str), status, took);
    tracing::info!(
        request.id = %id.0,
        http.method = %method,
        http.path = %path,
        http.status = status.as_u16(),
        http.duration_us = took.as_micros() as u64,
        "answered"
    );
    response
}

fn as_problem(mut response: Response, request_id: &str) -> Response {
    let problem = response.extensions_mut().remove::<Problem>();
    let mut rendered = problem.unwrap_or_else(|| Problem::of_status(response.status())).render(request_id);
    // what others say beside the body stays: which methods the path takes, which origins may read the answer
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) && !rendered.headers().contains_key(name) {
            rendered.headers_mut().insert(name, value.clone());
        }
    }
    rendered
}
