//! /v1/audit.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

fn actions(answer: &Answer) -> Vec<&str> {
    let items = answer.body["items"].as_array().unwrap_or_else(|| panic!("items in {}", answer.body));
    items.iter().map(|event| event["action"].as_str().expect("an action")).collect()
}

#[tokio::test]
async fn every_change_is_there_with_who_made_it_and_what_it_changed() {
    let server = Server::start().await;
    let card = server.card("watched").await;
    let patch = server
        .request(Method::PATCH, "/v1/cards/AB-1")
        .header("If-Match", "*")
        .header("X-Agent-Id", "claude-1")
        .header("X-Agent-Run", "run-7")
        .header("X-Agent-Context", r#"{"model": "m"}"#)
        .header("X-Request-Id", "request-1")
        .json(&json!({"title": "renamed"}));
    assert_eq!(server.send(patch).await.status, 200);
    server.post("/v1/workspaces", json!({"name": "lab"})).await;
    let audit = server.get("/v1/audit").await;
    let expected = ["workspace.created", "card.updated", "card.created", "column.created"];
    assert_eq!(actions(&audit)[..4], expected, "newest first");
    assert_eq!(audit.body["items"][0]["board_id"], Value::Null, "it belongs to no board");
    let event = &audit.body["items"][1];
    assert_eq!((&event["entity_type"], &event["entity_id"]), (&json!("card"), &card["id"]));
    assert_eq!((&event["actor_kind"], &event["actor_id"]), (&json!("agent"), &json!("claude-1")));
    assert_eq!((&event["run_id"], &event["request_id"]), (&json!("run-7"), &json!("request-1")));
    assert_eq!(event["agent_context"], json!({"model": "m"}));
    let payload = &event["payload"];
    assert_eq!((&payload["before"]["title"], &payload["after"]["title"]), (&json!("watched"), &json!("renamed")));
    assert_eq!(payload["after"].as_object().map(|after| after.len()), Some(3), "title, version and updated_at");
}

#[tokio::test]
async fn filters_combine_and_pages_go_to_the_end() {
    let server = Server::start().await;
    for title in ["one", "two", "three"] {
        server.card(title).await;
    }
    server.act("claude-1", None, "/v1/cards/AB-2/comments", json!({"body": "so"})).await;
    let to = json!({"column_id": server.columns[1]});
    server.write(Method::POST, "/v1/cards/AB-2/move", "*", to).await;
    for (query, expected) in [
        ("board_id=AB&limit=2", vec!["card.moved", "comment.created"]),
        ("entity_id=AB-2", vec!["card.moved", "card.created"]),
        ("entity_id=ab", vec!["board.created"]),
        ("entity_type=workspace", vec!["workspace.created"]),
        ("actor=claude-1", vec!["comment.created"]),
        ("action=card.moved", vec!["card.moved"]),
        (
            "entity_type=card&entity_id=AB-2&board_id=ab&actor=local&from=2020-01-01T00:00:00Z",
            vec!["card.moved", "card.created"],
        ),
        ("to=2020-01-01T00:00:00Z", vec![]),
    ] {
        let audit = server.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(actions(&audit), expected, "{query}");
    }
    let comment = server.get("/v1/audit?action=comment.created").await;
    let at = comment.body["items"][0]["at"].as_str().expect("a moment").to_owned();
    assert_eq!(actions(&server.get(&format!("/v1/audit?from={at}")).await), ["card.moved", "comment.created"]);
    assert_eq!(actions(&server.get(&format!("/v1/audit?to={at}&limit=1")).await), ["card.created"]);

    let whole = server.get("/v1/audit?limit=200").await;
    let mut next = "/v1/audit?limit=4".to_owned();
    let mut items = Vec::new();
    while !next.is_empty() {
        let page = server.get(&next).await;
        items.extend(page.body["items"].as_array().expect("items").clone());
        next = page.header("link").trim_start_matches('<').split('>').next().unwrap_or_default().to_owned();
        // what comes meanwhile is newer than all that follows
        server.card("meanwhile").await;
    }
    assert_eq!(Value::Array(items), whole.body["items"]);
    let first = server.get("/v1/audit?limit=1").await;
    let cursor = first.body["next_cursor"].as_str().expect("a cursor");
    assert_eq!(server.get(&format!("/v1/audit?limit=1&actor=local&cursor={cursor}")).await.problem(400), "invalid");
    assert_eq!(server.get(&format!("/v1/audit?cursor=x{cursor}")).await.problem(400), "invalid");
}

#[tokio::test]
async fn bad_filters_are_refused() {
    let server = Server::start().await;
    for query in
        ["action=card.flown", "entity_type=planet", "entity_id=no such thing", "from=yesterday", "board_id=???"]
    {
        let refused = server.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(refused.problem(400), "bad_query", "{query}");
    }
    for (query, pointer) in [
        ("entity_type=board&action=card.moved", "/action"),
        ("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "/to"),
        ("actor=", "/actor"),
        ("limit=201", "/limit"),
    ] {
        let refused = server.get(&format!("/v1/audit?{query}")).await;
        assert_eq!(
            (refused.problem(422), &refused.body["errors"][0]["pointer"]),
            ("invalid", &json!(pointer)),
            "{query}"
        );
    }
    assert_eq!(server.get("/v1/audit?board_id=NO").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/audit?entity_id=AB-99").await.problem(404), "not_found");
    let nobody = server.get("/v1/audit?entity_id=01JD8QGZ5R00000000000000D1").await;
    assert_eq!((nobody.status.as_u16(), &nobody.body["items"]), (200, &json!([])));
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let refused = server.send(server.request(method, "/v1/audit").json(&json!({}))).await;
        assert_eq!(refused.problem(405), "method_not_allowed");
    }
}
