//! Many cards at once, all or nothing.

use std::sync::atomic::{AtomicUsize, Ordering};

use kanban_core::{Card, CardPatch, CardRef, Error, Kanban, MoveCard, Priority, Version};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::mcp::answer::{Outcome, Stop, refusal};
use crate::mcp::call::{Call, column};
use crate::mcp::guard::{self, Consent};
use crate::mcp::schema;

/// The most cards of one call.
const MOST: usize = 50;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::mcp) struct BulkUpdate {
    /// At most 50
    cards: Vec<CardChange>,
    /// From the preview, where cards are deleted
    confirm: Option<String>,
}

#[derive(Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CardChange {
    #[schemars(with = "String")]
    card: CardRef,
    version: i64,
    /// To move it there
    column: Option<String>,
    #[schemars(schema_with = "schema::priority")]
    #[serde(default)]
    priority: Option<Priority>,
    #[serde(default)]
    add_labels: Vec<String>,
    #[serde(default)]
    remove_labels: Vec<String>,
    assignees: Option<Vec<String>>,
    #[serde(default)]
    delete: bool,
}

#[derive(Serialize, JsonSchema)]
pub(in crate::mcp) struct Bulk {
    done: bool,
    /// Each card with its new version
    #[schemars(schema_with = "schema::texts")]
    cards: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(in crate::mcp) async fn bulk_update(call: Call, args: BulkUpdate) -> Outcome<Bulk> {
    if !(1..=MOST).contains(&args.cards.len()) {
        return Err(Stop::invalid("/cards", format!("must have from 1 to {MOST} entries")));
    }
    let deleted: Vec<String> = args.cards.iter().filter(|one| one.delete).map(|one| one.card.to_string()).collect();
    let consent = if deleted.is_empty() {
        None
    } else {
        let question =
            format!("Delete {} cards ({})? restore_card can bring each back.", deleted.len(), deleted.join(", "));
        match guard::consent(&call, args.confirm.clone(), &question).await? {
            Consent::Preview(token) => {
                let next = format!("Nothing is changed yet. {question} If so, call again with confirm.");
                return Ok(Bulk { done: false, cards: Vec::new(), confirm: Some(token), next: Some(next) });
            }
            consent => Some(consent),
        }
    };
    // where each card goes is settled before anything is locked
    let mut steps = Vec::with_capacity(args.cards.len());
    for (i, change) in args.cards.iter().enumerate() {
        steps.push(Step::of(&call.kanban, change).await.map_err(|stop| named(stop, i))?);
    }
    let at = AtomicUsize::new(0);
    let work = |kanban: Kanban| {
        let (steps, at) = (&steps, &at);
        async move {
            let mut cards = Vec::with_capacity(steps.len());
            for (i, step) in steps.iter().enumerate() {
                at.store(i, Ordering::Relaxed);
                cards.push(step.run(&kanban).await?);
            }
            Ok::<Vec<Card>, Error>(cards)
        }
    };
    let outcome = match consent {
        Some(consent) => guard::run(&call, consent, |kanban| call_transaction(kanban, &work)).await,
        None => call.kanban.transaction(work).await,
    };
    match outcome {
        Ok(cards) => {
            let lines = cards.iter().map(|card| format!("{} v{} {}", card.key, card.version, status(card))).collect();
            Ok(Bulk { done: true, cards: lines, confirm: None, next: None })
        }
        Err(error @ Error::VersionConflict { .. }) => Err(named(call.stale(error).await, at.load(Ordering::Relaxed))),
        Err(error) => Err(named(error.into(), at.load(Ordering::Relaxed))),
    }
}

async fn call_transaction<T, Fut>(kanban: Kanban, work: &impl Fn(Kanban) -> Fut) -> kanban_core::Result<T>
where
    Fut: Future<Output = kanban_core::Result<T>>,
{
    kanban.transaction(work).await
}

fn status(card: &Card) -> &'static str {
    if card.deleted_at.is_some() { "deleted" } else { card.status.as_str() }
}

/// A refusal that says which entry it is about: all of them are undone.
fn named(stop: Stop, index: usize) -> Stop {
    match stop {
        Stop::Ask(question) => Stop::Ask(question),
        Stop::Refused(error) => named(Stop::Explained(refusal(*error)), index),
        Stop::Explained(mut value) => {
            let detail = value["detail"].as_str().unwrap_or_default().to_owned();
            value["index"] = index.into();
            value["detail"] = format!("Nothing was changed: cards/{index}: {detail}").into();
            Stop::Explained(value)
        }
    }
}

/// What is done to one card.
struct Step {
    card: CardRef,
    version: Version,
    patch: Option<CardPatch>,
    to: Option<MoveCard>,
    delete: bool,
}

impl Step {
    async fn of(kanban: &Kanban, change: &CardChange) -> Outcome<Self> {
        let changes_labels = !change.add_labels.is_empty() || !change.remove_labels.is_empty();
        let changes = changes_labels || change.priority.is_some() || change.assignees.is_some();
        if change.delete && (changes || change.column.is_some()) {
            return Err(Stop::invalid("/delete", "goes alone: a card that is deleted is not changed too"));
        }
        if !change.delete && !changes && change.column.is_none() {
            return Err(Stop::invalid("", "says nothing to do with this card"));
        }
        let card = if changes_labels || change.column.is_some() {
            Some(kanban.get_card(change.card.clone()).await?)
        } else {
            None
        };
        let labels = card.as_ref().filter(|_| changes_labels).map(|card| {
            let kept = card.labels.iter().filter(|label| !change.remove_labels.contains(label));
            let added = change.add_labels.iter().filter(|label| !card.labels.contains(label));
            kept.chain(added).cloned().collect()
        });
        let to = match (&card, &change.column) {
            (Some(card), Some(name)) => Some(MoveCard::to(column(&kanban.get_board(card.board_id).await?, name)?.id)),
            _ => None,
        };
        let patch = CardPatch {
            labels,
            priority: change.priority,
            assignees: change.assignees.clone(),
            ..CardPatch::default()
        };
        let version = Version(change.version);
        Ok(Self { card: change.card.clone(), version, patch: changes.then_some(patch), to, delete: change.delete })
    }

    /// The second write to a card names the version that the first has made.
    async fn run(&self, kanban: &Kanban) -> kanban_core::Result<Card> {
        if self.delete {
            return kanban.delete_card(self.card.clone(), self.version).await;
        }
        let updated = match &self.patch {
            Some(patch) => Some(kanban.update_card(self.card.clone(), self.version, patch.clone()).await?),
            None => None,
        };
        let version = updated.as_ref().map_or(self.version, |card| card.version);
        match (&self.to, updated) {
            (Some(to), _) => kanban.move_card(self.card.clone(), version, to.clone()).await,
            (None, Some(card)) => Ok(card),
            (None, None) => kanban.get_card(self.card.clone()).await,
        }
    }
}
