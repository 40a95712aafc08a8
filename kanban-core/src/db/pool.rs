//! Connections: how many, who holds one, whose rows it shows, and which may be used again.
//!
//! The one used last is handed out first, so that few backends stay warm. A connection goes back only when what was done
//! on it has come to its end: after a broken socket, a transaction that was left open or a future that was dropped in the
//! middle it is closed, and the next caller gets a fresh one. So none can be met in an unknown state.
//!
//! [`Pool::lease`] is also the one place where a session is told whose rows it shows, which the policies of
//! [`wall`](super::wall) go by. Directly, the setting stays on the connection and is sent only when the tenant changes;
//! behind a pooler that gives each transaction another backend, every lease is a transaction that begins with it.

use std::fmt::Write as _;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::{registered, wall};
use crate::model::TenantId;

/// How long a caller waits for a free connection before it is told to come back.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// Backends grow with what they have seen: they are replaced after this.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// What holds for every statement, so that none and no forgotten transaction blocks the others for long.
const SETTINGS: [(&str, &str); 4] = [
    ("statement_timeout", "5s"),
    ("lock_timeout", "2s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("timezone", "UTC"),
];

registered! {
    SHOW_TENANT = "select set_config('kanban.tenant_id', $1, false)";
}

/// What stands between this program and the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pooler {
    /// Nothing, or a pooler that gives each connection a backend of its own: settings and prepared statements stay.
    #[default]
    None,
    /// A pooler that gives each transaction another backend, such as PgBouncer in transaction mode: nothing stays behind
    /// a transaction, so every statement runs in one that begins with its settings.
    Transaction,
}

/// A store's connections to the database at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Connections {
    /// The most there may be.
    pub most: usize,
    /// Open, and free.
    pub idle: usize,
    /// Open, and somebody works on them.
    pub used: usize,
    /// How many callers wait for one.
    pub pending: usize,
}

/// All connections of one store.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: managed::Pool<Manager>,
    leases: TaskTracker,
}

struct Manager {
    options: PgConnectOptions,
    pooler: Pooler,
    generation: AtomicU64,
}

/// A connection of the pool, and what is known of its session.
struct Session {
    connection: PgConnection,
    pooler: Pooler,
    /// Unknown while the setting is under way; else whose rows it shows, where nobody is none at all.
    shows: Option<Option<TenantId>>,
    /// How a transaction begins behind a pooler, up to the tenant.
    opening: String,
    generation: u64,
}

impl managed::Manager for Manager {
    type Type = Session;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<Session> {
        let generation = self.generation.load(Ordering::Acquire);
        // apart: whatever waits for a connection would be large enough to hold this, several times over
        let entered = Box::pin(async {
            let mut connection: PgConnection = self.options.connect().await?;
            let role = wall::enter(&mut connection, self.pooler).await?;
            Ok::<_, sqlx::Error>((connection, role))
        });
        let (connection, role) = entered.await?;
        let mut opening = "begin".to_owned();
        for (name, value) in SETTINGS.into_iter().chain(role.as_deref().map(|role| ("role", role))) {
            let _ = write!(opening, "; set local {name} = '{value}'");
        }
        Ok(Session { connection, pooler: self.pooler, shows: None, opening, generation })
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        let is_current = session.generation == self.generation.load(Ordering::Acquire);
        if is_current && metrics.age() < MAX_LIFETIME { Ok(()) } else { Err(RecycleError::message("old enough")) }
    }
}

impl Pool {
    pub(crate) fn new(options: PgConnectOptions, pooler: Pooler, most: usize) -> Self {
        let options = match pooler {
            Pooler::None => options.options(SETTINGS),
            // it knows no startup options, and a statement that was prepared on one backend is unknown to the next
            Pooler::Transaction => options.statement_cache_capacity(0).extra_float_digits(None),
        };
        let timeouts = Timeouts { wait: Some(ACQUIRE_TIMEOUT), create: Some(ACQUIRE_TIMEOUT), recycle: None };
        let connections = managed::Pool::builder(Manager { options, pooler, generation: AtomicU64::new(0) })
            .max_size(most)
            .queue_mode(QueueMode::Lifo)
            .timeouts(timeouts)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .expect("timeouts have the runtime that they need");
        Self { connections, leases: TaskTracker::new() }
    }

    /// How many connections there are, and who has them.
    pub(crate) fn connections(&self) -> Connections {
        let status = self.connections.status();
        let idle = status.available.min(status.size);
        Connections { most: status.max_size, idle, used: status.size - idle, pending: status.waiting }
    }

    pub(crate) fn pooler(&self) -> Pooler {
        self.connections.manager().pooler
    }

    /// Waits for a connection and makes it show a tenant's rows, or nobody's.
    pub(crate) async fn lease(&self, tenant: Option<&TenantId>) -> sqlx::Result<Lease> {
        let token = self.leases.token();
        let object = self.connections.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Closed => sqlx::Error::PoolClosed,
            PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                sqlx::Error::PoolTimedOut
            }
        })?;
        // a lease from here on: dropped while the setting is on its way, the connection is closed
        let held = Held {
            object: Some(object),
            tenant: tenant.cloned(),
            is_open: false,
            is_writing: false,
            is_clean: false,
            _token: token,
        };
        let lease = Lease(Arc::new(Mutex::new(held)));
        lease.connection().await.show().await?;
        Ok(lease)
    }

    /// Closes what is idle: a database that went away took all connections with it.
    pub(crate) fn forget_idle(&self) {
        self.connections.retain(|_, _| false);
    }

    /// Closes every connection once it is idle, for sessions begin another way from now on.
    pub(crate) fn renew(&self) {
        self.connections.manager().generation.fetch_add(1, Ordering::AcqRel);
        self.forget_idle();
    }

    /// Lets nobody in any more, and waits for those who are.
    pub(crate) async fn close(&self) {
        self.connections.close();
        self.leases.close();
        self.leases.wait().await;
    }
}

/// A connection for one caller and as many statements as it runs, one after the other.
#[derive(Clone)]
pub(crate) struct Lease(Arc<Mutex<Held>>);

struct Held {
    object: Option<Object<Manager>>,
    /// Whose rows it is to show.
    tenant: Option<TenantId>,
    /// A transaction has begun, or may have.
    is_open: bool,
    /// It is one that writes, and whoever began it ends it.
    is_writing: bool,
    /// Nothing is under way or open on it.
    is_clean: bool,
    _token: TaskTrackerToken,
}

impl Held {
    fn session(&mut self) -> &mut Session {
        self.object.as_mut().expect("it is taken out only when it is dropped")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let (Some(object), false) = (self.object.take(), self.is_clean) {
            // out of the pool; dropping it closes the socket, and PostgreSQL rolls back what was open
            drop(Object::take(object));
        }
    }
}

impl Lease {
    /// The connection, once the statement before has ended.
    pub(crate) async fn connection(&self) -> Conn {
        Conn(self.0.clone().lock_owned().await)
    }

    /// Says how all that was done on it ended. In good order, the connection can serve the next caller; a transaction
    /// that was opened for the lease is committed or rolled back by it.
    pub(crate) async fn finish<T>(self, outcome: sqlx::Result<T>) -> sqlx::Result<T> {
        let mut conn = self.connection().await;
        if matches!(outcome, Ok(_) | Err(sqlx::Error::Database(_))) {
            if conn.0.is_open && conn.0.session().pooler == Pooler::Transaction {
                conn.end(outcome.is_ok()).await?;
            }
            conn.0.is_clean = !conn.0.is_open;
        }
        outcome
    }
}

/// What kind of transaction begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Begin {
    /// One that writes.
    Write,
    /// One that reads everything as it is at one moment.
    Snapshot,
}

/// A connection to run statements on: what each function of [`db`](crate::db) takes.
pub(crate) struct Conn(OwnedMutexGuard<Held>);

impl Deref for Conn {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0.object.as_ref().expect("it is taken out only when it is dropped").connection
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0.session().connection
    }
}

impl Conn {
    /// Makes the session show the rows that it is to show.
    async fn show(&mut self) -> sqlx::Result<()> {
        let held = &mut *self.0;
        let session = held.object.as_mut().expect("it is taken out only when it is dropped");
        let name = held.tenant.as_ref().map_or("", TenantId::as_str);
        match session.pooler {
            Pooler::None if session.shows.as_ref() == Some(&held.tenant) => {}
            Pooler::None => {
                session.shows = None;
                sqlx::query(SHOW_TENANT.sql).bind(name).execute(&mut session.connection).await?;
                session.shows = Some(held.tenant.clone());
            }
            Pooler::Transaction => {
                // a tenant's name holds nothing that would have to be quoted
                let begin = format!("{}; set local kanban.tenant_id = '{name}'", session.opening);
                held.is_open = true;
                sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut session.connection).await?;
            }
        }
        Ok(())
    }

    /// Makes a lease whose transaction has ended fit for one more statement.
    pub(crate) async fn resume(&mut self) -> sqlx::Result<()> {
        if self.0.is_open { Ok(()) } else { self.show().await }
    }

    /// Begins a transaction. It ends with [`end`](Self::end), or with the connection.
    pub(crate) async fn begin(&mut self, kind: Begin) -> sqlx::Result<()> {
        let statement = match (kind, self.0.is_open) {
            (Begin::Write, false) => "begin",
            (Begin::Snapshot, false) => "begin isolation level repeatable read read only",
            // opened with the lease, and nothing was read in it yet
            (Begin::Write, true) => {
                self.0.is_writing = true;
                return Ok(());
            }
            (Begin::Snapshot, true) => "set transaction isolation level repeatable read read only",
        };
        self.0.is_open = true;
        self.0.is_writing = matches!(kind, Begin::Write);
        sqlx::raw_sql(statement).execute(&mut **self).await.map(drop)
    }

    /// Remembers how far an open transaction has come.
    pub(crate) async fn mark(&mut self) -> sqlx::Result<()> {
        sqlx::raw_sql("savepoint mark").execute(&mut **self).await.map(drop)
    }

    /// Takes back what was done since, and lets go of what was locked for it.
    pub(crate) async fn back_to_mark(&mut self) -> sqlx::Result<()> {
        sqlx::raw_sql("rollback to savepoint mark; release savepoint mark").execute(&mut **self).await.map(drop)
    }

    /// Ends the transaction: keeps what was done in it, or takes it back.
    pub(crate) async fn end(&mut self, keep: bool) -> sqlx::Result<()> {
        let statement = match (self.0.session().pooler, keep) {
            (Pooler::None, true) => "commit",
            (Pooler::None, false) => "rollback",
            // the next caller on this backend prepares statements under the same names
            (Pooler::Transaction, true) => "commit; deallocate all",
            (Pooler::Transaction, false) => "rollback; deallocate all",
        };
        sqlx::raw_sql(statement).execute(&mut **self).await?;
        self.0.is_open = false;
        Ok(())
    }

    /// Lets the statements that follow see one moment, and answers whether it has begun a transaction for that. In one
    /// that writes, each sees what is committed by then.
    pub(crate) async fn begin_snapshot(&mut self) -> sqlx::Result<bool> {
        if self.0.is_writing {
            return Ok(false);
        }
        self.begin(Begin::Snapshot).await.map(|()| true)
    }
}
