//! /v1/search.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Server};

/// Keys of the cards that are found, in order.
fn keys(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["items"].as_array().expect("items").iter().filter_map(|hit| hit["card"]["key"].as_str()).collect()
}

async fn card(server: &Server, card: Value) -> Value {
    let made = server.post(&format!("/v1/columns/{}/cards", server.columns[0]), card).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body
}

#[tokio::test]
async fn cards_and_comments_are_found_with_excerpts_and_pages() {
    let server = Server::start().await;
    card(&server, json!({"title": "Fix the login", "labels": ["auth"], "priority": "high"})).await;
    card(&server, json!({"title": "Réparer le café", "description": "The <b>login</b> page, too."})).await;
    card(&server, json!({"title": "Unrelated"})).await;
    server.act("claude-1", None, "/v1/cards/AB-3/comments", json!({"body": "See the login."})).await;

    let found = server.get("/v1/search?q=login").await;
    assert_eq!(keys(&found), ["AB-1", "AB-2", "AB-3"]);
    let hit = &found.body["items"][0];
    assert_eq!(
        (&hit["found_in"], &hit["is_approximate"], &hit["comment"]),
        (&json!("title"), &json!(false), &json!(null))
    );
    assert_eq!((&hit["card"]["priority"], &hit["card"]["status"]), (&json!("high"), &json!("todo")));
    let parts = json!([{"text": "Fix the ", "is_hit": false}, {"text": "login", "is_hit": true}]);
    assert_eq!(hit["excerpts"], json!([{"field": "title", "parts": parts, "is_cut": false}]));
    let parts = &found.body["items"][1]["excerpts"][0]["parts"];
    assert_eq!((&parts[0]["text"], &parts[2]["text"]), (&json!("The <b>"), &json!("</b> page, too.")), "text is data");
    let comment = &found.body["items"][2];
    assert_eq!((&comment["found_in"], &comment["comment"]["author"]["id"]), (&json!("comment"), &json!("claude-1")));

    for (query, expected) in [
        ("q=LOGIN&priority=high", &["AB-1"][..]),
        ("q=login&label=auth", &["AB-1"]),
        ("q=login&status=doing", &[]),
        ("q=login&board_id=AB", &["AB-1", "AB-2", "AB-3"]),
        ("q=lgoin", &["AB-1", "AB-2", "AB-3"]),
        ("q=ogi&archived=true", &["AB-1", "AB-2", "AB-3"]),
        ("q=cafe", &["AB-2"]),
        ("q=CAF%C3%89", &["AB-2"]),
        ("q=ab-2", &["AB-2"]),
        ("q=login+-page", &["AB-1", "AB-3"]),
        ("q=%22the+login%22", &["AB-1", "AB-3"]),
        ("q=nothing+of+the+kind", &[]),
    ] {
        assert_eq!(keys(&server.get(&format!("/v1/search?{query}")).await), expected, "{query}");
    }

    let mut seen = Vec::new();
    let mut path = "/v1/search?q=login&limit=1".to_owned();
    loop {
        let page = server.get(&path).await;
        seen.extend(keys(&page).into_iter().map(str::to_owned));
        match page.header("link") {
            "" => break,
            link => path = link.trim_start_matches('<').split('>').next().expect("an address").to_owned(),
        }
    }
    assert_eq!(seen, ["AB-1", "AB-2", "AB-3"]);
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_refused() {
    let server = Server::start().await;
    assert_eq!(server.get("/v1/search").await.problem(400), "bad_query");
    for query in
        ["q=", "q=%E2%80%A6", "q=-login", &format!("q={}", "x".repeat(257)), &"q=x".replace('x', &"a+".repeat(17))]
    {
        let answer = server.get(&format!("/v1/search?{query}")).await;
        assert_eq!((answer.problem(422), &answer.body["errors"][0]["pointer"]), ("invalid", &json!("/q")), "{query}");
    }
    assert_eq!(server.get("/v1/search?q=a%00b").await.problem(400), "bad_query");
    assert_eq!(server.get("/v1/search?q=a&limit=0").await.problem(422), "invalid");
    assert_eq!(server.get("/v1/search?q=a&colour=red").await.problem(400), "bad_query");
    assert_eq!(server.get("/v1/search?q=a&archived=perhaps").await.problem(400), "bad_query");
    assert_eq!(server.get("/v1/search?q=a&board_id=NONE").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/search?q=a&cursor=forged").await.problem(400), "invalid");
    assert_eq!(server.send(server.request(Method::POST, "/v1/search?q=a")).await.problem(405), "method_not_allowed");
    for i in 0..3 {
        server.card(&format!("login {i}")).await;
    }
    let first = server.get("/v1/search?q=login&limit=1").await;
    let cursor = first.body["next_cursor"].as_str().expect("there is more");
    let others = format!("/v1/search?q=logan&limit=1&cursor={cursor}");
    assert_eq!(server.get(&others).await.problem(400), "invalid", "a cursor is for its own query");
}
