//! /v1/boards.

use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn boards_are_created_read_listed_changed_and_deleted() {
    let server = Server::start().await;
    let made = server.post("/v1/workspaces", json!({"name": "lab"})).await;
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
async fn a_board_moves_to_a_workspace_that_is_there() {
    let server = Server::start().await;
    let board = server.get("/v1/boards/AB").await;
    let lab = server.post("/v1/workspaces", json!({"name": "lab"})).await;
    let patch = json!({"workspace_id": lab.body["id"]});
    let moved = server.write(Method::PATCH, "/v1/boards/AB", board.header("etag"), patch).await;
    assert_eq!((moved.status.as_u16(), &moved.body["workspace_id"]), (200, &lab.body["id"]));
    let listed = server.get(&format!("/v1/boards?workspace_id={}", lab.body["id"].as_str().expect("an id"))).await;
    assert_eq!(listed.body["items"][0]["key"], "AB");
    let nowhere = json!({"workspace_id": "01JD8QGZ5R00000000000000W1"});
    let missing = server.write(Method::PATCH, "/v1/boards/AB", "*", nowhere).await;
    assert_eq!((missing.problem(404), &missing.body["what"]), ("not_found", &json!("workspace")));
    let null = server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"workspace_id": null})).await;
    assert_eq!((null.problem(422), &null.body["errors"][0]["pointer"]), ("invalid", &json!("/workspace_id")));
}

#[tokio::test]
async fn a_board_has_a_time_zone_that_there_is() {
    let server = Server::start().await;
    for zone in ["Mars/Olympus", "", "+25:00", "Europe/Berlin; drop table"] {
        for refused in [
            server.post("/v1/boards", json!({"name": "Far", "time_zone": zone})).await,
            server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"time_zone": zone})).await,
        ] {
            assert_eq!(
                (refused.problem(422), &refused.body["errors"][0]["pointer"]),
                ("invalid", &json!("/time_zone"))
            );
        }
    }
    let near = server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"time_zone": "Europe/Berlin"})).await;
    assert_eq!(near.body["time_zone"], "Europe/Berlin");
}

#[tokio::test]
async fn what_is_on_a_deleted_board_is_gone() {
    let server = Server::start().await;
    server.card("one").await;
    let comment = server.post("/v1/cards/AB-1/comments", json!({"body": "so"})).await;
    server.write(Method::DELETE, "/v1/boards/AB", "*", json!({})).await;
    let column = format!("/v1/columns/{}", server.columns[0]);
    for path in [
        "/v1/boards/AB",
        "/v1/boards/AB/columns",
        "/v1/boards/AB/cards",
        "/v1/cards/AB-1",
        "/v1/cards/AB-1/comments",
        "/v1/cards/AB-1/dependencies",
        comment.header("location"),
        &column,
    ] {
        assert_eq!(server.get(path).await.problem(404), "not_found", "{path}");
    }
}
