//! Several operations as one: all of them take effect, or none does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::refusal::{self, Names};
use super::{Begin, Conn, Pool, did_nothing, pause, pool::Lease};
use crate::model::TenantId;
use crate::{Error, Result};

/// An open transaction. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Transaction {
    lease: Lease,
    state: Arc<AtomicU8>,
}

/// All is well so far.
const OPEN: u8 = 0;
/// A statement was refused: PostgreSQL takes no more and will not commit.
const FAILED: u8 = 1;
/// A statement lost against concurrent work: the whole may succeed when it is done again.
const COLLIDED: u8 = 2;
/// Committed or rolled back.
const OVER: u8 = 3;

impl Transaction {
    async fn begin(pool: &Pool, tenant: &TenantId) -> sqlx::Result<Self> {
        let lease = pool.lease(Some(tenant)).await?;
        lease.connection().await.begin(Begin::Write).await?;
        Ok(Self { lease, state: Arc::new(AtomicU8::new(OPEN)) })
    }

    /// Its connection, once the statement before has ended.
    pub(crate) async fn connection(&self) -> Result<Conn> {
        let conn = self.lease.connection().await;
        match self.state.load(Ordering::Acquire) {
            OPEN => Ok(conn),
            OVER => Err(over()),
            _ => Err(Error::State {
                code: "transaction_failed",
                detail: "An operation of this transaction was refused, so none of it takes effect. Begin again."
                    .to_owned(),
            }),
        }
    }

    /// Runs a statement that changes something in it.
    pub(crate) async fn run<T, Fut>(&self, names: Names<'_>, statement: impl Fn(Conn) -> Fut) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        self.fail_with(statement(self.connection().await?).await, names).await
    }

    /// Runs a statement that changes nothing in it. Once something was refused, it sees what is there without it: so a
    /// refusal can show what stands in its way.
    pub(crate) async fn read<T, Fut>(&self, statement: impl Fn(Conn) -> Fut) -> Result<T>
    where
        Fut: Future<Output = sqlx::Result<T>>,
    {
        let mut conn = self.lease.connection().await;
        match self.state.load(Ordering::Acquire) {
            OPEN => {}
            OVER => return Err(over()),
            _ => conn.resume().await.map_err(|error| refusal::explain(error, &[]))?,
        }
        self.fail_with(statement(conn).await, &[]).await
    }

    /// The end of all after an error: what was done so far is taken back at once, and the locks with it.
    async fn fail_with<T>(&self, outcome: sqlx::Result<T>, names: Names<'_>) -> Result<T> {
        let error = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        self.state.store(if did_nothing(&error) { COLLIDED } else { FAILED }, Ordering::Release);
        if matches!(error, sqlx::Error::Database(_)) {
            // where this fails too, so does what comes next
            let _ = self.lease.connection().await.end(false).await;
        }
        Err(refusal::explain(error, names))
    }

    /// Commits what has succeeded and takes everything else back. `None` means that it is worth another try.
    async fn end<T>(self, outcome: Result<T>) -> Option<Result<T>> {
        let mut conn = self.lease.connection().await;
        let state = self.state.swap(OVER, Ordering::AcqRel);
        let is_done = state == OPEN && outcome.is_ok();
        let ended = if state == OPEN { conn.end(is_done).await } else { Ok(()) };
        drop(conn);
        let ended = self.lease.finish(ended).await;
        match ended {
            _ if state == COLLIDED => None,
            Err(error) if is_done && did_nothing(&error) => None,
            Err(error) if is_done => Some(Err(refusal::explain(error, &[]))),
            // what was refused was passed over, but nothing can be kept
            _ if state == FAILED && outcome.is_ok() => Some(Err(Error::State {
                code: "transaction_failed",
                detail: "An operation of this transaction was refused, so none of it took effect.".to_owned(),
            })),
            _ => Some(outcome),
        }
    }
}

fn over() -> Error {
    Error::State {
        code: "transaction_over",
        detail: "This handle's transaction has ended. Use the handle that it was made from.".to_owned(),
    }
}

/// Runs operations in a transaction; from the beginning again when concurrent work got in their way. Dropped in the
/// middle, it leaves nothing.
pub(crate) async fn transaction<T, Fut>(pool: &Pool, tenant: &TenantId, work: impl Fn(Transaction) -> Fut) -> Result<T>
where
    Fut: Future<Output = Result<T>>,
{
    for attempt in 1..super::ATTEMPTS {
        let transaction = Transaction::begin(pool, tenant).await.map_err(|error| refusal::explain(error, &[]))?;
        let outcome = work(transaction.clone()).await;
        if let Some(outcome) = transaction.end(outcome).await {
            return outcome;
        }
        pause(attempt).await;
    }
    Err(refusal::too_busy())
}
