//! The cluster and its server: initialise, start, adopt, stop.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use super::binaries::{self, Binaries, Search};
use super::layout::Layout;
use super::lock::{Startup, Users};
use super::owner::Owner;
use super::{failed, path_failed};
use crate::Result;

/// The superuser that initdb creates.
pub(super) const SUPERUSER: &str = "postgres";

/// How long a server may take to become ready (after a crash it recovers first) or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A log larger than this is put aside at the next start.
const LOG_BYTES: u64 = 10 * 1024 * 1024;

const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "fsync=on",
    "full_page_writes=on",
    "max_connections=60",
    "max_wal_size=1GB",
    "random_page_cost=1.1",
    "jit=off",
    // a refused write is an error to the database, and no news for its log
    "log_min_error_statement=panic",
];

pub(super) fn start(root: &Path, search: &Search, progress: &dyn Fn(&str)) -> Result<(Layout, Users)> {
    let owner = Owner::choose(&root.join("pg"))?;
    let layout = Layout::create(root, &owner)?;
    let _startup = Startup::acquire(&layout.startup_lock, &owner)?;
    let layout = layout.with_socket(&owner)?;
    let users = Users::join(&layout.users_lock, &owner)?;
    if !is_running(&layout) {
        let major = layout.major()?;
        let binaries = binaries::find(search, major, &owner, progress)?;
        if major.is_none() {
            progress(&format!("creating the database in {}", layout.root.display()));
            initialise(&layout, &binaries, &owner)?;
        }
        progress(&format!("starting PostgreSQL {}", binaries.major));
        launch(&layout, &binaries, &owner)?;
    }
    wait_until_ready(&layout)?;
    Ok((layout, users))
}

pub(super) fn stop(layout: &Layout, users: Users) -> Result<()> {
    let owner = Owner::choose(&layout.data)?;
    let _startup = Startup::acquire(&layout.startup_lock, &owner)?;
    if !users.leave(&layout.users_lock)? || !is_running(layout) {
        return Ok(());
    }
    let Some(pid) = postmaster(layout).map(|(pid, _)| pid) else { return Ok(()) };
    // SIGINT is PostgreSQL's fast shutdown: roll back, write a checkpoint, end
    signal(pid, libc::SIGINT);
    wait_for(|| !is_alive(pid))
        .then_some(())
        .ok_or_else(|| failed(format!("The PostgreSQL in {} does not stop (process {pid}).", layout.root.display())))
}

/// Into a folder of another name first: a cluster that is half made is never taken for a whole one.
fn initialise(layout: &Layout, binaries: &Binaries, owner: &Owner) -> Result<()> {
    let unfinished = layout.root.join("pg.init");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).map_err(|e| path_failed("remove", &unfinished, &e))?;
    }
    let mut command = owner.command(&binaries.program("initdb"));
    command.args(["-E", "UTF8", "--locale=C", "--lc-ctype=C.UTF-8", "-U", SUPERUSER, "--auth-local=trust"]);
    command.args(["--auth-host=reject", "--data-checksums", "--no-instructions", "-D"]).arg(&unfinished);
    if binaries.major >= 17 {
        command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
    }
    let output = command.output().map_err(|e| path_failed("run initdb for", &layout.data, &e))?;
    if !output.status.success() {
        return Err(failed(format!(
            "PostgreSQL {} cannot create its data in {}: {}",
            binaries.major,
            layout.root.display(),
            last_words(&output)
        )));
    }
    fs::rename(&unfinished, &layout.data).map_err(|e| path_failed("create", &layout.data, &e))
}

/// How many MB of pages PostgreSQL keeps in memory of its own: an eighth of what the machine has, for it is not alone there.
/// What is never filled is never taken from the machine.
fn shared_buffers(memory: u64) -> u64 {
    (memory / 8).clamp(64, 1024)
}

fn memory_megabytes() -> u64 {
    // SAFETY: both only read the system's configuration
    let (pages, page) = unsafe { (libc::sysconf(libc::_SC_PHYS_PAGES), libc::sysconf(libc::_SC_PAGESIZE)) };
    // unknown is answered as -1
    u64::try_from(pages).unwrap_or(0) / 1024 * u64::try_from(page).unwrap_or(0) / 1024
}

fn launch(layout: &Layout, binaries: &Binaries, owner: &Owner) -> Result<()> {
    if fs::metadata(&layout.log).is_ok_and(|m| m.len() > LOG_BYTES) {
        let _ = fs::rename(&layout.log, layout.root.join("log.1"));
    }
    let mut options: Vec<String> = SETTINGS.iter().map(|setting| format!("-c {setting}")).collect();
    options.push(format!("-k {}", quoted(&layout.socket)));
    options.push(format!("-c shared_buffers={}MB", shared_buffers(memory_megabytes())));
    if small_shared_memory() {
        options.push("-c dynamic_shared_memory_type=mmap".to_owned());
    }
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        remove_stale_pid_file(layout)?;
        let log_start = fs::metadata(&layout.log).map_or(0, |m| m.len());
        let mut command = owner.command(&binaries.program("pg_ctl"));
        command.args(["start", "-w", "-t", "60", "-s", "-D"]).arg(&layout.data).arg("-l").arg(&layout.log);
        // its children keep what they inherit open, so nothing of ours may be waited for to close
        command
            .args(["-o", &options.join(" ")])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let status = command.status().map_err(|e| path_failed("run pg_ctl for", &layout.data, &e))?;
        if status.success() {
            return Ok(());
        }
        let log = log_since(layout, log_start);
        // after kill -9 the old server's children or its zombie can hold on for a moment
        let passing = ["Is another postmaster", "shared memory block"].iter().any(|sign| log.contains(sign));
        if !passing || Instant::now() > deadline {
            let reason: Vec<&str> = log.lines().filter(|l| l.contains("FATAL") || l.contains("HINT")).collect();
            return Err(failed(format!(
                "PostgreSQL {} does not start in {}: {}. Its log is {}.",
                binaries.major,
                layout.root.display(),
                if reason.is_empty() { "it gave no reason".to_owned() } else { reason.join(" ") },
                layout.log.display()
            )));
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A pid file that outlived its server can name a process that is something else by now, or one that nobody has taken note
/// of; PostgreSQL would not start. It also guards against processes of the old server that are still at work, so it goes
/// only when there are none.
fn remove_stale_pid_file(layout: &Layout) -> Result<()> {
    let Some((pid, _)) = postmaster(layout) else { return Ok(()) };
    if (!is_alive(pid) || !is_postgres(pid)) && !is_in_use(&layout.data) {
        let file = layout.pid_file();
        fs::remove_file(&file).map_err(|e| path_failed("remove", &file, &e))?;
    }
    Ok(())
}

/// Whether any process works in this data directory: each of PostgreSQL's has it as its current folder. Where the system
/// cannot tell, it counts as used.
fn is_in_use(data: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    processes.flatten().any(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|folder| folder == data))
}

/// The server's process id and whether it says that it is ready, from its own record.
fn postmaster(layout: &Layout) -> Option<(i32, bool)> {
    let text = fs::read_to_string(layout.pid_file()).ok()?;
    let pid = text.lines().next()?.trim().parse().ok()?;
    Some((pid, text.lines().nth(7).is_some_and(|status| status.trim() == "ready")))
}

/// Whether a server answers on the socket: it tells whether it would encrypt, which it decides before anything else.
fn is_running(layout: &Layout) -> bool {
    const ENCRYPT_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
    let answer = || -> std::io::Result<[u8; 1]> {
        let mut stream = UnixStream::connect(layout.socket_file())?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(&ENCRYPT_REQUEST)?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        Ok(answer)
    };
    postmaster(layout).is_some() && answer().is_ok_and(|answer| matches!(&answer, b"N" | b"S"))
}

fn wait_until_ready(layout: &Layout) -> Result<()> {
    wait_for(|| postmaster(layout).is_some_and(|(_, ready)| ready)).then_some(()).ok_or_else(|| {
        failed(format!(
            "The PostgreSQL in {} does not become ready. Its log is {}.",
            layout.root.display(),
            layout.log.display()
        ))
    })
}

fn wait_for(condition: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

fn signal(pid: i32, signal: i32) -> bool {
    // SAFETY: sends a signal to the process that our own data folder names as its server
    unsafe { libc::kill(pid, signal) == 0 }
}

fn is_alive(pid: i32) -> bool {
    // signal 0 only asks; a process of somebody else's is alive too
    let alive = signal(pid, 0) || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM);
    // one that waits to be reaped has ended
    alive && !fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

fn is_postgres(pid: i32) -> bool {
    let output = std::process::Command::new("ps").args(["-o", "comm=", "-p", &pid.to_string()]).output();
    match fs::read_to_string(format!("/proc/{pid}/comm")) {
        Ok(name) => name.trim().starts_with("postgres"),
        // systems without /proc
        Err(_) => output.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("postgres")),
    }
}

/// Whether the folder for shared memory is missing or as small as containers make it.
fn small_shared_memory() -> bool {
    if !cfg!(target_os = "linux") {
        return false;
    }
    let mut stat = std::mem::MaybeUninit::<libc::statvfs>::uninit();
    // SAFETY: the path is a C string and the buffer has the size of the record that is filled when 0 is answered
    let stat = unsafe {
        if libc::statvfs(c"/dev/shm".as_ptr(), stat.as_mut_ptr()) != 0 {
            return true;
        }
        stat.assume_init()
    };
    #[allow(clippy::useless_conversion, reason = "the fields have another width on other systems")]
    let bytes = u64::from(stat.f_blocks) * u64::from(stat.f_frsize);
    bytes < 128 * 1024 * 1024
}

/// For the shell that pg_ctl hands its options to.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.to_string_lossy().replace('\'', r"'\''"))
}

fn log_since(layout: &Layout, start: u64) -> String {
    let log = fs::read(&layout.log).unwrap_or_default();
    String::from_utf8_lossy(log.get(start as usize..).unwrap_or_default()).into_owned()
}

/// The line that tells what went wrong.
fn last_words(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let telling = said.lines().find(|line| line.contains("error:") || line.contains("FATAL"));
    telling.or_else(|| said.lines().last()).unwrap_or("it gave no reason").trim().to_owned()
}
