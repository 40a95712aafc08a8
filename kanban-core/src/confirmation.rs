//! Confirmations: for what should not happen by mistake, a token that lets exactly one action of one actor through, once.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::model::{EntityId, IdempotencyKey, Scope};
use crate::{Error, Kanban, Once, Result};

/// How long a confirmation can be given.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// Who keeps used confirmations among the idempotency keys.
const CALLER: &str = "confirmation";

impl Kanban {
    /// A token that confirms an action later, good for ten minutes and one use. It is bound to the tenant, to who acts and
    /// to the action, so put everything into that which is decided upon, the version that was seen too.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let action = ("delete", &card.key, card.version);
    /// let token = kanban.ask_to_confirm(&action).await?;
    /// let delete = |kanban: Kanban| async move { kanban.delete_card(card.id, card.version).await };
    /// let deleted = kanban.confirmed(&token, &action, delete).await?;
    /// assert!(deleted.deleted_at.is_some());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable).
    pub async fn ask_to_confirm(&self, action: &impl Serialize) -> Result<String> {
        let key = self.store.cursor_key().await?;
        let ends = since_epoch() + LIFE;
        Ok(key.seal(&self.confirmation_scope(action), &(ends.as_secs(), EntityId::generate())))
    }

    /// Does what a token confirms, in one transaction that also uses the token up. Holds across processes: of all that come
    /// with one token, one does the work.
    ///
    /// `work` runs as in [`transaction`](Self::transaction). A refused one changes nothing and leaves the token as it was.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a token of another action, actor or tenant, or one that is too old;
    /// [`State`](Error::State) for one that has been used; those of `work`.
    pub async fn confirmed<T, Fut>(&self, token: &str, action: &impl Serialize, work: impl Fn(Self) -> Fut) -> Result<T>
    where
        Fut: Future<Output = Result<T>>,
    {
        let invalid = |detail: &str| Error::invalid("/confirm", detail);
        let key = self.store.cursor_key().await?;
        let (ends, id): (u64, EntityId) = key
            .open(&self.confirmation_scope(action), token)
            .map_err(|_| invalid("confirms something else; leave it out to be asked again"))?;
        if since_epoch().as_secs() > ends {
            return Err(invalid("is too old; leave it out to be asked again"));
        }
        let done = Mutex::new(None);
        let used = IdempotencyKey { caller: CALLER.to_owned(), key: id.to_string() };
        let once = self
            .once(&used, &[0; 32], |kanban| {
                let (work, done) = (&work, &done);
                async move {
                    let value = work(kanban).await?;
                    *done.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
                    Ok::<_, Error>(Vec::new())
                }
            })
            .await?;
        match once {
            Once::Refused(refusal) => Err(refusal),
            Once::Before(_) => Err(Error::State {
                code: "confirmation_used",
                detail: "This confirmation has been used already. Look at what is there now before you ask again."
                    .to_owned(),
            }),
            Once::Done(_) => done
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)
                .ok_or_else(|| Error::internal("what was done left no value")),
        }
    }

    fn confirmation_scope(&self, action: &impl Serialize) -> Scope {
        Scope::of(self.tenant_str(), "confirmation", &(self.actor.kind, &self.actor.id, action))
    }
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
