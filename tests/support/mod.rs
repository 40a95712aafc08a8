//! A database of its own for every test: one PostgreSQL a test program, one migrated template, a copy of it a test.

use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use kanban_core::embedded::Embedded;
use kanban_core::{Actor, BoardDetail, Kanban, NewBoard, NewWorkspace, Store};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// Where the test program's PostgreSQL listens.
struct Server {
    socket: String,
    port: u16,
    superuser: String,
    log: std::path::PathBuf,
}

static SERVER: OnceLock<Server> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Starts the server on a thread of its own, for it outlives the runtime of the test that comes first.
fn server() -> &'static Server {
    SERVER.get_or_init(|| {
        std::thread::spawn(|| {
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            runtime.block_on(start())
        })
        .join()
        .expect("the test server starts")
    })
}

async fn start() -> Server {
    let root = reachable_dir().keep();
    let embedded = Embedded::start(&root.join("db"), &|_| ()).await.expect("the test server starts");
    stop_at_exit(embedded.data_dir(), &root);
    let server = Server {
        socket: embedded.socket_dir().to_string_lossy().into_owned(),
        port: embedded.port(),
        superuser: embedded.superuser().to_owned(),
        log: root.join("db/log"),
    };
    let mut admin = server.admin("postgres").await;
    for statement in [
        // may create roles, so that `migrate` raises the wall between tenants by itself
        "create role kanban login createrole",
        "create database template_empty owner kanban template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'",
        "create database template_kanban owner kanban template template_empty",
    ] {
        sqlx::raw_sql(statement).execute(&mut admin).await.expect("the template is created");
    }
    let store = Store::connect(&server.url("template_kanban")).await.expect("the template answers");
    store.migrate().await.expect("the template is migrated");
    store.close().await.expect("the template is left alone");
    // held to the end of the program: its locks are given back with it
    std::mem::forget(embedded);
    server
}

impl Server {
    fn url(&self, database: &str) -> String {
        format!("postgres://kanban@localhost/{database}?host={}&port={}&sslmode=disable", self.socket, self.port)
    }

    fn options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.socket)
            .port(self.port)
            .username(&self.superuser)
            .database(database)
            .ssl_mode(sqlx::postgres::PgSslMode::Disable)
            .disable_statement_logging()
    }

    async fn admin(&self, database: &str) -> PgConnection {
        self.options(database).connect().await.expect("the test server answers")
    }
}

/// A folder that the user which runs PostgreSQL can reach, also when the tests run as root; removed when it is dropped.
pub fn reachable_dir() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::Builder::new().prefix("kanban-test-").tempdir_in("/tmp").expect("a folder");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("its permissions");
    dir
}

/// Tells the server to stop at once and removes its folder when the test program ends.
fn stop_at_exit(data: &std::path::Path, root: &std::path::Path) {
    static PLACE: OnceLock<(std::path::PathBuf, std::path::PathBuf)> = OnceLock::new();
    extern "C" fn stop() {
        let Some((data, root)) = PLACE.get() else { return };
        let pid = std::fs::read_to_string(data.join("postmaster.pid")).ok();
        if let Some(pid) = pid.and_then(|text| text.lines().next()?.parse::<i32>().ok()) {
            // SAFETY: the process is the server that this program started, by its own record of its id
            unsafe { libc::kill(pid, libc::SIGQUIT) };
        }
        let _ = std::fs::remove_dir_all(root);
    }
    let _ = PLACE.set((data.to_owned(), root.to_owned()));
    // SAFETY: the handler touches only files and a process of this program's own
    unsafe { libc::atexit(stop) };
}

/// How much to do: `small` as a rule, `full` where `KANBAN_TEST_FULL` is set.
#[allow(dead_code, reason = "not every test program has something to scale")]
pub fn scale(small: usize, full: usize) -> usize {
    if std::env::var_os("KANBAN_TEST_FULL").is_some() { full } else { small }
}

/// What chance starts from: printed, and repeated by `KANBAN_TEST_SEED`.
#[allow(dead_code, reason = "not every test program leaves something to chance")]
pub fn seed() -> u64 {
    let seed = std::env::var("KANBAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(()));
    eprintln!("KANBAN_TEST_SEED={seed}");
    seed
}

/// A migrated, empty database that no other test uses.
#[derive(Clone)]
pub struct Database {
    name: String,
}

/// Makes one.
pub async fn database() -> Database {
    copy_of("template_kanban").await
}

/// One without a schema.
#[allow(dead_code, reason = "not every test program migrates")]
pub async fn unmigrated_database() -> Database {
    copy_of("template_empty").await
}

async fn copy_of(template: &str) -> Database {
    let server = server();
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let mut admin = server.admin("postgres").await;
    let create = format!("create database {name} template {template} owner kanban");
    sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut admin).await.expect("a copy of the template");
    admin.close().await.expect("the connection closes");
    Database { name }
}

impl Database {
    /// Its name.
    #[allow(dead_code, reason = "not every test program asks")]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, for the role that owns it.
    pub fn url(&self) -> String {
        server().url(&self.name)
    }

    /// A store on it.
    #[allow(dead_code, reason = "not every test program opens one as it comes")]
    pub async fn store(&self) -> Store {
        Store::connect(&self.url()).await.expect("the database answers")
    }

    /// A connection that may look and meddle behind the store's back.
    #[allow(dead_code, reason = "not every test program looks there")]
    pub async fn superuser(&self) -> PgPool {
        PgPool::connect_with(server().options(&self.name)).await.expect("the database answers")
    }
}

/// A PgBouncer in transaction mode before a database, with two backends. Ends with the test.
#[allow(dead_code, reason = "not every test program pools")]
pub struct PgBouncer {
    process: std::process::Child,
    _dir: tempfile::TempDir,
    /// Where it answers, for the role that owns the database.
    pub url: String,
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[allow(dead_code, reason = "not every test program pools")]
impl PgBouncer {
    /// Starts it, if there is one on this machine.
    pub fn start(database: &Database) -> Option<Self> {
        use std::io::BufRead;
        use std::os::unix::fs::MetadataExt;
        use std::os::unix::process::CommandExt;
        let program =
            ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"].into_iter().find(|p| std::path::Path::new(p).exists())?;
        let dir = reachable_dir();
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let server = server();
        let settings = format!(
            "[databases]\n{0} = host={1} port={2} user=kanban\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
             listen_port = {port}\nunix_socket_dir =\nauth_type = any\npool_mode = transaction\n\
             default_pool_size = 2\nignore_startup_parameters = extra_float_digits,options\n",
            database.name, server.socket, server.port
        );
        let file = dir.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).expect("its settings");
        let mut command = std::process::Command::new(program);
        // it does not run as root, and only the server's own user gets to the server's socket
        let owner = std::fs::metadata(&server.socket).expect("the socket's folder");
        command.uid(owner.uid()).gid(owner.gid());
        command.arg(&file).stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
        let mut process = command.spawn().expect("it starts");
        let mut log = std::io::BufReader::new(process.stderr.take().expect("its log")).lines();
        let is_up = log.any(|line| line.expect("text").contains("process up"));
        assert!(is_up, "it ended before it was up");
        // what else it has to say is read so that it never waits
        std::thread::spawn(move || log.for_each(drop));
        let url = format!("postgres://kanban@127.0.0.1:{port}/{}?sslmode=disable", database.name);
        Some(Self { process, _dir: dir, url })
    }
}

#[allow(dead_code, reason = "not every test program looks behind the wall")]
impl Database {
    /// The role behind whose policies sessions work.
    pub async fn application_role(&self) -> String {
        let role = "select r.rolname::text from pg_namespace as n cross join lateral aclexplode(n.nspacl) as a
            join pg_roles as r on r.oid = a.grantee where n.nspname = 'kanban' and r.rolname like 'kanban\\_app\\_%'";
        sqlx::query_scalar(role).fetch_one(&self.superuser().await).await.expect("there is an application role")
    }

    /// A session as a store's own: behind the wall, showing a tenant's rows.
    pub async fn application(&self, tenant: &str) -> PgConnection {
        let options: PgConnectOptions = self.url().parse().expect("a URL");
        let settings = [("role", self.application_role().await), ("kanban.tenant_id", tenant.to_owned())];
        options.options(settings).connect().await.expect("the database answers")
    }
}

/// What the test program's PostgreSQL has logged so far.
#[allow(dead_code, reason = "not every test program looks there")]
pub fn server_log() -> String {
    let log = std::fs::read(&server().log).expect("the server has a log");
    String::from_utf8_lossy(&log).into_owned()
}

/// A board with Todo, Doing and Done, and a person's handle on it.
pub async fn board(store: &Store) -> (Kanban, BoardDetail) {
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    let workspace = NewWorkspace { name: "work".to_owned(), ..NewWorkspace::default() };
    kanban.create_workspace(workspace).await.expect("a workspace");
    let board = kanban.create_board(NewBoard::named("Agent Backlog")).await.expect("a board");
    (kanban, board)
}
