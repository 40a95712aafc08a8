//! Who calls: tokens over HTTP, at every path and at /mcp.

use kanban_core::{Actor, NewToken, TokenScope};
use kanban_server::Config;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::{Answer, Server};
use crate::mcp;
use crate::scopes::tokens;

async fn closed() -> (Server, [String; 3]) {
    let server = Server::start_with(Config { require_token: true, ..Config::default() }).await;
    let tokens = tokens(&server).await;
    (server, tokens)
}

fn as_(server: &Server, token: &str, method: Method, path: &str) -> RequestBuilder {
    server.request(method, path).bearer_auth(token)
}

#[tokio::test]
async fn a_token_is_created_shown_once_used_listed_and_revoked() {
    let (server, [_, _, admin]) = closed().await;
    let new = json!({"name": "night shift", "scopes": ["write"], "agent_id": "claude-1", "expires_at": "2999-01-01T00:00:00Z"});
    let create = || as_(&server, &admin, Method::POST, "/v1/tokens").header("Idempotency-Key", "k").json(&new);
    let created = server.send(create()).await;
    assert_eq!(created.status, 201, "{:?}", created.body);
    let text = created.body["token"].as_str().expect("its text").to_owned();
    assert!(text.starts_with(&format!("kfa_{}_", created.body["prefix"].as_str().expect("a prefix"))));
    let location = created.header("location").to_owned();
    let again = server.send(create()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body["token"]), ("true", &Value::Null));
    assert_eq!(again.body["id"], created.body["id"]);
    let board = server.send(as_(&server, &text, Method::GET, "/v1/boards/AB")).await;
    assert_eq!(board.status, 200);
    let read = server.send(as_(&server, &admin, Method::GET, &location)).await;
    assert!(read.body["last_used_at"].is_string() && read.body.get("token").is_none(), "{}", read.body);
    let listed = server.send(as_(&server, &admin, Method::GET, "/v1/tokens?limit=2")).await;
    assert!(listed.header("link").contains("cursor="), "{:?}", listed.headers);
    assert!(!listed.body.to_string().contains(&text));
    let revoked = server.send(as_(&server, &admin, Method::DELETE, &location)).await;
    assert!(revoked.body["revoked_at"].is_string());
    let card = json!({"title": "late"});
    let path = format!("/v1/columns/{}/cards", server.columns[0]);
    let late = server.send(as_(&server, &text, Method::POST, &path).json(&card)).await;
    assert_eq!(late.problem(401), "unauthenticated");
    let nothing = server.send(as_(&server, &admin, Method::DELETE, "/v1/tokens/01ARZ3NDEKTSV4RRFFQ69G5FAV")).await;
    assert_eq!(nothing.problem(404), "not_found");
}

/// An answer without what belongs to the one request.
fn comparable(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let mut body = answer.body.clone();
    body["request_id"] = Value::Null;
    let headers = answer.headers.iter().filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()));
    let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
    (answer.status.as_u16(), body.to_string(), headers.collect())
}

#[tokio::test]
async fn every_wrong_token_is_answered_alike() {
    let (server, [_, write, _]) = closed().await;
    let kanban = server.database.store().await.tenant("default", Actor::human("root")).expect("a person");
    let revoked = kanban.create_token(NewToken::named("r", TokenScope::Admin)).await.expect("a token");
    kanban.revoke_token(revoked.token.id).await.expect("it ends");
    let (_elsewhere, [_, _, foreign]) = closed().await;
    let mut changed = write.clone();
    changed.replace_range(30..31, if &write[30..31] == "a" { "b" } else { "a" });
    let revoked = revoked.secret.expect("its text");
    let values = [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Bearer kfa_".to_owned(),
        format!("Bearer {}", &write[..write.len() - 3]),
        format!("Bearer {changed}"),
        format!("Bearer {foreign}"),
        format!("Bearer {revoked}"),
        format!("Basic {write}"),
        write.clone(),
    ];
    let none = comparable(&server.get("/v1/boards").await);
    assert_eq!(none.0, 401);
    for path in ["/v1/boards", "/v1/cards/AB-1", "/mcp"] {
        for value in &values {
            let method = if path == "/mcp" { Method::POST } else { Method::GET };
            let request = server.request(method, path).header("Authorization", value);
            let answer = server.send(request).await;
            assert_eq!(answer.problem(401), "unauthenticated", "{value}");
            assert_eq!(comparable(&answer), none, "{value}");
        }
    }
    let twice = server.request(Method::GET, "/v1/boards").bearer_auth(&write).bearer_auth(&write);
    assert_eq!(comparable(&server.send(twice).await), none, "two are none");
}

#[tokio::test]
async fn headers_narrow_the_actor_and_never_widen_it_and_events_name_everything() {
    let (server, [_, write, admin]) = closed().await;
    let new = json!({"name": "night shift", "scopes": ["write"], "agent_id": "claude-1"});
    let created = server.send(as_(&server, &admin, Method::POST, "/v1/tokens").json(&new)).await.body;
    let text = created["token"].as_str().expect("its text");
    let path = format!("/v1/columns/{}/cards", server.columns[0]);
    let create = |token: &str, agent: Option<&str>| {
        let request = as_(&server, token, Method::POST, &path).json(&json!({"title": "t"}));
        let request = request.header("X-Agent-Run", "run-7").header("X-Agent-Context", r#"{"model": "m"}"#);
        server.send(match agent {
            Some(agent) => request.header("X-Agent-Id", agent),
            None => request,
        })
    };
    assert_eq!(create(text, Some("claude-2")).await.problem(403), "forbidden");
    let claim = as_(&server, text, Method::POST, "/v1/agents/claude-2/claim").json(&json!({}));
    let claim = server.send(claim).await;
    assert_eq!(claim.problem(403), "forbidden");
    for (token, agent, actor) in [
        (text, None, ("agent", "claude-1")),
        (text, Some("claude-1"), ("agent", "claude-1")),
        (&write, Some("a-9"), ("agent", "a-9")),
        (&write, None, ("human", "write token")),
    ] {
        let made = create(token, agent).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let audit = as_(&server, &admin, Method::GET, "/v1/audit?entity_type=card&limit=1");
        let event = server.send(audit).await.body["items"][0].clone();
        assert_eq!((event["actor_kind"].as_str(), event["actor_id"].as_str()), (Some(actor.0), Some(actor.1)));
        assert_eq!((&event["run_id"], &event["agent_context"]), (&json!("run-7"), &json!({"model": "m"})));
        assert_eq!(event["request_id"], made.header("x-request-id"));
        assert_eq!(event["token_id"] == created["id"], token == text, "{event}");
        assert!(event["token_id"].is_string());
    }
}

#[tokio::test]
async fn this_machine_needs_no_token_where_the_server_is_open_to_it_and_a_token_is_honoured() {
    let server = Server::start().await;
    let [read, ..] = tokens(&server).await;
    assert_eq!(server.get("/v1/boards/AB").await.status, 200);
    let workspace = json!({"name": "w"});
    let refused = server.send(as_(&server, &read, Method::POST, "/v1/workspaces").json(&workspace)).await;
    assert_eq!((refused.problem(403), &refused.body["scope"]), ("scope_needed", &json!("write")));
    let wrong = server.send(as_(&server, "kfa_x", Method::GET, "/v1/boards/AB")).await;
    assert_eq!(wrong.problem(401), "unauthenticated", "a wrong one is not no one");
    for (name, value) in [("Host", "evil.example"), ("Origin", "http://evil.example"), ("Origin", "null")] {
        let foreign = server.send(server.request(Method::GET, "/v1/boards/AB").header(name, value)).await;
        assert_eq!(foreign.problem(403), "not_local", "{name}: {value}");
        let known = server.send(as_(&server, &read, Method::GET, "/v1/boards/AB").header(name, value)).await;
        assert_eq!(known.status, 200, "whoever has a token may come from anywhere");
    }
    let page = server.request(Method::GET, "/v1/boards/AB").header("Origin", "http://localhost:5173");
    assert_eq!(server.send(page).await.status, 200);
}

#[tokio::test]
async fn mcp_asks_for_a_token_and_each_tool_for_its_scope() {
    let (server, [read, write, _]) = closed().await;
    let create = |token: Option<&str>| {
        let arguments = json!({"board": "AB", "column": "Todo", "title": "by mcp"});
        let request = mcp::request(&server, "tools/call", json!({"name": "create_card", "arguments": arguments}));
        server.send(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    };
    let nobody = create(None).await;
    assert_eq!(
        (nobody.problem(401), nobody.header("www-authenticate")),
        ("unauthenticated", "Bearer realm=\"kanban\"")
    );
    let reader = create(Some(&read)).await;
    assert_eq!((reader.status.as_u16(), &reader.body["result"]["isError"]), (200, &json!(true)), "{}", reader.body);
    assert!(reader.body["result"].to_string().contains("scope_needed"), "{}", reader.body);
    let list = mcp::request(&server, "tools/list", json!({})).bearer_auth(&read);
    assert!(server.send(list).await.body["result"]["tools"].is_array());
    let cards = as_(&server, &read, Method::GET, "/v1/boards/AB/cards");
    assert_eq!(server.send(cards).await.body["items"], json!([]), "nothing has changed");
    let writer = create(Some(&write)).await;
    assert_ne!(writer.body["result"]["isError"], true, "{}", writer.body);
    let cards = as_(&server, &read, Method::GET, "/v1/boards/AB/cards");
    assert_eq!(server.send(cards).await.body["items"][0]["title"], "by mcp");
}
