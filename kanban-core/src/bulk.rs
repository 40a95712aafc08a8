//! Many changes of one board at once.

use std::collections::HashMap;

use serde::Serialize;

use crate::db::bulk::{self, LockedRow, Locks};
use crate::model::{
    BoardRef, Bulk, BulkItem, BulkLabels, BulkOperation, BulkOutcome, Card, CardRef, ColumnId, Epoch, Expected,
    MoveCard, Version,
};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// Changes many cards of a board at once: all operations take effect, or none does. Each appends its own event.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let (todo, doing) = (board.columns[0].id, board.columns[1].id);
    /// let old = kanban.create_card(todo, NewCard::titled("Fix the login")).await?;
    /// let bulk = Bulk::of([
    ///     BulkOperation::Create(BulkCreate { column_id: todo, card: NewCard::titled("Write a test") }),
    ///     BulkOperation::Move(BulkMove::to(old.id, old.version, doing)),
    /// ]);
    /// let tried = kanban.bulk(board.board.id, Bulk { dry_run: true, ..bulk.clone() }).await?;
    /// assert_eq!(tried.items[1].card.status, Some(ColumnKind::Doing));
    /// assert_eq!(kanban.get_card(old.id).await?, old, "it was only tried");
    ///
    /// let done = kanban.bulk(board.board.id, bulk.clone()).await?;
    /// assert_eq!((&*done.items[0].card.key, done.items[1].card.version), ("AB-2", Version(2)));
    /// // once more, the second operation names a version that the card no longer has
    /// let refused = kanban.bulk(board.board.id, bulk).await.unwrap_err();
    /// assert!(matches!(refused, Error::Operation { index: 1, .. }));
    /// assert_eq!(kanban.list_cards(board.board.id, ListCards::default()).await?.items.len(), 2);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) with a pointer to each member of each
    /// operation that breaks a rule; [`Operation`](Error::Operation) with the index of the first operation that is refused
    /// for another reason.
    pub async fn bulk(&self, board: impl Into<BoardRef>, bulk: Bulk) -> Result<BulkOutcome> {
        bulk.validate()?;
        let board = board.into();
        let (board, bulk) = (&board, &bulk);
        let items = self.transaction(|kanban| async move {
            match bulk.dry_run {
                true => kanban.rehearse(async |kanban| kanban.carry_out(board, bulk).await).await,
                false => kanban.carry_out(board, bulk).await,
            }
        });
        Ok(BulkOutcome { dry_run: bulk.dry_run, items: items.await? })
    }

    async fn carry_out(&self, board: &BoardRef, bulk: &Bulk) -> Result<Vec<BulkItem>> {
        let board = self.get_board(board.clone()).await?;
        let columns: Vec<ColumnId> = board.columns.iter().map(|column| column.id).collect();
        let locks = locks(&bulk.operations);
        let id = board.board.id.uuid();
        let rows = self.run(&[], |conn, t, _| bulk::lock_for_bulk(conn, t, id, &locks)).await?;
        let mut seen = Seen::new(rows);
        // before anything is written, for what is refused here is not undone by the database
        for (i, operation) in bulk.operations.iter().enumerate() {
            let elsewhere = |member, detail: &str| Err(operation.refused(i, Error::invalid(member, detail)));
            match (operation, operation.card().and_then(|card| seen.cards.get(&card.to_string()))) {
                (BulkOperation::Create(create), _) if !columns.contains(&create.column_id) => {
                    return elsewhere("/column_id", "names no column of this board");
                }
                (_, Some(card)) if card.board != id => return elsewhere("/card", "names a card of another board"),
                _ => {}
            }
        }
        let mut items = Vec::with_capacity(bulk.operations.len());
        for (i, operation) in bulk.operations.iter().enumerate() {
            let card = self.one_of_bulk(operation, &seen).await.map_err(|error| operation.refused(i, error))?;
            seen.note(&card);
            items.push(BulkItem::new(operation.action(), card, bulk.fields));
        }
        Ok(items)
    }

    async fn one_of_bulk(&self, operation: &BulkOperation, seen: &Seen) -> Result<Card> {
        match operation {
            BulkOperation::Create(create) => self.create_card(create.column_id, create.card.clone()).await,
            BulkOperation::Update(update) => {
                let version = seen.expected(&update.card, update.version);
                self.claimed(update.claim_epoch).update_card(update.card.clone(), version, update.patch.clone()).await
            }
            BulkOperation::Move(to) => {
                let version = seen.expected(&to.card, to.version);
                let column_id = to.column_id;
                let (after_id, before_id, position) = (to.after_id.clone(), to.before_id.clone(), to.position);
                let place = MoveCard { column_id, after_id, before_id, position };
                self.claimed(to.claim_epoch).move_card(to.card.clone(), version, place).await
            }
            BulkOperation::AddLabels(change) => {
                self.change_labels(change, seen, Labels { add_labels: &change.labels, remove_labels: &[] }).await
            }
            BulkOperation::RemoveLabels(change) => {
                self.change_labels(change, seen, Labels { add_labels: &[], remove_labels: &change.labels }).await
            }
            BulkOperation::Delete(delete) => {
                let version = seen.expected(&delete.card, delete.version);
                self.claimed(delete.claim_epoch).delete_card(delete.card.clone(), version).await
            }
            BulkOperation::Restore(restore) => {
                let version = seen.expected(&restore.card, restore.version);
                self.restore_card(restore.card.clone(), version).await
            }
        }
    }

    async fn change_labels(&self, change: &BulkLabels, seen: &Seen, labels: Labels<'_>) -> Result<Card> {
        let version = seen.expected(&change.card, change.version);
        self.claimed(change.claim_epoch).patch_card(change.card.clone(), version, &labels).await
    }

    /// Under the claim that an operation names, else under the one that the handle names.
    fn claimed(&self, epoch: Option<Epoch>) -> Self {
        let kanban = self.clone();
        match epoch {
            Some(epoch) => kanban.under_claim(epoch),
            None => kanban,
        }
    }
}

/// Labels to change one by one, as the patch of a card has them.
#[derive(Serialize)]
struct Labels<'a> {
    add_labels: &'a [String],
    remove_labels: &'a [String],
}

fn locks(operations: &[BulkOperation]) -> Locks {
    let mut locks = Locks { moves: operations.iter().any(BulkOperation::moves), ..Locks::default() };
    for operation in operations {
        match operation {
            BulkOperation::Create(create) => locks.columns.push(create.column_id.uuid()),
            BulkOperation::Move(to) => locks.columns.push(to.column_id.uuid()),
            _ => {}
        }
        match operation.card() {
            Some(CardRef::Id(id)) => locks.ids.push(id.uuid()),
            Some(CardRef::Key(key)) => locks.keys.push(key.clone()),
            None => {}
        }
    }
    locks
}

/// The cards of a bulk, by id and by key: the version that callers have seen, and what has become of it so far.
struct Seen {
    cards: HashMap<String, Standing>,
}

#[derive(Clone, Copy)]
struct Standing {
    board: uuid::Uuid,
    before: Version,
    now: Version,
}

impl Seen {
    fn new(rows: Vec<LockedRow>) -> Self {
        let mut cards = HashMap::with_capacity(2 * rows.len());
        for LockedRow { id, key, version, board_id } in rows {
            let standing = Standing { board: board_id, before: Version(version), now: Version(version) };
            cards.insert(crate::CardId::from(id).to_string(), standing);
            cards.insert(key, standing);
        }
        Self { cards }
    }

    fn note(&mut self, card: &Card) {
        for name in [card.id.to_string(), card.key.clone()] {
            if let Some(standing) = self.cards.get_mut(&name) {
                standing.now = card.version;
            }
        }
    }

    /// The version that a card must have now, where the caller names the one it had before.
    fn expected(&self, card: &CardRef, version: Expected) -> Expected {
        match (version, self.cards.get(&card.to_string())) {
            (Expected::Version(version), Some(standing)) if version == standing.before => standing.now.into(),
            _ => version,
        }
    }
}
