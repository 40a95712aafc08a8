//! Finding cards: by their members, in their order, or by words, best hits first.

use kanban_core::{
    BoardRef, CardFilter, ColumnKind, ExcerptField, ListCards, Priority, Search, SearchHit, SearchQuery, Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Detail, fitting, page};
use crate::mcp::answer::Outcome;
use crate::mcp::call::{Call, column};
use crate::mcp::card::{CardLine, author, few, moment};
use crate::mcp::schema;
use crate::mcp::text::line;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct FindCards {
    #[schemars(with = "String")]
    board: BoardRef,
    /// Words in cards and comments, slips forgiven
    q: Option<String>,
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
    cards: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line {
    Card(CardLine),
    Hit(HitLine),
}

/// A card that holds the words, and where.
#[derive(Serialize)]
struct HitLine {
    key: String,
    title: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    labels: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assignees: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment_by: Option<String>,
    /// What holds the words, where the title does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<String>,
}

impl HitLine {
    fn of(hit: &SearchHit) -> Self {
        let card = &hit.card;
        let elsewhere = hit.excerpts.iter().find(|excerpt| excerpt.field != ExcerptField::Title);
        Self {
            key: card.key.clone(),
            title: line(&card.title, 256),
            status: card.status.as_str(),
            priority: (card.priority != Priority::Medium).then(|| card.priority.as_str()),
            labels: few(&card.labels),
            assignees: few(&card.assignees),
            due: card.due_at.map(moment),
            comment_by: hit.comment.as_ref().map(|comment| author(&comment.author)),
            found: elsewhere.map(|excerpt| {
                let text: String = excerpt.parts.iter().map(|part| part.text.as_str()).collect();
                format!("{}: {}", excerpt.field.as_str(), line(&text, 240))
            }),
        }
    }
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
    if let Some(q) = args.q {
        let query = SearchQuery { q, board_id: Some(args.board), archived: Some(true) };
        let read = |page| {
            let (kanban, query, filter) = (call.kanban.clone(), query.clone(), filter.clone());
            async move { kanban.search(Search { query, filter, page }).await }
        };
        return fitting(args.detail, page, read, |page| Found {
            cards: page.items.iter().map(|hit| Line::Hit(HitLine::of(hit))).collect(),
            next_cursor: page.next_cursor,
        })
        .await;
    }
    let read = |page| {
        let (kanban, board) = (call.kanban.clone(), args.board.clone());
        let list = ListCards { filter: filter.clone(), page, ..ListCards::default() };
        async move { kanban.list_cards(board, list).await }
    };
    fitting(args.detail, page, read, |page| Found {
        cards: page.items.iter().map(|card| Line::Card(CardLine::of(card))).collect(),
        next_cursor: page.next_cursor,
    })
    .await
}
