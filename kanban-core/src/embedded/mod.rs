//! A PostgreSQL of our own in a local folder: found or fetched, initialised, started, shared between processes, and
//! stopped by the last one that uses it.
//!
//! It is a real server with `fsync` on: what was acknowledged survives `kill -9`. It listens on a Unix socket in its
//! folder and on no port.

mod binaries;
mod cluster;
mod fetch;
mod layout;
mod lock;
mod owner;

use std::path::{Path, PathBuf};

pub use binaries::Search;
pub use layout::default_data_dir;

use crate::{Error, Result};
use layout::Layout;
use lock::Users;

/// A running embedded PostgreSQL that this process uses.
///
/// [`stop`](Self::stop) gives the use up, and the last user's stop ends the server. Dropping it only frees the locks, as
/// the kernel does for a process that is killed: the server goes on and the next [`start`](Self::start) adopts it.
#[derive(Debug)]
pub struct Embedded {
    layout: Layout,
    users: Users,
}

impl Embedded {
    /// Starts the server of a folder, or joins the one that runs there. A new folder is initialised first. `progress` is
    /// told in short lines what takes time.
    ///
    /// # Errors
    /// [`Embedded`](Error::Embedded) with a sentence that says what mends it.
    pub async fn start(root: &Path, progress: &(dyn Fn(&str) + Send + Sync)) -> Result<Self> {
        Self::start_with(root, Search::from_env()?, progress).await
    }

    /// Like [`start`](Self::start), saying where PostgreSQL may be found.
    ///
    /// # Errors
    /// The same.
    pub async fn start_with(root: &Path, search: Search, progress: &(dyn Fn(&str) + Send + Sync)) -> Result<Self> {
        let root = root.to_owned();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel::<String>();
        // all of it waits for files, locks and processes, so it has a thread of its own
        let work = tokio::task::spawn_blocking(move || {
            cluster::start(&root, &search, &|line| {
                // nobody listens any more when the caller has gone away
                let _ = tell.send(line.to_owned());
            })
        });
        while let Some(line) = told.recv().await {
            progress(&line);
        }
        let (layout, users) = work.await.map_err(Error::internal)??;
        Ok(Self { layout, users })
    }

    /// Folder of the Unix socket: the host to connect to.
    pub fn socket_dir(&self) -> &Path {
        &self.layout.socket
    }

    /// The port that names the socket file; nothing listens on it.
    pub fn port(&self) -> u16 {
        layout::PORT
    }

    /// The server's superuser. It bypasses every policy: for setting up only.
    pub fn superuser(&self) -> &str {
        cluster::SUPERUSER
    }

    /// The server's data directory.
    pub fn data_dir(&self) -> &Path {
        &self.layout.data
    }

    /// Gives up this use, and stops the server if nobody else uses it.
    ///
    /// # Errors
    /// [`Embedded`](Error::Embedded) when the server does not stop.
    pub async fn stop(self) -> Result<()> {
        tokio::task::spawn_blocking(move || cluster::stop(&self.layout, self.users)).await.map_err(Error::internal)?
    }
}

fn failed(detail: impl Into<String>) -> Error {
    Error::Embedded { detail: detail.into() }
}

/// An error about a path, with what the system said.
fn path_failed(what: &str, path: &Path, error: &std::io::Error) -> Error {
    failed(format!(
        "Cannot {what} {}: {error}. Choose another folder with --data-dir or KANBAN_DATA_DIR.",
        path.display()
    ))
}

fn env_path(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}
