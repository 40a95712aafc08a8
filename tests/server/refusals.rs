//! Whatever is wrong with a request, the refusal has one shape and says what to do.

use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn requests_that_cannot_be_read_are_refused_in_one_shape() {
    let server = Server::start().await;
    let send = |method, path: &'static str, media: &'static str, body: String| {
        let request = server.request(method, path).header("Content-Type", media).body(body);
        server.send(request)
    };
    let json_type = "application/json";
    let post = Method::POST;
    let answer = send(post.clone(), "/v1/boards", json_type, "{\"name\": ".to_owned()).await;
    assert_eq!(answer.problem(400), "malformed_json");
    let answer = send(post.clone(), "/v1/boards", json_type, "{\"name\": \"a\"} {}".to_owned()).await;
    assert_eq!(answer.problem(400), "malformed_json");
    let answer = send(post.clone(), "/v1/boards", json_type, "[".repeat(1000)).await;
    assert_eq!(answer.problem(400), "malformed_json");
    let answer = send(post.clone(), "/v1/boards", json_type, "{\"name\": \"a\", \"colour\": 1}".to_owned()).await;
    assert_eq!((answer.problem(422), &answer.body["errors"][0]["pointer"]), ("invalid", &json!("/colour")));
    let answer = send(post.clone(), "/v1/boards", "text/plain", "name".to_owned()).await;
    assert_eq!(answer.problem(415), "unsupported_media_type");
    let answer = send(post.clone(), "/v1/boards", json_type, format!("\"{}\"", "x".repeat(1024 * 1024))).await;
    assert_eq!(answer.problem(413), "too_large");
    assert_eq!(server.get("/v1/nothing").await.problem(404), "no_such_path");
    let answer = server.send(server.request(Method::PUT, "/v1/boards/AB")).await;
    assert_eq!(answer.problem(405), "method_not_allowed");
    assert!(answer.header("allow").contains("PATCH"), "{:?}", answer.headers);
    assert_eq!(server.get("/v1/boards?colour=red").await.problem(400), "bad_query");
    assert_eq!(server.get("/v1/boards/AB/cards?priority=urgent").await.problem(400), "bad_query");
    assert_eq!(server.get("/v1/boards?limit=0").await.problem(422), "invalid");
    assert_eq!(server.get("/v1/cards/%FF").await.problem(400), "bad_path");
    assert_eq!(server.get("/v1/cards/not-a-card").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/columns/01ARZ3NDEKTSV4RRFFQ69G5FAV").await.problem(404), "not_found");
    let weak = server.write(Method::PATCH, "/v1/boards/AB", "W/\"1\"", json!({})).await;
    assert_eq!(weak.problem(400), "bad_if_match");
    let context = server.request(Method::GET, "/v1/boards").header("X-Agent-Context", "[]");
    assert_eq!(server.send(context).await.problem(400), "bad_header");
    let epoch = server.request(Method::GET, "/v1/boards").header("X-Claim-Epoch", "one");
    assert_eq!(server.send(epoch).await.problem(400), "bad_header");
}

#[tokio::test]
async fn input_that_breaks_rules_is_refused_and_nothing_is_half_done() {
    let server = Server::start().await;
    let cards = format!("/v1/columns/{}/cards", server.columns[0]);
    let large = json!({"title": "", "description": "x".repeat(16 * 1024 + 1), "labels": ["a", "a"]});
    let answer = server.post(&cards, large).await;
    assert_eq!(answer.problem(422), "invalid");
    let pointers: Vec<&str> =
        answer.body["errors"].as_array().expect("errors").iter().filter_map(|e| e["pointer"].as_str()).collect();
    assert_eq!(pointers, ["/title", "/description", "/labels/1"]);
    let other = server.post("/v1/boards", json!({"name": "Other"})).await;
    let column = other.body["columns"][0]["id"].as_str().expect("an id");
    server.post(&format!("/v1/columns/{column}/cards"), json!({"title": "foreign"})).await;
    server.card("mine").await;
    let place = json!({"column_id": server.columns[1], "after_id": "OTHE-1"});
    let answer = server.write(Method::POST, "/v1/cards/AB-1/move", "\"1\"", place).await;
    assert_eq!((answer.problem(422), &answer.body["errors"][0]["pointer"]), ("invalid", &json!("/after_id")));
    let doing = format!("/v1/columns/{}", server.columns[1]);
    let limit = server.write(Method::PATCH, &doing, "*", json!({"wip_limit": 1})).await;
    assert_eq!(limit.status, 200);
    server.card("second").await;
    let to = json!({"column_id": server.columns[1]});
    assert_eq!(server.write(Method::POST, "/v1/cards/AB-1/move", "\"1\"", to.clone()).await.status, 200);
    let full = server.write(Method::POST, "/v1/cards/AB-2/move", "\"1\"", to).await;
    assert_eq!((full.problem(409), &full.body["limit"]), ("wip_limit_reached", &json!(1)));
    assert_eq!(full.body["retryable"], true);
    let board = server.get("/v1/boards/AB").await;
    let counts: Vec<i64> =
        board.body["columns"].as_array().expect("columns").iter().filter_map(|c| c["cards"].as_i64()).collect();
    assert_eq!(counts, [1, 1, 0]);
}

#[tokio::test]
async fn a_request_id_is_taken_over_when_it_is_sane_and_lands_on_the_event() {
    let server = Server::start().await;
    let create = server.request(Method::POST, &format!("/v1/columns/{}/cards", server.columns[0]));
    let create =
        create.header("X-Request-Id", "trace-1").header("X-Agent-Id", "agent-ü").header("X-Agent-Run", "run-9");
    let made = server.send(create.header("X-Agent-Context", r#"{"model": "m"}"#).json(&json!({"title": "t"}))).await;
    assert_eq!(made.header("x-request-id"), "trace-1");
    let event = &server.get("/v1/boards/AB/changes?since=4&full=true").await.body["items"][0];
    assert_eq!((&event["request_id"], &event["run_id"]), (&json!("trace-1"), &json!("run-9")));
    assert_eq!((&event["actor_id"], &event["agent_context"]), (&json!("agent-ü"), &json!({"model": "m"})));
    let odd = server.request(Method::GET, "/healthz").header("X-Request-Id", "a b");
    let odd = server.send(odd).await;
    assert_eq!((odd.status.as_u16(), odd.header("x-request-id").len()), (200, 26));
    assert_eq!(server.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn text_that_postgresql_cannot_store_is_refused_wherever_it_comes() {
    let server = Server::start().await;
    server.card("work").await;
    let cards = format!("/v1/columns/{}/cards", server.columns[0]);
    let bodies = [
        (cards.as_str(), json!({"title": "a\0b"}), "/title"),
        (cards.as_str(), json!({"title": "t", "labels": ["a\0b"]}), "/labels/0"),
        (cards.as_str(), json!({"title": "t", "fields": {"a": ["b\0"]}}), "/fields"),
        (cards.as_str(), json!({"title": "t", "agent_context": {"a\0": 1}}), "/agent_context"),
        ("/v1/boards", json!({"name": "a\0b"}), "/name"),
        ("/v1/cards/AB-1/comments", json!({"body": "\0"}), "/body"),
        ("/v1/agents/a/claim", json!({"labels": ["\0"]}), "/labels/0"),
        ("/v1/cards/AB-1/claim", json!({"agent_id": "\0"}), "/agent_id"),
    ];
    for (path, body, pointer) in bodies {
        let answer = server.post(path, body).await;
        assert_eq!((answer.problem(422), &answer.body["errors"][0]["pointer"]), ("invalid", &json!(pointer)), "{path}");
    }
    // half a character, as broken programs escape it; more than the database's numbers and nesting hold
    let raw = |body: String| server.request(Method::POST, &cards).header("Content-Type", "application/json").body(body);
    let deep = format!("{}{}", "[".repeat(7000), "]".repeat(7000));
    assert_eq!(server.send(raw(r#"{"title": "\ud800"}"#.to_owned())).await.problem(400), "malformed_json");
    for fields in [r#"{"a": "\ud800"}"#, r#"{"a": 1e999999}"#, r#"{"a": 1e-999999}"#, &format!(r#"{{"a": {deep}}}"#)] {
        let answer = server.send(raw(format!(r#"{{"title": "t", "fields": {fields}}}"#))).await;
        assert_eq!((answer.problem(422), &answer.body["errors"][0]["pointer"]), ("invalid", &json!("/fields")));
    }
    let kept = r#"{"title": "t", "fields": {"a": [1e300, "\ud83d\ude00"]}}"#;
    assert_eq!(server.send(raw(kept.to_owned())).await.body["fields"]["a"][1], "😀");
    // the largest number that is taken can also be shown to whoever comes too late
    let most = server.send(raw(r#"{"title": "t", "fields": {"a": 1.7976931348623157e308}}"#.to_owned())).await;
    let path = format!("/v1/cards/{}", most.body["key"].as_str().expect("a key"));
    let stale = server.write(Method::PATCH, &path, "\"9\"", json!({"title": "late"})).await;
    assert_eq!((stale.problem(412), &stale.body["current"]["fields"]["a"]), ("version_conflict", &json!(f64::MAX)));
}
