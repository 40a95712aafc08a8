//! Which PostgreSQL to run: named by a setting, installed, cached, or fetched; the first one that fits.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::owner::Owner;
use super::{env_path, failed, fetch};
use crate::Result;

/// Where the server's programs may be found.
#[derive(Debug, Clone)]
pub struct Search {
    /// A folder that must hold them (`KANBAN_PG_BIN`); nothing else is looked at.
    pub bin: Option<PathBuf>,
    /// Whether to look for an installed PostgreSQL.
    pub installed: bool,
    /// Whether a copy may be fetched with npm (not with `KANBAN_PG_DOWNLOAD=0`).
    pub download: bool,
    /// The folder for the fetched copy; the user's cache folder when absent.
    pub cache: Option<PathBuf>,
    /// The npm to fetch with.
    pub npm: PathBuf,
    /// The checksum that the fetched package must have, instead of the one in our source.
    pub checksum: Option<String>,
}

impl Search {
    /// What the environment says.
    ///
    /// # Errors
    /// [`Embedded`](crate::Error::Embedded) for a `KANBAN_PG_DOWNLOAD` that is neither 0 nor 1.
    pub fn from_env() -> Result<Self> {
        let download = match std::env::var("KANBAN_PG_DOWNLOAD").as_deref() {
            Err(_) | Ok("" | "1") => true,
            Ok("0") => false,
            Ok(other) => {
                return Err(failed(format!(
                    "KANBAN_PG_DOWNLOAD is {other:?}; set it to 0 to forbid fetching, or to 1."
                )));
            }
        };
        Ok(Self {
            bin: env_path("KANBAN_PG_BIN"),
            installed: true,
            download,
            cache: None,
            npm: PathBuf::from("npm"),
            checksum: None,
        })
    }
}

/// A PostgreSQL that can be run.
#[derive(Debug)]
pub(super) struct Binaries {
    bin: PathBuf,
    pub(super) major: u32,
}

impl Binaries {
    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }

    /// The programs of a folder, if they are all there, work, and come with pg_trgm; otherwise why not.
    pub(super) fn in_dir(bin: &Path) -> std::result::Result<Self, String> {
        for program in ["postgres", "initdb", "pg_ctl"] {
            if !bin.join(program).is_file() {
                return Err(format!("it holds no {program}"));
            }
        }
        let output = Command::new(bin.join("postgres")).arg("--version").env("LC_ALL", "C").output();
        let text = output.map_err(|e| format!("its postgres does not run: {e}"))?;
        let text = String::from_utf8_lossy(&text.stdout).into_owned();
        let major = text
            .split_whitespace()
            .find_map(|word| word.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
            .ok_or_else(|| format!("its postgres does not tell its version: {text:?}"))?;
        if major < OLDEST {
            return Err(format!("it is PostgreSQL {major}, and {OLDEST} or later is needed"));
        }
        if !has_trigrams(bin, major) {
            return Err(
                "it lacks the extension pg_trgm (Debian: in postgresql, Fedora: in postgresql-contrib)".to_owned()
            );
        }
        Ok(Self { bin: bin.to_owned(), major })
    }
}

/// The oldest major version that the schema runs on.
const OLDEST: u32 = 15;

fn has_trigrams(bin: &Path, major: u32) -> bool {
    let told = Command::new(bin.join("pg_config")).arg("--sharedir").output().ok();
    let told = told.filter(|output| output.status.success());
    let told = told.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
    let beside = bin.parent().map(|prefix| [prefix.join("share/postgresql"), prefix.join("share")]);
    let debian = PathBuf::from(format!("/usr/share/postgresql/{major}"));
    let shares = told.into_iter().chain(beside.into_iter().flatten()).chain([debian]);
    shares.into_iter().any(|share| share.join("extension/pg_trgm.control").is_file())
}

/// Finds what can run the data of this major version, or a new cluster.
pub(super) fn find(search: &Search, major: Option<u32>, owner: &Owner, progress: &dyn Fn(&str)) -> Result<Binaries> {
    if let Some(bin) = &search.bin {
        let found = Binaries::in_dir(bin)
            .map_err(|why| failed(format!("KANBAN_PG_BIN is {}, but {why}. Correct or unset it.", bin.display())))?;
        return match major {
            Some(major) if major != found.major => Err(failed(format!(
                "The data folder was made with PostgreSQL {major}, and KANBAN_PG_BIN holds {}. Point it to PostgreSQL {major}, or choose another --data-dir.",
                found.major
            ))),
            _ => Ok(found),
        };
    }
    let fits = |found: &Binaries| major.is_none_or(|major| found.major == major);
    if search.installed {
        let installed = installed_dirs().into_iter().filter_map(|dir| Binaries::in_dir(&dir).ok()).filter(fits);
        if let Some(found) = installed.max_by_key(|found| found.major) {
            return Ok(found);
        }
    }
    let why_not_fetched = match fetch::copy(search, major, owner, progress) {
        Ok(bin) => {
            return Binaries::in_dir(&bin).map_err(|why| {
                failed(format!("The fetched PostgreSQL in {} cannot be used: {why}. {}", bin.display(), mend(None)))
            });
        }
        Err(why) => why,
    };
    let wanted = major.map_or_else(
        || "No PostgreSQL is installed".to_owned(),
        |major| format!("The data folder needs PostgreSQL {major}, which is not installed"),
    );
    Err(failed(format!("{wanted}, and {why_not_fetched}. {}", mend(major))))
}

/// The one command that mends it on this system.
fn mend(major: Option<u32>) -> String {
    let version = |glue: &str| major.map(|major| format!("{glue}{major}")).unwrap_or_default();
    let command = if cfg!(target_os = "macos") {
        format!("brew install postgresql@{}", major.unwrap_or(17))
    } else if Path::new("/usr/bin/dnf").exists() {
        "dnf install postgresql-server postgresql-contrib".to_owned()
    } else {
        format!("apt install postgresql{}", version("-"))
    };
    format!("Run `{command}`, or set DATABASE_URL to a database you have.")
}

fn installed_dirs() -> BTreeSet<PathBuf> {
    let mut dirs = BTreeSet::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output() {
        dirs.insert(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim().to_owned()));
    }
    let parents = [
        ("/usr/lib/postgresql", "bin"),
        ("/usr/local/opt", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/Applications/Postgres.app/Contents/Versions", "bin"),
    ];
    for (parent, bin) in parents {
        for entry in std::fs::read_dir(parent).into_iter().flatten().flatten() {
            dirs.insert(entry.path().join(bin));
        }
    }
    for entry in std::fs::read_dir("/usr").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("pgsql-") {
            dirs.insert(entry.path().join("bin"));
        }
    }
    dirs.extend(["/usr/bin", "/usr/local/pgsql/bin"].map(PathBuf::from));
    dirs.retain(|dir| dir.join("initdb").is_file());
    dirs
}
