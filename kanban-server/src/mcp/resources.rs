//! Boards and cards as resources: what a client can show or attach without a call.

use kanban_core::{BoardFilter, BoardRef, CardRef, Kanban, ListPage};
use rmcp::model::{ErrorData, ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate};
use serde::Serialize;

use super::service::{refused, stopped};
use super::text::{json_of, line};
use super::tools::{Detail, boards};
use super::whole::{self, Depth};

const BOARD: &str = "kanban://board/";
const CARD: &str = "kanban://card/";
const JSON: &str = "application/json";

/// The tenant's boards. Cards are too many to list; their template says how to name one.
pub(super) async fn list(kanban: &Kanban, cursor: Option<String>) -> kanban_core::Result<ListResourcesResult> {
    let filter = BoardFilter { archived: Some(false), ..BoardFilter::default() };
    let page = kanban.list_boards(filter, ListPage { limit: 50, cursor }).await?;
    let boards = page.items.iter().map(|board| {
        let resource = Resource::new(format!("{BOARD}{}", board.key), board.key.clone());
        resource.with_title(line(&board.name, 128)).with_mime_type(JSON)
    });
    let mut result = ListResourcesResult::with_all_items(boards.collect());
    result.next_cursor = page.next_cursor;
    Ok(result)
}

pub(super) fn templates() -> Vec<ResourceTemplate> {
    let board = ResourceTemplate::new(format!("{BOARD}{{id}}"), "board").with_title("A board");
    let card = ResourceTemplate::new(format!("{CARD}{{id}}"), "card").with_title("A card");
    vec![
        board.with_description("Columns with counts and first cards; id is a key such as AB").with_mime_type(JSON),
        card.with_description("All of a card; id is a key such as AB-42").with_mime_type(JSON),
    ]
}

pub(super) async fn read(kanban: &Kanban, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    if let Some(id) = uri.strip_prefix(BOARD) {
        let board: BoardRef = id.parse().map_err(refused)?;
        let view = boards::view(kanban, board, Detail::Full).await.map_err(stopped)?;
        return Ok(contents(uri, &view));
    }
    if let Some(id) = uri.strip_prefix(CARD) {
        let card: CardRef = id.parse().map_err(refused)?;
        let whole = whole::read(kanban, card, Depth::Full, None).await.map_err(stopped)?;
        return Ok(contents(uri, &whole));
    }
    let detail = "There is no such resource. URIs are kanban://board/{key} and kanban://card/{key}.";
    Err(ErrorData::resource_not_found(detail, Some(serde_json::json!({ "uri": uri }))))
}

fn contents(uri: &str, value: &impl Serialize) -> ReadResourceResult {
    ReadResourceResult::new(vec![ResourceContents::text(json_of(value), uri).with_mime_type(JSON)])
}
