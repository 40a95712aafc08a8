//! File locks between processes. The kernel frees them with the process, however it ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use super::owner::Owner;
use super::path_failed;
use crate::Result;

fn open(path: &Path, owner: &Owner) -> Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path);
    let file = file.map_err(|e| path_failed("open", path, &e))?;
    owner.take(path)?;
    Ok(file)
}

/// Held while the server is initialised, started or stopped: one at a time.
#[derive(Debug)]
pub(super) struct Startup(#[expect(dead_code, reason = "the lock is the open file")] File);

impl Startup {
    pub(super) fn acquire(path: &Path, owner: &Owner) -> Result<Self> {
        let file = open(path, owner)?;
        file.lock().map_err(|e| path_failed("lock", path, &e))?;
        Ok(Self(file))
    }
}

/// Held for as long as a process uses the server.
#[derive(Debug)]
pub(super) struct Users(File);

impl Users {
    pub(super) fn join(path: &Path, owner: &Owner) -> Result<Self> {
        let file = open(path, owner)?;
        file.lock_shared().map_err(|e| path_failed("lock", path, &e))?;
        Ok(Self(file))
    }

    /// Leaves, and answers whether nobody is left. Called under [`Startup`], so nobody joins meanwhile.
    pub(super) fn leave(self, path: &Path) -> Result<bool> {
        self.0.unlock().map_err(|e| path_failed("unlock", path, &e))?;
        match self.0.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(e)) => Err(path_failed("lock", path, &e)),
        }
    }
}
