//! The real binary as a process: how it starts, what it says, how it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use crate::support;

pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kanban-server"));
    command.env_remove("DATABASE_URL").env_remove("KANBAN_BIND").env_remove("KANBAN_DATA_DIR").stdin(Stdio::null());
    command
}

/// A server that ends with the test at the latest.
pub struct Running {
    child: Child,
    pub address: String,
    /// All it printed before the line that says where it listens.
    said: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        Self::start_with(command, Stdio::null())
    }

    /// The same with a place for its log.
    pub fn start_with(command: &mut Command, log: Stdio) -> Self {
        command.args(["--bind", "127.0.0.1:0"]).stdout(Stdio::piped()).stderr(log);
        let mut running =
            Self { child: command.spawn().expect("it starts"), address: String::new(), said: String::new() };
        for line in BufReader::new(running.child.stdout.take().expect("its output")).lines() {
            let line = line.expect("text");
            if let Some(address) = line.strip_prefix("listening on http://") {
                running.address = address.to_owned();
                return running;
            }
            running.said.push_str(&line);
            running.said.push('\n');
        }
        panic!("it ended before it listened: {}", running.said);
    }

    /// Sends a signal and waits for the end.
    fn end(&mut self, signal: i32) -> Option<i32> {
        // SAFETY: a child of this test that has not been waited for
        unsafe { libc::kill(self.child.id() as i32, signal) };
        self.child.wait().expect("it ends").code()
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(address).expect("it answers");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[tokio::test]
async fn it_serves_says_what_to_try_and_stops_on_sigterm() {
    let url = support::database().await.url();
    let mut server = Running::start(binary().env("DATABASE_URL", &url));
    let (address, said) = (server.address.clone(), server.said.clone());
    assert!(
        said.contains("Agent Backlog") && said.contains(&format!("curl -s http://{address}/v1/boards/AB")),
        "{said}"
    );
    assert!(get(&address, "/v1/cards/AB-1").contains("Find the API endpoints"));
    let health = binary().args(["healthcheck", "--bind", &address]).output().expect("it runs");
    assert_eq!((health.status.code(), String::from_utf8_lossy(&health.stdout).trim()), (Some(0), "ok"));
    assert_eq!(server.end(libc::SIGTERM), Some(0));
    let health = binary().args(["healthcheck", "--bind", &address]).output().expect("it runs");
    assert_eq!(health.status.code(), Some(1));
    let doctor = binary().env("DATABASE_URL", &url).arg("doctor").output().expect("it runs");
    assert!(String::from_utf8_lossy(&doctor.stdout).ends_with("0 findings\n"), "{doctor:?}");
    let other = support::database().await.url();
    let mut server = Running::start(binary().env("DATABASE_URL", other).arg("--no-demo"));
    let (address, said) = (&server.address, &server.said);
    assert!(said.contains("no board yet"), "{said}");
    assert!(get(address, "/v1/boards").contains(r#"{"items":[],"next_cursor":null}"#));
    assert_eq!(server.end(libc::SIGINT), Some(0));
}

#[tokio::test]
async fn streams_end_in_good_order_when_it_is_told_to_stop() {
    let url = support::database().await.url();
    let mut server = Running::start(binary().env("DATABASE_URL", &url));
    let mut stream = std::net::TcpStream::connect(&server.address).expect("it answers");
    let request = format!("GET /v1/boards/AB/events?since=0 HTTP/1.1\r\nHost: {}\r\n\r\n", server.address);
    stream.write_all(request.as_bytes()).expect("a request");
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    while !line.starts_with("id: 1\n") {
        line.clear();
        assert_ne!(reader.read_line(&mut line).expect("it goes on"), 0, "it has begun");
    }
    assert_eq!(server.end(libc::SIGTERM), Some(0));
    let mut rest = String::new();
    reader.read_to_string(&mut rest).expect("its end");
    assert!(rest.ends_with("\r\n0\r\n\r\n"), "it ends, and is not cut off: {rest:?}");
}

/// What was acknowledged before kill -9 is there after the next start, on the same folder and the adopted database.
#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let dir = support::reachable_dir();
    let data = dir.path().join("data");
    let mut server = Running::start(binary().arg("--data-dir").arg(&data));
    let address = server.address.clone();
    let client = reqwest::Client::new();
    let board: serde_json::Value = client
        .get(format!("http://{address}/v1/boards/AB"))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    let column = board["columns"][0]["id"].as_str().expect("an id").to_owned();
    let url = format!("http://{address}/v1/columns/{column}/cards");
    let mut acknowledged = Vec::new();
    for i in 0..20 {
        let request = client.post(&url).json(&serde_json::json!({ "title": format!("card {i}") }));
        let card: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
        acknowledged.push(card["key"].as_str().expect("a key").to_owned());
    }
    assert_eq!(server.end(libc::SIGKILL), None);
    let mut server = Running::start(binary().arg("--data-dir").arg(&data));
    let address = server.address.clone();
    for key in acknowledged {
        assert!(get(&address, &format!("/v1/cards/{key}")).starts_with("HTTP/1.1 200"), "{key} is there");
    }
    assert_eq!(server.end(libc::SIGTERM), Some(0));
    assert!(!data.join("pg/postmaster.pid").exists(), "its database is stopped with it");
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_said_in_a_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("its address").port();
    let dir = support::reachable_dir();
    let file = dir.path().join("file");
    std::fs::write(&file, "mine").expect("a file");
    let url = support::database().await.url();
    let cases: [(Vec<String>, &str); 5] = [
        (vec!["--bind".into(), format!("127.0.0.1:{port}")], "--bind 127.0.0.1:0"),
        (vec!["--bind".into(), "0.0.0.0:0".into(), "--database-url".into(), url], "token create"),
        (vec!["--bind".into(), "127.0.0.1:0".into(), "--data-dir".into(), file.display().to_string()], "--data-dir"),
        (
            vec![
                "--bind".into(),
                "127.0.0.1:0".into(),
                "--database-url".into(),
                format!("postgres://a@127.0.0.1:{port}/x"),
            ],
            "database",
        ),
        (vec!["--database-url".into(), "mysql://x".into(), "--bind".into(), "127.0.0.1:0".into()], "postgres://"),
    ];
    for (arguments, expected) in cases {
        // nobody accepts on the port, so the connection to it must be given up, not waited for
        let output = binary().args(&arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.lines().last().is_some_and(|l| l.starts_with("error: ") && l.contains(expected)), "{said}");
    }
    drop(taken);
}

#[tokio::test]
async fn an_import_prints_its_counts_once_and_names_a_broken_line() {
    let url = support::database().await.url();
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data/beads-sample.jsonl");
    let import = |file: &str, json: bool| {
        let mut command = binary();
        command.env("DATABASE_URL", &url).args(["import", "--format", "beads", file]);
        if json {
            command.arg("--json");
        }
        command.output().expect("it runs")
    };
    let first = import(sample, false);
    let said = String::from_utf8_lossy(&first.stdout).into_owned();
    assert!(first.status.success() && said.starts_with("board BEAD: "), "{said} {first:?}");
    let again: serde_json::Value = serde_json::from_slice(&import(sample, true).stdout).expect("JSON");
    assert_eq!(again["changes"], 0);
    assert!(again["cards"].as_u64().is_some_and(|cards| said.contains(&format!("{cards} cards in the file"))));
    let dir = support::reachable_dir();
    let broken = dir.path().join("broken.jsonl");
    std::fs::write(&broken, "{\"id\": \"a\"}\n").expect("a file");
    let output = import(&broken.display().to_string(), false);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.code() == Some(1) && said.contains("line 1") && said.contains("Nothing was imported"),
        "{said}"
    );
}

/// Sends the same request under the same key until it is answered, to the servers that there are just then.
async fn insist(url: impl Fn() -> String, client: &reqwest::Client) -> serde_json::Value {
    loop {
        let request =
            client.post(url()).header("Idempotency-Key", "order-17").json(&serde_json::json!({"title": "once"}));
        match request.send().await {
            Ok(answer) if answer.status() == 201 => match answer.json().await {
                Ok(card) => return card,
                // cut off in the middle
                Err(_) => continue,
            },
            Ok(answer) if answer.status() == 503 => {}
            Ok(answer) => panic!("{answer:?}"),
            // nobody listens there for the moment
            Err(_) => {}
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_holds_over_two_servers_of_which_one_is_killed() {
    let database = support::database().await;
    let mut first = Running::start(binary().env("DATABASE_URL", database.url()));
    let second = Running::start(binary().env("DATABASE_URL", database.url()));
    let pool = database.superuser().await;
    let column: String = {
        let board = get(&second.address, "/v1/boards/AB");
        let body = board.split("\r\n\r\n").nth(1).expect("a body");
        let board: serde_json::Value = serde_json::from_str(body).expect("JSON");
        board["columns"][0]["id"].as_str().expect("an id").to_owned()
    };
    let addresses = std::sync::Mutex::new([first.address.clone(), second.address.clone()]);
    let url = |server: usize| {
        let addresses = addresses.lock().expect("no panic");
        format!("http://{}/v1/columns/{column}/cards", addresses[server])
    };
    let client = reqwest::Client::new();
    // whoever works on the request waits here, with the key taken
    let mut gate = pool.begin().await.expect("a transaction");
    sqlx::query("select from kanban.columns for update").execute(&mut *gate).await.expect("the columns are locked");
    let waiting = "select count(*) from pg_stat_activity
        where datname = current_database() and usename = 'kanban' and wait_event_type = 'Lock'";
    let requests = futures::future::join_all((0..50).map(|i| insist(move || url(i % 2), &client)));
    let kill = async {
        loop {
            let count: i64 = sqlx::query_scalar(waiting).fetch_one(&pool).await.expect("the activity reads");
            if count >= 4 {
                break;
            }
            tokio::task::yield_now().await;
        }
        assert_eq!(first.end(libc::SIGKILL), None);
        first = Running::start(binary().env("DATABASE_URL", database.url()));
        addresses.lock().expect("no panic")[0].clone_from(&first.address);
        gate.rollback().await.expect("the columns are free");
    };
    let (answers, ()) = futures::join!(requests, kill);
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    let cards: i64 = sqlx::query_scalar("select count(*) from kanban.cards where title = 'once'")
        .fetch_one(&pool)
        .await
        .expect("the cards count");
    assert_eq!(cards, 1);
}

/// Runs the binary to its end and answers what it printed.
pub fn output(url: &str, arguments: &[&str]) -> String {
    let output = binary().env("DATABASE_URL", url).args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
async fn tokens_and_tenants_are_looked_after_on_the_command_line() {
    let url = support::database().await.url();
    let shown = output(&url, &["token", "create", "--name", "root", "--scope", "admin"]);
    assert!(shown.starts_with("kfa_") && shown.trim_end().len() == 66, "standard output is the token: {shown}");
    assert!(output(&url, &["tenant", "create", "acme"]).starts_with("acme  created "));
    let create =
        ["token", "create", "--tenant", "acme", "--scope", "write", "--name", "ci", "--expires-in", "90d", "--json"];
    let created: serde_json::Value = serde_json::from_str(&output(&url, &create)).expect("JSON");
    let text = created["token"].as_str().expect("its text").to_owned();
    assert!(created["id"].is_string() && created["expires_at"].is_string(), "{created}");
    let listed = output(&url, &["token", "list", "--tenant", "acme"]);
    assert!(listed.contains("[write]  for human ci, until ") && listed.lines().count() == 1, "{listed}");
    assert!(!listed.contains(&text));
    let server = Running::start(binary().env("DATABASE_URL", &url));
    assert!(server.said.contains("Bearer $TOKEN"), "{}", server.said);
    let client = reqwest::Client::new();
    let get = async |token: Option<&str>| {
        let request = client.get(format!("http://{}/v1/boards", server.address));
        let request = if let Some(token) = token { request.bearer_auth(token) } else { request };
        request.send().await.expect("an answer")
    };
    assert_eq!(get(None).await.status(), 401, "there are tokens, and others may share the database");
    assert_eq!(get(Some(shown.trim_end())).await.status(), 200);
    let theirs: serde_json::Value = get(Some(&text)).await.json().await.expect("JSON");
    assert_eq!(theirs["items"], serde_json::json!([]), "the other tenant's");
    let prefix = created["prefix"].as_str().expect("a prefix");
    let revoked = output(&url, &["token", "revoke", "--tenant", "acme", prefix]);
    assert!(revoked.contains(", revoked "), "{revoked}");
    assert!(output(&url, &["tenant", "suspend", "acme"]).contains(", suspended "));
    assert!(output(&url, &["tenant", "resume", "acme"]).contains(", at work"));
    output(&url, &["tenant", "suspend", "acme"]);
    let refused = binary().env("DATABASE_URL", &url).args(["tenant", "delete", "acme"]).output().expect("it runs");
    assert!(!refused.status.success(), "not without --yes");
    assert!(output(&url, &["tenant", "delete", "acme", "--yes"]).contains(", deleted "));
    let tenants: serde_json::Value = serde_json::from_str(&output(&url, &["tenant", "list", "--json"])).expect("JSON");
    assert_eq!(tenants.as_array().map(Vec::len), Some(2), "{tenants}");
    for (arguments, expected) in [
        (vec!["token", "create", "--name", "x"], "--scope"),
        (vec!["token", "create", "--name", "x", "--scope", "all"], "all"),
        (vec!["token", "create", "--name", "x", "--scope", "read", "--expires-in", "soon"], "90d"),
        (vec!["token", "revoke", "nothing"], "token list"),
        (vec!["token", "list", "--tenant", "initech"], "initech"),
    ] {
        let refused = binary().env("DATABASE_URL", &url).args(&arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(expected), "{arguments:?}: {said}");
    }
}

#[tokio::test]
async fn another_address_than_this_machine_s_is_served_with_tokens_only() {
    let url = support::database().await.url();
    output(&url, &["token", "create", "--name", "root", "--scope", "admin"]);
    let mut command = binary();
    command.env("DATABASE_URL", &url).args(["--bind", "0.0.0.0:0"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running =
        Running { child: command.spawn().expect("it starts"), address: String::new(), said: String::new() };
    let lines = BufReader::new(running.child.stdout.take().expect("its output")).lines();
    let line = lines.map(|line| line.expect("text")).find(|line| line.starts_with("listening on"));
    let port = line.expect("it listens").rsplit(':').next().expect("a port").to_owned();
    running.address = format!("127.0.0.1:{port}");
    assert!(get(&running.address, "/v1/boards").starts_with("HTTP/1.1 401"));
    assert!(get(&running.address, "/healthz").starts_with("HTTP/1.1 200"));
}
