//! /v1/boards/{id}/cards/bulk.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

const PATH: &str = "/v1/boards/AB/cards/bulk";

async fn bulk(server: &Server, operations: Value) -> Answer {
    server.post(PATH, json!({ "operations": operations })).await
}

/// The board as clients see it: its cards in order, and every event in full.
async fn board(server: &Server) -> (String, String) {
    let cards = server.text("/v1/boards/AB/cards?limit=200").await;
    (cards, server.text("/v1/boards/AB/changes?since=0&full=true&limit=1000").await)
}

#[tokio::test]
async fn many_changes_are_made_at_once_and_answered_in_order() {
    let server = Server::start().await;
    let [todo, doing, _] = &server.columns;
    for title in ["one", "two", "three"] {
        server.card(title).await;
    }
    let operations = json!([
        {"create": {"column_id": todo, "card": {"title": "new", "fields": {"estimate": 0.5}, "position": 0}}},
        {"update": {"card": "AB-1", "version": 1, "patch": {"title": "first", "due_at": "2026-12-24T12:00:00Z"}}},
        {"move": {"card": "AB-1", "version": 1.0, "column_id": doing}},
        {"add_labels": {"card": "AB-2", "labels": ["bug", "old"]}},
        {"remove_labels": {"card": "AB-2", "version": 1, "labels": ["old"]}},
        {"delete": {"card": "AB-3", "version": "*"}},
        {"restore": {"card": "AB-3"}},
    ]);
    let done = bulk(&server, operations).await;
    assert_eq!((done.status.as_u16(), &done.body["dry_run"]), (200, &json!(false)), "{:?}", done.body);
    let items = done.body["items"].as_array().expect("items");
    let shown: Vec<_> =
        items.iter().map(|item| (&item["action"], &item["card"]["key"], &item["card"]["version"])).collect();
    let expected = [
        ("create", "AB-4", 1),
        ("update", "AB-1", 2),
        ("move", "AB-1", 3),
        ("add_labels", "AB-2", 2),
        ("remove_labels", "AB-2", 3),
        ("delete", "AB-3", 2),
        ("restore", "AB-3", 3),
    ];
    for (shown, (action, key, version)) in shown.into_iter().zip(expected) {
        assert_eq!(shown, (&json!(action), &json!(key), &json!(version)));
    }
    assert_eq!((&items[2]["card"]["status"], &items[4]["card"]["labels"]), (&json!("doing"), &json!(["bug"])));
    assert!(items[5]["card"]["deleted_at"].is_string() && items[6]["card"]["deleted_at"].is_null());
    assert_eq!(items[0]["card"]["description"], Value::Null, "what nobody asked for is not there");
    let now = server.get("/v1/cards/AB-4").await;
    assert_eq!(now.body["fields"].to_string(), r#"{"estimate":0.5}"#);
    let events = server.get("/v1/boards/AB/changes?since=7&full=true").await;
    let actions: Vec<_> = events.body["items"].as_array().expect("items").iter().map(|e| e["action"].clone()).collect();
    let all =
        ["created", "updated", "moved", "updated", "updated", "deleted", "restored"].map(|done| format!("card.{done}"));
    assert_eq!(actions, all);
    assert!(
        events.body["items"].as_array().expect("items").iter().all(|e| e["request_id"] == done.header("x-request-id"))
    );
}

#[tokio::test]
async fn a_fault_in_one_of_500_changes_nothing_and_says_which() {
    let server = Server::start().await;
    let [todo, doing, _] = &server.columns;
    let cards: Vec<Value> =
        (0..100).map(|i| json!({"create": {"column_id": todo, "card": {"title": format!("card {i}")}}})).collect();
    assert_eq!(bulk(&server, json!(cards)).await.status, 200);
    let mut operations: Vec<Value> = Vec::new();
    for i in 0..250 {
        let card = format!("AB-{}", 1 + i % 100);
        operations.push(json!({"update": {"card": card, "version": "*", "patch": {"title": format!("renamed {i}")}}}));
        operations.push(json!({"move": {"card": card, "version": "*", "column_id": doing, "position": 0}}));
    }
    let before = board(&server).await;
    for k in [0, 249, 499] {
        let mut broken = operations.clone();
        broken[k] = json!({"delete": {"card": "AB-1", "version": 77}});
        let refused = bulk(&server, json!(broken)).await;
        assert_eq!((refused.problem(412), &refused.body["index"]), ("version_conflict", &json!(k)));
        assert_eq!((&refused.body["action"], &refused.body["current"]["version"]), (&json!("delete"), &json!(1)));
        broken[k] = json!({"update": {"card": "AB-1", "version": 1, "patch": {"title": ""}}});
        let refused = bulk(&server, json!(broken)).await;
        assert_eq!(refused.problem(422), "invalid");
        let pointer = format!("/operations/{k}/update/patch/title");
        assert_eq!(refused.body["errors"], json!([{"pointer": pointer, "detail": "must not be empty"}]));
        assert_eq!(board(&server).await, before);
    }
}

#[tokio::test]
async fn a_dry_run_answers_the_same_and_changes_nothing() {
    let server = Server::start().await;
    server.card("one").await;
    let before = board(&server).await;
    let mut body = json!({
        "operations": [
            {"move": {"card": "AB-1", "version": 1, "column_id": server.columns[2]}},
            {"create": {"column_id": server.columns[0], "card": {"title": "two"}}},
        ],
        "dry_run": true,
        "fields": ["status", "title"],
    });
    // also under a key, whose transaction is kept
    let keyed = server.request(Method::POST, PATH).header("Idempotency-Key", "dry").json(&body);
    let (mut tried, mut keyed) = (server.post(PATH, body.clone()).await, server.send(keyed).await);
    assert_eq!((tried.status.as_u16(), keyed.status.as_u16()), (200, 200), "{:?}", tried.body);
    assert_eq!(board(&server).await, before);
    body["dry_run"] = json!(false);
    let mut done = server.post(PATH, body).await;
    assert_eq!(done.body["items"][1]["card"]["key"], "AB-2");
    for answer in [&mut tried, &mut keyed, &mut done] {
        // a card that is only tried never gets this id
        assert!(answer.body["items"][1]["card"]["id"].take().is_string());
    }
    assert_eq!(tried.body["dry_run"], true);
    assert_eq!(tried.body["items"], done.body["items"]);
    assert_eq!(keyed.body, tried.body);
    assert_eq!(done.body["items"][0]["card"].as_object().expect("a card").len(), 5);
}

#[tokio::test]
async fn a_bulk_under_a_key_is_carried_out_once() {
    let server = Server::start().await;
    let create = json!({"create": {"column_id": server.columns[0], "card": {"title": "once"}}});
    let send = |key: &'static str, operations: Value| {
        let request = server.request(Method::POST, PATH).header("Idempotency-Key", key);
        server.send(request.json(&json!({ "operations": operations })))
    };
    // what is refused has changed nothing and leaves the key free
    let broken = send("k", json!([create, {"restore": {"card": "AB-9"}}])).await;
    assert_eq!((broken.problem(404), &broken.body["index"]), ("not_found", &json!(1)));
    let first = send("k", json!([create, create])).await;
    let again = send("k", json!([create, create])).await;
    assert_eq!((first.status.as_u16(), again.header("idempotency-replayed")), (200, "true"));
    assert_eq!(again.body, first.body);
    assert_eq!(server.get("/v1/boards/AB/cards").await.body["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn bad_bulks_are_refused_with_the_member_that_is_wrong() {
    let server = Server::start().await;
    server.card("one").await;
    let todo = &server.columns[0];
    let before = board(&server).await;
    for (operations, pointer) in [
        (json!([]), "/operations"),
        (json!({}), "/operations"),
        (json!(["restore"]), "/operations/0"),
        (json!([{}]), "/operations/0"),
        (json!([{"archive": {"card": "AB-1"}}]), "/operations/0"),
        (json!([{"restore": {"card": "AB-1"}, "delete": {"card": "AB-1", "version": 1}}]), "/operations/0"),
        (json!([{"restore": {"card": "AB-1"}}, {"delete": {"card": "AB-1"}}]), "/operations/1/delete"),
        (json!([{"delete": {"card": "AB-1", "version": "1"}}]), "/operations/0/delete/version"),
        (json!([{"delete": {"card": "AB-1", "version": 1.5}}]), "/operations/0/delete/version"),
        (json!([{"delete": {"card": "AB-1", "version": 1, "why": "so"}}]), "/operations/0/delete/why"),
        (
            json!([{"create": {"column_id": todo, "card": {"title": "x", "fields": []}}}]),
            "/operations/0/create/card/fields",
        ),
        (json!([{"add_labels": {"card": "AB-1", "labels": []}}]), "/operations/0/add_labels/labels"),
        (json!(vec![json!({"restore": {"card": "AB-1"}}); 501]), "/operations"),
    ] {
        let refused = bulk(&server, operations.clone()).await;
        assert_eq!(refused.problem(422), "invalid", "{operations}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{operations} {}", refused.body);
    }
    assert_eq!(server.post(PATH, json!({"operations": [], "atomic": false})).await.problem(422), "invalid");
    let restore = json!({"operations": [{"restore": {"card": "AB-1"}}]});
    assert_eq!(server.post("/v1/boards/ZZ/cards/bulk", restore.clone()).await.problem(404), "not_found");
    assert_eq!(board(&server).await, before);
    server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"archived": true})).await;
    let delete = json!([{"restore": {"card": "AB-1"}}, {"delete": {"card": "AB-1", "version": 1}}]);
    let archived = bulk(&server, delete).await;
    assert_eq!((archived.problem(409), &archived.body["index"]), ("board_archived", &json!(1)));
}

#[tokio::test]
async fn prose_in_a_bulk_is_cut_where_that_is_preferred() {
    let server = Server::start().await;
    let create = |title: &str| json!({"create": {"column_id": server.columns[0], "card": {"title": title}}});
    let send = |operations: Vec<Value>| {
        let request = server.request(Method::POST, PATH).header("Prefer", "handling=lenient");
        server.send(request.json(&json!({ "operations": operations })))
    };
    let cut = send(vec![create("short"), create(&"x".repeat(300))]).await;
    assert_eq!((cut.status.as_u16(), cut.header("x-truncated-fields")), (200, "/operations/1/create/card/title"));
    assert_eq!(cut.body["items"][1]["card"]["title"].as_str().map(str::len), Some(256));
    let many = send(vec![create(&"x".repeat(300)); 60]).await;
    let named = many.header("x-truncated-fields");
    assert!(named.ends_with("/operations/49/create/card/title, and 10 more"), "{named}");
}
