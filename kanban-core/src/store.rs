//! The door: a database, embedded or not, from which a tenant's board is reached.

use std::collections::HashSet;
use std::str::FromStr;
use std::sync::Arc;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::OnceCell;

use crate::collisions::CollisionCounter;
use crate::db::pool::ACQUIRE_TIMEOUT;
use crate::db::{self, Connections, Pool, Pooler, Source, refusal};
use crate::feed::Feeds;
use crate::gather::Gatherer;
use crate::kept_metrics::KeptMetrics;
use crate::model::{Actor, BoardMetrics, Card, CardRef, CursorKey, TenantId};
use crate::rate::Meter;
use crate::together::Together;
use crate::token::Verifier;
use crate::{Error, Kanban, Result};

/// How a store connects.
#[derive(Debug, Clone, Default)]
pub struct Connect {
    /// What stands between this program and the database.
    pub pooler: Pooler,
    /// The most connections; two for each core when absent.
    pub connections: Option<usize>,
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations");
    // in the schema of the board, so that a host program's own migrations are left alone
    migrator.dangerous_set_table_name("kanban.migrations");
    migrator.create_schema("kanban");
    migrator
}

/// A database with boards. Cheap to clone; all clones share one pool of connections.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

/// Single cards that are read, for each tenant.
type CardReads = Gatherer<TenantId, CardRef, Option<Box<Card>>>;

struct Inner {
    pool: Pool,
    feeds: Arc<Feeds>,
    options: PgConnectOptions,
    /// Who raises the wall between tenants where the board's own role may not: the embedded server's superuser.
    superuser: Option<PgConnectOptions>,
    cursor_key: OnceCell<CursorKey>,
    time_zones: OnceCell<HashSet<String>>,
    collisions: CollisionCounter,
    kept_metrics: KeptMetrics<BoardMetrics>,
    gatherer: Arc<CardReads>,
    together: Together,
    verifier: Verifier,
    meter: Meter,
    #[cfg(feature = "embedded")]
    embedded: tokio::sync::Mutex<Option<crate::embedded::Embedded>>,
}

impl Store {
    /// Opens the embedded database in a folder: starts a PostgreSQL of our own there, or joins the one that another
    /// process has started, and brings the schema up to date. The folder is created when it is missing.
    ///
    /// # Errors
    /// [`Embedded`](Error::Embedded) when no PostgreSQL can be found, fetched or started there; the sentence says what
    /// mends it.
    #[cfg(feature = "embedded")]
    pub async fn open(dir: impl AsRef<std::path::Path>) -> Result<Self> {
        Self::open_with_progress(dir, &|_| ()).await
    }

    /// Like [`open`](Self::open), telling in short lines what takes time.
    ///
    /// # Errors
    /// The same.
    #[cfg(feature = "embedded")]
    pub async fn open_with_progress(
        dir: impl AsRef<std::path::Path>,
        progress: &(dyn Fn(&str) + Send + Sync),
    ) -> Result<Self> {
        let embedded = crate::embedded::Embedded::start(dir.as_ref(), progress).await?;
        let mut store = match Self::on_embedded(&embedded).await {
            Ok(store) => store,
            Err(error) => {
                // nobody would use it
                embedded.stop().await?;
                return Err(error);
            }
        };
        if let Some(inner) = Arc::get_mut(&mut store.inner) {
            *inner.embedded.get_mut() = Some(embedded);
        }
        if let Err(error) = store.migrate().await {
            store.close().await?;
            return Err(error);
        }
        Ok(store)
    }

    #[cfg(feature = "embedded")]
    async fn on_embedded(embedded: &crate::embedded::Embedded) -> Result<Self> {
        let socket = PgConnectOptions::new_without_pgpass().host(&embedded.socket_dir().to_string_lossy());
        let socket = socket.port(embedded.port()).ssl_mode(sqlx::postgres::PgSslMode::Disable);
        let superuser = socket.clone().username(embedded.superuser()).database("postgres");
        let directory = db::embedded::prepare(superuser).await.map_err(|e| refusal::explain(e, &[]))?;
        let served = std::path::Path::new(&directory);
        if served != embedded.data_dir() && served.canonicalize().ok() != embedded.data_dir().canonicalize().ok() {
            return Err(Error::Embedded {
                detail: format!(
                    "The PostgreSQL behind {} serves {directory}, not this folder. Stop it, or choose another data folder.",
                    embedded.socket_dir().display()
                ),
            });
        }
        let socket = socket.database(db::embedded::DATABASE);
        let superuser = socket.clone().username(embedded.superuser());
        Self::with_options(socket.username(db::embedded::ROLE), Some(superuser), Connect::default()).await
    }

    /// Connects to a PostgreSQL (15 or later) by URL. The schema must be there: see [`migrate`](Self::migrate).
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for text that is not a database URL, [`Unavailable`](Error::Unavailable) when the
    /// database cannot be reached.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, Connect::default()).await
    }

    /// Like [`connect`](Self::connect), saying how.
    ///
    /// # Errors
    /// The same.
    pub async fn connect_with(url: &str, connect: Connect) -> Result<Self> {
        let is_ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options = PgConnectOptions::from_str(url).ok().filter(|_| is_ours).ok_or_else(|| {
            Error::invalid(
                "/database_url",
                "is not a PostgreSQL URL such as postgres://user:password@host:5432/database",
            )
        })?;
        Self::with_options(options, None, connect).await
    }

    async fn with_options(
        options: PgConnectOptions,
        superuser: Option<PgConnectOptions>,
        connect: Connect,
    ) -> Result<Self> {
        let options = options.application_name("kanban").disable_statement_logging();
        // first one connection by hand: a pool would try again and again, and then tell only that it waited
        let cannot_reach = |why: &dyn std::fmt::Display| Error::Unavailable {
            detail: format!(
                "The database at {}:{} cannot be reached: {why}. Check DATABASE_URL, and that the database runs.",
                options.get_host(),
                options.get_port()
            ),
            retry_after: None,
        };
        let first = match tokio::time::timeout(ACQUIRE_TIMEOUT, options.connect()).await {
            Ok(Ok(first)) => first,
            Ok(Err(sqlx::Error::Io(error))) => return Err(cannot_reach(&error)),
            Ok(Err(error)) => return Err(refusal::explain(error, &[])),
            Err(_) => return Err(cannot_reach(&"it does not answer")),
        };
        first.close().await.map_err(|e| refusal::explain(e, &[]))?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        // more would rotate through cold backends; see ARCHITECTURE.md
        let most = connect.connections.unwrap_or((2 * cores).clamp(4, 32)).max(1);
        let pool = Pool::new(options.clone(), connect.pooler, most);
        let feeds = Feeds::new(Pool::new(options.clone(), connect.pooler, 1));
        // half of the connections are left to all else
        let gatherer = Gatherer::new((most / 2).max(1), true);
        Ok(Self {
            inner: Arc::new(Inner {
                pool,
                feeds,
                options,
                superuser,
                cursor_key: OnceCell::new(),
                time_zones: OnceCell::new(),
                collisions: CollisionCounter::default(),
                kept_metrics: KeptMetrics::default(),
                gatherer,
                together: Together::default(),
                verifier: Verifier::new(),
                meter: Meter::default(),
                #[cfg(feature = "embedded")]
                embedded: tokio::sync::Mutex::new(None),
            }),
        })
    }

    /// Brings the schema up to date. Safe to call from many processes at once and at every start.
    ///
    /// # Errors
    /// [`State`](Error::State) when the schema is newer than this program, or the database's locale cannot search
    /// letters beyond ASCII.
    pub async fn migrate(&self) -> Result<()> {
        self.migrate_to(None).await
    }

    /// Brings the schema to a version: up, or down to an earlier one (0 leaves nothing; what later versions stored is
    /// lost). `None` is the newest.
    ///
    /// # Errors
    /// Like [`migrate`](Self::migrate); [`Invalid`](Error::Invalid) for a version that does not exist.
    pub async fn migrate_to(&self, version: Option<i64>) -> Result<()> {
        if self.pool().pooler() == Pooler::Transaction {
            return Err(Error::State {
                code: "pooler",
                detail:
                    "Behind a pooler that shares connections the schema cannot be changed. Run `kanban-server migrate` \
                         with the database's own URL."
                        .to_owned(),
            });
        }
        let migrator = migrator();
        let newest = migrator.iter().map(|m| m.version).max().unwrap_or(0);
        let target = version.unwrap_or(newest);
        if target != 0 && !migrator.version_exists(target) {
            return Err(Error::invalid("/to", format!("names no schema version; they go from 0 to {newest}")));
        }
        let (options, superuser) = (self.inner.options.clone(), self.inner.superuser.clone());
        // sqlx's migrator makes a future that cannot change threads: it gets a thread of its own
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || runtime.block_on(run_migrations(options, superuser, migrator, target)))
            .await
            .map_err(Error::internal)??;
        // the next session takes the role that has been made
        self.pool().renew();
        if target == newest && !db::read(self.source(), db::tenants::knows_letters).await? {
            return Err(Error::State {
                code: "database_locale",
                detail:
                    "This database knows only ASCII letters, so searches would miss others. Create it with LC_CTYPE \
                         C.UTF-8 (or another UTF-8 locale) from template0."
                        .to_owned(),
            });
        }
        Ok(())
    }

    /// Whether the schema is the one of this release: for where [`migrate`](Self::migrate) cannot be called.
    ///
    /// # Errors
    /// [`State`](Error::State) when it is missing, older or newer.
    pub async fn check_schema(&self) -> Result<()> {
        let version = db::read(self.source(), db::tenants::schema_version).await?;
        match version.cmp(&migrator().iter().map(|m| m.version).max()) {
            std::cmp::Ordering::Equal => Ok(()),
            std::cmp::Ordering::Less => Err(refusal::schema_missing()),
            std::cmp::Ordering::Greater => Err(schema_newer(version.unwrap_or_default())),
        }
    }

    /// The board of a tenant as one actor sees and changes it. Costs nothing; make one for each actor.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for a name that no tenant can have, [`Invalid`](Error::Invalid) for an actor without
    /// a usable id.
    pub fn tenant(&self, tenant: &str, actor: Actor) -> Result<Kanban> {
        let tenant: TenantId = tenant.parse()?;
        actor.validate()?;
        Ok(Kanban::new(self.clone(), tenant, actor))
    }

    /// Creates a tenant. Answers whether it is new.
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a name that no tenant can have; [`State`](Error::State) for the name of one that
    /// was deleted, and for a second tenant in a database without row-level security.
    pub async fn create_tenant(&self, tenant: &str) -> Result<bool> {
        self.tenant("default", Actor::system("setup"))?.create_tenant(tenant).await.map(|created| created.is_new)
    }

    /// The connections to the database at this moment, for those who watch over a server.
    pub fn connections(&self) -> Connections {
        self.pool().connections()
    }

    /// Whether the database answers and has the tenant `default`, as a schema that is in place does.
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable) when the database does not answer, [`State`](Error::State) when the schema is
    /// missing.
    pub async fn ready(&self) -> Result<()> {
        db::read(self.source(), db::tenants::ping).await?;
        db::read(self.source(), |conn| db::tenants::tenant_exists(conn, "default")).await.map(drop)
    }

    /// Ends every [`Watch`](crate::Watch) and lets none begin, so that readers go on elsewhere. Everything else goes on. For
    /// a process that is about to end.
    pub fn end_streams(&self) {
        self.inner.feeds.end();
    }

    /// Closes the connections and, as the last user of an embedded database, stops its PostgreSQL.
    ///
    /// # Errors
    /// [`Embedded`](Error::Embedded) when the server does not stop.
    pub async fn close(&self) -> Result<()> {
        self.inner.feeds.close().await;
        self.inner.collisions.settled().await;
        self.inner.pool.close().await;
        #[cfg(feature = "embedded")]
        if let Some(embedded) = self.inner.embedded.lock().await.take() {
            embedded.stop().await?;
        }
        Ok(())
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.inner.pool
    }

    pub(crate) fn feeds(&self) -> &Arc<Feeds> {
        &self.inner.feeds
    }

    pub(crate) fn verifier(&self) -> &Verifier {
        &self.inner.verifier
    }

    pub(crate) fn meter(&self) -> &Meter {
        &self.inner.meter
    }

    pub(crate) fn source(&self) -> Source<'_> {
        Source::Pool(self.pool(), None)
    }

    pub(crate) fn collisions(&self) -> &CollisionCounter {
        &self.inner.collisions
    }

    pub(crate) fn gatherer(&self) -> &Arc<CardReads> {
        &self.inner.gatherer
    }

    pub(crate) fn together(&self) -> &Together {
        &self.inner.together
    }

    pub(crate) fn kept_metrics(&self) -> &KeptMetrics<BoardMetrics> {
        &self.inner.kept_metrics
    }

    /// Whether the database can count days in a time zone. It reads hundreds of files to tell, so it is asked once.
    pub(crate) async fn knows_time_zone(&self, name: &str) -> Result<bool> {
        let read = || async { Ok(db::read(self.source(), db::tenants::time_zones).await?.into_iter().collect()) };
        Ok(self.inner.time_zones.get_or_try_init(read).await?.contains(name))
    }

    pub(crate) async fn cursor_key(&self) -> Result<&CursorKey> {
        self.inner
            .cursor_key
            .get_or_try_init(|| async {
                let key = db::read(self.source(), db::tenants::cursor_key).await?;
                Ok(CursorKey::new(&key))
            })
            .await
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// On a connection of its own: migrations may take longer than a statement may. What is there already is no news.
async fn run_migrations(
    options: PgConnectOptions,
    superuser: Option<PgConnectOptions>,
    migrator: Migrator,
    target: i64,
) -> Result<()> {
    let quiet = [("client_min_messages", "warning")];
    let mut connection = options.options(quiet).connect().await.map_err(|e| refusal::explain(e, &[]))?;
    let mut done = migrator.run_to(target, &mut connection).await;
    if done.is_ok() && migrator.iter().any(|migration| migration.version > target) {
        done = migrator.undo(&mut connection, target).await;
    }
    done.map_err(schema_error)?;
    if let Some(superuser) = superuser {
        connection.close().await.map_err(|e| refusal::explain(e, &[]))?;
        connection = superuser.options(quiet).connect().await.map_err(|e| refusal::explain(e, &[]))?;
    }
    let raised = if target > 0 {
        db::wall::raise(&mut connection).await.map(drop)
    } else {
        db::wall::drop_roles(&mut connection).await
    };
    raised.map_err(|e| refusal::explain(e, &[]))?;
    connection.close().await.map_err(|e| refusal::explain(e, &[]))
}

fn schema_error(error: sqlx::migrate::MigrateError) -> Error {
    use sqlx::migrate::MigrateError;
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => refusal::explain(error, &[]),
        MigrateError::VersionMissing(version) => schema_newer(version),
        MigrateError::VersionMismatch(version) => Error::State {
            code: "schema_changed",
            detail: format!(
                "Version {version} of the database's schema is not the one of this release. Use the release that made it."
            ),
        },
        error => Error::internal(error),
    }
}

fn schema_newer(version: i64) -> Error {
    Error::State {
        code: "schema_newer",
        detail: format!(
            "The database's schema has version {version}, which this program does not know. Use a newer release."
        ),
    }
}
