//! Operations on cards.

use serde::Serialize;

use crate::db::card_list::{self, ListPlace, Shape, Whole};
use crate::db::cards;
use crate::gather::{Asked, Next};
use crate::kanban::{Seen, with_current};
use crate::model::{
    BoardRef, Card, CardFields, CardId, CardPatch, CardRef, ColumnId, Expected, ListCards, MoveCard, NewCard, Page,
    PartialCard, Place, Scope, TenantId,
};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// Creates a card in a column, at its end unless a place is given.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// assert_eq!((card.key.as_str(), card.version), ("AB-1", Version(1)));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid), also for a neighbour that is not in that column; [`NotFound`](Error::NotFound) for the
    /// column; [`WipLimitReached`](Error::WipLimitReached); [`Duplicate`](Error::Duplicate) for the external id.
    pub async fn create_card(&self, column: ColumnId, new: NewCard) -> Result<Card> {
        new.validate()?;
        let id = CardId::generate().uuid();
        self.run(&[("column", &column)], |conn, t, actor| cards::create_card(conn, t, actor, column.uuid(), id, &new))
            .await
    }

    /// Reads a card.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), also when it is deleted.
    pub async fn get_card(&self, card: impl Into<CardRef>) -> Result<Card> {
        let card = card.into();
        self.read_card(&card).await?.ok_or_else(|| Error::not_found("card", card.to_string()))
    }

    async fn read_card(&self, card: &CardRef) -> Result<Option<Card>> {
        let alone = || self.read(|conn, t| cards::get_card(conn, t, card));
        if self.is_in_transaction() {
            return alone().await;
        }
        match self.store.gatherer().ask(self.tenant().clone(), card.clone()).await {
            Next::Done(card) => Ok(card.map(|card| *card)),
            Next::Alone => alone().await,
            Next::Go(turn) => {
                let others = turn.others(|other| card.is_like(other));
                if others.is_empty() {
                    let read = alone().await;
                    drop(turn);
                    return read;
                }
                let all: Vec<&CardRef> = others.iter().map(|asked| &asked.question).chain([card]).collect();
                let read = self.read(|conn, t| cards::get_cards(conn, t, &all)).await;
                drop(turn);
                Ok(answer(card, others, read?))
            }
        }
    }

    /// Lists a board's cards: those that pass the filter, in the order that is asked for, else as they stand on the board.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let urgent = NewCard { priority: Priority::Critical, ..NewCard::titled("Stop the leak") };
    /// kanban.create_card(board.columns[0].id, urgent).await?;
    /// let filter = CardFilter { status: Some(ColumnKind::Todo), ..CardFilter::default() };
    /// let list = ListCards { filter, sort: CardSort::Priority, ..ListCards::default() };
    /// let page = kanban.list_cards(board.board.id, list).await?;
    /// assert_eq!(page.items[0].title, "Stop the leak");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) for a bad filter, limit or cursor. A cursor
    /// is good for the same board, filter and order, for a day at least.
    pub async fn list_cards(&self, board: impl Into<BoardRef>, list: ListCards) -> Result<Page<Card>> {
        self.list_in_shape(board.into(), list, Whole).await
    }

    /// Lists cards as [`list_cards`](Self::list_cards) does, with only the members that are picked: what is not asked for
    /// is not read either. Pages of both go on with the same cursors.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let fields = CardFields::from_iter([CardField::Title]);
    /// let page = kanban.pick_cards(board.board.id, ListCards::default(), fields).await?;
    /// assert_eq!(page.items[0].title.as_deref(), Some("Fix the login"));
    /// assert_eq!(page.items[0].description, None);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// Those of [`list_cards`](Self::list_cards).
    pub async fn pick_cards(
        &self,
        board: impl Into<BoardRef>,
        list: ListCards,
        fields: CardFields,
    ) -> Result<Page<PartialCard>> {
        self.list_in_shape(board.into(), list, fields).await
    }

    async fn list_in_shape<S: Shape>(&self, board: BoardRef, list: ListCards, shape: S) -> Result<Page<S::Item>> {
        list.filter.validate()?;
        let rows = list.page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_cards", &(&board, &list.filter, list.sort));
        let after = list.page.cursor.as_ref().map(|cursor| key.open::<ListPlace>(&scope, cursor)).transpose()?;
        let (list, shape, from) = (&list, &shape, after.as_ref());
        let rows = self.read(|conn, t| card_list::list(conn, t, &board, list, shape, from, rows)).await?;
        if rows.is_empty() && after.is_none() {
            self.get_board(board.clone()).await?;
        }
        Ok(key.page(&scope, rows, &list.page, |(_, place)| place.clone(), |(card, _)| card))
    }

    /// Changes what a card says. Members that are absent from the patch stay.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let patch = CardPatch { priority: Some(Priority::High), ..CardPatch::default() };
    /// kanban.update_card(card.id, card.version, patch.clone()).await?;
    /// // whoever still holds the old version learns of it
    /// let stale = kanban.update_card(card.id, card.version, patch).await.unwrap_err();
    /// assert_eq!(stale.kind(), ErrorKind::VersionMismatch);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict), [`Invalid`](Error::Invalid);
    /// [`Claimed`](Error::Claimed) to an agent while another agent works on it; [`StaleClaim`](Error::StaleClaim).
    pub async fn update_card(
        &self,
        card: impl Into<CardRef>,
        expected: impl Into<Expected>,
        patch: CardPatch,
    ) -> Result<Card> {
        patch.validate()?;
        self.patch_card(card.into(), expected.into(), &patch).await
    }

    /// Changes a card by a patch that has been checked.
    pub(crate) async fn patch_card(
        &self,
        card: CardRef,
        expected: Expected,
        patch: &(impl Serialize + Sync),
    ) -> Result<Card> {
        let version = expected.as_bind();
        let epoch = self.epoch();
        let result = self
            .run(&[("card", &card), ("version", &Seen(version)), ("epoch", &Seen(epoch))], |conn, t, actor| {
                cards::update_card(conn, t, actor, &card, version, epoch, patch)
            })
            .await;
        self.with_current_card(result, &card).await
    }

    /// Moves a card to a column, of its own board or another. It keeps its key.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let moved = kanban.move_card(card.id, card.version, MoveCard::to(board.columns[1].id)).await?;
    /// assert_eq!((moved.status, moved.version), (ColumnKind::Doing, Version(2)));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// Those of [`update_card`](Self::update_card); [`WipLimitReached`](Error::WipLimitReached).
    pub async fn move_card(
        &self,
        card: impl Into<CardRef>,
        expected: impl Into<Expected>,
        to: MoveCard,
    ) -> Result<Card> {
        self.place_card(card.into(), expected.into(), Some(to.column_id), to.place()).await
    }

    /// Moves a card within its column.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let first = kanban.create_card(todo, NewCard::titled("First")).await?;
    /// let urgent = kanban.create_card(todo, NewCard::titled("Urgent")).await?;
    /// kanban.reorder_card(urgent.id, urgent.version, Place::before(first.id)).await?;
    /// let page = kanban.list_cards(board.board.id, ListCards::default()).await?;
    /// assert_eq!(page.items[0].key, urgent.key);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// Those of [`update_card`](Self::update_card).
    pub async fn reorder_card(
        &self,
        card: impl Into<CardRef>,
        expected: impl Into<Expected>,
        place: Place,
    ) -> Result<Card> {
        self.place_card(card.into(), expected.into(), None, place).await
    }

    async fn place_card(
        &self,
        card: CardRef,
        expected: Expected,
        column: Option<ColumnId>,
        place: Place,
    ) -> Result<Card> {
        place.validate()?;
        let version = expected.as_bind();
        let epoch = self.epoch();
        let column_name = column.map(|column| column.to_string()).unwrap_or_default();
        let column = column.map(ColumnId::uuid);
        let result = self
            .run(
                &[("card", &card), ("version", &Seen(version)), ("epoch", &Seen(epoch)), ("column", &column_name)],
                |conn, t, actor| cards::move_card(conn, t, actor, &card, version, epoch, column, &place),
            )
            .await;
        self.with_current_card(result, &card).await
    }

    /// Deletes a card: it leaves every list, holds nothing back any more, and can be restored.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let deleted = kanban.delete_card(card.id, card.version).await?;
    /// assert_eq!(kanban.get_card(card.id).await.unwrap_err().kind(), ErrorKind::NotFound);
    /// assert_eq!(kanban.restore_card(card.id, deleted.version).await?.deleted_at, None);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// Those of [`update_card`](Self::update_card).
    pub async fn delete_card(&self, card: impl Into<CardRef>, expected: impl Into<Expected>) -> Result<Card> {
        let card = card.into();
        let version = expected.into().as_bind();
        let epoch = self.epoch();
        let result = self
            .run(&[("card", &card), ("version", &Seen(version)), ("epoch", &Seen(epoch))], |conn, t, actor| {
                cards::delete_card(conn, t, actor, &card, version, epoch)
            })
            .await;
        self.with_current_card(result, &card).await
    }

    /// Brings a deleted card back, to the end of the column it was in. A card that is not deleted stays as it is.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`WipLimitReached`](Error::WipLimitReached),
    /// [`VersionConflict`](Error::VersionConflict).
    pub async fn restore_card(&self, card: impl Into<CardRef>, expected: impl Into<Expected>) -> Result<Card> {
        let card = card.into();
        let version = expected.into().as_bind();
        let epoch = self.epoch();
        self.run(&[("card", &card), ("version", &Seen(version)), ("epoch", &Seen(epoch))], |conn, t, actor| {
            cards::restore_card(conn, t, actor, &card, version, epoch)
        })
        .await
    }

    /// What a guarded write to a card tells the caller when it is refused.
    async fn with_current_card<T>(&self, result: Result<T>, card: &CardRef) -> Result<T> {
        with_current(result, async || self.get_card(card.clone()).await).await
    }
}

/// Those who wait for a card.
type Others = Vec<Asked<TenantId, CardRef, Option<Box<Card>>>>;

/// Answers the others from what was read, and gives back the one card.
fn answer(card: &CardRef, mut others: Others, mut read: Vec<Card>) -> Option<Card> {
    while let Some(other) = others.pop() {
        let place = read.iter().position(|card| other.question.is(card));
        let is_wanted_again = other.question == *card || others.iter().any(|asked| asked.question == other.question);
        let found = place.map(|n| if is_wanted_again { read[n].clone() } else { read.swap_remove(n) });
        other.answer(found.map(Box::new));
    }
    read.into_iter().find(|read| card.is(read))
}
