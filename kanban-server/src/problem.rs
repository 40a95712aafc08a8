//! Refusals over HTTP: problem details (RFC 9457), the same shape whatever went wrong.

use std::any::Any;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kanban_core::{Error, ErrorKind, InvalidField};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::rate;

/// A refusal on its way out. The request's id is added, and the body written, in [`crate::observe`].
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Parts>);

#[derive(Debug, Clone)]
struct Parts {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retryable: bool,
    errors: Vec<InvalidField>,
    members: Value,
    headers: Vec<(HeaderName, String)>,
}

/// Why a request was refused, and what to do next (RFC 9457). The data of some codes is in further members.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// The code as a URI.
    r#type: String,
    /// The status in words.
    title: &'a str,
    /// The answer's status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// A stable name for exactly this refusal, for programs to match on.
    code: &'a str,
    /// A sentence that says what is wrong and what to do next.
    detail: &'a str,
    /// The request's id, as in the log.
    request_id: &'a str,
    /// Whether the very same call may succeed later.
    retryable: bool,
    /// Every member that breaks a rule.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Vec<InvalidField>)]
    errors: &'a [InvalidField],
    #[serde(flatten)]
    #[schema(ignore)]
    members: &'a Value,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self(Box::new(Parts {
            status,
            code,
            detail: detail.into(),
            retryable: false,
            errors: Vec::new(),
            members: Value::Object(serde_json::Map::new()),
            headers: Vec::new(),
        }))
    }

    pub(crate) fn bad_request(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// A member of the body or a query parameter that is wrong.
    pub(crate) fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Error::Invalid { fields: vec![InvalidField { pointer: pointer.into(), detail: detail.into() }] }.into()
    }

    /// For an answer that has only a status, such as that of a route that does not exist.
    pub(crate) fn of_status(status: StatusCode) -> Self {
        let (code, detail) = match status {
            StatusCode::NOT_FOUND => ("no_such_path", "There is nothing at this path. The paths begin with /v1."),
            StatusCode::METHOD_NOT_ALLOWED => {
                ("method_not_allowed", "This path does not take this method. The Allow header lists those it takes.")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                ("too_large", "The body is larger than this server takes. Send less at once.")
            }
            StatusCode::SERVICE_UNAVAILABLE => ("timeout", "The answer took too long. Try again."),
            _ => ("http", "The request cannot be served."),
        };
        let mut problem = Self::new(status, code, detail);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            problem.0.retryable = true;
            problem.0.headers.push((header::RETRY_AFTER, "1".to_owned()));
        }
        problem
    }

    /// What says something to a caller that is not HTTP: no status, and only members that have a value.
    pub(crate) fn to_value(&self) -> Value {
        let parts = &self.0;
        let mut value = serde_json::json!({ "code": parts.code, "detail": parts.detail });
        if parts.retryable {
            value["retryable"] = true.into();
        }
        if !parts.errors.is_empty() {
            value["errors"] = serde_json::json!(parts.errors);
        }
        for (name, member) in parts.members.as_object().into_iter().flatten().filter(|(_, member)| !member.is_null()) {
            value[name] = member.clone();
        }
        value
    }

    /// Writes the problem as an answer's body.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let parts = &self.0;
        let body = Body {
            r#type: format!("urn:kanban:problem:{}", parts.code),
            title: parts.status.canonical_reason().unwrap_or("Error"),
            status: parts.status.as_u16(),
            code: parts.code,
            detail: &parts.detail,
            request_id,
            retryable: parts.retryable,
            errors: &parts.errors,
            members: &parts.members,
        };
        let json = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (parts.status, [(header::CONTENT_TYPE, "application/problem+json")], json).into_response();
        for (name, value) in &parts.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let is_cursor = matches!(&error, Error::Invalid { fields } if fields.iter().all(|f| f.pointer == "/cursor"));
        let status = match error.kind() {
            ErrorKind::Invalid if is_cursor => StatusCode::BAD_REQUEST,
            ErrorKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::VersionMismatch => StatusCode::PRECONDITION_FAILED,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Error::Internal { source } = &error {
            tracing::error!(error.cause = %source, "an operation failed inside");
        }
        let mut problem = Self::new(status, error.code(), error.to_string());
        problem.0.retryable = error.is_retryable();
        match &error {
            Error::Invalid { fields } => problem.0.errors = fields.clone(),
            other => problem.0.members = other.details(),
        }
        match &error {
            Error::VersionConflict { actual, .. } => problem.0.headers.push((header::ETAG, format!("\"{actual}\""))),
            Error::Unauthenticated => {
                problem.0.headers.push((header::WWW_AUTHENTICATE, "Bearer realm=\"kanban\"".to_owned()));
            }
            Error::ScopeNeeded { needed } => {
                let challenge = format!("Bearer realm=\"kanban\", error=\"insufficient_scope\", scope=\"{needed}\"");
                problem.0.headers.push((header::WWW_AUTHENTICATE, challenge));
            }
            Error::RateLimited { allowance } => {
                problem.0.headers.push((header::RETRY_AFTER, allowance.retry_after().to_string()));
                problem.0.headers.extend(rate::headers(std::slice::from_ref(allowance)));
            }
            Error::Unavailable { retry_after, .. } => {
                let seconds = retry_after.map_or(1, |after| after.as_secs().max(1));
                problem.0.headers.push((header::RETRY_AFTER, seconds.to_string()));
            }
            _ => {}
        }
        problem
    }
}

/// A defect in a handler ends its request, not the server.
pub(crate) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let text =
        panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
    Problem::from(Error::Internal { source: text.unwrap_or_else(|| "a handler panicked".to_owned()).into() })
        .into_response()
}
