//! The PostgreSQL that starts by itself, through every way it can begin and end.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kanban_core::embedded::{Embedded, Search};
use kanban_core::{Actor, NewBoard, NewCard, NewWorkspace, Store};

use crate::support::reachable_dir;

fn pid(root: &Path) -> Option<i32> {
    fs::read_to_string(root.join("pg/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

fn is_alive(pid: i32) -> bool {
    // a zombie has ended; it waits for somebody to take note
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn kill(pid: i32) {
    // SAFETY: the process is the server that this test started, by its own record of its id
    unsafe { libc::kill(pid, libc::SIGKILL) };
    let deadline = Instant::now() + Duration::from_secs(10);
    while is_alive(pid) {
        assert!(Instant::now() < deadline, "it ends");
        std::thread::yield_now();
    }
}

async fn start(root: &Path) -> Embedded {
    Embedded::start(root, &|_| ()).await.expect("it starts")
}

async fn refused(root: &Path, search: Search) -> String {
    Embedded::start_with(root, search, &|_| ()).await.expect_err("it is refused").to_string()
}

#[tokio::test]
async fn the_last_user_out_stops_the_server_and_the_data_stays() {
    let dir = reachable_dir();
    let root = dir.path().join("db");
    let store = Store::open(&root).await.expect("it opens");
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    kanban.create_workspace(NewWorkspace { name: "w".to_owned(), ..Default::default() }).await.expect("a workspace");
    let board = kanban.create_board(NewBoard::named("Kept")).await.expect("a board");
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("kept")).await.expect("a card");
    let server = pid(&root).expect("it runs");
    let second = Store::open(&root).await.expect("another user joins");
    assert_eq!(pid(&root), Some(server), "the same server");
    store.close().await.expect("the first leaves");
    assert!(is_alive(server), "the second still uses it");
    second.close().await.expect("the last leaves");
    assert!(!is_alive(server) && pid(&root).is_none(), "it is stopped");
    let again = Store::open(&root).await.expect("it opens again");
    let kanban = again.tenant("default", Actor::human("ada")).expect("a person");
    assert_eq!(kanban.get_card(card.id).await.expect("the card is there"), card);
    again.close().await.expect("it closes");
}

#[tokio::test]
async fn a_server_that_was_left_running_is_adopted() {
    let dir = reachable_dir();
    let root = dir.path().join("db");
    drop(start(&root).await);
    let server = pid(&root).expect("dropping leaves it running, as kill -9 does");
    let adopted = start(&root).await;
    assert_eq!(pid(&root), Some(server));
    adopted.stop().await.expect("it stops");
    assert!(!is_alive(server));
}

#[tokio::test]
async fn after_kill_9_of_the_server_it_starts_again() {
    let dir = reachable_dir();
    let root = dir.path().join("db");
    let first = start(&root).await;
    let server = pid(&root).expect("it runs");
    kill(server);
    let second = start(&root).await;
    assert_ne!(pid(&root), Some(server));
    drop(first);
    second.stop().await.expect("it stops");
}

#[tokio::test]
async fn a_pid_file_that_names_another_process_is_no_obstacle() {
    let dir = reachable_dir();
    let root = dir.path().join("db");
    start(&root).await.stop().await.expect("it stops");
    let file = root.join("pg/postmaster.pid");
    fs::write(&file, format!("{}\n{}\n", std::process::id(), root.join("pg").display())).expect("a stale file");
    let owner = fs::metadata(root.join("pg")).expect("the data");
    std::os::unix::fs::chown(&file, Some(owner.uid()), Some(owner.gid())).expect("the server's file");
    start(&root).await.stop().await.expect("it starts and stops");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_start_at_once_share_one_server() {
    let dir = reachable_dir();
    let root = dir.path().join("db");
    let (a, b) = tokio::join!(start(&root), start(&root));
    let server = pid(&root).expect("it runs");
    a.stop().await.expect("the first leaves");
    assert!(is_alive(server));
    b.stop().await.expect("the last leaves");
    assert!(!is_alive(server));
}

#[tokio::test]
async fn a_path_too_long_for_a_socket_gets_one_elsewhere() {
    let dir = reachable_dir();
    let root = dir.path().join("x".repeat(120)).join("db");
    let embedded = start(&root).await;
    assert!(!embedded.socket_dir().starts_with(&root));
    let metadata = fs::metadata(embedded.socket_dir()).expect("the socket's folder");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    let socket = embedded.socket_dir().to_owned();
    embedded.stop().await.expect("it stops");
    fs::remove_dir_all(socket).expect("nothing is left in it");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_named_and_left_alone() {
    let temporary = reachable_dir();
    let dir = temporary.path();
    let file = dir.join("file");
    fs::write(&file, "mine").expect("a file");
    let error = refused(&file, Search::from_env().expect("settings")).await;
    assert!(error.contains("--data-dir"), "{error}");
    let foreign = dir.join("foreign");
    fs::create_dir(&foreign).expect("a folder");
    fs::write(foreign.join("thesis.txt"), "mine").expect("a file");
    let error = refused(&foreign, Search::from_env().expect("settings")).await;
    assert!(error.contains("something else"), "{error}");
    assert_eq!(fs::read_dir(&foreign).expect("the folder").count(), 1, "nothing was added");
    let other = dir.join("other");
    start(&other).await.stop().await.expect("it stops");
    fs::write(other.join("pg/PG_VERSION"), "9\n").expect("another version");
    let error = refused(&other, Search { download: false, ..Search::from_env().expect("settings") }).await;
    assert!(error.contains("PostgreSQL 9"), "{error}");
}

#[tokio::test]
async fn as_root_a_folder_closed_to_the_server_s_user_is_named() {
    // SAFETY: geteuid only tells
    if unsafe { libc::geteuid() } != 0 {
        return;
    }
    let dir = reachable_dir();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).expect("a folder");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).expect("closed to all but root");
    let error = refused(&closed.join("db"), Search::from_env().expect("settings")).await;
    assert!(error.contains(&*closed.to_string_lossy()) && error.contains("--data-dir"), "{error}");
    let mode = fs::metadata(&closed).expect("the folder").permissions().mode();
    assert_eq!(mode & 0o777, 0o700, "a parent is not ours to open");
}

/// No PostgreSQL but what can be fetched.
fn fetched_only(cache: PathBuf) -> Search {
    Search { bin: None, installed: false, cache: Some(cache), ..Search::from_env().expect("settings") }
}

#[tokio::test]
async fn without_postgresql_a_copy_is_fetched_checked_and_works() {
    let temporary = reachable_dir();
    let dir = temporary.path();
    let search = Search { download: true, ..fetched_only(dir.join("cache")) };
    let wrong = Search { checksum: Some("AAAA".to_owned()), ..search.clone() };
    let error = refused(&dir.join("wrong"), wrong).await;
    assert!(error.contains("checksum"), "{error}");
    let lines = std::sync::Mutex::new(Vec::new());
    let root = dir.join("db");
    let embedded =
        Embedded::start_with(&root, search.clone(), &|line| lines.lock().expect("lines").push(line.to_owned()))
            .await
            .expect("it is fetched and starts");
    assert_eq!(fs::read_to_string(root.join("pg/PG_VERSION")).expect("a version").trim(), "18");
    embedded.stop().await.expect("it stops");
    let lines = lines.into_inner().expect("lines");
    assert!(lines.iter().any(|line| line.contains("fetching PostgreSQL")), "{lines:?}");
    let offline = Search { npm: PathBuf::from("/nowhere/npm"), download: false, ..search };
    let again = Embedded::start_with(&root, offline, &|_| ()).await.expect("the cached copy serves");
    again.stop().await.expect("it stops");
}

#[tokio::test]
async fn with_nothing_to_run_the_error_names_the_command_that_mends_it() {
    let temporary = reachable_dir();
    let dir = temporary.path();
    let forbidden = Search { download: false, ..fetched_only(dir.join("cache")) };
    let error = refused(&dir.join("db"), forbidden.clone()).await;
    assert!(error.contains("KANBAN_PG_DOWNLOAD=0") && error.contains("install postgresql"), "{error}");
    let no_npm = Search { download: true, npm: PathBuf::from("/nowhere/npm"), ..forbidden.clone() };
    let error = refused(&dir.join("db"), no_npm).await;
    assert!(error.contains("no npm") && error.contains("install postgresql"), "{error}");
    let bad = Search { bin: Some(dir.to_owned()), ..forbidden };
    let error = refused(&dir.join("db"), bad).await;
    assert!(error.contains("KANBAN_PG_BIN") && error.contains("holds no postgres"), "{error}");
}

#[tokio::test]
async fn a_store_goes_on_when_its_database_comes_back() {
    let dir = reachable_dir();
    let root = dir.path().join("db");
    let store = Store::open(&root).await.expect("it opens");
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    let new = |name: &str| NewWorkspace { name: name.to_owned(), ..NewWorkspace::default() };
    kanban.create_workspace(new("before")).await.expect("a workspace");
    kill(pid(&root).expect("it runs"));
    // its sessions end by themselves, a moment after it
    while kanban.list_workspaces(Default::default()).await.is_ok() {}
    let error = kanban.create_workspace(new("meanwhile")).await.expect_err("there is no database");
    assert_eq!(error.code(), "unavailable", "{error}");
    let second = start(&root).await;
    let names = kanban.list_workspaces(Default::default()).await.expect("reads go on at once").items;
    assert_eq!(names.iter().map(|workspace| workspace.name.as_str()).collect::<Vec<_>>(), ["before"]);
    kanban.create_workspace(new("after")).await.expect("and so do writes");
    store.close().await.expect("it closes");
    second.stop().await.expect("it stops");
}
