//! What has changed on a board.

use kanban_core::{BoardRef, Change, ChangeKind, ListChanges};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::answer::{NORMAL, Outcome, Stop, sent_bytes};
use crate::mcp::call::Call;
use crate::mcp::changes::now;
use crate::mcp::schema;
use crate::mcp::text::line;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct BoardChanges {
    #[schemars(with = "String")]
    board: BoardRef,
    /// A seq you have; 20 back when absent
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
    let since = match args.since {
        Some(since) => since,
        None => (call.kanban.get_board(args.board.clone()).await?.board.seq - i64::from(limit)).max(0),
    };
    let mut limit = limit;
    loop {
        let read = call.kanban.list_changes(args.board.clone(), ListChanges { since, limit }).await?;
        let changes =
            Changes { changes: read.items.iter().map(told).collect(), next_since: read.next_since, seq: read.seq };
        // the rest is behind next_since
        let bytes = sent_bytes(&changes, true);
        if bytes <= NORMAL || limit == 1 {
            return Ok(changes);
        }
        limit = (limit as usize * NORMAL / bytes).clamp(1, limit as usize - 1) as u32;
    }
}

/// What became of one thing, all steps together, as a line.
fn told(change: &Change) -> String {
    let thing = change.key.as_deref().unwrap_or(&change.entity_type);
    let title = change.title.as_deref().map(|title| format!(" {:?}", line(title, 80))).unwrap_or_default();
    let steps: Vec<&str> =
        change.actions.iter().map(|action| action.split_once('.').map_or(&**action, |a| a.1)).collect();
    let actors: Vec<String> = change.actors.iter().map(|actor| line(actor, 64)).collect();
    let members = match change.what {
        // all its members are new
        ChangeKind::Created | ChangeKind::MovedHere => Vec::new(),
        _ => now(&change.after),
    };
    let members = if members.is_empty() { String::new() } else { format!(": {}", members.join(", ")) };
    format!("{}: {thing}{title} {} by {}{members}", change.seq, steps.join(", "), actors.join(", "))
}
