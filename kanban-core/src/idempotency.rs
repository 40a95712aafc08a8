//! Doing a thing once, however often it is asked for.

use std::sync::{Mutex, PoisonError};

use crate::db::idempotency;
use crate::model::IdempotencyKey;
use crate::{Error, Kanban, Result};

/// How long an answer is kept: 24 hours.
const KEEP_SECONDS: i32 = 24 * 60 * 60;

/// How a piece of work that is done once has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once<R> {
    /// It was done now.
    Done(Vec<u8>),
    /// It had been done before: this was the answer.
    Before(Vec<u8>),
    /// The work itself gave up. Nothing has changed, and the key is free.
    Refused(R),
}

impl Kanban {
    /// Does a piece of work and keeps its answer, in one transaction; where the key was used before, answers what was
    /// answered then and does nothing. Holds across processes, restarts and kills, for 24 hours. Callers that come while
    /// the first is at work wait for its end.
    ///
    /// `work` runs as in [`transaction`](Self::transaction), and gives up with `Err`: that takes everything back.
    /// `fingerprint` is a hash of what is asked for (SHA-256).
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let todo = board.columns[0].id;
    /// let key = IdempotencyKey { caller: "planner".into(), key: "order-17".into() };
    /// for _ in 0..2 {
    ///     let work = |kanban: Kanban| async move {
    ///         let card = kanban.create_card(todo, NewCard::titled("Pack order 17")).await?;
    ///         Ok::<_, Error>(card.key.into_bytes())
    ///     };
    ///     let (Once::Done(answer) | Once::Before(answer)) = kanban.once(&key, &[7; 32], work).await? else {
    ///         unreachable!("it is not refused")
    ///     };
    ///     assert_eq!(answer, b"AB-1");
    /// }
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a key that is empty or too long; [`KeyReused`](Error::KeyReused) when the key
    /// stands for something else; [`Unavailable`](Error::Unavailable) when the first is at work for too long.
    pub async fn once<R, Fut>(
        &self,
        key: &IdempotencyKey,
        fingerprint: &[u8; 32],
        work: impl Fn(Self) -> Fut,
    ) -> Result<Once<R>>
    where
        Fut: Future<Output = std::result::Result<Vec<u8>, R>>,
    {
        key.validate()?;
        // what the work gave up with, while the transaction goes back
        let refused = Mutex::new(None);
        let work = |kanban: Self| {
            let (work, refused) = (&work, &refused);
            async move {
                *refused.lock().unwrap_or_else(PoisonError::into_inner) = None;
                let IdempotencyKey { caller, key } = key;
                let taken = kanban
                    .run(&[], |conn, t, _| {
                        idempotency::take_idempotency_key(conn, t, caller, key, fingerprint, KEEP_SECONDS)
                    })
                    .await?;
                if !taken.is_same {
                    return Err(Error::KeyReused { key: key.clone() });
                }
                if !taken.is_new {
                    // without an answer, the key is at work in this very transaction
                    return taken.answer.map(Once::Before).ok_or_else(|| Error::KeyReused { key: key.clone() });
                }
                match work(kanban.clone()).await {
                    Ok(answer) => {
                        kanban.run(&[], |conn, t, _| idempotency::keep_answer(conn, t, caller, key, &answer)).await?;
                        Ok(Once::Done(answer))
                    }
                    Err(refusal) => {
                        *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
                        Err(Error::internal("the work gave up"))
                    }
                }
            }
        };
        let outcome = self.transaction(work).await;
        match (outcome, refused.into_inner().unwrap_or_else(PoisonError::into_inner)) {
            (Err(Error::Internal { .. }), Some(refusal)) => Ok(Once::Refused(refusal)),
            (outcome, _) => outcome,
        }
    }
}
