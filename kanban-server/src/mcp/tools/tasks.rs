//! Work: what is next, taking it, keeping it, giving it back, finishing it.

use kanban_core::{
    BoardRef, Card, CardRef, ClaimNext, ClaimOptions, Epoch, Kanban, ListPage, NewComment, NextTasks, Page,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Detail, fitting, page};
use crate::mcp::answer::{NORMAL, Outcome, Stop};
use crate::mcp::call::Call;
use crate::mcp::card::{CardLine, Written};
use crate::mcp::text::{front, json_of, plain, wire_length};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct ListNext {
    /// All boards when absent
    #[schemars(with = "Option<String>")]
    board: Option<BoardRef>,
    /// Only with all of these
    #[serde(default)]
    labels: Vec<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Tasks {
    #[schemars(schema_with = "crate::mcp::schema::objects")]
    tasks: Vec<CardLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

pub(in crate::mcp) async fn next_tasks(call: Call, args: ListNext) -> Outcome<Tasks> {
    let page = page(args.limit, 5, args.cursor)?;
    let read = |page| {
        let kanban = call.kanban.clone();
        let list = NextTasks { board: args.board.clone(), labels: args.labels.clone(), page, ..NextTasks::default() };
        async move {
            let tasks = kanban.next_tasks(&kanban.actor().id, list).await?;
            Ok(Page { items: tasks.items, next_cursor: tasks.next_cursor })
        }
    };
    fitting(Detail::Concise, page, read, |page| Tasks {
        tasks: page.items.iter().map(CardLine::of).collect(),
        next_cursor: page.next_cursor,
    })
    .await
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Claim {
    /// A certain card; the next ready one when absent
    #[schemars(with = "Option<String>")]
    card: Option<CardRef>,
    #[schemars(with = "Option<String>")]
    board: Option<BoardRef>,
    #[serde(default)]
    labels: Vec<String>,
    /// How many, 1 when absent
    #[schemars(range(min = 1, max = 10))]
    limit: Option<u32>,
    /// Lease, 900 when absent
    ttl_seconds: Option<u32>,
}

/// What a claim brought. The cards' own texts are in it, so it goes once, as text.
#[derive(Serialize)]
pub(in crate::mcp) struct Taken {
    claimed: Vec<Task>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
}

#[derive(Serialize)]
struct Task {
    #[serde(flatten)]
    line: CardLine,
    epoch: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent_context: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Serialize)]
struct Reason {
    code: &'static str,
    detail: String,
    retry_after: i64,
}

pub(in crate::mcp) async fn claim_task(call: Call, args: Claim) -> Outcome<Taken> {
    let limit = args.limit.unwrap_or(1);
    if !(1..=10).contains(&limit) {
        return Err(Stop::invalid("/limit", "must be from 1 to 10"));
    }
    let default = ClaimOptions::default();
    let ttl_seconds = args.ttl_seconds.unwrap_or(default.ttl_seconds);
    if let Some(card) = args.card {
        if args.board.is_some() || !args.labels.is_empty() || args.limit.is_some() {
            return Err(Stop::invalid("/card", "names one card; leave board, labels and limit out"));
        }
        let options = ClaimOptions { ttl_seconds, ..default };
        let card = call.kanban.claim_card(card, call.agent(), options).await?;
        return Ok(Taken { claimed: taken(&call.kanban, &[card]).await?, reason: None });
    }
    let options = ClaimNext { board: args.board, labels: args.labels, limit, ttl_seconds, ..ClaimNext::default() };
    let claimed = call.kanban.claim_next(call.agent(), options).await?;
    let reason =
        claimed.reason.map(|why| Reason { code: why.code.as_str(), detail: why.detail, retry_after: why.retry_after });
    Ok(Taken { claimed: taken(&call.kanban, &claimed.items).await?, reason })
}

/// Claimed cards with their texts, as much of each as leaves room for the others.
async fn taken(kanban: &Kanban, cards: &[Card]) -> Outcome<Vec<Task>> {
    let room = NORMAL / 2 / cards.len().max(1);
    let mut tasks = Vec::with_capacity(cards.len());
    for card in cards {
        let mut left_out = Vec::new();
        let description = plain(&card.description);
        let shown = front(&description, room);
        if shown.len() < description.len() {
            left_out.push("the rest of the description");
        }
        let context = card.agent_context.parse::<Value>().ok().filter(|context| *context != json!({}));
        let agent_context = context.filter(|context| {
            let fits = wire_length(&json_of(context)) <= room / 2;
            if !fits {
                left_out.push("agent_context");
            }
            fits
        });
        if !kanban.list_comments(card.id, ListPage::first(1)).await?.items.is_empty() {
            left_out.push("comments");
        }
        let hint = (!left_out.is_empty()).then(|| format!("get_card with detail full shows {}", left_out.join(", ")));
        let epoch = card.claim.as_ref().map_or(0, |claim| claim.epoch.0);
        let description = (!shown.is_empty()).then(|| shown.to_owned());
        tasks.push(Task { line: CardLine::of(card), epoch, description, agent_context, hint });
    }
    Ok(tasks)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Heartbeat {
    #[schemars(with = "String")]
    card: CardRef,
    epoch: i64,
    /// From now, 900 when absent
    ttl_seconds: Option<u32>,
}

pub(in crate::mcp) async fn heartbeat(call: Call, args: Heartbeat) -> Outcome<Written> {
    let card = call.kanban.heartbeat(args.card, Epoch(args.epoch), args.ttl_seconds).await?;
    Ok(Written::of(&card))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Release {
    #[schemars(with = "String")]
    card: CardRef,
    epoch: i64,
    /// Why, for whoever takes it next
    reason: Option<String>,
}

pub(in crate::mcp) async fn release_task(call: Call, args: Release) -> Outcome<Written> {
    let card = call.kanban.release_card(args.card, Epoch(args.epoch), args.reason.as_deref()).await?;
    Ok(Written::of(&card))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct Complete {
    #[schemars(with = "String")]
    card: CardRef,
    epoch: i64,
    /// Written on the card in the same step: what was done
    comment: Option<String>,
}

pub(in crate::mcp) async fn complete_task(call: Call, args: Complete) -> Outcome<Written> {
    let comment = args.comment.map(NewComment::saying);
    // the note with the end of the work, or neither
    let card = call
        .kanban
        .transaction(|kanban| {
            let (card, comment) = (args.card.clone(), comment.clone());
            async move {
                if let Some(comment) = comment {
                    kanban.create_comment(card.clone(), comment).await?;
                }
                kanban.complete_card(card, Epoch(args.epoch)).await
            }
        })
        .await?;
    Ok(Written::of(&card))
}
