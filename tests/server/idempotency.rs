//! Idempotency-Key on writes.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

async fn create(server: &Server, key: &str, body: &Value) -> Answer {
    let path = format!("/v1/columns/{}/cards", server.columns[0]);
    server.send(server.request(Method::POST, &path).header("Idempotency-Key", key).json(body)).await
}

#[tokio::test]
async fn a_request_that_comes_again_is_answered_again_and_carried_out_once() {
    let server = Server::start().await;
    let body = json!({"title": "once"});
    let first = create(&server, "k-1", &body).await;
    assert_eq!((first.status.as_u16(), first.header("idempotency-replayed")), (201, ""));
    let again = create(&server, "\"k-1\"", &body).await;
    assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"));
    assert_eq!(again.body, first.body);
    for name in ["etag", "location", "content-type"] {
        assert_eq!(again.header(name), first.header(name));
    }
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(server.get("/v1/boards/AB/cards").await.body["items"].as_array().map(Vec::len), Some(1));
    let event = &server.get("/v1/boards/AB/changes?since=4&full=true").await.body["items"][0];
    assert_eq!((&event["actor_id"], &event["request_id"]), (&json!("local"), &json!(first.header("x-request-id"))));
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let server = Server::start().await;
    create(&server, "k", &json!({"title": "one"})).await;
    let other = create(&server, "k", &json!({"title": "two"})).await;
    assert_eq!((other.problem(422), &other.body["key"]), ("idempotency_key_reused", &json!("k")));
    let path = "/v1/agents/a/claim";
    let claim = |agent: &'static str| {
        let request = server.request(Method::POST, path).header("Idempotency-Key", "claim").header("X-Agent-Id", agent);
        server.send(request.json(&json!({})))
    };
    assert_eq!(claim("a").await.body["items"][0]["claim"]["agent_id"], "a");
    assert_eq!(claim("b").await.problem(422), "idempotency_key_reused", "nobody is answered what another was");
    // a method that the path does not take is that, whatever else is wrong
    let put = server.request(Method::PUT, path).header("Idempotency-Key", "claim");
    assert_eq!(server.send(put).await.problem(405), "method_not_allowed");
    for bad in ["", "ü"] {
        assert_eq!(create(&server, bad, &json!({"title": "x"})).await.problem(400), "bad_header");
    }
}

#[tokio::test]
async fn a_refusal_is_not_kept_and_tells_as_much_as_without_a_key() {
    let server = Server::start().await;
    let card = server.card("card").await;
    let patch = |version: &'static str| {
        let request = server.request(Method::PATCH, "/v1/cards/AB-1").header("Idempotency-Key", format!("k{version}"));
        server.send(request.header("If-Match", version).json(&json!({"title": "changed"})))
    };
    let stale = patch("\"7\"").await;
    assert_eq!((stale.problem(412), &stale.body["current"]), ("version_conflict", &card));
    assert_eq!(patch("\"1\"").await.body["version"], 2);
    assert_eq!(patch("\"1\"").await.header("idempotency-replayed"), "true", "not the conflict that it now would be");
    let empty = create(&server, "late", &json!({"title": ""})).await;
    assert_eq!(empty.problem(422), "invalid");
    assert_eq!(create(&server, "late", &json!({"title": "now"})).await.status, 201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_sent_many_times_at_once_makes_one_card() {
    let server = Server::start().await;
    let body = json!({"title": "once"});
    let answers = join_all((0..50).map(|_| create(&server, "k", &body))).await;
    let first = &answers[0].body;
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.body), (201, first));
    }
    let replayed = answers.iter().filter(|answer| answer.header("idempotency-replayed") == "true").count();
    assert_eq!(replayed, 49);
    assert_eq!(server.get("/v1/boards/AB/cards").await.body["items"].as_array().map(Vec::len), Some(1));
}
