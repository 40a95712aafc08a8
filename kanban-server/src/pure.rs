//! Private parts without I/O, for benchmarks of them (`cargo bench -p kanban-bench`). Here only with the feature `pure`, and
//! no part of the API.

use axum::response::{IntoResponse, Response};
use kanban_core::{Card, Expected, Page};

use crate::etag::{self, Tagged};
use crate::json::Json;

/// A card's entity tag.
pub fn card_tag(card: &Card) -> String {
    card.tag()
}

/// What `If-Match` expects; nothing where it is no tag.
pub fn if_match(given: &str) -> Option<Expected> {
    etag::parse(given).ok()
}

/// A card as the answer to a read.
pub fn card_answer(card: &Card) -> Response {
    etag::tagged(card)
}

/// A page of cards as an answer.
pub fn page_answer(page: &Page<Card>) -> Response {
    Json(page).into_response()
}
