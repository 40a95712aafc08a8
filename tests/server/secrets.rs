//! No log line shows a secret or what a card says, at whatever level.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use kanban_core::{Actor, NewToken, TokenScope};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::Server;
use crate::process::{Running, binary};
use crate::support;

const PASSWORD: &str = "marker-of-the-password";
/// In every text of a caller that is nobody else's business.
const TEXT: &str = "marker-of-a-text";

/// What must not be seen.
#[derive(Default)]
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn add(&mut self, what: &'static str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() > 10, "{what}: {secret}");
        self.0.push((what, secret));
    }

    /// A token, whole and only its secret part.
    fn add_token(&mut self, text: &str) {
        self.add("a token", text);
        self.add("a token's secret", &text[17..60]);
    }

    fn seen_in(&self, log: &str) -> Vec<&'static str> {
        self.0.iter().filter(|(_, secret)| log.contains(secret)).map(|(what, _)| *what).collect()
    }
}

/// A caller of a server.
struct Caller<'a> {
    base: &'a str,
    token: String,
    http: Client,
}

impl Caller<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    async fn send(&self, request: RequestBuilder) -> (u16, Value) {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let bytes = response.bytes().await.expect("a body");
        (status, serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    async fn mcp(&self, method: &str, mut params: Value, asks: bool) -> Value {
        let capabilities = if asks { json!({"elicitation": {}}) } else { json!({}) };
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": TEXT, "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default().to_owned();
        let request = self.request(Method::POST, "/mcp").header("Accept", "application/json, text/event-stream");
        let request = request.header("MCP-Protocol-Version", "2026-07-28").header("Mcp-Method", method);
        let request = if name.is_empty() { request } else { request.header("Mcp-Name", name) };
        self.send(request.json(&json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))).await.1
    }

    async fn tool(&self, name: &str, arguments: Value, asks: bool) -> Value {
        self.mcp("tools/call", json!({"name": name, "arguments": arguments}), asks).await["result"].take()
    }

    /// Calls with secrets in all places, good ones and such as are refused; answers the secrets that came up.
    async fn calls(&self, secrets: &mut Secrets) {
        secrets.add_token(&self.token);
        let (_, board) = self.send(self.request(Method::GET, "/v1/boards/AB")).await;
        let path = format!("/v1/columns/{}/cards", board["columns"][0]["id"].as_str().expect("an id"));
        for (title, status) in [(TEXT, 201), (TEXT, 201), ("another", 422)] {
            let body = json!({"title": title, "description": TEXT, "fields": {"api_key": TEXT}});
            let request = self.request(Method::POST, &path).header("Idempotency-Key", format!("{TEXT} key"));
            let request = request.header("X-Agent-Context", json!({"key": TEXT}).to_string());
            assert_eq!(self.send(request.json(&body)).await.0, status, "{title}");
        }
        let (_, token) = self.post("/v1/tokens", json!({"name": "night shift", "scopes": ["write"]})).await;
        secrets.add_token(token["token"].as_str().expect("its text"));
        // what is wrong with a request is told to whoever sent it
        for (body, status) in [
            (json!({"title": TEXT, "priority": TEXT}), 422),
            (json!({"title": TEXT, TEXT: 1}), 422),
            (json!({"title": [TEXT]}), 422),
        ] {
            assert_eq!(self.post(&path, body).await.0, status);
        }
        let broken = self.request(Method::POST, &path).header("Content-Type", "application/json");
        assert_eq!(self.send(broken.body(format!("{{\"title\": {TEXT}"))).await.0, 400);
        let forged = self.request(Method::GET, &format!("/v1/boards?cursor={TEXT}"));
        assert_eq!(self.send(forged).await.0, 400);
        assert_eq!(self.send(self.request(Method::GET, &format!("/v1/search?q={TEXT}"))).await.0, 200);
        for value in
            [format!("Bearer {TEXT}"), format!("Basic {TEXT}"), format!("Bearer {}x", self.token), TEXT.to_owned()]
        {
            for path in ["/v1/boards", "/mcp"] {
                let method = if path == "/mcp" { Method::POST } else { Method::GET };
                let request = self.http.request(method, format!("{}{path}", self.base));
                assert_eq!(self.send(request.header("Authorization", &value)).await.0, 401);
            }
        }

        let preview = self.tool("delete_card", json!({"card": "AB-1", "version": 1}), false).await;
        let confirm = preview["structuredContent"]["confirm"].as_str().expect("a confirmation").to_owned();
        secrets.add("a confirmation", &confirm);
        let confirmed = json!({"card": "AB-1", "version": 1, "confirm": confirm});
        for is_error in [false, true] {
            let answer = self.tool("delete_card", confirmed.clone(), false).await;
            assert_eq!(answer["isError"] == true, is_error, "{answer}");
        }
        let (_, other) = self.post(&path, json!({"title": TEXT})).await;
        let asked = json!({"card": other["key"], "version": 1});
        let question = self.tool("delete_card", asked, true).await;
        secrets.add("a question's state", question["requestState"].as_str().expect("a state"));
        for arguments in [
            json!({"card": TEXT, "version": TEXT}),
            json!({"card": "AB-2", "version": 1, "confirm": TEXT}),
            json!({"card": "AB-2", "version": 1, TEXT: TEXT}),
        ] {
            assert_eq!(self.tool("delete_card", arguments.clone(), false).await["isError"], true, "{arguments}");
        }
        for (method, params) in [
            ("tools/call", json!({"name": TEXT, "arguments": {}})),
            ("tools/call", json!({"name": "delete_card", "arguments": TEXT})),
            ("resources/read", json!({"uri": TEXT})),
            ("prompts/get", json!({"name": TEXT, "arguments": {"board": TEXT}})),
            ("no/such", json!({"secret": TEXT})),
        ] {
            assert!(self.mcp(method, params, false).await["error"].is_object(), "{method}");
        }
    }
}

/// The real server and the commands beside it, with everything logged.
async fn logged(format: &str) -> (String, Secrets) {
    let database = support::database().await;
    let url = database.url().replacen("kanban@", &format!("kanban:{PASSWORD}@"), 1);
    assert!(url.contains(PASSWORD));
    let dir = support::reachable_dir();
    let log = File::create(dir.path().join("log")).expect("a log");
    let command = || {
        let mut command = binary();
        command.env("DATABASE_URL", &url).env("KANBAN_LOG_FORMAT", format);
        // each by its name, for a filter goes by the longest
        command.env(
            "KANBAN_LOG",
            "trace,rmcp=trace,rmcp::service=trace,sqlx=trace,hyper=trace,axum=trace,kanban_server=trace",
        );
        command.stderr(log.try_clone().expect("the log"));
        command
    };
    let mut secrets = Secrets::default();
    secrets.add("the password", PASSWORD);
    secrets.add("a text", TEXT);
    let run = |arguments: &[&str], succeeds: bool| {
        let output = command().args(arguments).stdout(Stdio::piped()).output().expect("it runs");
        assert_eq!(output.status.success(), succeeds, "{arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    };
    run(&["migrate"], true);
    let token = run(&["token", "create", "--name", "root", "--scope", "admin"], true).trim_end().to_owned();
    run(&["tenant", "create", "acme"], true);
    let theirs = ["token", "create", "--tenant", "acme", "--name", "theirs", "--scope", "write", "--json"];
    let theirs: Value = serde_json::from_str(&run(&theirs, true)).expect("JSON");
    let theirs = theirs["token"].as_str().expect("its text");
    secrets.add_token(theirs);
    run(&["token", "list", "--tenant", "acme"], true);
    run(&["token", "revoke", theirs], false);
    run(&["token", "revoke", "--tenant", "acme", theirs], true);
    // what is wrong with an address is told without what is secret in it
    let wrong = [
        format!("mysql://kanban:{PASSWORD}@localhost/board"),
        format!("postgres://kanban:{PASSWORD}@127.0.0.1:1/board"),
        format!("postgres://nobody:{PASSWORD}@{}", url.split_once('@').expect("a user").1),
        format!("postgres://kanban:{PASSWORD}@localhost:port/board"),
    ];
    for url in &wrong {
        run(&["migrate", "--database-url", url], false);
    }

    let server = Running::start_with(&mut command(), log.try_clone().expect("the log").into());
    let base = format!("http://{}", server.address);
    Caller { base: &base, token, http: Client::new() }.calls(&mut secrets).await;
    drop(server);
    over_standard_streams(&mut command(), &mut secrets);

    let pool = database.superuser().await;
    let hashes: Vec<String> =
        sqlx::query_scalar("select hash from kanban.tokens").fetch_all(&pool).await.expect("the tokens read");
    let keys: Vec<(String, Vec<u8>)> = sqlx::query_as("select encode(value, 'hex'), value from kanban.secrets")
        .fetch_all(&pool)
        .await
        .expect("the keys");
    assert!(hashes.len() >= 3 && !keys.is_empty());
    for hash in hashes {
        secrets.add("a token's hash", hash);
    }
    for (hex, bytes) in keys {
        secrets.add("the key of cursors", format!("{bytes:?}").trim_matches(['[', ']']));
        secrets.add("the key of cursors", hex);
    }
    (std::fs::read_to_string(dir.path().join("log")).expect("a log"), secrets)
}

/// A client that started its server itself.
fn over_standard_streams(command: &mut Command, secrets: &mut Secrets) {
    let mut child =
        command.arg("mcp").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a server of one client");
    let mut to = child.stdin.take().expect("its input");
    let mut from = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut ask = |id: u32, method: &str, params: Value| -> Value {
        let request = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writeln!(to, "{request}").expect("it reads");
        loop {
            let line = from.next().expect("it goes on").expect("text");
            let message: Value = serde_json::from_str(&line).expect("JSON");
            if message["id"] == id {
                return message;
            }
        }
    };
    let client = json!({"name": TEXT, "version": "1"});
    ask(1, "initialize", json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}));
    let delete = |arguments: Value| json!({"name": "delete_card", "arguments": arguments});
    let preview = ask(2, "tools/call", delete(json!({"card": "AB-3", "version": 1})));
    let confirm = preview["result"]["structuredContent"]["confirm"].as_str().expect("a confirmation").to_owned();
    let deleted = ask(3, "tools/call", delete(json!({"card": "AB-3", "version": 1, "confirm": confirm})));
    assert_ne!(deleted["result"]["isError"], true, "{deleted}");
    secrets.add("a confirmation", confirm);
    let wrong = ask(4, "tools/call", delete(json!({"card": TEXT, "version": TEXT, "confirm": TEXT})));
    assert_eq!(wrong["result"]["isError"], true, "{wrong}");
    assert!(ask(5, "resources/read", json!({"uri": TEXT}))["error"].is_object());
    drop(to);
    assert!(child.wait().expect("it ends").success());
}

async fn nothing_is_seen(format: &str) {
    let (log, secrets) = logged(format).await;
    eprintln!("{} lines, {} secrets", log.lines().count(), secrets.0.len());
    assert!(log.lines().filter(|line| line.contains("answered")).count() > 20, "it was logged: {log}");
    assert!(secrets.0.len() > 12);
    assert_eq!(secrets.seen_in(&log), Vec::<&str>::new(), "{log}");
    // nor do they get into the database's own log
    assert_eq!(secrets.seen_in(&support::server_log()), Vec::<&str>::new());
}

#[tokio::test]
async fn no_secret_is_in_any_line_of_the_log_at_any_level() {
    nothing_is_seen("json").await;
}

#[tokio::test]
async fn nor_in_the_log_for_people() {
    nothing_is_seen("text").await;
}

/// What a log that takes everything shows of the same calls.
#[tokio::test]
async fn control_without_the_filter_secrets_are_seen() {
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);
    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    let lines = Lines::default();
    let writer = lines.clone();
    let everything = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let everything = everything.with_writer(move || writer.clone()).finish();
    // of this thread, on which all tasks of this test run
    let _guard = tracing::subscriber::set_default(everything);
    let server = Server::start().await;
    let kanban = server.database.store().await.tenant("default", Actor::human("root")).expect("a person");
    let token = kanban.create_token(NewToken::named("root", TokenScope::Admin)).await.expect("a token");
    let mut secrets = Secrets::default();
    secrets.add("a text", TEXT);
    let token = token.secret.expect("its text");
    Caller { base: &server.base, token, http: Client::new() }.calls(&mut secrets).await;
    let log = String::from_utf8(lines.0.lock().expect("no panic").clone()).expect("text");
    let seen = secrets.seen_in(&log);
    assert!(["a text", "a confirmation"].iter().all(|what| seen.contains(what)), "it would see them: {seen:?}");
}
