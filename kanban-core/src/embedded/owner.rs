//! The user that runs the server. PostgreSQL refuses to run as root, so root hands it to somebody else.

use std::ffi::{CStr, CString};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::{failed, path_failed};
use crate::Result;

/// Whether this process is root.
pub(super) fn is_root() -> bool {
    // SAFETY: geteuid takes nothing, changes nothing and cannot fail
    unsafe { libc::geteuid() == 0 }
}

/// Who runs the server and owns its folders.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    pub(super) uid: u32,
    gid: u32,
    name: String,
    is_self: bool,
}

impl Owner {
    /// This user; as root the owner of the existing data, else `postgres`, else `nobody`.
    pub(super) fn choose(data: &Path) -> Result<Self> {
        // SAFETY: geteuid takes nothing, changes nothing and cannot fail
        let me = unsafe { libc::geteuid() };
        if me != 0 {
            return by_uid(me).map(|owner| Self { is_self: true, ..owner }).ok_or_else(|| {
                failed(format!(
                    "The user id {me} has no entry in the password database, and PostgreSQL cannot run without one. Add \
                     one (in a container: `--user` with a user of the image), or set DATABASE_URL."
                ))
            });
        }
        if let Some(owner) = fs::metadata(data).ok().filter(|m| m.uid() != 0).and_then(|m| by_uid(m.uid())) {
            return Ok(owner);
        }
        ["postgres", "nobody"].into_iter().find_map(by_name).ok_or_else(|| {
            failed("PostgreSQL does not run as root, and there is no user postgres or nobody to run it. Run `useradd --system postgres`, or start the program as another user.")
        })
    }

    /// Whether the server runs as the user that this process has.
    pub(super) fn is_self(&self) -> bool {
        self.is_self
    }

    /// A command that runs as this user, with nothing of PostgreSQL's in its environment and with plain messages.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").current_dir("/").stdin(std::process::Stdio::null());
        if !self.is_self {
            // std drops the supplementary groups when root becomes somebody else
            command.gid(self.gid).uid(self.uid);
        }
        command
    }

    /// Gives one of our own folders to this user.
    pub(super) fn take(&self, path: &Path) -> Result<()> {
        if self.is_self {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .map_err(|e| path_failed(&format!("give {} to", self.name), path, &e))
    }

    /// Whether this user can enter every folder on the way. Parents are not ours to change.
    pub(super) fn can_reach(&self, path: &Path) -> std::result::Result<(), std::path::PathBuf> {
        if self.is_self {
            return Ok(());
        }
        for parent in path.ancestors().skip(1) {
            let Ok(metadata) = fs::metadata(parent) else { continue };
            let bit = if metadata.uid() == self.uid {
                0o100
            } else if metadata.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            if metadata.mode() & bit == 0 {
                return Err(parent.to_owned());
            }
        }
        Ok(())
    }

    pub(super) fn must_reach(&self, path: &Path) -> Result<()> {
        self.can_reach(path).map_err(|closed| {
            failed(format!(
                "PostgreSQL runs as the user {} here, who cannot enter {}. Choose a folder it can reach, such as \
                 --data-dir /var/lib/kanban-for-agents, or start the program as another user than root.",
                self.name,
                closed.display()
            ))
        })
    }
}

fn by_uid(uid: u32) -> Option<Owner> {
    // SAFETY: getpwuid answers null or a record that is valid until the next call; nothing of it outlives this function
    owner(unsafe { libc::getpwuid(uid) })
}

fn by_name(name: &str) -> Option<Owner> {
    let name = CString::new(name).ok()?;
    // SAFETY: the name is a C string; the answer is used as in by_uid
    owner(unsafe { libc::getpwnam(name.as_ptr()) })
}

fn owner(record: *const libc::passwd) -> Option<Owner> {
    if record.is_null() {
        return None;
    }
    // SAFETY: not null, so it points to a whole record with a C string for its name
    let (record, name) = unsafe { (&*record, CStr::from_ptr((*record).pw_name)) };
    Some(Owner { uid: record.pw_uid, gid: record.pw_gid, name: name.to_string_lossy().into_owned(), is_self: false })
}
