//! What agents do: claim work, keep it, give it back or finish it.

use crate::db::claims::{Claimant, Completion};
use crate::db::{claims, tasks};
use crate::model::check::Check;
use crate::model::{
    ActorKind, Card, CardRef, ClaimNext, ClaimOptions, Claimed, Epoch, MAX_CLAIM_AGE_SECONDS, NothingClaimed,
    NothingClaimedCode, check_reason, ttl,
};
use crate::together::{Shared, Write};
use crate::{Error, Kanban, Result};

/// After how long to ask again at the latest.
const MAX_RETRY_SECONDS: i64 = 60;

impl Kanban {
    /// Claims the next ready cards for an agent, each for nobody else, and starts them. Never more than asked for. When
    /// nothing can be claimed, the answer says why and when to ask again.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let claimed = kanban.claim_next("claude-1", ClaimNext::default()).await?;
    /// assert_eq!(claimed.items[0].status, ColumnKind::Doing);
    /// // nobody else gets it, and is told why and when to ask again
    /// let nothing = kanban.claim_next("claude-2", ClaimNext::default()).await?;
    /// assert_eq!(nothing.reason.unwrap().code, NothingClaimedCode::NothingReady);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid); [`Forbidden`](Error::Forbidden) for an
    /// agent that claims for another.
    pub async fn claim_next(&self, agent: &str, options: ClaimNext) -> Result<Claimed> {
        self.check_claimant(agent)?;
        options.validate()?;
        let together = self.store.together();
        let mut turn = None;
        if options.limit == 1 && options.capacity.is_none() && !self.is_in_transaction() {
            let own = Claimant { agent: agent.to_owned(), actor: self.actor.clone() };
            match self.share(options.board.clone(), Write::Claim(own, options.clone())).await? {
                Shared::Done(card) => {
                    together.remember(self.tenant(), &card, options.board.as_ref());
                    return Ok(Claimed { items: vec![*card], reason: None });
                }
                Shared::Alone(own) => turn = own,
            }
        }
        let board = options.board.as_ref().map(ToString::to_string).unwrap_or_default();
        let items = self
            .run(&[("board", &board)], |conn, t, actor| {
                let claimant = Claimant { agent: agent.to_owned(), actor: actor.clone() };
                let options = &options;
                async move { claims::claim_next(conn, t, &[claimant], options).await }
            })
            .await?;
        drop(turn);
        items.iter().for_each(|card| together.remember(self.tenant(), card, options.board.as_ref()));
        let reason = if items.is_empty() { Some(self.why_nothing(agent, &options).await?) } else { None };
        Ok(Claimed { items, reason })
    }

    async fn why_nothing(&self, agent: &str, options: &ClaimNext) -> Result<NothingClaimed> {
        let filter = &options.filter();
        let why = self.read(|conn, t| claims::why_nothing(conn, t, agent, filter)).await?;
        let at_capacity = options.capacity.is_some_and(|capacity| why.held >= i64::from(capacity));
        let mut full_columns = Vec::new();
        let (code, detail) = if at_capacity {
            let detail = format!("{agent} holds {} live claims already. Complete or release one first.", why.held);
            (NothingClaimedCode::Capacity, detail)
        } else if why.startable && options.start {
            full_columns = self.read(|conn, t| tasks::full_columns(conn, t, filter.board)).await?;
            let detail = "Ready cards wait for room in a doing column. Finish started work, or claim without start.";
            (NothingClaimedCode::WipLimit, detail.to_owned())
        } else {
            let detail = format!(
                "Nothing is ready: {} cards wait for other cards, {} are being worked on. Ask again later.",
                why.blocked, why.claimed
            );
            (NothingClaimedCode::NothingReady, detail)
        };
        let next = if at_capacity { why.next_own_end } else { why.next_end };
        Ok(NothingClaimed {
            code,
            detail,
            blocked: why.blocked,
            claimed: why.claimed,
            full_columns,
            retry_after: next.map_or(MAX_RETRY_SECONDS, |seconds| seconds.clamp(1, MAX_RETRY_SECONDS)),
        })
    }

    /// Claims a certain card for an agent and starts it. Claiming one's own card again gives a new epoch, which shuts out
    /// whoever still works under the old one.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let claimed = kanban.claim_card(card.id, "claude-1", ClaimOptions::default()).await?;
    /// assert_eq!(claimed.claim.unwrap().epoch, Epoch(1));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`Claimed`](Error::Claimed), [`NotReady`](Error::NotReady),
    /// [`WipLimitReached`](Error::WipLimitReached), [`CapacityReached`](Error::CapacityReached),
    /// [`Forbidden`](Error::Forbidden) for an agent that claims for another.
    pub async fn claim_card(&self, card: impl Into<CardRef>, agent: &str, options: ClaimOptions) -> Result<Card> {
        self.check_claimant(agent)?;
        options.validate()?;
        let card = card.into();
        self.run(&[("card", &card)], |conn, t, actor| claims::claim_card(conn, t, actor, &card, agent, &options)).await
    }

    /// Extends a claim by `ttl_seconds` from now (900 when `None`, at most 86,400; seven days in all).
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let claimed = kanban.claim_card(card.id, "claude-1", ClaimOptions::default()).await?.claim.unwrap();
    /// let longer = kanban.heartbeat(card.id, claimed.epoch, Some(3600)).await?.claim.unwrap();
    /// assert!(longer.until > claimed.until);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`StaleClaim`](Error::StaleClaim) when the claim has ended or been passed on; [`NotFound`](Error::NotFound);
    /// [`State`](Error::State) when it has been kept as long as a claim may be.
    pub async fn heartbeat(&self, card: impl Into<CardRef>, epoch: Epoch, ttl_seconds: Option<u32>) -> Result<Card> {
        let card = card.into();
        let ttl = ttl(ttl_seconds)?;
        self.run(&[("card", &card), ("epoch", &epoch)], |conn, t, actor| {
            claims::heartbeat(conn, t, actor, &card, epoch.0, ttl, MAX_CLAIM_AGE_SECONDS)
        })
        .await
    }

    /// Gives a claimed card back. It stays in its column, and work in progress can be claimed by anybody at once.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let epoch = kanban.claim_card(card.id, "claude-1", ClaimOptions::default()).await?.claim.unwrap().epoch;
    /// kanban.release_card(card.id, epoch, Some("needs a person")).await?;
    /// let error = kanban.heartbeat(card.id, epoch, None).await.unwrap_err();
    /// assert_eq!(error.code(), "stale_claim");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`StaleClaim`](Error::StaleClaim), [`NotFound`](Error::NotFound); [`Invalid`](Error::Invalid) for a reason over 8 KiB.
    pub async fn release_card(&self, card: impl Into<CardRef>, epoch: Epoch, reason: Option<&str>) -> Result<Card> {
        check_reason(reason)?;
        let card = card.into();
        self.run(&[("card", &card), ("epoch", &epoch)], |conn, t, actor| {
            claims::release(conn, t, actor, &card, epoch.0, reason)
        })
        .await
    }

    /// Finishes a claimed card: moves it to the board's first done column and ends the claim.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let epoch = kanban.claim_card(card.id, "claude-1", ClaimOptions::default()).await?.claim.unwrap().epoch;
    /// let done = kanban.complete_card(card.id, epoch).await?;
    /// assert_eq!((done.status, done.claim), (ColumnKind::Done, None));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`StaleClaim`](Error::StaleClaim), [`NotFound`](Error::NotFound), [`WipLimitReached`](Error::WipLimitReached) for
    /// the done column; [`State`](Error::State) when the board has none.
    pub async fn complete_card(&self, card: impl Into<CardRef>, epoch: Epoch) -> Result<Card> {
        let card = card.into();
        let together = self.store.together();
        let mut turn = None;
        if let (Some(board), false) = (together.board_of(self.tenant(), &card), self.is_in_transaction()) {
            let own = Completion { card: card.clone(), epoch: epoch.0, actor: self.actor.clone() };
            match self.share(Some(board), Write::Complete(own)).await? {
                Shared::Done(card) => {
                    together.forget(self.tenant(), &card);
                    return Ok(*card);
                }
                Shared::Alone(own) => turn = own,
            }
        }
        let mut cards = self
            .run(&[("card", &card), ("epoch", &epoch)], |conn, t, actor| {
                let done = Completion { card: card.clone(), epoch: epoch.0, actor: actor.clone() };
                async move { claims::complete(conn, t, &[done]).await }
            })
            .await?;
        drop(turn);
        let card = cards.pop().ok_or_else(|| Error::internal("a card was completed and not answered"))?;
        together.forget(self.tenant(), &card);
        Ok(card)
    }

    fn check_claimant(&self, agent: &str) -> Result<()> {
        check_agent(agent)?;
        if self.actor.kind == ActorKind::Agent && self.actor.id != agent {
            return Err(Error::Forbidden {
                detail: format!("{} is an agent and claims for itself only, not for {agent}.", self.actor.id),
            });
        }
        Ok(())
    }
}

pub(crate) fn check_agent(agent: &str) -> Result<()> {
    let mut check = Check::default();
    check.characters("/agent_id", agent, 1, 256);
    check.done()
}
