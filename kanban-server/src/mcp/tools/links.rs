//! What waits for what.

use kanban_core::{Blocker as BlockerItem, BlockerFilter, CardRef, ColumnKind, NewDependency, Relation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::answer::Outcome;
use crate::mcp::call::Call;
use crate::mcp::card::moment;
use crate::mcp::schema;
use crate::mcp::text::line;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct AddDependency {
    #[schemars(with = "String")]
    card: CardRef,
    #[schemars(schema_with = "schema::relation")]
    relation: Relation,
    #[schemars(with = "String")]
    other: CardRef,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Linked {
    link: String,
    is_new: bool,
}

pub(in crate::mcp) async fn add_dependency(call: Call, args: AddDependency) -> Outcome<Linked> {
    let link = format!("{} {} {}", args.card, args.relation, args.other);
    let new = NewDependency { relation: args.relation, card: args.other };
    let added = call.kanban.add_dependency(args.card, new).await?;
    Ok(Linked { link, is_new: added.is_new })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct GetBlockers {
    /// All your cards when absent
    #[schemars(with = "Option<String>")]
    card: Option<CardRef>,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Blocked {
    #[schemars(schema_with = "schema::texts")]
    waits: Vec<String>,
    #[schemars(schema_with = "schema::texts")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unblocks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// How many blockers are told one by one.
const MOST: u32 = 10;

/// What holds a card back, with who works on it, and what waits for the card; or what holds all of the agent's cards back.
pub(in crate::mcp) async fn get_blockers(call: Call, args: GetBlockers) -> Outcome<Blocked> {
    let Some(card) = args.card else { return of_agent(&call).await };
    let links = call.kanban.list_dependencies(card.clone()).await?;
    let open: Vec<_> = links.iter().filter(|link| link.relation == Relation::WaitsFor && !link.resolved).collect();
    let mut waits = Vec::new();
    for link in open.iter().take(MOST as usize) {
        let other = call.kanban.get_card(link.card_id).await?;
        let holder = other.claim.as_ref().map(|claim| claim.agent_id.as_str());
        waits.push(format!("{card} waits for {}", told(&other.key, &other.title, other.status, holder)));
    }
    let hint = (open.len() > waits.len()).then(|| format!("{} more; get_card lists them", open.len() - waits.len()));
    let free = call.kanban.unblocks(card, Some(MOST)).await?;
    let frees = free.frees.iter().map(|card| told(&card.key, &card.title, card.status, card.claimed_by.as_deref()));
    let mut unblocks: Vec<String> = frees.collect();
    if free.waiting_total > free.frees.len() {
        unblocks.push(format!("{} wait in all, directly or through others", free.waiting_total));
    }
    Ok(Blocked { waits, unblocks, hint })
}

async fn of_agent(call: &Call) -> Outcome<Blocked> {
    let filter = BlockerFilter { limit: Some(MOST), ..BlockerFilter::default() };
    let blockers = call.kanban.blockers(call.agent(), filter).await?;
    let waits = blockers.items.iter().map(|blocker| {
        let BlockerItem { blocks, card, since, .. } = blocker;
        let other = told(&card.key, &card.title, card.status, card.claimed_by.as_deref());
        format!("{blocks} waits for {other} since {}", moment(*since))
    });
    let waits: Vec<String> = waits.collect();
    let hint = (blockers.total > waits.len()).then(|| format!("{} more", blockers.total - waits.len()));
    Ok(Blocked { waits, unblocks: Vec::new(), hint })
}

/// A card in a few words, with who holds it.
fn told(key: &str, title: &str, status: ColumnKind, holder: Option<&str>) -> String {
    let held = holder.map(|agent| format!(", held by {}", line(agent, 64))).unwrap_or_default();
    format!("{key} {:?} ({}{held})", line(title, 80), status.as_str())
}
