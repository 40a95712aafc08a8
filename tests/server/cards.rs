//! /v1/cards and the lists of them.

use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn a_card_is_created_moved_with_its_etag_and_refused_with_a_stale_one() {
    let server = Server::start().await;
    let made = server.post(&format!("/v1/columns/{}/cards", server.columns[0]), json!({"title": "Story"})).await;
    assert_eq!((made.status.as_u16(), made.header("location"), made.header("etag")), (201, "/v1/cards/AB-1", "\"1\""));
    let to = json!({"column_id": server.columns[1]});
    let without = server.post("/v1/cards/AB-1/move", to.clone()).await;
    assert_eq!(without.problem(428), "if_match_required");
    let moved = server.write(Method::POST, "/v1/cards/AB-1/move", made.header("etag"), to.clone()).await;
    assert_eq!((moved.status.as_u16(), moved.header("etag"), &moved.body["status"]), (200, "\"2\"", &json!("doing")));
    let stale = server.write(Method::POST, "/v1/cards/AB-1/move", made.header("etag"), to).await;
    assert_eq!((stale.problem(412), stale.header("etag")), ("version_conflict", "\"2\""));
    assert_eq!(stale.body["current"], moved.body, "a refusal shows what is there now");
    let patch = server.request(Method::PATCH, "/v1/cards/AB-1").header("If-Match", "\"2\"");
    let patch =
        patch.header("Content-Type", "application/merge-patch+json").body(r#"{"fields": {"a": 1}, "due_at": null}"#);
    assert_eq!(server.send(patch).await.body["fields"], json!({"a": 1}));
}

#[tokio::test]
async fn cards_reorder_delete_restore_comment_and_link() {
    let server = Server::start().await;
    for title in ["one", "two", "three"] {
        server.card(title).await;
    }
    let reordered = server.write(Method::POST, "/v1/cards/AB-3/reorder", "*", json!({"before_id": "AB-1"})).await;
    assert_eq!(reordered.status, 200);
    let keys = |answer: &crate::client::Answer| -> Vec<String> {
        let items = answer.body["items"].as_array().expect("items");
        items.iter().map(|card| card["key"].as_str().expect("a key").to_owned()).collect()
    };
    assert_eq!(keys(&server.get("/v1/boards/AB/cards?status=todo").await), ["AB-3", "AB-1", "AB-2"]);
    let deleted = server.write(Method::DELETE, "/v1/cards/AB-1", "\"1\"", json!({})).await;
    assert!(deleted.body["deleted_at"].is_string());
    assert_eq!(server.get("/v1/cards/AB-1").await.problem(404), "not_found");
    let restored = server.post("/v1/cards/AB-1/restore", json!({})).await;
    assert_eq!((&restored.body["deleted_at"], &restored.body["version"]), (&json!(null), &json!(3)));
    assert_eq!(keys(&server.get("/v1/boards/AB/cards").await), ["AB-3", "AB-2", "AB-1"]);

    let comment = server.act("claude-1", None, "/v1/cards/AB-1/comments", json!({"body": "done so far"})).await;
    assert_eq!((comment.status.as_u16(), &comment.body["author"]["id"]), (201, &json!("claude-1")));
    assert_eq!(server.get("/v1/cards/AB-1/comments").await.body["items"][0], comment.body);

    let link = json!({"relation": "waits_for", "card": "AB-1"});
    assert_eq!(server.post("/v1/cards/AB-2/dependencies", link.clone()).await.status, 201);
    assert_eq!(server.post("/v1/cards/AB-2/dependencies", link).await.status, 200, "it is there already");
    let turned = json!({"relation": "waits_for", "card": "AB-2"});
    let cycle = server.post("/v1/cards/AB-1/dependencies", turned).await;
    assert_eq!(cycle.problem(409), "dependency_cycle");
    assert_eq!(cycle.body["path"], json!(["AB-1", "AB-2", "AB-1"]));
    let seen = server.get("/v1/cards/AB-1/dependencies").await;
    assert_eq!(seen.body["items"][0]["text"], "AB-1 blocks AB-2 (todo)");
    let remove = server.request(Method::DELETE, "/v1/cards/AB-2/dependencies?relation=waits_for&card=AB-1");
    assert_eq!(server.send(remove).await.status, 200);
    let remove = server.request(Method::DELETE, "/v1/cards/AB-2/dependencies?relation=waits_for&card=AB-1");
    assert_eq!(server.send(remove).await.problem(404), "not_found");

    let changes = server.get("/v1/boards/AB/changes?since=4&limit=200&full=true").await;
    let numbers: Vec<i64> =
        changes.body["items"].as_array().expect("items").iter().filter_map(|event| event["seq"].as_i64()).collect();
    assert_eq!(numbers, (5..=13).collect::<Vec<i64>>());
    assert_eq!(changes.body["next_since"], 13);
    assert_eq!(server.get("/v1/boards/AB/changes?since=99").await.problem(422), "invalid");
}
