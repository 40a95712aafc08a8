//! Where things are: `<root>/{pg,sock,log,.startup.lock,.users.lock}`.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::owner::Owner;
use super::{env_path, failed, path_failed};
use crate::Result;

/// Names the socket file.
pub(super) const PORT: u16 = 5432;

/// The longest path of a Unix socket, without the zero at its end.
const SOCKET_PATH_BYTES: usize = 107;

/// The folders and files of one embedded server.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) root: PathBuf,
    pub(super) data: PathBuf,
    pub(super) socket: PathBuf,
    pub(super) log: PathBuf,
    pub(super) startup_lock: PathBuf,
    pub(super) users_lock: PathBuf,
}

impl Layout {
    /// Creates the root where it is missing, and makes sure that it is ours to use. A folder with anything else in it is
    /// left alone.
    pub(super) fn create(root: &Path, owner: &Owner) -> Result<Self> {
        // before anything is created
        owner.must_reach(&std::path::absolute(root).map_err(|e| path_failed("use the data folder", root, &e))?)?;
        let is_new = !root.exists();
        fs::create_dir_all(root).map_err(|e| path_failed("create the data folder", root, &e))?;
        let root = root.canonicalize().map_err(|e| path_failed("use the data folder", root, &e))?;
        let layout = Self {
            data: root.join("pg"),
            socket: root.join("sock"),
            log: root.join("log"),
            startup_lock: root.join(".startup.lock"),
            users_lock: root.join(".users.lock"),
            root,
        };
        let mut entries =
            fs::read_dir(&layout.root).map_err(|e| path_failed("read the data folder", &layout.root, &e))?;
        let is_empty = entries.next().is_none();
        if !is_empty && !layout.startup_lock.exists() {
            return Err(failed(format!(
                "The folder {} holds something else than a board's data. Choose an empty or new one with --data-dir.",
                layout.root.display()
            )));
        }
        owner.must_reach(&layout.root)?;
        if is_new || is_empty {
            owner.take(&layout.root)?;
        }
        Ok(layout)
    }

    /// The folder of the socket, in the root or, where that path is too long for a socket, in a private one elsewhere.
    pub(super) fn with_socket(mut self, owner: &Owner) -> Result<Self> {
        if self.socket_file().as_os_str().len() > SOCKET_PATH_BYTES {
            let mut hash = DefaultHasher::new();
            self.root.hash(&mut hash);
            let base = env_path("XDG_RUNTIME_DIR").filter(|_| owner.is_self()).unwrap_or_else(std::env::temp_dir);
            self.socket = base.join(format!("kanban-{:016x}", hash.finish()));
        }
        if !self.socket.exists() {
            let mut builder = fs::DirBuilder::new();
            builder.mode(0o700).create(&self.socket).map_err(|e| path_failed("create", &self.socket, &e))?;
            owner.take(&self.socket)?;
        }
        // in a shared folder somebody else may have been first
        let metadata = fs::symlink_metadata(&self.socket).map_err(|e| path_failed("use", &self.socket, &e))?;
        if !metadata.is_dir() || metadata.uid() != owner.uid {
            return Err(failed(format!(
                "The folder {} for the database's socket belongs to somebody else. Remove it, or use a shorter --data-dir.",
                self.socket.display()
            )));
        }
        Ok(self)
    }

    pub(super) fn socket_file(&self) -> PathBuf {
        self.socket.join(format!(".s.PGSQL.{PORT}"))
    }

    pub(super) fn pid_file(&self) -> PathBuf {
        self.data.join("postmaster.pid")
    }

    /// The major version that the data was made with, if there is data.
    pub(super) fn major(&self) -> Result<Option<u32>> {
        let file = self.data.join("PG_VERSION");
        match fs::read_to_string(&file) {
            Ok(text) => text.trim().parse().map(Some).map_err(|_| {
                failed(format!("{} does not name a PostgreSQL version. Restore the data folder.", file.display()))
            }),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(path_failed("read", &file, &e)),
        }
    }
}

/// The folder that is used when none is named: the user's own data folder, or `/var/lib/kanban-for-agents` for root,
/// whose own folders PostgreSQL's user cannot enter.
///
/// # Errors
/// [`Embedded`](crate::Error::Embedded) when the user has no home folder.
pub fn default_data_dir() -> Result<PathBuf> {
    if super::owner::is_root() {
        return Ok(PathBuf::from("/var/lib/kanban-for-agents"));
    }
    let home = || env_path("HOME");
    let base = if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        env_path("XDG_DATA_HOME").or_else(|| home().map(|home| home.join(".local/share")))
    };
    base.map(|base| base.join("kanban-for-agents")).ok_or_else(|| {
        failed("There is no home folder to keep the data in. Name a folder with --data-dir or KANBAN_DATA_DIR.")
    })
}
