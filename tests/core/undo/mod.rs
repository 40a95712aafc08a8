//! Undo: what one actor or run did is taken back, and nothing else.

mod conflicts;
mod histories;
mod kinds;

use kanban_core::{
    Actor, BoardId, CardFilter, Kanban, ListCards, ListEvents, ListPage, Store, Timestamp, Undo, UndoOutcome, Undone,
};
use serde_json::{Value, json};

/// What an agent does in a run.
pub fn agent(store: &Store, id: &str) -> Kanban {
    store.tenant("default", Actor::agent(id).in_run(format!("run-{id}"))).expect("an agent")
}

/// A moment behind everything that has happened on a board.
pub async fn now(kanban: &Kanban, board: BoardId) -> Timestamp {
    let since = (kanban.get_board(board).await.expect("the board").board.seq - 200).max(0);
    let events = kanban.list_events(board, ListEvents { since, limit: 200 }).await.expect("its last events");
    // those of an import have the moment at which it began
    let micros = events.iter().map(|event| event.at.unix_micros()).max().expect("an event") + 1;
    let at = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).expect("a moment");
    Timestamp::from(at)
}

/// Undoes all there is, page by page.
pub async fn undo_all(kanban: &Kanban, board: BoardId, undo: Undo) -> Undone {
    let mut all = kanban.undo(board, undo.clone()).await.expect("an undo");
    while let Some(seq) = all.next_before_seq {
        let more = kanban.undo(board, Undo { before_seq: Some(seq), ..undo.clone() }).await.expect("more of it");
        all.items.extend(more.items);
        all.next_before_seq = more.next_before_seq;
    }
    all
}

/// Each thing with what came of it.
pub fn told(undone: &Undone) -> Vec<(&str, &str, UndoOutcome)> {
    undone.items.iter().map(|thing| (thing.entity_type.as_str(), thing.name.as_str(), thing.outcome)).collect()
}

/// What each that was not undone says.
pub fn reasons(undone: &Undone) -> Vec<(&str, &str, Vec<&str>)> {
    let reasons = undone.items.iter().filter_map(|thing| Some((thing.name.as_str(), thing.reason.as_ref()?)));
    reasons.map(|(name, why)| (name, why.code.as_str(), why.ids.iter().map(String::as_str).collect())).collect()
}

/// A board with all that is on it, but for versions, times and claims.
pub async fn shown(kanban: &Kanban, board: BoardId) -> Value {
    let detail = kanban.get_board(board).await.expect("the board");
    let mut columns = Vec::new();
    for column in &detail.columns {
        let filter = CardFilter { column_id: Some(column.id), ..CardFilter::default() };
        let list = ListCards { filter, page: ListPage::first(200), ..ListCards::default() };
        let mut cards = Vec::new();
        for card in kanban.list_cards(board, list).await.expect("its cards").items {
            let page = ListPage::first(200);
            let comments = kanban.list_comments(card.id, page.clone()).await.expect("its comments").items;
            let attachments = kanban.list_attachments(card.id, page).await.expect("its attachments").items;
            let links = kanban.list_dependencies(card.id).await.expect("its links");
            // of the card at the other end only that it is there
            let links: Vec<Value> = links
                .iter()
                .map(|link| json!([link.id, link.relation, link.card_id, link.created_by, link.created_at]))
                .collect();
            cards.push(json!({"card": card, "comments": comments, "attachments": attachments, "links": links}));
        }
        columns.push(json!({"column": column, "cards": cards}));
    }
    let mut shown = json!({"board": detail.board, "columns": columns});
    forget_times(&mut shown);
    shown
}

/// Where two of them differ, and how.
pub fn differences(path: &str, is: &Value, was: &Value) -> Vec<String> {
    match (is, was) {
        (Value::Object(is), Value::Object(was)) => {
            let names: std::collections::BTreeSet<&String> = is.keys().chain(was.keys()).collect();
            let at = |members: &serde_json::Map<String, Value>, name| members.get(name).cloned().unwrap_or_default();
            names
                .into_iter()
                .flat_map(|name| differences(&format!("{path}/{name}"), &at(is, name), &at(was, name)))
                .collect()
        }
        (Value::Array(is), Value::Array(was)) if is.len() == was.len() => is
            .iter()
            .zip(was)
            .enumerate()
            .flat_map(|(i, (is, was))| differences(&format!("{path}/{i}"), is, was))
            .collect(),
        _ if is == was => Vec::new(),
        _ => vec![format!("{path} is {is} and was {was}")],
    }
}

fn forget_times(value: &mut Value) {
    const FORGOTTEN: [&str; 8] =
        ["version", "seq", "updated_at", "started_at", "finished_at", "column_since", "claim", "archived_at"];
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !FORGOTTEN.contains(&name.as_str()));
            members.values_mut().for_each(forget_times);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_times),
        _ => {}
    }
}
