//! /v1/cards/{id}/comments, /v1/comments.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

async fn delete_as(server: &Server, agent: &str, path: &str, if_match: &str) -> Answer {
    let request = server.request(Method::DELETE, path).header("If-Match", if_match).header("X-Agent-Id", agent);
    server.send(request).await
}

#[tokio::test]
async fn comments_are_written_read_and_listed_with_their_metadata() {
    let server = Server::start().await;
    server.card("talk").await;
    let new = json!({"body": "Grüße, привет", "metadata": {"confidence": 0.50, "sources": ["a"]}});
    let made = server.act("claude-1", None, "/v1/cards/AB-1/comments", new.clone()).await;
    assert_eq!((made.status.as_u16(), made.header("etag")), (201, "\"1\""));
    assert_eq!((&made.body["body"], &made.body["metadata"]), (&new["body"], &new["metadata"]));
    assert_eq!(made.body["author"], json!({"kind": "agent", "id": "claude-1"}));
    let path = made.header("location");
    assert_eq!(path, format!("/v1/comments/{}", made.body["id"].as_str().expect("an id")));
    assert_eq!(server.get(path).await.body, made.body);
    let again = server.request(Method::GET, path).header("If-None-Match", made.header("etag"));
    assert_eq!(server.send(again).await.status, 304);
    assert_eq!(server.get("/v1/comments/01JD8QGZ5R00000000000000N1").await.problem(404), "not_found");
    for i in 0..6 {
        server.post("/v1/cards/AB-1/comments", json!({"body": format!("{i}")})).await;
    }
    let mut next = "/v1/cards/AB-1/comments?limit=3".to_owned();
    let mut bodies = Vec::new();
    while !next.is_empty() {
        let page = server.get(&next).await;
        bodies.extend(page.body["items"].as_array().expect("items").iter().map(|comment| comment["body"].clone()));
        next = page.header("link").trim_start_matches('<').split('>').next().unwrap_or_default().to_owned();
        // somebody writes while the list is read: it comes at the end
        if bodies.len() == 3 {
            server.post("/v1/cards/AB-1/comments", json!({"body": "late"})).await;
        }
    }
    let bodies: Vec<&str> = bodies.iter().filter_map(Value::as_str).collect();
    assert_eq!(bodies, ["Grüße, привет", "0", "1", "2", "3", "4", "5", "late"]);
}

#[tokio::test]
async fn bad_comments_are_refused() {
    let server = Server::start().await;
    server.card("talk").await;
    for (new, pointer) in [
        (json!({}), ""),
        (json!({"body": ""}), "/body"),
        (json!({"body": "x".repeat(8193)}), "/body"),
        (json!({"body": "a\u{0}b"}), "/body"),
        (json!({"body": "so", "metadata": "x"}), "/metadata"),
        (json!({"body": "so", "metadata": {"a": "x".repeat(16384)}}), "/metadata"),
        (json!({"body": "so", "author": "ada"}), "/author"),
    ] {
        let refused = server.post("/v1/cards/AB-1/comments", new.clone()).await;
        assert_eq!(refused.problem(422), "invalid", "{new}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(server.post("/v1/cards/AB-9/comments", json!({"body": "so"})).await.problem(404), "not_found");
    assert_eq!(server.get("/v1/cards/AB-9/comments").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/cards/AB-1/comments").await.body["items"], json!([]));
}

#[tokio::test]
async fn a_comment_is_deleted_by_its_author_and_by_people() {
    let server = Server::start().await;
    server.card("talk").await;
    let write = || server.act("claude-1", None, "/v1/cards/AB-1/comments", json!({"body": "so"}));
    let (first, second) = (write().await, write().await);
    let path = first.header("location");
    assert_eq!(server.send(server.request(Method::DELETE, path)).await.problem(428), "if_match_required");
    assert_eq!(delete_as(&server, "claude-2", path, "*").await.problem(403), "forbidden");
    assert_eq!(delete_as(&server, "claude-1", path, "\"2\"").await.problem(412), "version_conflict");
    let gone = delete_as(&server, "claude-1", path, "\"1\"").await;
    assert_eq!((gone.status.as_u16(), &gone.body["version"]), (200, &json!(2)));
    assert!(gone.body["deleted_at"].is_string());
    assert_eq!(delete_as(&server, "claude-1", path, "*").await.problem(404), "not_found");
    assert_eq!(server.get(path).await.problem(404), "not_found");
    let person = server.write(Method::DELETE, second.header("location"), "*", json!({})).await;
    assert_eq!(person.status, 200);
    let third = write().await;
    let deletions = (0..6).map(|_| server.write(Method::DELETE, third.header("location"), "\"1\"", json!({})));
    let mut statuses: Vec<u16> = join_all(deletions).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404], "it is deleted once");
    let fourth = write().await;
    server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"archived": true})).await;
    let archived = server.write(Method::DELETE, fourth.header("location"), "*", json!({})).await;
    assert_eq!(archived.problem(409), "board_archived");
}
