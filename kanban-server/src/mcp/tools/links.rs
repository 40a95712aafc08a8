//! What waits for what.

use kanban_core::{CardRef, NewDependency, Relation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::answer::Outcome;
use crate::mcp::call::Call;
use crate::mcp::card::CardLine;
use crate::mcp::schema;

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
    #[schemars(with = "String")]
    card: CardRef,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Blockers {
    card: String,
    #[schemars(schema_with = "schema::objects")]
    waits_for: Vec<CardLine>,
    #[schemars(schema_with = "schema::texts")]
    unblocks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

/// The cards that hold a card back, each with who works on it, and the keys of those that wait for it.
pub(in crate::mcp) async fn get_blockers(call: Call, args: GetBlockers) -> Outcome<Blockers> {
    const MOST: usize = 10;
    let links = call.kanban.list_dependencies(args.card.clone()).await?;
    let open: Vec<_> = links.iter().filter(|link| link.relation == Relation::WaitsFor && !link.resolved).collect();
    let mut waits_for = Vec::new();
    for link in open.iter().take(MOST) {
        waits_for.push(CardLine::of(&call.kanban.get_card(link.card_id).await?));
    }
    let waiting = links.iter().filter(|link| link.relation == Relation::Blocks && !link.resolved);
    let unblocks: Vec<String> = waiting.map(|link| link.card_key.clone()).take(100).collect();
    let left_out = open.len().saturating_sub(MOST);
    let hint = (left_out > 0).then(|| format!("{left_out} more hold it back; get_card lists them"));
    Ok(Blockers { card: args.card.to_string(), waits_for, unblocks, hint })
}
