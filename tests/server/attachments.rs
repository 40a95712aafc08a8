//! /v1/cards/{id}/attachments, /v1/attachments.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Server;

#[tokio::test]
async fn attachments_are_noted_read_listed_and_taken_off() {
    let server = Server::start().await;
    server.card("with files").await;
    let new = json!({
        "name": "Grüße.pdf",
        "url": "https://example.org/a%20b.pdf?x=1#p2",
        "content_type": "application/pdf",
        "size": 9_007_199_254_740_991_i64,
        "checksum": format!("sha256:{}", "0a".repeat(32)),
        "metadata": {"page": 2.50},
    });
    let made = server.act("claude-1", None, "/v1/cards/AB-1/attachments", new.clone()).await;
    assert_eq!((made.status.as_u16(), made.header("etag")), (201, "\"1\""));
    for (name, value) in new.as_object().expect("members") {
        assert_eq!(&made.body[name], value, "{name}");
    }
    assert_eq!(made.body["created_by"], json!({"kind": "agent", "id": "claude-1"}));
    let path = made.header("location");
    assert_eq!(path, format!("/v1/attachments/{}", made.body["id"].as_str().expect("an id")));
    assert_eq!(server.get(path).await.body, made.body);
    let again = server.request(Method::GET, path).header("If-None-Match", made.header("etag"));
    assert_eq!(server.send(again).await.status, 304);
    let bare = server.post("/v1/cards/AB-1/attachments", json!({"name": "b", "url": "s3://bucket/key"})).await;
    assert_eq!((&bare.body["size"], &bare.body["checksum"]), (&Value::Null, &Value::Null));
    let first = server.get("/v1/cards/AB-1/attachments?limit=1").await;
    assert_eq!(first.body["items"], json!([made.body]));
    let next = first.header("link").trim_start_matches('<').split('>').next().expect("an address").to_owned();
    let rest = server.get(&next).await;
    assert_eq!((&rest.body["items"], &rest.body["next_cursor"]), (&json!([bare.body]), &Value::Null));

    assert_eq!(server.send(server.request(Method::DELETE, path)).await.problem(428), "if_match_required");
    let stale = server.write(Method::DELETE, path, "\"2\"", json!({})).await;
    assert_eq!((stale.problem(412), &stale.body["current"]), ("version_conflict", &made.body));
    let deletions = (0..6).map(|_| server.write(Method::DELETE, path, "\"1\"", json!({})));
    let mut statuses: Vec<u16> = join_all(deletions).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404, 404, 404, 404], "it goes once");
    assert_eq!(server.get(path).await.problem(404), "not_found");
    assert_eq!(server.get("/v1/cards/AB-1/attachments").await.body["items"], json!([bare.body]));
    let changes = server.get("/v1/boards/AB/changes?since=5&full=true").await;
    let actions: Vec<&str> =
        changes.body["items"].as_array().expect("items").iter().filter_map(|event| event["action"].as_str()).collect();
    assert_eq!(actions, ["attachment.created", "attachment.created", "attachment.deleted"]);
    assert_eq!(changes.body["items"][0]["payload"]["after"], made.body, "the event tells all of it");
}

#[tokio::test]
async fn bad_attachments_are_refused_with_the_member_that_is_wrong() {
    let server = Server::start().await;
    server.card("with files").await;
    let good = json!({"name": "a", "url": "https://example.org"});
    let with = |name: &str, value: Value| {
        let mut new = good.clone();
        new[name] = value;
        new
    };
    for (new, pointer) in [
        (json!({"url": "https://example.org"}), ""),
        (json!({"name": "a"}), ""),
        (with("name", json!("")), "/name"),
        (with("name", json!("a\tb")), "/name"),
        (with("name", json!("x".repeat(257))), "/name"),
        (with("url", json!("file:///etc/passwd")), "/url"),
        (with("url", json!("https://ada:secret@example.org")), "/url"),
        (with("url", json!("https://example.org/ü")), "/url"),
        (with("url", json!(7)), "/url"),
        (with("content_type", json!("text")), "/content_type"),
        (with("size", json!(-1)), "/size"),
        (with("size", json!(1.5)), "/size"),
        (with("size", json!(9_007_199_254_740_992_i64)), "/size"),
        (with("size", json!(1e300)), "/size"),
        (with("checksum", json!("sha256:abc")), "/checksum"),
        (with("metadata", json!([])), "/metadata"),
        (with("bytes", json!("AAAA")), "/bytes"),
    ] {
        let refused = server.post("/v1/cards/AB-1/attachments", new.clone()).await;
        assert_eq!(refused.problem(422), "invalid", "{new}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{new}");
    }
    assert_eq!(server.post("/v1/cards/AB-9/attachments", good.clone()).await.problem(404), "not_found");
    assert_eq!(server.get("/v1/cards/AB-9/attachments").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/attachments/01JD8QGZ5R00000000000000F1").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/cards/AB-1/attachments").await.body["items"], json!([]));
    server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"archived": true})).await;
    assert_eq!(server.post("/v1/cards/AB-1/attachments", good).await.problem(409), "board_archived");
}
