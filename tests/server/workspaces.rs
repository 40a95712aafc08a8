//! /v1/workspaces.

use futures::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn workspaces_are_created_read_and_listed() {
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
    let id = made.header("location");
    let again = server.request(Method::GET, id).header("If-None-Match", made.header("etag"));
    assert_eq!(server.send(again).await.status, 304);
    assert_eq!(server.get("/v1/workspaces/01JD8QGZ5R00000000000000W1").await.problem(404), "not_found");
    let cursor = list.body["next_cursor"].as_str().expect("a cursor");
    let forged = format!("/v1/workspaces?limit=1&cursor=x{cursor}");
    assert_eq!(server.get(&forged).await.problem(400), "invalid");
}

#[tokio::test]
async fn a_workspace_is_patched_at_its_version() {
    let server = Server::start().await;
    let made = server.post("/v1/workspaces", json!({"name": "lab", "metadata": {"a": 1, "b": {"c": 2}}})).await;
    let path = made.header("location").to_owned();
    let unguarded = server.send(server.request(Method::PATCH, &path).json(&json!({"name": "x"}))).await;
    assert_eq!(unguarded.problem(428), "if_match_required");
    let patch = json!({"metadata": {"a": null, "b": {"d": 3}}});
    let patched = server.write(Method::PATCH, &path, made.header("etag"), patch).await;
    assert_eq!((patched.status.as_u16(), patched.header("etag")), (200, "\"2\""));
    assert_eq!(patched.body["metadata"], json!({"b": {"c": 2, "d": 3}}));
    assert_eq!(patched.body["name"], "lab", "what is absent stays");
    let stale = server.write(Method::PATCH, &path, made.header("etag"), json!({"name": "x"})).await;
    assert_eq!((stale.problem(412), stale.header("etag")), ("version_conflict", "\"2\""));
    assert_eq!(stale.body["current"], patched.body);
    assert_eq!(server.write(Method::PATCH, &path, "*", json!({"name": "WORK"})).await.problem(409), "duplicate");
    for (patch, pointer) in [
        (json!({"name": ""}), "/name"),
        (json!({"name": null}), "/name"),
        (json!({"description": "x".repeat(16385)}), "/description"),
        (json!({"metadata": [1]}), "/metadata"),
        (json!({"metadata": {"a": "x".repeat(16384)}}), "/metadata"),
        (json!({"deleted_at": null}), "/deleted_at"),
    ] {
        let refused = server.write(Method::PATCH, &path, "*", patch.clone()).await;
        assert_eq!(refused.problem(422), "invalid", "{patch}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    let patches = (0..8).map(|i| server.write(Method::PATCH, &path, "\"2\"", json!({"name": format!("lab {i}")})));
    let mut statuses: Vec<u16> = join_all(patches).await.iter().map(|answer| answer.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    let missing = server.write(Method::PATCH, "/v1/workspaces/01JD8QGZ5R00000000000000W1", "*", json!({})).await;
    assert_eq!(missing.problem(404), "not_found");
}

#[tokio::test]
async fn a_workspace_is_deleted_once_no_board_is_in_it() {
    let server = Server::start().await;
    let board = server.get("/v1/boards/AB").await;
    let path = format!("/v1/workspaces/{}", board.body["workspace_id"].as_str().expect("an id"));
    let unguarded = server.send(server.request(Method::DELETE, &path)).await;
    assert_eq!(unguarded.problem(428), "if_match_required");
    let full = server.write(Method::DELETE, &path, "*", json!({})).await;
    assert_eq!(full.problem(409), "workspace_not_empty");
    assert!(
        full.body["detail"].as_str().is_some_and(|detail| detail.contains("move them to another")),
        "{}",
        full.body
    );
    server.write(Method::DELETE, "/v1/boards/AB", "*", json!({})).await;
    assert_eq!(server.write(Method::DELETE, &path, "\"2\"", json!({})).await.problem(412), "version_conflict");
    let gone = server.write(Method::DELETE, &path, "\"1\"", json!({})).await;
    assert_eq!((gone.status.as_u16(), &gone.body["version"]), (200, &json!(2)));
    assert!(gone.body["deleted_at"].is_string());
    assert_eq!(server.get(&path).await.problem(404), "not_found");
    assert_eq!(server.write(Method::DELETE, &path, "*", json!({})).await.problem(404), "not_found");
    assert_eq!(server.get("/v1/workspaces").await.body["items"], json!([]));
    assert_eq!(server.post("/v1/boards", json!({"name": "Nowhere"})).await.problem(422), "invalid");
    assert_eq!(server.post("/v1/workspaces", json!({"name": "work"})).await.status, 201, "the name is free");
}
