//! Tenants are apart: every operation, tried by one tenant's administrator with another's ids, keys and cursors, answers
//! as if they did not exist, and changes nothing of theirs.

use std::collections::{BTreeMap, BTreeSet};

use kanban_core::{Actor, NewToken, TokenScope};
use kanban_server::Config;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};

use crate::client::{Answer, Server};

/// In every text and name of the tenant that must not be seen.
const MARKER: &str = "globex";

/// Names of things by what an attempt calls them, such as `$card`.
type Names = BTreeMap<String, String>;

/// One call, with placeholders for what it names.
struct Attempt {
    operation: String,
    method: Method,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

impl Attempt {
    fn names_something(&self) -> bool {
        let texts = self.headers.iter().map(|(_, value)| value.clone()).chain(self.body.as_ref().map(Value::to_string));
        texts.chain([self.target.clone()]).any(|text| text.contains('$'))
    }
}

/// A tenant with two of each thing at least, its own or the one that must not be seen; what everything is called.
async fn fill(server: &Server, tenant: &str, key: &str) -> (String, Names) {
    let store = server.database.store().await;
    store.create_tenant(tenant).await.expect("a tenant");
    let kanban = store.tenant(tenant, Actor::human(format!("{tenant} root"))).expect("a person");
    let new = NewToken::named(format!("{tenant} token"), TokenScope::Admin);
    let created = kanban.create_token(new).await.expect("a token");
    let secret = created.secret.expect("its text");
    let named = |what: &str| format!("{tenant} {what}");
    let call = async |method: Method, path: &str, body: Value| -> Value {
        let request = server.request(method, path).bearer_auth(&secret).header("If-Match", "*");
        let request = request.header("X-Agent-Id", named("agent"));
        let answer = server.send(if body.is_null() { request } else { request.json(&body) }).await;
        assert!(answer.status.is_success(), "{path}: {:?}", answer.body);
        answer.body
    };
    let post = async |path: &str, body: Value| call(Method::POST, path, body).await;
    let id = |thing: &Value| thing["id"].as_str().expect("an id").to_owned();

    let workspace = post("/v1/workspaces", json!({"name": named("workspace")})).await;
    post("/v1/workspaces", json!({"name": named("second workspace")})).await;
    let workspace = id(&workspace);
    let board = json!({"workspace_id": workspace, "name": named("board"), "key": key, "metadata": {"of": tenant}});
    let board = post("/v1/boards", board).await;
    post("/v1/boards", json!({"workspace_id": workspace, "name": named("second"), "key": format!("{key}Z")})).await;
    let (todo, done) = (id(&board["columns"][0]), id(&board["columns"][2]));
    let cards_of_todo = format!("/v1/columns/{todo}/cards");
    let mut cards = Vec::new();
    for i in 0..3 {
        let card = json!({
            "title": named(&format!("card {i}")), "description": named("text"), "labels": [named("label")],
            "assignees": [named("agent")], "external_id": format!("{tenant}-{i}"), "fields": {"of": tenant},
        });
        cards.push(post(&cards_of_todo, card).await);
    }
    let card = id(&cards[0]);
    let mut of_card = Vec::new();
    for (what, body) in [
        ("comments", json!({"body": named("comment")})),
        ("attachments", json!({"name": named("file"), "url": format!("https://example.org/{tenant}")})),
    ] {
        of_card.push(id(&post(&format!("/v1/cards/{card}/{what}"), body.clone()).await));
        post(&format!("/v1/cards/{card}/{what}"), body).await;
    }
    let depends = json!({"relation": "waits_for", "card": cards[1]["id"]});
    post(&format!("/v1/cards/{}/dependencies", id(&cards[2])), depends).await;
    let claim = post(&format!("/v1/cards/{card}/claim"), json!({"agent_id": named("agent"), "start": false})).await;
    assert_eq!(claim["claim"]["epoch"], 1);
    let token = post("/v1/tokens", json!({"name": named("second token"), "scopes": ["read"]})).await;
    // under a key, the very call that will come from elsewhere
    let once = server.request(Method::POST, "/v1/agents/nobody/claim").bearer_auth(&secret);
    let once = once.header("Idempotency-Key", named("key")).json(&json!({}));
    assert_eq!(server.send(once).await.status, 200);

    let mut names = Names::from([
        ("tenant".to_owned(), tenant.to_owned()),
        ("workspace".to_owned(), workspace),
        ("board".to_owned(), id(&board)),
        ("board_key".to_owned(), key.to_owned()),
        ("other_key".to_owned(), format!("{key}Z")),
        ("column".to_owned(), todo),
        ("done".to_owned(), done),
        ("card".to_owned(), card.clone()),
        ("card_key".to_owned(), cards[0]["key"].as_str().expect("a key").to_owned()),
        ("comment".to_owned(), of_card[0].clone()),
        ("attachment".to_owned(), of_card[1].clone()),
        ("token".to_owned(), id(&token)),
        ("agent".to_owned(), named("agent")),
        ("label".to_owned(), named("label")),
        ("external".to_owned(), format!("{tenant}-0")),
        ("key".to_owned(), named("key")),
        ("text".to_owned(), named("text")),
    ]);
    for (name, list) in [
        ("of_workspaces", "/v1/workspaces".to_owned()),
        ("of_boards", "/v1/boards".to_owned()),
        ("of_cards", format!("/v1/boards/{key}/cards")),
        ("of_comments", format!("/v1/cards/{card}/comments")),
        ("of_attachments", format!("/v1/cards/{card}/attachments")),
        ("of_tokens", "/v1/tokens".to_owned()),
        ("of_audit", "/v1/audit".to_owned()),
        ("of_search", format!("/v1/search?q={tenant}")),
        ("of_tasks", format!("/v1/agents/{}/next_tasks", named("agent"))),
    ] {
        let page = format!("{list}{}limit=1", if list.contains('?') { "&" } else { "?" });
        let page = call(Method::GET, &page, Value::Null).await;
        let cursor = page["next_cursor"].as_str().unwrap_or_else(|| panic!("{list} goes on: {page}"));
        names.insert(format!("cursor_{name}"), cursor.to_owned());
    }
    (secret, names)
}

/// Names of the same form that nobody has.
fn unknown(names: &Names) -> Names {
    let of_nobody = |name: &str, value: &str| match name {
        "tenant" => "nobody".to_owned(),
        "board_key" | "other_key" | "card_key" => value.replacen("GLX", "NIX", 1),
        _ if name.starts_with("cursor_") => {
            // of the right form, and made by nobody
            let (head, last) = value.split_at(value.len() - 4);
            format!("{head}{}", if last == "AAAA" { "BBBB" } else { "AAAA" })
        }
        _ if value.contains(MARKER) => value.replace(MARKER, "nobody"),
        _ => format!("{}ZZZZZZZZ", &value[..18]),
    };
    names.iter().map(|(name, value)| (name.clone(), of_nobody(name, value))).collect()
}

fn document() -> Value {
    serde_json::from_str(&kanban_server::openapi::DOCUMENT).expect("JSON")
}

/// What the one id in a path can be.
fn names_in(path: &str) -> &'static [&'static str] {
    match path.split('/').nth(2) {
        Some("workspaces") => &["workspace"],
        Some("boards") => &["board", "board_key"],
        Some("columns") => &["column"],
        Some("cards") => &["card", "card_key"],
        Some("comments") => &["comment"],
        Some("attachments") => &["attachment"],
        Some("agents") => &["agent"],
        Some("tokens") => &["token"],
        Some("tenants") => &["tenant"],
        _ => panic!("what does the id in {path} name? Add it here."),
    }
}

/// Every operation that has an id in its path, with each name of such a thing and the body that the document shows.
fn by_path(document: &Value) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods").iter().filter(|_| path.contains("{id}")) {
            let body = operation["requestBody"]["content"]["application/json"]["example"].clone();
            let id = operation["operationId"].as_str().expect("a name");
            let query = if id == "remove_dependency" { "?relation=relates_to&card=AB-1" } else { "" };
            for name in names_in(path) {
                attempts.push(Attempt {
                    operation: id.to_owned(),
                    method: method.to_uppercase().parse().expect("a method"),
                    target: path.replace("{id}", &format!("${name}")) + query,
                    headers: vec![("If-Match", "*".to_owned()), ("X-Claim-Epoch", "1".to_owned())],
                    body: (!body.is_null()).then(|| body.clone()),
                });
            }
        }
    }
    attempts
}

/// What else names things: queries, bodies, headers. `@` names the caller's own.
fn by_hand() -> Vec<Attempt> {
    let read = |operation: &str, target: &str| (operation.to_owned(), Method::GET, target.to_owned(), Value::Null);
    let write =
        |operation: &str, target: &str, body: Value| (operation.to_owned(), Method::POST, target.to_owned(), body);
    let bulk = |operation: Value| write("bulk", "/v1/boards/@board/cards/bulk", json!({"operations": [operation]}));
    let calls = [
        read("alive", "/healthz"),
        read("ready", "/readyz"),
        read("server_metrics", "/metrics"),
        read("openapi", "/openapi.json"),
        read("list_workspaces", "/v1/workspaces"),
        read("list_workspaces", "/v1/workspaces?cursor=$cursor_of_workspaces"),
        write("create_workspace", "/v1/workspaces", json!({"name": "$text"})),
        read("list_boards", "/v1/boards"),
        read("list_boards", "/v1/boards?workspace_id=$workspace"),
        read("list_boards", "/v1/boards?cursor=$cursor_of_boards"),
        write("create_board", "/v1/boards", json!({"name": "b", "workspace_id": "$workspace"})),
        write("create_board", "/v1/boards", json!({"name": "b", "key": "$other_key"})),
        read("list_cards", "/v1/boards/@board/cards?column_id=$column"),
        read("list_cards", "/v1/boards/@board/cards?external_id=$external"),
        read("list_cards", "/v1/boards/@board/cards?assignee=$agent&label=$label"),
        read("list_cards", "/v1/boards/@board/cards?cursor=$cursor_of_cards"),
        bulk(json!({"create": {"column_id": "$column", "card": {"title": "t"}}})),
        bulk(json!({"create": {"column_id": "@column", "card": {"title": "t", "after_id": "$card"}}})),
        bulk(json!({"move": {"card": "@card", "column_id": "$column", "version": "*"}})),
        bulk(json!({"move": {"card": "$card", "column_id": "@column", "version": "*"}})),
        bulk(json!({"update": {"card": "$card_key", "patch": {"title": "mine"}, "version": "*"}})),
        bulk(json!({"add_labels": {"card": "$card", "labels": ["mine"]}})),
        bulk(json!({"remove_labels": {"card": "$card", "labels": ["$label"]}})),
        bulk(json!({"delete": {"card": "$card_key", "version": "*"}})),
        write("reorder_column", "/v1/columns/@column/reorder", json!({"after_id": "$column"})),
        write("create_card", "/v1/columns/@column/cards", json!({"title": "t", "after_id": "$card"})),
        write("create_card", "/v1/columns/@done/cards", json!({"title": "t", "external_id": "$external"})),
        write("move_card", "/v1/cards/@card/move", json!({"column_id": "$column"})),
        write("move_card", "/v1/cards/@card/move", json!({"column_id": "@column", "before_id": "$card_key"})),
        write("reorder_card", "/v1/cards/@card/reorder", json!({"after_id": "$card"})),
        write("claim_card", "/v1/cards/@card/claim", json!({"agent_id": "$agent", "start": false})),
        read("list_comments", "/v1/cards/@card/comments?cursor=$cursor_of_comments"),
        read("list_attachments", "/v1/cards/@card/attachments?cursor=$cursor_of_attachments"),
        write("add_dependency", "/v1/cards/@card/dependencies", json!({"relation": "relates_to", "card": "$card"})),
        write("add_dependency", "/v1/cards/@card/dependencies", json!({"relation": "relates_to", "card": "$card_key"})),
        read("list_audit", "/v1/audit?actor=$agent"),
        read("list_audit", "/v1/audit?entity_type=card&entity_id=$card"),
        read("list_audit", "/v1/audit?entity_type=card&entity_id=$card_key"),
        read("list_audit", "/v1/audit?board_id=$board"),
        read("list_audit", "/v1/audit?cursor=$cursor_of_audit"),
        read("search", "/v1/search?q=$text"),
        read("search", "/v1/search?q=text&board_id=$board"),
        read("search", "/v1/search?q=text&column_id=$column&assignee=$agent&external_id=$external"),
        read("search", "/v1/search?q=@tenant&cursor=$cursor_of_search"),
        read("next_tasks", "/v1/agents/@agent/next_tasks?board_id=$board&label=$label"),
        read("next_tasks", "/v1/agents/@agent/next_tasks?cursor=$cursor_of_tasks"),
        write("claim_next", "/v1/agents/@agent/claim", json!({"board_id": "$board_key", "labels": ["$label"]})),
        read("blockers", "/v1/agents/@agent/blockers?board_id=$board_key"),
        read("agent_summary", "/v1/agents/@agent/summary?board_id=$board_key"),
        read("list_tokens", "/v1/tokens"),
        read("list_tokens", "/v1/tokens?cursor=$cursor_of_tokens"),
        write("create_token", "/v1/tokens", json!({"name": "t", "scopes": ["read"], "agent_id": "$agent"})),
        read("list_tenants", "/v1/tenants"),
        read("list_tenants", "/v1/tenants?cursor=$cursor_of_tokens"),
        write("create_tenant", "/v1/tenants", json!({"id": "$tenant"})),
    ];
    let if_any = || ("If-Match", "*".to_owned());
    let attempt = |(operation, method, target, body): (String, Method, String, Value)| Attempt {
        operation,
        method,
        target,
        headers: vec![if_any()],
        body: (!body.is_null()).then_some(body),
    };
    let mut attempts: Vec<Attempt> = calls.into_iter().map(attempt).collect();
    let more = |(operation, method, target): (&str, Method, &str),
                headers: Vec<(&'static str, &str)>,
                body: Option<Value>| Attempt {
        operation: operation.to_owned(),
        method,
        target: target.to_owned(),
        headers: headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect(),
        body,
    };
    attempts.extend([
        more(
            ("delete_column", Method::DELETE, "/v1/columns/@column?move_cards_to=$column"),
            vec![("If-Match", "*")],
            None,
        ),
        more(
            ("remove_dependency", Method::DELETE, "/v1/cards/@card/dependencies?relation=relates_to&card=$card"),
            vec![],
            None,
        ),
        // what the other has said before
        more(
            ("claim_next", Method::POST, "/v1/agents/nobody/claim"),
            vec![("Idempotency-Key", "$key")],
            Some(json!({})),
        ),
        more(("watch", Method::GET, "/v1/boards/$board/events"), vec![("Last-Event-ID", "1")], None),
        more(("get_card", Method::GET, "/v1/cards/$card"), vec![("If-None-Match", "\"1\"")], None),
        more(("get_board", Method::GET, "/v1/boards/$board"), vec![("X-Agent-Id", "$agent")], None),
    ]);
    attempts
}

/// Puts names where placeholders are: those of `theirs` behind `$`, of `own` behind `@`.
fn named(text: &str, theirs: &Names, own: &Names) -> String {
    let mut text = text.to_owned();
    for (sign, names) in [('$', theirs), ('@', own)] {
        // the longest first: a name may begin another
        for (name, value) in names.iter().rev() {
            text = text.replace(&format!("{sign}{name}"), value);
        }
    }
    text
}

async fn send(server: &Server, token: &str, attempt: &Attempt, theirs: &Names, own: &Names) -> Answer {
    let target = named(&attempt.target, theirs, own).replace(' ', "%20");
    let mut request = server.request(attempt.method.clone(), &target).bearer_auth(token);
    for (name, value) in &attempt.headers {
        request = request.header(*name, named(value, theirs, own));
    }
    if let Some(body) = &attempt.body {
        let body = named(&body.to_string(), theirs, own);
        request = request.header("Content-Type", "application/json").body(body);
    }
    let response = server.open(request).await;
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}

/// All that a caller can see of an answer, without what it has said itself.
fn shown(answer: &Answer, said: &Names) -> String {
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers: BTreeSet<String> =
        headers.map(|(name, value)| format!("{name}: {}", value.to_str().expect("text"))).collect();
    let mut body = answer.body.clone();
    for name in ["request_id", "prefix"] {
        if body[name].is_string() {
            body[name] = Value::Null;
        }
    }
    let mut text = format!("{}\n{headers:?}\n{body}", answer.status);
    let mut said: Vec<&String> = said.values().collect();
    said.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in said {
        text = text.replace(value.as_str(), "…").replace(&value.replace(' ', "+"), "…");
    }
    text
}

/// The same without what each call has of its own: new ids and keys, times, versions, a token's text.
fn comparable(shown: &str) -> String {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
    let mut words = Vec::new();
    let mut rest = shown;
    while !rest.is_empty() {
        let word = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
        let (head, tail) =
            if word == 0 { rest.split_at(rest.chars().next().map_or(0, char::len_utf8)) } else { rest.split_at(word) };
        let is_own = head.parse::<ulid::Ulid>().is_ok()
            || head.parse::<kanban_core::Timestamp>().is_ok()
            || head.starts_with("kfa_")
            || head.starts_with("OWN");
        words.push(if is_own { "_" } else { head });
        rest = tail;
    }
    words.concat()
}

/// Every id of a tenant, as answers show them.
async fn ids(pool: &PgPool, tenant: &str) -> BTreeSet<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class as c join pg_attribute as a on a.attrelid = c.oid
         where c.relnamespace = 'kanban'::regnamespace and c.relkind = 'r' and a.attname = 'id' and a.atttypid = 'uuid'::regtype",
    )
    .fetch_all(pool)
    .await
    .expect("the tables read");
    let all = tables.iter().map(|table| format!("select id from {table} where tenant_id = '{tenant}'"));
    let all = all.collect::<Vec<_>>().join(" union ");
    let ids: Vec<sqlx::types::Uuid> =
        sqlx::query_scalar(AssertSqlSafe(all)).fetch_all(pool).await.expect("the ids read");
    ids.into_iter().map(|id| ulid::Ulid::from_bytes(id.into_bytes()).to_string()).collect()
}

/// Everything that the database has of a tenant, as one number.
async fn whole(pool: &PgPool, tenant: &str) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.oid::regclass::text from pg_class as c join pg_attribute as a on a.attrelid = c.oid
         where c.relnamespace = 'kanban'::regnamespace and c.relkind = 'r' and a.attname = 'tenant_id' order by 1",
    )
    .fetch_all(pool)
    .await
    .expect("the tables read");
    let rows =
        tables.iter().map(|table| format!("select '{table}' || t::text as row from {table} as t where tenant_id = $1"));
    let rows = rows.collect::<Vec<_>>().join(" union all ");
    let sum = format!("select count(*) || ' rows, ' || md5(string_agg(row, ',' order by row)) from ({rows}) as r");
    sqlx::query_scalar(AssertSqlSafe(sum)).bind(tenant).fetch_one(pool).await.expect("the rows read")
}

/// Tries everything; answers what showed something of the other, or told what is theirs from what is nobody's.
async fn leaks(server: &Server, token: &str, theirs: &Names, own: &Names, ids: &BTreeSet<String>) -> Vec<String> {
    let nobody = unknown(theirs);
    let document = document();
    let attempts: Vec<Attempt> = by_path(&document).into_iter().chain(by_hand()).collect();
    let tried: BTreeSet<&str> = attempts.iter().map(|attempt| attempt.operation.as_str()).collect();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let id = operation["operationId"].as_str().expect("a name");
            assert!(tried.contains(id), "nobody tries {method} {path} ({id}): add it to by_hand");
        }
    }
    let mut leaks = Vec::new();
    for attempt in &attempts {
        let foreign = send(server, token, attempt, theirs, own).await;
        let unknown = send(server, token, attempt, &nobody, own).await;
        let what = format!("{} ({} {} {:?})", attempt.operation, attempt.method, attempt.target, attempt.body);
        let (seen, expected) = (shown(&foreign, theirs), shown(&unknown, &nobody));
        let text = seen.to_lowercase();
        if text.contains(MARKER) || text.contains("glx") || ids.iter().any(|id| seen.contains(id)) {
            leaks.push(format!("{what} shows {seen}"));
        }
        if attempt.names_something() && comparable(&seen) != comparable(&expected) {
            leaks.push(format!("{what} tells them apart:\n{seen}\n{expected}"));
        }
        assert!(foreign.status.as_u16() < 500, "{what}: {seen}");
    }
    eprintln!("{} attempts at {} operations", attempts.len(), tried.len());
    leaks
}

/// No answer tells how many calls went before it, or two to the same call would differ.
fn unlimited() -> Config {
    Config { require_token: true, rate_limit: Some(0), tenant_rate_limit: Some(0), ..Config::default() }
}

async fn two_tenants() -> (Server, Names, (String, Names)) {
    let server = Server::start_with(unlimited()).await;
    let (_, theirs) = fill(&server, MARKER, "GLX").await;
    let own = fill(&server, "acme", "OWN").await;
    (server, theirs, own)
}

#[tokio::test]
async fn every_operation_with_another_tenant_s_names_answers_as_if_they_were_nobody_s() {
    let (server, theirs, (token, own)) = two_tenants().await;
    let pool = server.database.superuser().await;
    let ids = ids(&pool, MARKER).await;
    assert!(ids.len() > 15, "{ids:?}");
    let before = whole(&pool, MARKER).await;
    let leaks = leaks(&server, &token, &theirs, &own, &ids).await;
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n\n"));
    assert_eq!(whole(&pool, MARKER).await, before, "nothing of theirs has changed");
}

/// With a token of the very tenant the same walk sees what it must not, and changes it.
#[tokio::test]
async fn control_the_walk_sees_what_is_shown() {
    let server = Server::start_with(unlimited()).await;
    let (token, theirs) = fill(&server, MARKER, "GLX").await;
    let pool = server.database.superuser().await;
    let (ids, before) = (ids(&pool, MARKER).await, whole(&pool, MARKER).await);
    let leaks = leaks(&server, &token, &theirs, &theirs, &ids).await;
    eprintln!("{} leaks", leaks.len());
    assert!(leaks.len() > 50, "a walk that sees nothing proves nothing: {leaks:?}");
    assert_ne!(whole(&pool, MARKER).await, before);
}
