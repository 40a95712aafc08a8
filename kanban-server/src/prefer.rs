//! `Prefer: handling=lenient` (RFC 7240): text over its limit is cut instead of refused, and the answer says what was cut.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kanban_core::CutToFit;

use crate::headers;
use crate::problem::Problem;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const TRUNCATED_FIELDS: HeaderName = HeaderName::from_static("x-truncated-fields");

/// Goes along with a request whose caller prefers cut text to a refusal.
#[derive(Clone, Default)]
pub(crate) struct Lenient(Arc<Mutex<Vec<String>>>);

impl Lenient {
    /// Cuts what is too long and remembers it for the answer.
    pub(crate) fn apply(&self, input: &mut impl CutToFit) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = input.cut_to_fit();
    }
}

pub(crate) async fn prefer(mut request: Request, next: Next) -> Response {
    match is_lenient(request.headers()) {
        Ok(false) => next.run(request).await,
        Ok(true) => {
            let lenient = Lenient::default();
            request.extensions_mut().insert(lenient.clone());
            let mut response = next.run(request).await;
            if response.status().is_success() {
                let headers = response.headers_mut();
                headers.insert(PREFERENCE_APPLIED, HeaderValue::from_static("handling=lenient"));
                let cut = named(&lenient.0.lock().unwrap_or_else(PoisonError::into_inner));
                // pointers of this API are plain ASCII
                if let (false, Ok(cut)) = (cut.is_empty(), HeaderValue::from_str(&cut)) {
                    headers.insert(TRUNCATED_FIELDS, cut);
                }
            }
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// What was cut, where many texts were only the first of them and how many more: clients take no header of any length.
fn named(cut: &[String]) -> String {
    const MOST: usize = 50;
    match cut.len().checked_sub(MOST) {
        None | Some(0) => cut.join(", "),
        Some(more) => format!("{}, and {more} more", cut[..MOST].join(", ")),
    }
}

/// Preferences that are not known are no business of this server, as their RFC has it; the one that is known must be right.
fn is_lenient(headers: &HeaderMap) -> Result<bool, Problem> {
    for preference in headers::list(headers, PREFER.as_str()) {
        let (name, value) = preference.split(';').next().unwrap_or_default().split_once('=').unwrap_or_default();
        if name.trim().eq_ignore_ascii_case("handling") {
            return match value.trim().trim_matches('"') {
                value if value.eq_ignore_ascii_case("lenient") => Ok(true),
                value if value.eq_ignore_ascii_case("strict") => Ok(false),
                _ => Err(headers::bad("Prefer: handling is strict or lenient.")),
            };
        }
    }
    Ok(false)
}
