//! /v1/workspaces, /v1/boards, /v1/columns.

use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn workspaces_and_boards_are_created_read_listed_changed_and_deleted() {
    let server = Server::start().await;
    let made = server.post("/v1/workspaces", json!({"name": "lab", "metadata": {"a": 1}})).await;
    assert_eq!((made.status.as_u16(), made.header("etag")), (201, "\"1\""));
    let read = server.get(made.header("location")).await;
    assert_eq!(read.body, made.body);
    assert_eq!(server.post("/v1/workspaces", json!({"name": "LAB"})).await.problem(409), "duplicate");
    let list = server.get("/v1/workspaces?limit=1").await;
    assert_eq!(list.body["items"].as_array().map(Vec::len), Some(1));
    let next = list.header("link").trim_start_matches('<').split('>').next().expect("an address").to_owned();
    let rest = server.get(&next).await;
    assert_eq!((rest.body["items"][0]["name"].as_str(), &rest.body["next_cursor"]), (Some("lab"), &json!(null)));

    let new = json!({"name": "Second board", "workspace_id": made.body["id"], "template": "review"});
    let board = server.post("/v1/boards", new).await;
    assert_eq!((board.status.as_u16(), board.header("location")), (201, "/v1/boards/SB"));
    assert_eq!(board.body["columns"].as_array().map(Vec::len), Some(5));
    let by_key = server.get("/v1/boards/sb").await;
    assert_eq!(by_key.body["id"], board.body["id"]);
    let again = server.request(Method::GET, "/v1/boards/SB").header("If-None-Match", by_key.header("etag"));
    assert_eq!(server.send(again).await.status, 304);
    let patched = server.write(Method::PATCH, "/v1/boards/SB", by_key.header("etag"), json!({"archived": true})).await;
    assert_eq!((patched.status.as_u16(), &patched.body["version"]), (200, &json!(2)));
    let archived = server.get("/v1/boards?archived=true").await;
    assert_eq!(archived.body["items"][0]["key"], "SB");
    let deleted = server.write(Method::DELETE, "/v1/boards/SB", "*", json!({})).await;
    assert!(deleted.body["deleted_at"].is_string());
    assert_eq!(server.get("/v1/boards/SB").await.problem(404), "not_found");
}

#[tokio::test]
async fn columns_are_created_and_changed_at_their_version() {
    let server = Server::start().await;
    let made = server.post("/v1/boards/AB/columns", json!({"name": "Review", "kind": "doing", "wip_limit": 2})).await;
    assert_eq!(made.status, 201);
    let path = made.header("location").to_owned();
    assert_eq!(server.get(&path).await.body, made.body);
    let list = server.get("/v1/boards/AB/columns").await;
    assert_eq!(list.body["items"][3], made.body);
    let stale = server.write(Method::PATCH, &path, "\"9\"", json!({"name": "Check"})).await;
    assert_eq!(stale.problem(412), "version_conflict");
    let patched =
        server.write(Method::PATCH, &path, made.header("etag"), json!({"name": "Check", "wip_limit": null})).await;
    assert_eq!((&patched.body["name"], &patched.body["wip_limit"]), (&json!("Check"), &json!(null)));
    let bad = server.post("/v1/boards/AB/columns", json!({"name": "Odd", "kind": "waiting"})).await;
    assert_eq!(bad.problem(422), "invalid");
    assert_eq!(bad.body["errors"][0]["pointer"], "/kind");
}
