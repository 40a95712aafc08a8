//! MCP over HTTP: who may call, what a refusal looks like, and how the two surfaces stay one board.

use kanban_server::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

const VERSION: &str = "2026-07-28";

/// A request of the protocol of 2026-07-28, which stands for itself.
pub fn request(server: &Server, method: &str, params: Value) -> reqwest::RequestBuilder {
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default().to_owned();
    let request = server
        .request(Method::POST, "/mcp")
        .header("Accept", "application/json, text/event-stream")
        .header("MCP-Protocol-Version", VERSION)
        .header("Mcp-Method", method)
        .json(&json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }));
    if name.is_empty() { request } else { request.header("Mcp-Name", name) }
}

async fn call(server: &Server, tool: &str, arguments: Value) -> Answer {
    let request = request(server, "tools/call", json!({ "name": tool, "arguments": arguments }));
    server.send(request.header("X-Agent-Id", "claude-1").header("X-Agent-Run", "run-7")).await
}

#[tokio::test]
async fn rest_and_mcp_are_one_board_with_one_identity() {
    let server = Server::start().await;
    server.card("Fix the login").await;
    let taken = call(&server, "claim_task", json!({})).await;
    assert_eq!(taken.status, 200, "{:?}", taken.body);
    let card = server.get("/v1/cards/AB-1").await.body;
    assert_eq!(card["claim"]["agent_id"], "claude-1");
    let events = server.get("/v1/boards/AB/changes?full=true").await.body;
    let events = if events["items"].is_array() { events } else { server.get("/v1/boards/AB/changes").await.body };
    let claimed = events["items"].as_array().and_then(|items| items.last()).cloned().unwrap_or_default();
    assert_eq!(claimed["action"], "card.claimed", "{claimed}");
    assert_eq!((&claimed["run_id"], &claimed["request_id"]), (&json!("run-7"), &json!(taken.header("x-request-id"))));
}

#[tokio::test]
async fn a_foreign_host_or_origin_is_refused_and_a_named_one_is_not() {
    let config = Config {
        allowed_host: vec!["board.example:8443".to_owned()],
        cors_origin: vec!["https://app.example".parse().expect("an origin")],
        ..Config::default()
    };
    let server = Server::start_with(config).await;
    let [token, ..] = crate::scopes::tokens(&server).await;
    let list = |name: &str, value: &str| request(&server, "tools/list", json!({})).header(name, value);
    for (name, value, status) in [
        ("Host", "localhost:9", 200),
        ("Host", "board.example:8443", 200),
        ("Host", "board.example", 403),
        ("Host", "evil.example", 403),
        ("Host", "127.0.0.1.evil.example", 403),
        ("Origin", "http://localhost:5173", 200),
        ("Origin", "https://app.example", 200),
        ("Origin", "https://app.example:8443", 403),
        ("Origin", "http://app.example", 403),
        ("Origin", "http://evil.example", 403),
        ("Origin", "null", 403),
    ] {
        let answer = server.send(list(name, value)).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {value}: {:?}", answer.body);
        if status == 403 {
            assert_eq!(answer.problem(403), "not_local");
            // with a token the names are still those that the server is called by
            let known = server.send(list(name, value).bearer_auth(&token)).await;
            assert_eq!(known.problem(403), "forbidden");
        }
    }
}

#[tokio::test]
async fn refusals_of_the_protocol_keep_their_shape_and_others_are_problems() {
    let server = Server::start().await;
    let unknown = server.send(request(&server, "tools/call", json!({ "name": "nothing", "arguments": {} }))).await;
    assert_eq!(unknown.body["error"]["code"], -32602, "{:?}", unknown.body);
    // what the headers say must be what the body says
    let other = request(&server, "tools/list", json!({})).header("Mcp-Method", "tools/call");
    let answer = server.send(other).await;
    assert_eq!(answer.status, 400);
    assert!(answer.body["error"]["message"].is_string(), "{:?}", answer.body);
    // a body over the limit, and what is no JSON
    let large = json!({ "card": "AB-1", "body": "x".repeat(2 * 1024 * 1024) });
    assert_eq!(call(&server, "add_comment", large).await.status, 413);
    let broken = server.request(Method::POST, "/mcp").header("Accept", "application/json, text/event-stream");
    let broken = server.send(broken.header("Content-Type", "application/json").body("{")).await;
    assert!(broken.status.is_client_error(), "{:?}", broken.body);
}

#[tokio::test]
async fn wrong_arguments_are_told_to_the_model_and_change_nothing() {
    let server = Server::start().await;
    server.card("Fix the login").await;
    for arguments in [
        json!({ "card": "AB-1", "version": 1, "column": "Done", "colour": "red" }),
        json!({ "card": "AB-1", "column": "Done" }),
        json!({ "card": "AB-1", "version": "1", "column": "Done" }),
        json!({ "card": "AB-1", "version": 2, "column": "Done" }),
        json!({ "card": "AB-1", "version": 1, "column": "Nowhere" }),
        json!({ "card": "AB-1", "version": 1, "column": "Done", "epoch": 4 }),
    ] {
        let answer = call(&server, "move_card", arguments.clone()).await.body;
        assert_eq!(answer["result"]["isError"], true, "{arguments}: {answer}");
        let said = answer["result"]["content"][0]["text"].as_str().expect("text");
        let refusal: Value = serde_json::from_str(said).expect("JSON");
        assert!(refusal["code"].is_string() && refusal["detail"].is_string(), "{refusal}");
    }
    assert_eq!(server.get("/v1/cards/AB-1").await.body["version"], 1);
}
