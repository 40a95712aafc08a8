//! The handle that has the operations: one tenant's board as one actor sees and changes it.

use crate::db::refusal::{self, Names};
use crate::db::transaction::Transaction;
use crate::db::{Conn, Source};
use crate::model::{Actor, ActorKind, ActorRef, Epoch, TenantId, TokenId, TokenScope};
use crate::{Error, Result, Store, db};

/// A tenant's boards, and who acts on them. Every operation hangs on it, so none can forget whose data it touches and
/// who is to be named on its event. Made by [`Store::tenant`]; cheap to clone.
#[derive(Clone)]
pub struct Kanban {
    pub(crate) store: Store,
    tenant: TenantId,
    pub(crate) actor: Actor,
    pub(crate) claim: Option<Epoch>,
    grant: Grant,
    transaction: Option<Transaction>,
    /// Whether what is done is taken back again.
    is_rehearsal: bool,
}

/// What a handle may do: everything where the program that made it decides, else what a token says.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    scope: TokenScope,
    token: Option<(TokenId, ActorRef)>,
}

impl Grant {
    fn everything() -> Self {
        Self { scope: TokenScope::Admin, token: None }
    }

    pub(crate) fn of_token(id: TokenId, actor: ActorRef, scope: TokenScope) -> Self {
        Self { scope, token: Some((id, actor)) }
    }

    pub(crate) fn token_id(&self) -> Option<TokenId> {
        self.token.as_ref().map(|(id, _)| *id)
    }

    pub(crate) fn actor(&self) -> Option<&ActorRef> {
        self.token.as_ref().map(|(_, actor)| actor)
    }

    /// A token's actor may be narrowed and never widened: a person's may become any agent, an agent's stays that agent.
    fn admits(&self, actor: &Actor) -> Result<()> {
        let Some((_, owner)) = &self.token else { return Ok(()) };
        let is_same = (actor.kind, &actor.id) == (owner.kind, &owner.id);
        if is_same || (owner.kind == ActorKind::Human && actor.kind == ActorKind::Agent) {
            return Ok(());
        }
        Err(Error::Forbidden {
            detail: format!("This token is for {} and nobody else, so it cannot act as {}.", owner.id, actor.id),
        })
    }
}

impl Kanban {
    pub(crate) fn new(store: Store, tenant: TenantId, actor: Actor) -> Self {
        Self::granted(store, tenant, actor, Grant::everything())
    }

    pub(crate) fn granted(store: Store, tenant: TenantId, actor: Actor, grant: Grant) -> Self {
        Self { store, tenant, actor, claim: None, grant, transaction: None, is_rehearsal: false }
    }

    /// The same handle, naming a claim: each write to a card under it, and to what hangs on the card, is refused with
    /// [`StaleClaim`](Error::StaleClaim) once that claim has ended, and with [`Claimed`](Error::Claimed) where it never was
    /// the caller's and another agent holds the card.
    pub fn under_claim(mut self, epoch: Epoch) -> Self {
        self.claim = Some(epoch);
        self
    }

    /// The same handle for another actor, in the same transaction where it is in one. A token's handle can be narrowed
    /// from a person to an agent, and to nobody else.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for an actor without a usable id; [`Forbidden`](Error::Forbidden) for one that the token
    /// is not for.
    pub fn acting_as(&self, actor: Actor) -> Result<Self> {
        actor.validate()?;
        self.grant.admits(&actor)?;
        let actor = Actor { token_id: self.grant.token_id(), ..actor };
        Ok(Self { actor, claim: None, ..self.clone() })
    }

    /// What this handle may do: everything, unless it is a token's.
    pub fn scope(&self) -> TokenScope {
        self.grant.scope
    }

    /// The token that this handle works with, if it is one's.
    pub fn token_id(&self) -> Option<TokenId> {
        self.grant.token_id()
    }

    /// Whether this handle may do what needs a scope.
    ///
    /// # Errors
    /// [`ScopeNeeded`](Error::ScopeNeeded) when it may not.
    pub fn require(&self, needed: TokenScope) -> Result<()> {
        if self.grant.scope >= needed { Ok(()) } else { Err(Error::ScopeNeeded { needed }) }
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The store that it works on.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The tenant whose boards these are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// Runs several operations as one: all of them take effect, or none does. `work` gets the handle to run them on. It
    /// may run more than once, for it starts from the beginning where concurrent work got in its way, so let it do
    /// nothing but operations. Once one of them is refused, nothing of it takes effect, also where `work` passes over it.
    ///
    /// The board's locks are held from the first write to the end: keep it short, and wait for nothing else in it.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let (todo, doing) = (board.columns[0].id, board.columns[1].id);
    /// let refused = kanban.transaction(|kanban| async move {
    ///     let card = kanban.create_card(todo, NewCard::titled("Fix the login")).await?;
    ///     kanban.move_card(card.id, Version(7), MoveCard::to(doing)).await
    /// });
    /// assert_eq!(refused.await.unwrap_err().kind(), ErrorKind::VersionMismatch);
    /// assert!(kanban.list_cards(board.board.id, ListCards::default()).await?.items.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// Those of `work`; [`State`](Error::State) when it passed over a refusal, [`Unavailable`](Error::Unavailable) when
    /// concurrent work got in its way too often.
    pub async fn transaction<T, Fut>(&self, work: impl Fn(Self) -> Fut) -> Result<T>
    where
        Fut: Future<Output = Result<T>>,
    {
        if self.transaction.is_some() {
            return work(self.clone()).await;
        }
        // read once in a process: not while a connection is held, or a pool that is used up would wait for itself
        self.store.cursor_key().await?;
        let inside = |transaction| Self { transaction: Some(transaction), ..self.clone() };
        let outcome =
            db::transaction::transaction(self.store.pool(), &self.tenant, |transaction| work(inside(transaction)))
                .await;
        self.store.feeds().hint();
        outcome
    }

    /// Runs operations in the open transaction, answers what came of them and takes them back.
    pub(crate) async fn rehearse<T>(&self, work: impl AsyncFnOnce(Self) -> Result<T>) -> Result<T> {
        let Some(transaction) = &self.transaction else {
            return Err(Error::internal("there is no open transaction"));
        };
        transaction.run(&[], async |mut conn: Conn| conn.mark().await).await?;
        let outcome = work(Self { is_rehearsal: true, ..self.clone() }).await?;
        transaction.run(&[], async |mut conn: Conn| conn.back_to_mark().await).await?;
        Ok(outcome)
    }

    /// The connection of the open transaction.
    pub(crate) async fn connection(&self) -> Result<Conn> {
        match &self.transaction {
            Some(transaction) => transaction.connection().await,
            None => Err(Error::internal("there is no open transaction")),
        }
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    fn source(&self) -> Source<'_> {
        match &self.transaction {
            Some(transaction) => Source::Transaction(transaction),
            None => Source::Pool(self.store.pool(), Some(&self.tenant)),
        }
    }

    pub(crate) fn tenant_str(&self) -> &str {
        self.tenant.as_str()
    }

    pub(crate) fn epoch(&self) -> Option<i64> {
        self.claim.map(|epoch| epoch.0)
    }

    /// Runs a statement that changes nothing with a connection and the tenant.
    pub(crate) async fn read<'a, T, Fut>(&'a self, statement: impl Fn(Conn, &'a str) -> Fut) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        db::read(self.source(), |conn| statement(conn, self.tenant_str())).await
    }

    /// Runs a statement that changes something with a connection, the tenant and the actor.
    pub(crate) async fn run<'a, T, Fut>(
        &'a self,
        names: Names<'_>,
        statement: impl Fn(Conn, &'a str, &'a Actor) -> Fut,
    ) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        self.require(TokenScope::Write)?;
        let counted = |conn| async {
            let outcome = statement(conn, self.tenant_str(), &self.actor).await;
            let collision = outcome.as_ref().err().and_then(refusal::collision);
            if let Some(collision) = collision.filter(|_| !self.is_rehearsal) {
                self.store.collisions().count(self.store.pool(), &self.tenant, &self.actor, collision);
            }
            outcome
        };
        let outcome = db::run(self.source(), names, counted).await;
        if self.transaction.is_none() {
            self.store.feeds().hint();
        }
        outcome
    }

    /// Runs a statement that writes down what the handle itself was used for, whatever it may do.
    pub(crate) async fn note<'a, T, Fut>(&'a self, statement: impl Fn(Conn, &'a str) -> Fut) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        db::run(self.source(), &[], |conn| statement(conn, self.tenant_str())).await
    }
}

impl std::fmt::Debug for Kanban {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kanban")
            .field("tenant", &self.tenant)
            .field("actor", &self.actor)
            .field("claim", &self.claim)
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

/// Adds to a version conflict what the thing looks like now, so that the caller can decide again without another call.
pub(crate) async fn with_current<T, C: serde::Serialize>(
    result: Result<T>,
    current: impl AsyncFnOnce() -> Result<C>,
) -> Result<T> {
    match result {
        Err(Error::VersionConflict { what, id, expected, actual, .. }) => {
            let current = Box::pin(current()).await.ok().and_then(|thing| serde_json::value::to_raw_value(&thing).ok());
            Err(Error::VersionConflict { what, id, expected, actual, current })
        }
        result => result,
    }
}

/// A number that the caller named, for the sentence of a refusal, which comes up only if there was one.
pub(crate) struct Seen(pub(crate) Option<i64>);

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.unwrap_or_default().fmt(f)
    }
}
