//! Versions over HTTP: entity tags and preconditions (RFC 9110, sections 8.8 and 13).
//!
//! A tag is the version, and behind a dot whatever else the representation shows that is no new version: the end of a
//! card's lease, the number of a board's last event, a column's cards and place. `If-None-Match` compares all of it,
//! `If-Match` the version.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use kanban_core::{Attachment, Board, BoardDetail, Card, Column, Comment, Expected, Version, Workspace};
use serde::Serialize;

use crate::headers::{self, text};
use crate::json::Json;
use crate::problem::Problem;

/// Things that are read and written at a version.
pub(crate) trait Tagged: Serialize {
    /// The entity tag, without its quotes.
    fn tag(&self) -> String;
}

impl Tagged for Card {
    fn tag(&self) -> String {
        match &self.claim {
            Some(claim) => format!("{}.{}", self.version, claim.until.unix_micros()),
            None => self.version.to_string(),
        }
    }
}

impl Tagged for Board {
    fn tag(&self) -> String {
        format!("{}.{}", self.version, self.seq)
    }
}

impl Tagged for BoardDetail {
    fn tag(&self) -> String {
        self.board.tag()
    }
}

impl Tagged for Column {
    fn tag(&self) -> String {
        format!("{}.{}.{}", self.version, self.cards, self.position)
    }
}

impl Tagged for Workspace {
    fn tag(&self) -> String {
        self.version.to_string()
    }
}

impl Tagged for Attachment {
    fn tag(&self) -> String {
        self.version.to_string()
    }
}

impl Tagged for Comment {
    fn tag(&self) -> String {
        self.version.to_string()
    }
}

/// A thing with its entity tag.
pub(crate) fn tagged(thing: &impl Tagged) -> Response {
    ([(header::ETAG, format!("\"{}\"", thing.tag()))], Json(thing)).into_response()
}

/// A thing that has just been created, and where it is.
pub(crate) fn created(location: String, thing: &impl Tagged) -> Response {
    (StatusCode::CREATED, [(header::LOCATION, location)], tagged(thing)).into_response()
}

/// What the caller has already: `If-None-Match`.
pub(crate) struct Seen(Vec<String>);

impl<S: Sync> FromRequestParts<S> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self(headers::list(&parts.headers, header::IF_NONE_MATCH.as_str())))
    }
}

impl Seen {
    /// The thing, or only that it is what the caller has.
    pub(crate) fn answer(&self, thing: &impl Tagged) -> Response {
        let tag = format!("\"{}\"", thing.tag());
        let is_known = self.0.iter().any(|seen| seen == "*" || seen.trim_start_matches("W/") == tag);
        if is_known { (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response() } else { tagged(thing) }
    }
}

/// The version that a guarded write expects: `If-Match`, which it must have.
pub(crate) struct IfMatch(pub(crate) Expected);

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let given = text(&parts.headers, header::IF_MATCH.as_str())?.ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_required",
                "This write needs If-Match with the ETag of what you have read, or * to overwrite whatever is there.",
            )
        })?;
        parse(&given).map(Self)
    }
}

/// The same where a write may go without it.
pub(crate) struct MaybeIfMatch(pub(crate) Expected);

impl<S: Sync> FromRequestParts<S> for MaybeIfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        text(&parts.headers, header::IF_MATCH.as_str())?.map_or(Ok(Expected::Any), |given| parse(&given)).map(Self)
    }
}

pub(crate) fn parse(given: &str) -> Result<Expected, Problem> {
    if given.trim() == "*" {
        return Ok(Expected::Any);
    }
    let tag = given.trim().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or_default();
    let is_number = |text: &str| (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let version =
        tag.split('.').next().and_then(|version| version.parse().ok()).filter(|_| tag.split('.').all(is_number));
    version.map(|version| Expected::Version(Version(version))).ok_or_else(|| {
        Problem::bad_request("bad_if_match", "If-Match must be one ETag as this server gave it, such as \"3\", or *.")
    })
}

#[cfg(test)]
mod tests {
    use kanban_core::{Expected, Version};

    use super::parse;

    #[test]
    fn if_match_takes_a_tag_with_or_without_what_is_behind_the_dot_and_a_star() {
        let version = |n| Some(Expected::Version(Version(n)));
        assert_eq!(parse("\"3\"").ok(), version(3));
        assert_eq!(parse(" \"12.1790000000\" ").ok(), version(12));
        assert_eq!(parse("\"7.4.0\"").ok(), version(7));
        assert_eq!(parse("*").ok(), Some(Expected::Any));
        for bad in ["3", "W/\"3\"", "\"x\"", "\"3\", \"4\"", ""] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
