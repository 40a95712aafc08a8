//! /v1/agents/{id}/blockers, /v1/cards/{id}/unblocks and the critical chains.

use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn what_blocks_and_what_is_freed_is_told_in_keys() {
    let server = Server::start().await;
    for title in ["Design", "Build", "Ship"] {
        server.card(title).await;
    }
    for (card, on) in [("AB-2", "AB-1"), ("AB-3", "AB-2")] {
        let path = format!("/v1/cards/{card}/dependencies");
        let added = server.post(&path, json!({"relation": "waits_for", "card": on})).await;
        assert_eq!(added.status, 201, "{:?}", added.body);
    }
    let patch = server.write(Method::PATCH, "/v1/cards/AB-3", "*", json!({"assignees": ["claude-1"]})).await;
    assert_eq!(patch.status, 200);
    let blockers = server.get("/v1/agents/claude-1/blockers?board_id=AB&limit=5").await;
    assert_eq!(blockers.status, 200, "{:?}", blockers.body);
    let item = &blockers.body["items"][0];
    assert_eq!((&item["blocks"], &item["card"]["key"]), (&json!("AB-3"), &json!("AB-2")));
    assert_eq!(item["in_front"], json!({"length": 1, "cards": ["AB-1"]}));
    assert_eq!(item["behind"], json!({"length": 1, "cards": ["AB-3"]}));
    assert!(item["blocked_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0));
    assert_eq!((&blockers.body["total"], &blockers.body["hint"]), (&json!(1), &json!(null)));
    let unblocks = server.get("/v1/cards/AB-1/unblocks").await;
    assert_eq!((&unblocks.body["frees"][0]["key"], &unblocks.body["waiting_total"]), (&json!("AB-2"), &json!(2)));
    for path in ["/v1/cards/AB-3/critical_chain", "/v1/boards/AB/critical_chain"] {
        let chain = server.get(&format!("{path}?limit=1")).await;
        assert_eq!((&chain.body["card"], &chain.body["length"]), (&json!("AB-3"), &json!(2)), "{path}");
        assert_eq!(chain.body["cards"][0]["key"], "AB-1", "{path}");
        assert!(chain.body["hint"].as_str().is_some_and(|hint| hint.starts_with("1 more.")), "{path}");
        assert_eq!(server.get(&format!("{path}?limit=0")).await.problem(422), "invalid", "{path}");
        assert_eq!(server.get(&format!("{path}?limit=x")).await.problem(400), "bad_query", "{path}");
    }
    for path in [
        "/v1/cards/AB-9/unblocks",
        "/v1/cards/AB-9/critical_chain",
        "/v1/boards/NO/critical_chain",
        "/v1/agents/claude-1/blockers?board_id=NO",
    ] {
        assert_eq!(server.get(path).await.problem(404), "not_found", "{path}");
    }
}
