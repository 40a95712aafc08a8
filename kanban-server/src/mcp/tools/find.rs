//! Finding cards.

use kanban_core::{BoardRef, CardFilter, ColumnKind, ListCards, Priority, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Detail, fitting, page};
use crate::mcp::answer::Outcome;
use crate::mcp::call::{Call, column};
use crate::mcp::card::CardLine;
use crate::mcp::schema;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct FindCards {
    #[schemars(with = "String")]
    board: BoardRef,
    #[schemars(schema_with = "schema::status")]
    #[serde(default)]
    status: Option<ColumnKind>,
    column: Option<String>,
    label: Option<String>,
    assignee: Option<String>,
    #[schemars(schema_with = "schema::priority")]
    #[serde(default)]
    priority: Option<Priority>,
    /// RFC 3339
    #[schemars(with = "Option<String>")]
    due_before: Option<Timestamp>,
    /// Can be started now
    ready: Option<bool>,
    external_id: Option<String>,
    /// 20 when absent
    limit: Option<u32>,
    cursor: Option<String>,
    #[serde(default)]
    detail: Detail,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Found {
    #[schemars(schema_with = "schema::objects")]
    cards: Vec<CardLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(in crate::mcp) async fn find_cards(call: Call, args: FindCards) -> Outcome<Found> {
    let page = page(args.limit, 20, args.cursor)?;
    let column_id = match &args.column {
        Some(name) => Some(column(&call.kanban.get_board(args.board.clone()).await?, name)?.id),
        None => None,
    };
    let filter = CardFilter {
        column_id,
        labels: args.label.into_iter().collect(),
        assignee: args.assignee,
        priority: args.priority,
        status: args.status,
        due_before: args.due_before,
        ready: args.ready,
        external_id: args.external_id,
        ..CardFilter::default()
    };
    let read = |page| {
        let (kanban, board) = (call.kanban.clone(), args.board.clone());
        let list = ListCards { filter: filter.clone(), page, ..ListCards::default() };
        async move { kanban.list_cards(board, list).await }
    };
    fitting(args.detail, page, read, |page| Found {
        cards: page.items.iter().map(CardLine::of).collect(),
        next_cursor: page.next_cursor,
    })
    .await
}
