//! Lists of a board's cards: a statement for each order, with exactly the conditions that are asked for, so that each can
//! use its index and a late page costs what the first does.

use serde::{Deserialize, Serialize};
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::types::Uuid;
use sqlx::{Arguments, FromRow, Postgres, QueryBuilder, Row};
use time::OffsetDateTime;

use super::Conn;
use super::cards::{CardRow, card_columns};
use crate::model::{BoardRef, Card, CardFilter, CardId, CardSort, ColumnId, ColumnKind, ListCards, Priority};

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ListPlace {
    /// In board order: the column's place on the board, the column, a cut between two keys of its cards (those up to it
    /// are on one side, the others on the other), and how often the column had been spread out when the cut was made.
    OnBoard(i64, ColumnId, i64, i64),
    /// In the order of a value: that of the last card, as microseconds or rank, and the card.
    AtValue(Option<i64>, CardId),
}

/// What the cards of a list are, as SQL and as rows that answer it.
pub(crate) trait Shape {
    /// A card as it is listed.
    type Item;

    /// The columns to read, of the table alias `c`.
    fn columns(&self) -> String;

    /// A row as it is listed.
    fn item(&self, row: &PgRow) -> sqlx::Result<Self::Item>;
}

/// Whole cards.
pub(crate) struct Whole;

impl Shape for Whole {
    type Item = Card;

    fn columns(&self) -> String {
        card_columns!().to_owned()
    }

    fn item(&self, row: &PgRow) -> sqlx::Result<Card> {
        CardRow::from_row(row).map(Card::from)
    }
}

type Query = QueryBuilder<Postgres>;

/// What cards are ordered by; their ids decide between those that are alike.
#[derive(Clone, Copy, PartialEq)]
enum Key {
    Board,
    CreatedAt,
    UpdatedAt,
    Priority,
    DueAt,
}

fn key(sort: CardSort) -> Key {
    match sort {
        CardSort::Position | CardSort::PositionReversed => Key::Board,
        CardSort::CreatedAt | CardSort::CreatedAtReversed => Key::CreatedAt,
        CardSort::UpdatedAt | CardSort::UpdatedAtReversed => Key::UpdatedAt,
        CardSort::Priority | CardSort::PriorityReversed => Key::Priority,
        CardSort::DueAt | CardSort::DueAtReversed => Key::DueAt,
    }
}

/// Reads a page: its cards, and with the last one the place behind it.
pub(crate) async fn list<S: Shape>(
    mut conn: Conn,
    tenant: &str,
    board: &BoardRef,
    list: &ListCards,
    shape: &S,
    after: Option<&ListPlace>,
    rows: i64,
) -> sqlx::Result<Vec<(S::Item, Option<ListPlace>)>> {
    let mut query = query(tenant, board, list, &shape.columns(), after, rows).map_err(sqlx::Error::Encode)?;
    let rows = query.build().fetch_all(&mut *conn).await?;
    let last = (list.page.limit as usize).checked_sub(1);
    let listed = |(n, row): (usize, &PgRow)| {
        let place = (Some(n) == last).then(|| place(row, list.sort)).transpose()?;
        Ok((shape.item(row)?, place))
    };
    rows.iter().enumerate().map(listed).collect()
}

fn place(row: &PgRow, sort: CardSort) -> sqlx::Result<ListPlace> {
    if key(sort) == Key::Board {
        let key: i64 = row.try_get("place_key")?;
        let cut = if sort.is_reversed() { key - 1 } else { key };
        let column: Uuid = row.try_get("place_column")?;
        Ok(ListPlace::OnBoard(row.try_get("place_of_column")?, column.into(), cut, row.try_get("place_respreads")?))
    } else {
        let id: Uuid = row.try_get("id")?;
        Ok(ListPlace::AtValue(row.try_get("place_value")?, id.into()))
    }
}

/// The statement of a list. How many rows it reads is part of its text: not knowing that, the planner holds one plan for all
/// to be dear, and makes one each time, which takes longer than reading a page.
fn query(
    tenant: &str,
    board: &BoardRef,
    list: &ListCards,
    columns: &str,
    after: Option<&ListPlace>,
    rows: i64,
) -> Result<Query, sqlx::error::BoxDynError> {
    let mut first = PgArguments::default();
    first.add(tenant)?;
    let mut query = Query::with_arguments(format!("select {columns}"), first);
    match key(list.sort) {
        Key::Board => on_board(&mut query, board, list, after, rows),
        key => by_value(&mut query, key, board, list, after, rows),
    }
    Ok(query)
}

/// Column by column, so that a page reads only what it shows.
fn on_board(query: &mut Query, board: &BoardRef, list: &ListCards, after: Option<&ListPlace>, rows: i64) {
    let (beyond, further, direction, all, none) = if list.sort.is_reversed() {
        (" <= ", " < ", " desc", i64::MAX, i64::MIN)
    } else {
        (" > ", " > ", "", i64::MIN, i64::MAX)
    };
    let after = match after {
        Some(ListPlace::OnBoard(place, column, cut, respreads)) => Some((*place, column.uuid(), *cut, *respreads)),
        _ => None,
    };
    query.push(
        ", o.position as place_of_column, c.column_id as place_column, c.position as place_key,
            o.respreads as place_respreads
        from kanban.columns as o
        cross join lateral (
            select c.* from kanban.cards as c
            where c.tenant_id = $1 and c.column_id = o.id and c.deleted_at is null",
    );
    conditions(query, &list.filter);
    if let Some((place, column, cut, respreads)) = after {
        // Here and not as a condition on columns: the planner would expect a single one to be left, and sort all cards of
        // all columns instead of stopping in the first.
        query.push(" and c.position").push(beyond).push("case when o.id = ").push_bind(column);
        query.push(" then (select kanban.cut_now($1, ").push_bind(column).push(", ").push_bind(cut).push(", ");
        query.push_bind(respreads).push(")) when o.position").push(further).push_bind(place);
        query.push(" then ").push_bind(all).push(" else ").push_bind(none).push(" end");
    }
    query.push(" order by c.position").push(direction).push(format_args!(" limit {rows}"));
    query.push(") as c where o.tenant_id = $1 and o.deleted_at is null and o.board_id = ");
    push_board(query, board);
    if let Some(column) = list.filter.column_id {
        query.push(" and o.id = ").push_bind(column.uuid());
    }
    if let Some(status) = list.filter.status {
        query.push(" and o.kind = ").push_bind(status.as_str());
    }
    query.push(" order by o.position").push(direction).push(", c.position").push(direction);
    query.push(format_args!(" limit {rows}"));
}

/// One index from where the list goes on.
fn by_value(query: &mut Query, key: Key, board: &BoardRef, list: &ListCards, after: Option<&ListPlace>, rows: i64) {
    let (beyond, direction) = if list.sort.is_reversed() { (" < ", " desc") } else { (" > ", "") };
    let (value, keys): (&str, &[&str]) = match key {
        Key::Board | Key::Priority => ("c.priority", &["c.priority", "c.id"]),
        Key::CreatedAt => ("c.created_at", &["c.created_at", "c.id"]),
        Key::UpdatedAt => ("c.updated_at", &["c.updated_hour", "c.updated_at", "c.id"]),
        Key::DueAt => ("c.due_at", &["kanban.due(c.due_at)", "c.id"]),
    };
    match key {
        Key::Board | Key::Priority => query.push(format_args!(", {value}::bigint as place_value")),
        _ => query.push(format_args!(", (extract(epoch from {value}) * 1000000)::bigint as place_value")),
    };
    query.push(" from kanban.cards as c where c.tenant_id = $1 and c.deleted_at is null and c.board_id = ");
    push_board(query, board);
    conditions(query, &list.filter);
    if let Some(column) = list.filter.column_id {
        query.push(" and c.column_id = ").push_bind(column.uuid());
    }
    if let Some(status) = list.filter.status {
        query.push(" and c.status = ").push_bind(status.as_str());
    }
    if let Some(ListPlace::AtValue(value, id)) = after {
        query.push(format_args!(" and ({}){beyond}(", keys.join(", ")));
        push_value(query, key, *value);
        query.push(", ").push_bind(id.uuid()).push(")");
    }
    query.push(format_args!(" order by {}{direction} limit {rows}", keys.join(&format!("{direction}, "))));
}

/// A value as its index has it.
fn push_value(query: &mut Query, key: Key, value: Option<i64>) {
    let moment = || value.and_then(|micros| OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok());
    match key {
        Key::Board | Key::Priority => query.push_bind(value),
        Key::CreatedAt => query.push_bind(moment()),
        Key::UpdatedAt => {
            query.push("date_trunc('hour', ").push_bind(moment()).push("::timestamptz at time zone 'UTC'), ");
            query.push_bind(moment())
        }
        Key::DueAt => query.push("kanban.due(").push_bind(moment()).push("::timestamptz)"),
    };
}

fn push_board(query: &mut Query, board: &BoardRef) {
    query.push("(select id from kanban.boards where tenant_id = $1 and deleted_at is null and ");
    match board {
        BoardRef::Id(id) => query.push("id = ").push_bind(id.uuid()),
        BoardRef::Key(key) => query.push("key = ").push_bind(key.clone()),
    };
    query.push(")");
}

/// The conditions on a card that do not rest on its column.
fn conditions(query: &mut Query, filter: &CardFilter) {
    if !filter.labels.is_empty() {
        query.push(" and c.labels @> ").push_bind(filter.labels.clone());
    }
    if let Some(assignee) = &filter.assignee {
        query.push(" and c.assignees @> array[").push_bind(assignee.clone()).push("]");
    }
    if let Some(priority) = filter.priority {
        query.push(" and c.priority = ").push_bind(priority.rank());
    }
    if let Some(external_id) = &filter.external_id {
        query.push(" and c.external_id = ").push_bind(external_id.clone());
    }
    let moments = [
        (" and kanban.due(c.due_at) < ", filter.due_before),
        // said twice: once for the index, once for those without a date
        (" and c.due_at is not null and kanban.due(c.due_at) >= ", filter.due_after),
        (" and c.created_at < ", filter.created_before),
        (" and c.created_at >= ", filter.created_after),
        (" and c.updated_at < ", filter.updated_before),
        (" and c.updated_at >= ", filter.updated_after),
    ];
    for (condition, moment) in moments {
        if let Some(moment) = moment {
            query.push(condition).push_bind(moment.to_offset_date_time());
        }
    }
    if let Some(updated_after) = filter.updated_after {
        query.push(" and c.updated_hour >= date_trunc('hour', ").push_bind(updated_after.to_offset_date_time());
        query.push(" at time zone 'UTC')");
    }
    if let Some(ready) = filter.ready {
        query.push(
            " and (c.status in ('backlog', 'todo') and c.open_blockers = 0
                   and (c.claim_agent is null or c.lease_until <= now())) = ",
        );
        query.push_bind(ready);
    }
}

/// The statement of each order: the first page, a later page, and a later page with every condition. Pages are of fifty cards,
/// and one more that tells whether there is another.
pub(crate) fn samples() -> Vec<(&'static str, String)> {
    macro_rules! names {
        ($($sort:ident = $name:literal,)*) => {
            [$((CardSort::$sort, $name, concat!($name, "_AFTER"), concat!($name, "_FILTERED")),)*]
        };
    }
    let names = names! {
        Position = "LIST_CARDS",
        PositionReversed = "LIST_CARDS_REVERSED",
        CreatedAt = "LIST_CARDS_BY_CREATED_AT",
        CreatedAtReversed = "LIST_CARDS_BY_CREATED_AT_REVERSED",
        UpdatedAt = "LIST_CARDS_BY_UPDATED_AT",
        UpdatedAtReversed = "LIST_CARDS_BY_UPDATED_AT_REVERSED",
        Priority = "LIST_CARDS_BY_PRIORITY",
        PriorityReversed = "LIST_CARDS_BY_PRIORITY_REVERSED",
        DueAt = "LIST_CARDS_BY_DUE_AT",
        DueAtReversed = "LIST_CARDS_BY_DUE_AT_REVERSED",
    };
    let id = Uuid::nil();
    let moment = Some(OffsetDateTime::UNIX_EPOCH.into());
    let all = CardFilter {
        column_id: Some(id.into()),
        labels: vec![String::new()],
        assignee: Some(String::new()),
        priority: Some(Priority::Medium),
        status: Some(ColumnKind::Todo),
        due_before: moment,
        due_after: moment,
        created_before: moment,
        created_after: moment,
        updated_before: moment,
        updated_after: moment,
        ready: Some(true),
        external_id: Some(String::new()),
    };
    let (by_id, by_key) = (BoardRef::Id(id.into()), BoardRef::Key(String::new()));
    let text = |board: &BoardRef, filter: &CardFilter, sort, after: Option<&ListPlace>| {
        let list = ListCards { filter: filter.clone(), sort, ..ListCards::default() };
        query("", board, &list, card_columns!(), after, 51).map(Query::into_string).unwrap_or_default()
    };
    let samples = names.into_iter().flat_map(|(sort, first, later, filtered)| {
        let place = match key(sort) {
            Key::Board => ListPlace::OnBoard(0, id.into(), 0, 0),
            _ => ListPlace::AtValue(Some(0), id.into()),
        };
        let none = CardFilter::default();
        [
            (first, text(&by_id, &none, sort, None)),
            (later, text(&by_id, &none, sort, Some(&place))),
            (filtered, text(&by_key, &all, sort, Some(&place))),
        ]
    });
    samples.collect()
}
