//! Idempotency-Key: a request that comes again is answered again, and carried out once (in the way of the IETF draft
//! draft-ietf-httpapi-idempotency-key-header).
//!
//! The key, a fingerprint of the request and its answer are written in the transaction of what the request does. Only
//! success is kept: a refusal has changed nothing, and the same request may succeed later.

use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kanban_core::{IdempotencyKey, Kanban, Once};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::auth::Caller;
use crate::extract;
use crate::prefer::prefer;
use crate::problem::Problem;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The headers that change what a request does, besides its method, address and body.
const ASKED: [&str; 6] = ["content-type", "if-match", "prefer", "x-agent-id", "x-agent-context", "x-claim-epoch"];

/// The transaction that a request under a key works in.
#[derive(Clone)]
pub(crate) struct Joined(pub(crate) Kanban);

/// Carries a request that has a key out once.
pub(crate) async fn once(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return prefer(request, next).await;
    }
    match key_of(request.headers()) {
        Ok(None) => prefer(request, next).await,
        Ok(Some(key)) => Box::pin(under_key(key, request, next)).await.unwrap_or_else(IntoResponse::into_response),
        Err(problem) => problem.into_response(),
    }
}

async fn under_key(key: String, request: Request, next: Next) -> Result<Response, Problem> {
    let Some(Caller(kanban)) = request.extensions().get::<Caller>().cloned() else {
        return Err(kanban_core::Error::Internal { source: "a key of nobody".into() }.into());
    };
    // whose key it is: two tokens may choose the same
    let caller = kanban.token_id().map(|id| id.to_string()).unwrap_or_default();
    let key = IdempotencyKey { caller, key };
    let (parts, body) = request.into_parts();
    let body = extract::bytes(Request::from_parts(parts.clone(), body)).await?;
    let fingerprint = fingerprint(&parts, &body);
    // what the first caller is shown and nobody who comes again
    let shown = Mutex::new(None);
    let work = |kanban: Kanban| {
        let mut request = Request::from_parts(parts.clone(), Body::from(body.clone()));
        request.extensions_mut().insert(Joined(kanban));
        let (next, shown) = (next.clone(), &shown);
        async move {
            // what a preference changes is part of the answer that is kept
            let (kept, whole) = Kept::of(prefer(request, next).await).await?;
            *shown.lock().unwrap_or_else(PoisonError::into_inner) = whole;
            Ok(kept.to_bytes())
        }
    };
    Ok(match kanban.once(&key, &fingerprint, work).await? {
        Once::Done(answer) => {
            let mut kept = Kept::from_bytes(&answer)?;
            if let Some(whole) = shown.into_inner().unwrap_or_else(PoisonError::into_inner) {
                kept.body = whole;
            }
            kept.into_response()
        }
        Once::Before(answer) => {
            let replayed = (REPLAYED, HeaderValue::from_static("true"));
            ([replayed], Kept::from_bytes(&answer)?).into_response()
        }
        Once::Refused(response) => response,
    })
}

/// The key, with or without the quotes of a structured field (RFC 9651).
fn key_of(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut keys = headers.get_all(KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let text = key.to_str().ok().map(str::trim).filter(|_| keys.next().is_none());
    let bare = text.map(|text| text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text));
    match bare {
        Some(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Problem::bad_request(
            "bad_header",
            "Idempotency-Key must be one text of 1 to 255 visible ASCII characters, such as a UUID.",
        )),
    }
}

/// A hash of all that decides what the request does.
fn fingerprint(parts: &Parts, body: &Bytes) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    add(parts.method.as_str().as_bytes());
    add(parts.uri.to_string().as_bytes());
    for name in ASKED {
        add(parts.headers.get(name).map_or(&[][..], HeaderValue::as_bytes));
    }
    add(body);
    hash.finalize().into()
}

/// An answer as it is kept: a line about it, and its body.
pub(crate) struct Kept {
    head: Head,
    body: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

/// The body to keep of an answer that holds a secret.
#[derive(Clone)]
pub(crate) struct Instead(Bytes);

impl Kept {
    /// Marks an answer: this is kept of it, and not its body.
    pub(crate) fn instead(body: &impl Serialize) -> Instead {
        Instead(serde_json::to_vec(body).unwrap_or_default().into())
    }

    /// What is kept of a successful answer, and its whole body where that is more; any other goes back as it is.
    async fn of(response: Response) -> Result<(Self, Option<Bytes>), Response> {
        if !response.status().is_success() {
            return Err(response);
        }
        let (mut parts, body) = response.into_parts();
        let text = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
        let headers = parts.headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH);
        let headers = headers.filter_map(|(name, value)| Some((name.to_string(), text(value)?))).collect();
        let body = axum::body::to_bytes(body, usize::MAX)
            .await
            .map_err(|error| Problem::from(kanban_core::Error::Internal { source: error.into() }).into_response())?;
        let head = Head { status: parts.status.as_u16(), headers };
        Ok(match parts.extensions.remove::<Instead>() {
            Some(Instead(kept)) => (Self { head, body: kept }, Some(body)),
            None => (Self { head, body }, None),
        })
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.head).expect("a head is plain data");
        bytes.push(b'\n');
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let (head, body) = bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len()));
        let head =
            serde_json::from_slice(head).map_err(|error| kanban_core::Error::Internal { source: error.into() })?;
        Ok(Self { head, body: Bytes::copy_from_slice(body.get(1..).unwrap_or_default()) })
    }
}

impl IntoResponse for Kept {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.head.status).unwrap_or(StatusCode::OK);
        for (name, value) in self.head.headers {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue};

    use super::{KEY, key_of};

    #[test]
    fn a_key_comes_bare_or_quoted_and_once() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(KEY, HeaderValue::from_bytes(value.as_bytes()).expect("a value"));
            }
            key_of(&headers).map_err(|_| ())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["abc"]), Ok(Some("abc".to_owned())));
        assert_eq!(read(&["\"abc\""]), Ok(Some("abc".to_owned())));
        for bad in [&[""][..], &["\"\""], &["a", "a"], &["ü"], &[&"x".repeat(256)]] {
            assert_eq!(read(bad), Err(()), "{bad:?}");
        }
    }
}
