//! Connections: how many, who holds one, and which may be used again.
//!
//! The one used last is handed out first, so that few backends stay warm. A connection goes back only when what was done
//! on it has come to its end: after a broken socket, a transaction that was left open or a future that was dropped in the
//! middle it is closed, and the next caller gets a fresh one. So none can be met in an unknown state.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// How long a caller waits for a free connection before it is told to come back.
pub(crate) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);

/// Backends grow with what they have seen: they are replaced after this.
const MAX_LIFETIME: Duration = Duration::from_secs(30 * 60);

/// All connections of one store.
#[derive(Clone)]
pub(crate) struct Pool {
    connections: managed::Pool<Manager>,
    leases: TaskTracker,
}

struct Manager {
    options: PgConnectOptions,
}

impl managed::Manager for Manager {
    type Type = PgConnection;
    type Error = sqlx::Error;

    async fn create(&self) -> sqlx::Result<PgConnection> {
        self.options.connect().await
    }

    async fn recycle(&self, _: &mut PgConnection, metrics: &Metrics) -> RecycleResult<sqlx::Error> {
        if metrics.age() < MAX_LIFETIME { Ok(()) } else { Err(RecycleError::message("old enough")) }
    }
}

impl Pool {
    pub(crate) fn new(options: PgConnectOptions, most: usize) -> Self {
        let timeouts = Timeouts { wait: Some(ACQUIRE_TIMEOUT), create: Some(ACQUIRE_TIMEOUT), recycle: None };
        let connections = managed::Pool::builder(Manager { options })
            .max_size(most)
            .queue_mode(QueueMode::Lifo)
            .timeouts(timeouts)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .expect("timeouts have the runtime that they need");
        Self { connections, leases: TaskTracker::new() }
    }

    /// Waits for a connection.
    pub(crate) async fn lease(&self) -> sqlx::Result<Lease> {
        let token = self.leases.token();
        let object = self.connections.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            PoolError::Closed => sqlx::Error::PoolClosed,
            PoolError::Timeout(_) | PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => {
                sqlx::Error::PoolTimedOut
            }
        })?;
        Ok(Lease(Arc::new(Mutex::new(Held { object: Some(object), is_open: false, is_clean: false, _token: token }))))
    }

    /// Closes what is idle: a database that went away took all connections with it.
    pub(crate) fn forget_idle(&self) {
        self.connections.retain(|_, _| false);
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
    /// A transaction has begun, or may have.
    is_open: bool,
    /// Nothing is under way or open on it.
    is_clean: bool,
    _token: TaskTrackerToken,
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

    /// Says that all is done and the connection can serve the next caller.
    pub(crate) async fn finish(self) {
        let mut held = self.0.lock().await;
        held.is_clean = !held.is_open;
    }
}

/// A connection to run statements on: what each function of [`db`](crate::db) takes.
pub(crate) struct Conn(OwnedMutexGuard<Held>);

impl Deref for Conn {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.object.as_ref().expect("it is taken out only when it is dropped")
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.object.as_mut().expect("it is taken out only when it is dropped")
    }
}

impl Conn {
    /// Begins a transaction, with a statement that says of which kind. It ends with [`end`](Self::end), or with the
    /// connection.
    pub(crate) async fn begin(&mut self, statement: &'static str) -> sqlx::Result<()> {
        self.0.is_open = true;
        sqlx::raw_sql(statement).execute(&mut **self).await.map(drop)
    }

    /// Ends the transaction with `commit` or `rollback`.
    pub(crate) async fn end(&mut self, how: &'static str) -> sqlx::Result<()> {
        sqlx::raw_sql(how).execute(&mut **self).await?;
        self.0.is_open = false;
        Ok(())
    }
}
