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
async fn tasks_are_filtered_and_the_rest_is_explained_page_by_page() {
    let server = Server::start().await;
    let path = format!("/v1/columns/{}/cards", server.columns[0]);
    for (title, labels, priority) in
        [("one", json!(["needs:gpu"]), "low"), ("two", json!(["bug"]), "high"), ("three", json!([]), "low")]
    {
        let card = json!({"title": title, "labels": labels, "priority": priority, "due_at": "2027-01-02T00:00:00Z"});
        assert_eq!(server.post(&path, card).await.status, 201);
    }
    assert_eq!(server.act("a", None, "/v1/cards/AB-3/claim", json!({})).await.status, 200);
    let keys = |body: &serde_json::Value| -> Vec<String> {
        body["items"]
            .as_array()
            .expect("items")
            .iter()
            .map(|card| card["key"].as_str().expect("a key").to_owned())
            .collect()
    };
    for (query, expected) in [
        ("capability=gpu,rust", &["AB-2", "AB-1"][..]),
        ("capability=", &["AB-2"]),
        ("label=bug&priority=high", &["AB-2"]),
        ("priority=low&due_after=2027-01-01T00:00:00Z", &["AB-1"]),
        ("due_before=2027-01-01T00:00:00Z", &[]),
    ] {
        let tasks = server.get(&format!("/v1/agents/b/next_tasks?board_id=AB&{query}")).await;
        assert_eq!(
            (keys(&tasks.body), &tasks.body["left_out"]),
            (expected.iter().map(|key| (*key).to_owned()).collect(), &json!(null)),
            "{query}"
        );
    }
    let mut next = "/v1/agents/b/next_tasks?explain=true&capability=&limit=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = server.get(&next).await;
        assert_eq!(page.body["full_columns"], json!([]));
        seen.extend(keys(&page.body).into_iter().map(|key| (key, json!(null))));
        for card in page.body["left_out"].as_array().expect("what is left out") {
            seen.push((card["key"].as_str().expect("a key").to_owned(), card["reasons"][0]["code"].clone()));
        }
        if page.body["next_cursor"] == json!(null) {
            break;
        }
        let link = page.header("link");
        next = link[1..link.find('>').expect("an address")].to_owned();
    }
    let told = |key: &str, code| (key.to_owned(), code);
    assert_eq!(seen, [told("AB-2", json!(null)), told("AB-1", json!("capability")), told("AB-3", json!("claimed_by"))]);
    let wrong = server.get("/v1/agents/b/next_tasks?assignee=b").await;
    assert_eq!(wrong.problem(400), "bad_query");
    let backwards = "due_after=2027-01-02T00:00:00Z&due_before=2027-01-01T00:00:00Z";
    let wrong = server.get(&format!("/v1/agents/b/next_tasks?{backwards}")).await;
    assert_eq!((wrong.problem(422), &wrong.body["errors"][0]["pointer"]), ("invalid", &json!("/due_before")));
}

#[tokio::test]
async fn a_late_agent_s_writes_are_conflicts() {
    let server = Server::start().await;
    server.card("work").await;
    server.card("other").await;
    assert_eq!(server.post("/v1/cards/AB-1/claim", json!({"agent_id": "a"})).await.status, 200);
    assert_eq!(server.act("a", Some(1), "/v1/cards/AB-1/release", json!({})).await.status, 200);
    assert_eq!(server.post("/v1/cards/AB-1/claim", json!({"agent_id": "b"})).await.status, 200);
    let before = server.get("/v1/boards/AB").await;
    let link = json!({"relation": "relates_to", "card": "AB-2"});
    let file = json!({"name": "a", "url": "https://example.org/a"});
    for (method, path, body) in [
        (Method::PATCH, "/v1/cards/AB-1", json!({"title": "late"})),
        (Method::DELETE, "/v1/cards/AB-1", json!({})),
        (Method::POST, "/v1/cards/AB-1/move", json!({"column_id": server.columns[2]})),
        (Method::POST, "/v1/cards/AB-1/reorder", json!({"position": 0})),
        (Method::POST, "/v1/cards/AB-1/comments", json!({"body": "late"})),
        (Method::POST, "/v1/cards/AB-1/attachments", file),
        (Method::POST, "/v1/cards/AB-1/dependencies", link),
        (Method::POST, "/v1/cards/AB-1/heartbeat", json!({})),
        (Method::POST, "/v1/cards/AB-1/release", json!({})),
        (Method::POST, "/v1/cards/AB-1/complete", json!({})),
    ] {
        let late = server.request(method, path).header("X-Agent-Id", "a").header("X-Claim-Epoch", 1);
        let late = server.send(late.header("If-Match", "*").json(&body)).await;
        assert_eq!((late.problem(409), &late.body["actual"]), ("stale_claim", &json!(2)), "{path}");
    }
    assert_eq!(server.get("/v1/boards/AB").await.body, before.body, "not even an event");
}

#[tokio::test]
async fn a_claim_of_another_agent_is_told_from_one_s_own_that_is_over() {
    let server = Server::start().await;
    server.card("work").await;
    let held = server.post("/v1/cards/AB-1/claim", json!({"agent_id": "a"})).await.body["claim"].clone();
    for path in ["heartbeat", "release", "complete"] {
        let foreign = server.act("b", Some(1), &format!("/v1/cards/AB-1/{path}"), json!({})).await;
        assert_eq!(foreign.problem(409), "claimed");
        assert_eq!((&foreign.body["agent_id"], &foreign.body["until"]), (&held["agent_id"], &held["until"]));
    }
    assert_eq!(server.act("a", Some(1), "/v1/cards/AB-1/release", json!({})).await.status, 200);
    let over = server.act("a", Some(1), "/v1/cards/AB-1/heartbeat", json!({})).await;
    assert_eq!(
        (over.problem(409), &over.body["ended"], &over.body["agent_id"]),
        ("stale_claim", &json!("released"), &json!(null))
    );
    let held = server.post("/v1/cards/AB-1/claim", json!({"agent_id": "b"})).await.body["claim"].clone();
    let passed_on = server.act("a", Some(1), "/v1/cards/AB-1/heartbeat", json!({})).await;
    assert_eq!(passed_on.problem(409), "stale_claim");
    assert_eq!((&passed_on.body["agent_id"], &passed_on.body["until"]), (&json!("b"), &held["until"]));
}

#[tokio::test]
async fn a_lease_that_cannot_be_is_refused_where_it_is_named() {
    let server = Server::start().await;
    server.card("work").await;
    assert_eq!(server.post("/v1/cards/AB-1/claim", json!({"agent_id": "a"})).await.status, 200);
    for path in ["/v1/agents/a/claim", "/v1/cards/AB-1/claim", "/v1/cards/AB-1/heartbeat"] {
        for ttl in [json!(0), json!(-1), json!(86_401), json!(1e300), json!(1.5), json!("an hour")] {
            let refused = server.act("a", Some(1), path, json!({"ttl_seconds": ttl})).await;
            assert_eq!(refused.problem(422), "invalid", "{path} {ttl}");
            assert_eq!(refused.body["errors"][0]["pointer"], "/ttl_seconds", "{path} {ttl}");
        }
    }
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
