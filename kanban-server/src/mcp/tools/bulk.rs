//! Many cards at once, all or nothing.

use kanban_core::{
    BoardDetail, Bulk, BulkDelete, BulkItem, BulkLabels, BulkMove, BulkOperation, BulkOutcome, BulkUpdate, CardPatch,
    CardRef, Error, Expected, Priority, Version,
};
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
pub(in crate::mcp) struct UpdateMany {
    /// At most 50
    cards: Vec<CardChange>,
    /// Only show the outcome
    #[serde(default)]
    dry_run: bool,
    /// From the preview, where cards are deleted
    confirm: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
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
pub(in crate::mcp) struct Updated {
    done: bool,
    /// Each card with its new version
    #[schemars(schema_with = "schema::texts")]
    cards: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

pub(in crate::mcp) async fn bulk_update(call: Call, args: UpdateMany) -> Outcome<Updated> {
    if !(1..=MOST).contains(&args.cards.len()) {
        return Err(Stop::invalid("/cards", format!("must have from 1 to {MOST} entries")));
    }
    let deleted: Vec<String> = args.cards.iter().filter(|one| one.delete).map(|one| one.card.to_string()).collect();
    let mut consent = None;
    if !deleted.is_empty() && !args.dry_run {
        let question =
            format!("Delete {} cards ({})? restore_card can bring each back.", deleted.len(), deleted.join(", "));
        match guard::consent(&call, args.confirm.clone(), &question).await? {
            Consent::Preview(token) => {
                let next = format!("Nothing is changed yet. {question} If so, call again with confirm.");
                return Ok(Updated { done: false, cards: Vec::new(), confirm: Some(token), next: Some(next) });
            }
            given => consent = Some(given),
        }
    }
    let first = call.kanban.get_card(args.cards[0].card.clone()).await.map_err(|error| named(error.into(), 0))?;
    let board = call.kanban.get_board(first.board_id).await?;
    let mut operations = Vec::new();
    // which entry each operation is of
    let mut entries = Vec::new();
    for (i, change) in args.cards.into_iter().enumerate() {
        operations.extend(change.operations(&board).map_err(|stop| named(stop, i))?);
        entries.resize(operations.len(), i);
    }
    let bulk = Bulk { dry_run: args.dry_run, ..Bulk::of(operations) };
    let (id, bulk) = (board.board.id, &bulk);
    let work = |kanban: kanban_core::Kanban| async move { kanban.bulk(id, bulk.clone()).await };
    let outcome = match consent {
        Some(consent) => guard::run(&call, consent, work).await,
        None => work(call.kanban.clone()).await,
    };
    match outcome {
        Ok(outcome) => Ok(shown(&outcome, &entries)),
        Err(Error::Operation { index, source, .. }) => {
            let stop = match *source {
                error @ Error::VersionConflict { .. } => call.stale(error).await,
                error => error.into(),
            };
            Err(named(stop, entries[index]))
        }
        Err(Error::Invalid { mut fields }) => {
            for field in &mut fields {
                field.pointer = of_entry(&field.pointer, &entries);
            }
            Err(Error::Invalid { fields }.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Each card as the last operation of its entry has left it.
fn shown(outcome: &BulkOutcome, entries: &[usize]) -> Updated {
    let is_last = |i: usize| entries.get(i + 1) != entries.get(i);
    let lines = outcome.items.iter().enumerate().filter(|(i, _)| is_last(*i)).map(|(_, item)| line_of(item));
    let next = outcome.dry_run.then(|| "Nothing is changed yet. Call again without dry_run to do it.".to_owned());
    Updated { done: !outcome.dry_run, cards: lines.collect(), confirm: None, next }
}

fn line_of(item: &BulkItem) -> String {
    let card = &item.card;
    let is_deleted = card.deleted_at.flatten().is_some();
    let status = if is_deleted { "deleted" } else { card.status.map_or("", |status| status.as_str()) };
    format!("{} v{} {status}", card.key, card.version)
}

/// `/cards/1/assignees` for `/operations/2/update/patch/assignees`.
fn of_entry(pointer: &str, entries: &[usize]) -> String {
    let mut steps = pointer.split('/').skip(2);
    let entry = steps.next().and_then(|k| entries.get(k.parse::<usize>().ok()?));
    let Some(entry) = entry else { return pointer.to_owned() };
    let member: Vec<&str> = steps.skip(1).filter(|step| *step != "patch").collect();
    format!("/cards/{entry}/{}", member.join("/"))
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

impl CardChange {
    /// What is to be done, in the order in which it is done.
    fn operations(self, board: &BoardDetail) -> Outcome<Vec<BulkOperation>> {
        let (card, version) = (self.card, Expected::Version(Version(self.version)));
        let labels = |labels: Vec<String>| {
            (!labels.is_empty()).then(|| BulkLabels { labels, version, ..BulkLabels::of(card.clone()) })
        };
        let patch = CardPatch { priority: self.priority, assignees: self.assignees, ..CardPatch::default() };
        let changes = patch.priority.is_some() || patch.assignees.is_some();
        let patch = changes.then(|| BulkUpdate { card: card.clone(), version, claim_epoch: None, patch });
        let to = match &self.column {
            Some(name) => Some(BulkMove::to(card.clone(), version, column(board, name)?.id)),
            None => None,
        };
        let changes = [
            patch.map(BulkOperation::Update),
            labels(self.add_labels).map(BulkOperation::AddLabels),
            labels(self.remove_labels).map(BulkOperation::RemoveLabels),
            to.map(BulkOperation::Move),
        ];
        let operations: Vec<BulkOperation> = changes.into_iter().flatten().collect();
        match (self.delete, operations.is_empty()) {
            (true, false) => Err(Stop::invalid("/delete", "goes alone: a card that is deleted is not changed too")),
            (false, true) => Err(Stop::invalid("", "says nothing to do with this card")),
            (true, true) => Ok(vec![BulkOperation::Delete(BulkDelete::of(card, version))]),
            (false, false) => Ok(operations),
        }
    }
}
