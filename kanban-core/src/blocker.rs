//! What stands in the way of work, and what work makes way for.

use std::collections::HashMap;

use uuid::Uuid;

use crate::db::waits::{self, BlockerRow, CardToResolve, Way};
use crate::model::{
    Blocker, BlockerFilter, Blockers, BoardRef, CardBrief, CardRef, Chain, CriticalChain, Seconds, Timestamp, Unblocks,
    Waits, rest_hint, shown,
};
use crate::{Error, Kanban, Result};

/// How many keys of a chain are shown beside a card.
const CHAIN_KEYS: usize = 10;

impl Kanban {
    /// The unresolved blockers of an agent's open cards (those that it has claimed or is assigned to), the ones that have
    /// blocked longest first: who holds each, what it waits for itself, and what waits for it.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let design = kanban.create_card(todo, NewCard::titled("Design")).await?;
    /// let build = NewCard { assignees: vec!["claude-1".into()], ..NewCard::titled("Build") };
    /// let build = kanban.create_card(todo, build).await?;
    /// kanban.add_dependency(build.id, NewDependency::waits_for(design.id)).await?;
    /// let blockers = kanban.blockers("claude-1", BlockerFilter::default()).await?;
    /// assert_eq!((blockers.items[0].blocks.as_str(), blockers.items[0].card.key.as_str()), ("AB-2", "AB-1"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) for a limit out of range.
    pub async fn blockers(&self, agent: &str, filter: BlockerFilter) -> Result<Blockers> {
        crate::Actor::agent(agent).validate()?;
        let limit = shown(filter.limit)?;
        let board = match &filter.board {
            Some(board) => Some(self.board_to_read(board).await?),
            None => None,
        };
        let rows = self.read(|conn, t| waits::blockers(conn, t, agent, board, limit as i64)).await?;
        let total = rows.first().map_or(0, |row| row.total as usize);
        let hint = rest_hint(rows.len(), total);
        Ok(Blockers { agent_id: agent.to_owned(), items: self.with_chains(rows).await?, total, hint })
    }

    async fn with_chains(&self, rows: Vec<BlockerRow>) -> Result<Vec<Blocker>> {
        let mut rows: Vec<(CardBrief, BlockerRowRest)> = rows.into_iter().map(split).collect();
        let mut ids: Vec<Uuid> = rows.iter().map(|(card, _)| card.id.uuid()).collect();
        ids.sort_unstable();
        ids.dedup();
        let in_front = self.waits(Way::InFront, &ids).await?;
        let behind = self.waits(Way::Behind, &ids).await?;
        let chains = |card: &CardBrief| (in_front.in_front(card.id.uuid()), behind.behind(card.id.uuid()));
        let chains: Vec<(Vec<Uuid>, Vec<Uuid>)> = rows.iter().map(|(card, _)| chains(card)).collect();
        let named: Vec<Uuid> = chains
            .iter()
            .flat_map(|(a, b)| a.iter().take(CHAIN_KEYS).chain(b.iter().take(CHAIN_KEYS)))
            .copied()
            .collect();
        let keys = self.keys(&named).await?;
        let items = rows.drain(..).zip(chains).map(|((card, rest), (front, back))| Blocker {
            blocks: rest.waiting_key,
            card,
            since: rest.since,
            blocked_seconds: Seconds::from_micros((rest.now.unix_micros() - rest.since.unix_micros()).max(0)),
            in_front: chain(&front, &keys),
            behind: chain(&back, &keys),
        });
        Ok(items.collect())
    }

    /// What finishing a card makes way for: the cards that wait for it alone, and all that wait for it through others.
    /// At most `limit` cards are listed: 1 to 200, 10 when `None`.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let design = kanban.create_card(todo, NewCard::titled("Design")).await?;
    /// let build = kanban.create_card(todo, NewCard::titled("Build")).await?;
    /// kanban.add_dependency(build.id, NewDependency::waits_for(design.id)).await?;
    /// let unblocks = kanban.unblocks(design.id, None).await?;
    /// assert_eq!((unblocks.frees[0].key.as_str(), unblocks.waiting_total), ("AB-2", 1));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`Invalid`](Error::Invalid) for a limit out of range.
    pub async fn unblocks(&self, card: impl Into<CardRef>, limit: Option<u32>) -> Result<Unblocks> {
        let limit = shown(limit)?;
        let card = self.card_to_resolve(card.into()).await?;
        let (mut frees, waits) = if card.is_open {
            let frees = self.read(|conn, t| waits::freed(conn, t, card.id)).await?;
            (frees, self.waits(Way::Behind, &[card.id]).await?)
        } else {
            // it holds nothing back any more
            (Vec::new(), Waits::new([]))
        };
        let behind = waits.behind(card.id);
        let keys = self.keys(&behind[..behind.len().min(CHAIN_KEYS)]).await?;
        let frees_total = frees.len();
        frees.truncate(limit);
        Ok(Unblocks {
            card: card.key,
            hint: rest_hint(frees.len(), frees_total),
            frees,
            frees_total,
            waiting_total: waits.all_behind(card.id).len(),
            behind: chain(&behind, &keys),
        })
    }

    /// The longest chain of unresolved blockers in front of a card, in the order in which they can be worked on.
    /// At most `limit` cards are listed: 1 to 200, 10 when `None`.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// for title in ["Design", "Build", "Ship"] {
    ///     kanban.create_card(todo, NewCard::titled(title)).await?;
    /// }
    /// let card = |key: &str| key.parse::<CardRef>();
    /// kanban.add_dependency(card("AB-2")?, NewDependency::waits_for(card("AB-1")?)).await?;
    /// kanban.add_dependency(card("AB-3")?, NewDependency::waits_for(card("AB-2")?)).await?;
    /// let chain = kanban.critical_chain(card("AB-3")?, None).await?;
    /// assert_eq!(chain.length, 2);
    /// assert_eq!(chain.cards[0].key, "AB-1");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`Invalid`](Error::Invalid) for a limit out of range.
    pub async fn critical_chain(&self, card: impl Into<CardRef>, limit: Option<u32>) -> Result<CriticalChain> {
        let limit = shown(limit)?;
        let card = self.card_to_resolve(card.into()).await?;
        let chain =
            if card.is_open { self.waits(Way::InFront, &[card.id]).await?.in_front(card.id) } else { Vec::new() };
        self.chain_of(Some(card.id), chain, limit).await
    }

    /// The longest chain of unresolved blockers in front of any card of a board, wherever they are, in the order in which
    /// they can be worked on. At most `limit` cards are listed: 1 to 200, 10 when `None`.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let design = kanban.create_card(todo, NewCard::titled("Design")).await?;
    /// let build = kanban.create_card(todo, NewCard::titled("Build")).await?;
    /// kanban.add_dependency(build.id, NewDependency::waits_for(design.id)).await?;
    /// let chain = kanban.board_critical_chain(board.board.id, None).await?;
    /// assert_eq!((chain.card.as_deref(), chain.cards[0].key.as_str()), (Some("AB-2"), "AB-1"));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`Invalid`](Error::Invalid) for a limit out of range.
    pub async fn board_critical_chain(&self, board: impl Into<BoardRef>, limit: Option<u32>) -> Result<CriticalChain> {
        let limit = shown(limit)?;
        let board = self.board_to_read(&board.into()).await?;
        let blocked = self.read(|conn, t| waits::blocked_cards(conn, t, board)).await?;
        match self.waits(Way::InFront, &blocked).await?.longest_in_front(blocked) {
            Some((end, chain)) => self.chain_of(Some(end), chain, limit).await,
            None => self.chain_of(None, Vec::new(), limit).await,
        }
    }

    /// Shows a chain, which comes with the nearest first.
    async fn chain_of(&self, end: Option<Uuid>, mut chain: Vec<Uuid>, limit: usize) -> Result<CriticalChain> {
        chain.reverse();
        let length = chain.len();
        chain.truncate(limit);
        let end = self.keys(end.as_slice()).await?.into_values().next();
        let cards = self.read(|conn, t| waits::briefs(conn, t, &chain)).await?;
        Ok(CriticalChain { card: end, length, hint: rest_hint(cards.len(), length), cards })
    }

    async fn waits(&self, way: Way, from: &[Uuid]) -> Result<Waits<Uuid>> {
        if from.is_empty() {
            return Ok(Waits::new([]));
        }
        Ok(Waits::new(self.read(|conn, t| waits::waits(conn, t, way, from)).await?))
    }

    async fn keys(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        Ok(self.read(|conn, t| waits::keys(conn, t, ids)).await?.into_iter().collect())
    }

    async fn card_to_resolve(&self, card: CardRef) -> Result<CardToResolve> {
        let found = self.read(|conn, t| waits::card_to_resolve(conn, t, &card)).await?;
        found.ok_or_else(|| Error::not_found("card", card.to_string()))
    }

    /// The id of a board that is there.
    pub(crate) async fn board_to_read(&self, board: &BoardRef) -> Result<Uuid> {
        let found = self.read(|conn, t| waits::board_to_read(conn, t, board)).await?;
        found.ok_or_else(|| Error::not_found("board", board.to_string()))
    }
}

/// What a row says beside the card.
struct BlockerRowRest {
    waiting_key: String,
    since: Timestamp,
    now: Timestamp,
}

fn split(row: BlockerRow) -> (CardBrief, BlockerRowRest) {
    let rest = BlockerRowRest { waiting_key: row.waiting_key, since: row.since.into(), now: row.now.into() };
    (row.brief.into(), rest)
}

fn chain(ids: &[Uuid], keys: &HashMap<Uuid, String>) -> Chain {
    Chain { length: ids.len(), cards: ids.iter().take(CHAIN_KEYS).filter_map(|id| keys.get(id).cloned()).collect() }
}
