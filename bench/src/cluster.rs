//! A PostgreSQL of its own: the embedded one as it ships, so that all contestants share one server and its settings.

use std::path::Path;

use kanban_core::Store;
use kanban_core::embedded::Embedded;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use crate::Outcome;

/// The server, and a store on it.
pub struct Cluster {
    embedded: Embedded,
    store: Store,
    role: String,
    // last: the server has stopped when its folder goes
    dir: tempfile::TempDir,
}

impl Cluster {
    /// Starts it in a new folder.
    pub async fn start() -> Outcome<Self> {
        let dir = reachable_dir()?;
        let path = dir.path().join("data");
        let store = Store::open(&path).await?;
        let embedded = Embedded::start(&path, &|_| ()).await?;
        let mut cluster = Self { embedded, store, role: String::new(), dir };
        let mut admin = cluster.admin("kanban").await?;
        cluster.role = sqlx::query_scalar("select 'kanban_app_' || oid from pg_database where datname = 'kanban'")
            .fetch_one(&mut admin)
            .await?;
        Ok(cluster)
    }

    /// A connection that may do everything.
    pub async fn admin(&self, database: &str) -> Outcome<PgConnection> {
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.socket())
            .port(self.port())
            .username(self.embedded.superuser())
            .database(database);
        Ok(options.disable_statement_logging().connect().await?)
    }

    /// Where its socket is.
    pub fn socket(&self) -> String {
        self.embedded.socket_dir().display().to_string()
    }

    /// The port that names the socket.
    pub fn port(&self) -> u16 {
        self.embedded.port()
    }

    /// Who may do everything.
    pub fn superuser(&self) -> &str {
        self.embedded.superuser()
    }

    /// The role of every session of the product.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The library on it, as it comes.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The folder that a server can be started on.
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    /// Writes everything to disk, so that no contest pays for what the one before it did.
    pub async fn settle(&self) -> Outcome<()> {
        let mut admin = self.admin("kanban").await?;
        sqlx::raw_sql("checkpoint").execute(&mut admin).await?;
        admin.close().await?;
        Ok(())
    }

    /// Stops it.
    pub async fn stop(self) -> Outcome<()> {
        self.store.close().await?;
        self.embedded.stop().await?;
        Ok(())
    }
}

/// A folder that the user which runs PostgreSQL can reach, also when this runs as root.
pub fn reachable_dir() -> Outcome<tempfile::TempDir> {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::Builder::new().prefix("kanban-bench-").tempdir_in(Path::new("/tmp"))?;
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755))?;
    Ok(dir)
}
