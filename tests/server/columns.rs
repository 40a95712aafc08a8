//! /v1/boards/{id}/columns, /v1/columns.

use futures::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

async fn names(server: &Server) -> Vec<String> {
    let list = server.get("/v1/boards/AB/columns").await;
    let items = list.body["items"].as_array().expect("items");
    items.iter().map(|column| column["name"].as_str().expect("a name").to_owned()).collect()
}

async fn reorder(server: &Server, column: &str, if_match: &str, place: Value) -> Answer {
    server.write(Method::POST, &format!("/v1/columns/{column}/reorder"), if_match, place).await
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

#[tokio::test]
async fn columns_are_reordered_at_their_version() {
    let server = Server::start().await;
    let [todo, doing, done] = &server.columns;
    let path = format!("/v1/columns/{todo}/reorder");
    let unguarded = server.post(&path, json!({"position": 2})).await;
    assert_eq!(unguarded.problem(428), "if_match_required");
    let seen = server.get(&format!("/v1/columns/{done}")).await;
    let moved = reorder(&server, todo, "\"1\"", json!({"after_id": doing})).await;
    assert_eq!((moved.status.as_u16(), &moved.body["position"], &moved.body["version"]), (200, &json!(1), &json!(2)));
    assert_eq!(names(&server).await, ["Doing", "Todo", "Done"]);
    let stale = reorder(&server, todo, "\"1\"", json!({})).await;
    assert_eq!((stale.problem(412), &stale.body["current"]), ("version_conflict", &moved.body));
    assert_eq!(reorder(&server, todo, moved.header("etag"), json!({})).await.body["position"], 2);
    assert_eq!(reorder(&server, done, "*", json!({"before_id": doing})).await.body["position"], 0);
    assert_eq!(names(&server).await, ["Done", "Doing", "Todo"]);
    // the place is part of what a column shows
    let path = format!("/v1/columns/{doing}");
    let first = server.get(&path).await;
    reorder(&server, doing, "*", json!({"position": 0})).await;
    let again = server.request(Method::GET, &path).header("If-None-Match", first.header("etag"));
    assert_eq!(server.send(again).await.body["position"], 0);
    let again =
        server.request(Method::GET, &format!("/v1/columns/{done}")).header("If-None-Match", seen.header("etag"));
    assert_eq!(server.send(again).await.status, 200);
    for (place, pointer) in [
        (json!({"after_id": todo}), "/after_id"),
        (json!({"before_id": "01JD8QGZ5R00000000000000C1"}), "/before_id"),
        (json!({"before_id": done, "position": 1}), "/position"),
        (json!({"position": -1}), "/position"),
        (json!({"after_id": "AB"}), "/after_id"),
        (json!({"place": 1}), "/place"),
    ] {
        let refused = reorder(&server, todo, "*", place.clone()).await;
        assert_eq!(refused.problem(422), "invalid", "{place}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(reorder(&server, "01JD8QGZ5R00000000000000C1", "*", json!({})).await.problem(404), "not_found");
    server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"archived": true})).await;
    assert_eq!(reorder(&server, todo, "*", json!({})).await.problem(409), "board_archived");
}

#[tokio::test]
async fn of_many_reorders_at_one_version_one_is_made() {
    let server = Server::start().await;
    let reorders = (0..8).map(|i| reorder(&server, &server.columns[i % 3], "\"1\"", json!({"position": i % 3})));
    let mut answers = join_all(reorders).await.into_iter().map(|answer| answer.status.as_u16()).collect::<Vec<_>>();
    answers.sort_unstable();
    assert_eq!(answers, [200, 200, 200, 412, 412, 412, 412, 412], "each of three columns once");
}

#[tokio::test]
async fn a_column_is_deleted_with_its_cards_moved_where_it_is_told() {
    let server = Server::start().await;
    let [todo, doing, done] = &server.columns;
    for title in ["one", "two", "three"] {
        server.card(title).await;
    }
    let path = format!("/v1/columns/{todo}");
    let unguarded = server.send(server.request(Method::DELETE, &path)).await;
    assert_eq!(unguarded.problem(428), "if_match_required");
    let full = server.write(Method::DELETE, &path, "*", json!({})).await;
    assert_eq!(full.problem(409), "column_not_empty");
    assert!(full.body["detail"].as_str().is_some_and(|detail| detail.contains("move_cards_to")), "{}", full.body);
    let into = |target: &str| format!("{path}?move_cards_to={target}");
    for target in [todo.as_str(), "01JD8QGZ5R00000000000000C1"] {
        let refused = server.write(Method::DELETE, &into(target), "*", json!({})).await;
        assert_eq!(
            (refused.problem(422), &refused.body["errors"][0]["pointer"]),
            ("invalid", &json!("/move_cards_to"))
        );
    }
    assert_eq!(server.write(Method::DELETE, &into("todo"), "*", json!({})).await.problem(400), "bad_query");
    server.write(Method::PATCH, &format!("/v1/columns/{doing}"), "*", json!({"wip_limit": 2})).await;
    let narrow = server.write(Method::DELETE, &into(doing), "*", json!({})).await;
    assert_eq!((narrow.problem(409), &narrow.body["limit"]), ("wip_limit_reached", &json!(2)));
    let claimed = server.act("claude-1", None, "/v1/cards/AB-2/claim", json!({"start": false})).await;
    assert_eq!(claimed.status, 200);
    let request = server.request(Method::DELETE, &into(done)).header("If-Match", "*").header("X-Agent-Id", "claude-2");
    assert_eq!(server.send(request).await.problem(409), "claimed");
    let stale = server.write(Method::DELETE, &into(done), "\"9\"", json!({})).await;
    assert_eq!(stale.problem(412), "version_conflict");
    let gone = server.write(Method::DELETE, &into(done), "\"1\"", json!({})).await;
    assert_eq!((gone.status.as_u16(), &gone.body["cards"]), (200, &json!(0)));
    assert!(gone.body["deleted_at"].is_string());
    let cards = server.get("/v1/boards/AB/cards?status=done").await;
    let keys: Vec<&str> =
        cards.body["items"].as_array().expect("items").iter().filter_map(|card| card["key"].as_str()).collect();
    assert_eq!(keys, ["AB-1", "AB-2", "AB-3"]);
    assert_eq!(cards.body["items"][1]["claim"], Value::Null, "a finished card is nobody's");
    assert_eq!(server.get(&path).await.problem(404), "not_found");
    assert_eq!(server.write(Method::DELETE, &path, "*", json!({})).await.problem(404), "not_found");
    assert_eq!(names(&server).await, ["Doing", "Done"]);
    let again = server.post("/v1/boards/AB/columns", json!({"name": "Todo", "kind": "todo"})).await;
    assert_eq!((again.status.as_u16(), &again.body["position"]), (201, &json!(2)));
    let changes = server.get("/v1/boards/AB/changes?since=9&full=true").await;
    let actions: Vec<&str> =
        changes.body["items"].as_array().expect("items").iter().filter_map(|event| event["action"].as_str()).collect();
    let moved = ["card.moved", "card.moved", "card.moved", "column.deleted", "column.created"];
    assert_eq!(actions, moved);
}
