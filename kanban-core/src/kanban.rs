//! The handle that has the operations: one tenant's board as one actor sees and changes it.

use crate::db::refusal::Names;
use crate::model::{Actor, Epoch, TenantId};
use crate::{Error, Result, Store, db};

/// A tenant's boards, and who acts on them. Every operation hangs on it, so none can forget whose data it touches and
/// who is to be named on its event. Made by [`Store::tenant`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Kanban {
    pub(crate) store: Store,
    tenant: TenantId,
    pub(crate) actor: Actor,
    pub(crate) claim: Option<Epoch>,
}

impl Kanban {
    pub(crate) fn new(store: Store, tenant: TenantId, actor: Actor) -> Self {
        Self { store, tenant, actor, claim: None }
    }

    /// The same handle, naming a claim: each write to a card under it is refused with
    /// [`StaleClaim`](Error::StaleClaim) once that claim has been passed on.
    pub fn under_claim(mut self, epoch: Epoch) -> Self {
        self.claim = Some(epoch);
        self
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The tenant whose boards these are.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn pool(&self) -> &sqlx::PgPool {
        self.store.pool()
    }

    pub(crate) fn tenant_str(&self) -> &str {
        self.tenant.as_str()
    }

    pub(crate) fn epoch(&self) -> Option<i64> {
        self.claim.map(|epoch| epoch.0)
    }

    /// Runs a statement that changes nothing with the pool and the tenant.
    pub(crate) async fn read<'a, T, Fut>(&'a self, statement: impl Fn(&'a sqlx::PgPool, &'a str) -> Fut) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        db::read(|| statement(self.pool(), self.tenant_str())).await
    }

    /// Runs a statement that changes something with the pool, the tenant and the actor.
    pub(crate) async fn run<'a, T, Fut>(
        &'a self,
        names: Names<'_>,
        statement: impl Fn(&'a sqlx::PgPool, &'a str, &'a Actor) -> Fut,
    ) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        db::run(names, || statement(self.pool(), self.tenant_str(), &self.actor)).await
    }
}

/// Adds to a version conflict what the thing looks like now, so that the caller can decide again without another call.
pub(crate) async fn with_current<T, C: serde::Serialize>(
    result: Result<T>,
    current: impl AsyncFnOnce() -> Result<C>,
) -> Result<T> {
    match result {
        Err(Error::VersionConflict { what, id, expected, actual, .. }) => {
            let current = current().await.ok().and_then(|thing| serde_json::value::to_raw_value(&thing).ok());
            Err(Error::VersionConflict { what, id, expected, actual, current })
        }
        result => result,
    }
}
