//! /v1/agents and the claims of cards.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn an_agent_sees_claims_keeps_and_finishes_its_task() {
    let server = Server::start().await;
    server.card("work").await;
    let tasks = server.get("/v1/agents/claude-1/next_tasks?board_id=AB").await;
    assert_eq!(tasks.body["items"][0]["key"], "AB-1");
    let claimed = server.post("/v1/agents/claude-1/claim", json!({})).await;
    let card = &claimed.body["items"][0];
    assert_eq!((&card["status"], &card["claim"]["epoch"]), (&json!("doing"), &json!(1)));
    let nothing = server.post("/v1/agents/claude-2/claim", json!({"board_id": "AB"})).await;
    assert_eq!((&nothing.body["items"], &nothing.body["reason"]["code"]), (&json!([]), &json!("nothing_ready")));
    assert!(nothing.body["reason"]["retry_after"].as_i64().is_some_and(|seconds| seconds > 0));

    let foreign = server.request(Method::PATCH, "/v1/cards/AB-1").header("X-Agent-Id", "claude-2");
    let foreign = server.send(foreign.header("If-Match", "*").json(&json!({"title": "mine"}))).await;
    assert_eq!(foreign.problem(409), "claimed");
    assert_eq!(
        server.act("claude-1", None, "/v1/cards/AB-1/heartbeat", json!({})).await.problem(428),
        "claim_epoch_required"
    );
    let before = server.get("/v1/cards/AB-1").await;
    let beat = server.act("claude-1", Some(1), "/v1/cards/AB-1/heartbeat", json!({"ttl_seconds": 3600})).await;
    assert_eq!((beat.status.as_u16(), &beat.body["version"]), (200, &before.body["version"]));
    let conditional = server.request(Method::GET, "/v1/cards/AB-1").header("If-None-Match", before.header("etag"));
    let conditional = server.send(conditional).await;
    assert_eq!((conditional.status.as_u16(), &conditional.body), (200, &beat.body), "the lease is news");
    let guarded = server.write(Method::PATCH, "/v1/cards/AB-1", before.header("etag"), json!({"title": "kept"})).await;
    assert_eq!(guarded.status, 200, "and no new version");

    let stale = server.act("claude-1", Some(7), "/v1/cards/AB-1/complete", json!({})).await;
    assert_eq!((stale.problem(409), &stale.body["actual"]), ("stale_claim", &json!(1)));
    let done = server.act("claude-1", Some(1), "/v1/cards/AB-1/complete", json!({})).await;
    assert_eq!((&done.body["status"], &done.body["claim"]), (&json!("done"), &json!(null)));
}

#[tokio::test]
async fn a_card_can_be_claimed_by_name_and_given_back() {
    let server = Server::start().await;
    server.card("work").await;
    let claimed = server.post("/v1/cards/AB-1/claim", json!({"agent_id": "a", "ttl_seconds": 60})).await;
    assert_eq!(claimed.body["claim"]["agent_id"], "a");
    assert_eq!(server.post("/v1/cards/AB-1/claim", json!({"agent_id": "b"})).await.problem(409), "claimed");
    let for_another = server.act("b", None, "/v1/cards/AB-1/claim", json!({"agent_id": "a"})).await;
    assert_eq!(for_another.problem(403), "forbidden");
    let released = server.act("a", Some(1), "/v1/cards/AB-1/release", json!({"reason": "needs a person"})).await;
    assert_eq!(released.body["claim"], json!(null));
    let next = server.post("/v1/agents/b/claim", json!({})).await;
    assert_eq!(next.body["items"][0]["claim"]["epoch"], 2);
    let events = server.get("/v1/boards/AB/changes?since=6&full=true").await;
    assert_eq!(events.body["items"][0]["payload"]["reason"], "needs a person");
    assert_eq!(server.post("/v1/cards/AB-1/claim", json!({"ttl_seconds": 0})).await.problem(422), "invalid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn racing_agents_get_distinct_cards() {
    let server = Server::start().await;
    for i in 0..12 {
        server.card(&format!("card {i}")).await;
    }
    let claims = join_all((0..16).map(|i| {
        let path = format!("/v1/agents/agent-{i}/claim");
        let server = &server;
        async move { server.post(&path, json!({})).await.body["items"][0]["key"].as_str().map(str::to_owned) }
    }))
    .await;
    let mut keys: Vec<String> = claims.into_iter().flatten().collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 12, "each card once, the rest nothing");
}
