//! What happened to a card since a version, in few words.

use std::collections::BTreeMap;

use kanban_core::{ActorRef, CardRef, Event, JsonObject, Kanban, ListEvents, Result, Version};
use serde_json::Value;

use super::card::{CardLine, author};
use super::text::line;

/// How far back a board's events are looked through, in events.
const WINDOW: i64 = 1_000;

/// The most changes that are told one by one.
const LINES: usize = 8;

/// What happened, and the card as it is now.
pub(super) struct Since {
    pub(super) lines: Vec<String>,
    pub(super) now: CardLine,
}

/// The changes of a card behind a version, oldest first.
pub(super) async fn of_card(kanban: &Kanban, key: &str, seen: Version) -> Result<Since> {
    let card = kanban.get_card(key.parse::<CardRef>()?).await?;
    let board = kanban.get_board(card.board_id).await?.board;
    let list = ListEvents { since: (board.seq - WINDOW).max(0), limit: WINDOW as u32 };
    let events = kanban.list_events(board.id, list).await?;
    let mut lines: Vec<String> = events
        .iter()
        .filter(|event| event.entity_id.to_string() == card.id.to_string())
        .filter_map(|event| {
            version_after(event)
                .filter(|version| *version > seen.0)
                .map(|version| format!("v{version} {}", told(event)))
        })
        .collect();
    if lines.len() > LINES {
        let left_out = lines.len() - LINES;
        lines.drain(..left_out);
        lines.insert(0, format!("{left_out} earlier changes"));
    }
    Ok(Since { lines, now: CardLine::of(&card) })
}

type Members = BTreeMap<String, Value>;

#[derive(serde::Deserialize)]
struct Payload {
    #[serde(default)]
    before: Option<Members>,
    #[serde(default)]
    after: Option<Members>,
}

fn payload(event: &Event) -> Payload {
    serde_json::from_str(event.payload.get()).unwrap_or(Payload { before: None, after: None })
}

fn version_after(event: &Event) -> Option<i64> {
    payload(event).after?.get("version")?.as_i64()
}

/// Members that change with every write, or that others of a change tell already.
const FOLLOWS: [&str; 6] = ["version", "updated_at", "column_since", "column_id", "started_at", "finished_at"];

/// One change as a line: what was done by whom, and to which members.
pub(super) fn told(event: &Event) -> String {
    let Payload { before, after } = payload(event);
    let (before, after) = (before.unwrap_or_default(), after.unwrap_or_default());
    let who = author(&ActorRef { kind: event.actor_kind, id: event.actor_id.clone() });
    let members: Vec<String> = after
        .iter()
        .filter(|(name, _)| !FOLLOWS.contains(&name.as_str()))
        .map(|(name, value)| match (before.get(name).and_then(short), short(value)) {
            (Some(from), Some(to)) => format!("{name} {from} → {to}"),
            (None, Some(to)) => format!("{name} {to}"),
            _ => name.clone(),
        })
        .collect();
    let what = if members.is_empty() { String::new() } else { format!(": {}", members.join(", ")) };
    format!("{} by {who}{what}", event.action)
}

/// The members of a JSON object as they are now, those that are short with their values.
pub(super) fn now(members: &JsonObject) -> Vec<String> {
    let members: Members = members.parse().unwrap_or_default();
    let telling = members.iter().filter(|(name, _)| !FOLLOWS.contains(&name.as_str()) && *name != "title");
    telling.map(|(name, value)| short(value).map_or_else(|| name.clone(), |value| format!("{name} {value}"))).collect()
}

/// A value that is short enough to be told; of others the name is enough.
fn short(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.chars().count() <= 40 => Some(format!("{:?}", line(text, 40))),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}
