//! Headers of requests as text.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderValue};

use crate::problem::Problem;

/// A header that may be there once.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<Cow<'a, str>>, Problem> {
    let mut values = headers.get_all(name).iter();
    let value = values.next();
    match values.next() {
        None => Ok(value.map(decoded)),
        Some(_) => Err(bad(format!("The header {name} is there more than once. Send it once."))),
    }
}

/// The entries of a header that is a list, and may be there several times.
pub(crate) fn list(headers: &HeaderMap, name: &str) -> Vec<String> {
    let values = headers.get_all(name).iter().map(decoded);
    let entries = values.flat_map(|value| value.split(',').map(|one| one.trim().to_owned()).collect::<Vec<_>>());
    entries.filter(|one| !one.is_empty()).collect()
}

/// A header cannot be read.
pub(crate) fn bad(detail: impl Into<String>) -> Problem {
    Problem::bad_request("bad_header", detail)
}

/// UTF-8 where it is that, as most programs send it; else ISO 8859-1, as web pages do.
fn decoded(value: &HeaderValue) -> Cow<'_, str> {
    std::str::from_utf8(value.as_bytes())
        .map_or_else(|_| value.as_bytes().iter().map(|byte| char::from(*byte)).collect(), Cow::Borrowed)
}
