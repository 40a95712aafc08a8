//! What has changed on a board.

use std::collections::HashMap;

use kanban_core::{BoardRef, CardId, ErrorKind, Event, Kanban, ListEvents};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::answer::{NORMAL, Outcome, Stop, sent_bytes};
use crate::mcp::call::Call;
use crate::mcp::changes::told;
use crate::mcp::schema;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct BoardChanges {
    #[schemars(with = "String")]
    board: BoardRef,
    /// A seq you have; the last 20 changes when absent
    since: Option<i64>,
    /// 20 when absent
    limit: Option<u32>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Changes {
    #[schemars(schema_with = "schema::texts")]
    changes: Vec<String>,
    /// What since is next time
    next_since: i64,
    seq: i64,
}

pub(in crate::mcp) async fn board_changes(call: Call, args: BoardChanges) -> Outcome<Changes> {
    const PAGE: u32 = 100;
    let limit = args.limit.unwrap_or(20);
    if !(1..=PAGE).contains(&limit) {
        return Err(Stop::invalid("/limit", format!("must be from 1 to {PAGE}")));
    }
    let board = call.kanban.get_board(args.board).await?.board;
    let since = args.since.unwrap_or((board.seq - i64::from(limit)).max(0));
    let events = call.kanban.list_events(board.id, ListEvents { since, limit }).await?;
    let mut keys = HashMap::new();
    let mut changes = Changes { changes: Vec::new(), next_since: since, seq: board.seq };
    for event in &events {
        let what = match event.entity_type.as_str() {
            "card" => key(&call.kanban, event, &mut keys).await?,
            other => other.to_owned(),
        };
        changes.changes.push(format!("{}: {what} {}", event.seq, told(event)));
        if sent_bytes(&changes, true) > NORMAL {
            // the rest is behind next_since
            changes.changes.pop();
            break;
        }
        changes.next_since = event.seq;
    }
    // a reader that has everything starts behind the board's last event
    changes.seq = changes.seq.max(changes.next_since);
    Ok(changes)
}

/// The key of the card that an event is about; its id where the card is gone.
async fn key(kanban: &Kanban, event: &Event, known: &mut HashMap<String, String>) -> Outcome<String> {
    let id = event.entity_id.to_string();
    if let Some(key) = known.get(&id) {
        return Ok(key.clone());
    }
    let key = match kanban.get_card(id.parse::<CardId>()?).await {
        Ok(card) => card.key,
        Err(error) if error.kind() == ErrorKind::NotFound => format!("deleted card {id}"),
        Err(error) => return Err(error.into()),
    };
    known.insert(id, key.clone());
    Ok(key)
}
