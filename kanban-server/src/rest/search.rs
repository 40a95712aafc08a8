//! Search.

use axum::extract::OriginalUri;
use kanban_core::{CardFilter, Page, Search, SearchHit, SearchQuery};

use super::Answer;
use crate::extract::{self, Act, View, Viewed};
use crate::openapi::NotFound;

impl View for SearchQuery {
    const NAMES: &'static [&'static str] = &["q", "board_id", "archived"];
}

/// Searches cards and comments.
///
/// The words may stand in any order, and case and accents do not matter: `cafe` finds Café. Best hits come first, the newest
/// of those that are alike: the card whose key, id or external id is the query; cards with all words in the title; cards with
/// all of them anywhere (title, key, external id, labels, description); comments; and then, in the same order, approximate
/// ones: what holds the words inside others, or words that differ by a slip. Filters are those of the card list. An excerpt's
/// parts are the text's own characters, to be shown as data; what was found in it is named by the parts and not by marks in
/// the text.
#[utoipa::path(
    get,
    path = "/v1/search",
    operation_id = "search",
    tag = "search",
    params(Act, Viewed<CardFilter, SearchQuery>),
    responses((status = 200, description = "A page of hits.", body = Page<SearchHit>), NotFound)
)]
pub(super) async fn search(
    Act(kanban): Act,
    uri: OriginalUri,
    Viewed(filter, query, page): Viewed<CardFilter, SearchQuery>,
) -> Answer {
    Ok(extract::list(&uri, kanban.search(Search { query, filter, page }).await?))
}
