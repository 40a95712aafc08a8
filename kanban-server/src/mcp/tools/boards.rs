//! Boards.

use kanban_core::{
    Board, BoardDetail, BoardFilter, BoardRef, Card, CardFilter, Column, ColumnKind, ListCards, ListPage,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Detail, fitting, page};
use crate::mcp::answer::Outcome;
use crate::mcp::call::Call;
use crate::mcp::card::CardLine;
use crate::mcp::text::{front, line, plain};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ListBoards {
    /// Archived ones instead
    #[serde(default)]
    archived: bool,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Boards {
    #[schemars(schema_with = "crate::mcp::schema::objects")]
    boards: Vec<BoardLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct BoardLine {
    key: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    seq: i64,
}

impl BoardLine {
    fn of(board: &Board) -> Self {
        Self {
            key: board.key.clone(),
            name: line(&board.name, 128),
            description: line(&board.description, 160),
            seq: board.seq,
        }
    }
}

pub(in crate::mcp) async fn list_boards(call: Call, args: ListBoards) -> Outcome<Boards> {
    let page = page(args.limit, 20, args.cursor)?;
    let read = |page| {
        let kanban = call.kanban.clone();
        let filter = BoardFilter { archived: Some(args.archived), ..BoardFilter::default() };
        async move { kanban.list_boards(filter, page).await }
    };
    fitting(Detail::Concise, page, read, |page| Boards {
        boards: page.items.iter().map(BoardLine::of).collect(),
        next_cursor: page.next_cursor,
    })
    .await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct GetBoard {
    /// Key, such as AB
    #[schemars(with = "String")]
    board: BoardRef,
    #[serde(default)]
    detail: Detail,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct BoardView {
    key: String,
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    version: i64,
    seq: i64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    archived: bool,
    #[schemars(schema_with = "crate::mcp::schema::objects")]
    columns: Vec<ColumnView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Serialize)]
struct ColumnView {
    name: String,
    kind: &'static str,
    cards: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    wip_limit: Option<i32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    first: Vec<CardLine>,
}

/// How many columns and cards a view of a board shows.
const COLUMNS: usize = 30;

pub(in crate::mcp) async fn get_board(call: Call, args: GetBoard) -> Outcome<BoardView> {
    view(&call.kanban, args.board, args.detail).await
}

/// A board with its columns and, of those where work waits or is done now, the first cards: as many as fit.
pub(in crate::mcp) async fn view(kanban: &kanban_core::Kanban, board: BoardRef, detail: Detail) -> Outcome<BoardView> {
    let board = kanban.get_board(board).await?;
    let mut cards = match detail {
        Detail::Concise => 3,
        Detail::Full => 10,
    };
    let mut first = Vec::new();
    for column in board.columns.iter().take(COLUMNS) {
        first.push(top(kanban, &board, column, cards).await?);
    }
    loop {
        let view = shown(&board, &first, cards as usize, detail);
        if cards == 0 || crate::mcp::answer::sent_bytes(&view, true) <= detail.bytes() {
            return Ok(view);
        }
        cards -= 1;
    }
}

async fn top(kanban: &kanban_core::Kanban, board: &BoardDetail, column: &Column, cards: u32) -> Outcome<Vec<Card>> {
    if column.kind == ColumnKind::Done || column.cards == 0 {
        return Ok(Vec::new());
    }
    let filter = CardFilter { column_id: Some(column.id), ..CardFilter::default() };
    let list = ListCards { filter, page: ListPage::first(cards), ..ListCards::default() };
    Ok(kanban.list_cards(board.board.id, list).await?.items)
}

fn shown(board: &BoardDetail, first: &[Vec<Card>], cards: usize, detail: Detail) -> BoardView {
    let columns = board.columns.iter().zip(first).map(|(column, first)| ColumnView {
        name: line(&column.name, 64),
        kind: column.kind.as_str(),
        cards: column.cards,
        wip_limit: column.wip_limit,
        first: first.iter().take(cards).map(CardLine::of).collect(),
    });
    let columns: Vec<ColumnView> = columns.collect();
    let left_out = board.columns.len() - columns.len();
    let is_cut = columns.iter().any(|column| column.kind != "done" && column.cards as usize > column.first.len());
    let mut hints = Vec::new();
    if left_out > 0 {
        hints.push(format!("{left_out} more columns are not shown"));
    }
    if is_cut {
        hints.push("first shows the top of a column; find_cards lists the rest".to_owned());
    }
    let board = &board.board;
    let description = plain(&board.description);
    BoardView {
        key: board.key.clone(),
        name: line(&board.name, 128),
        description: match detail {
            Detail::Concise => line(&board.description, 300),
            Detail::Full => front(&description, 6_000).to_owned(),
        },
        version: board.version.0,
        seq: board.seq,
        archived: board.archived_at.is_some(),
        columns,
        hint: (!hints.is_empty()).then(|| hints.join("; ")),
    }
}
