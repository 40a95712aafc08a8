//! /v1/boards/{id}/changes and /v1/boards/{id}/events.

use std::time::{Duration, Instant};

use kanban_server::Config;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Server;

/// A reader of a stream, as a browser is one.
struct Reader {
    response: reqwest::Response,
    text: String,
}

/// A frame of a stream.
#[derive(Debug, PartialEq)]
struct Frame {
    event: String,
    id: String,
    data: Value,
}

impl Reader {
    async fn open(server: &Server, path: &str, last: Option<&str>) -> Self {
        let mut request = server.request(Method::GET, path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = server.open(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next frame with data, or `None` at the end.
    async fn next(&mut self) -> Option<Frame> {
        loop {
            if let Some((frame, rest)) = self.text.split_once("\n\n") {
                let (frame, rest) = (frame.to_owned(), rest.to_owned());
                self.text = rest;
                let member = |name: &str| {
                    let line = frame.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
                    line.unwrap_or_default().to_owned()
                };
                if !member("data").is_empty() {
                    let data = serde_json::from_str(&member("data")).expect("JSON");
                    return Some(Frame { event: member("event"), id: member("id"), data });
                }
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(30), self.response.chunk());
            let chunk = chunk.await.expect("something comes").expect("it goes on")?;
            self.text.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    async fn numbers(&mut self, count: usize) -> Vec<i64> {
        let mut numbers = Vec::new();
        for _ in 0..count {
            let frame = self.next().await.expect("it goes on");
            assert_eq!((frame.event.as_str(), frame.id.as_str()), ("", frame.data["seq"].to_string().as_str()));
            numbers.push(frame.data["seq"].as_i64().expect("a number"));
        }
        numbers
    }
}

#[tokio::test]
async fn changes_are_compact_and_in_full_every_event() {
    let server = Server::start().await;
    server.card("work").await;
    server.write(Method::PATCH, "/v1/cards/AB-1", "*", json!({"priority": "high"})).await;
    let to = json!({"column_id": server.columns[1]});
    server.write(Method::POST, "/v1/cards/AB-1/move", "*", to).await;
    let compact = server.get("/v1/boards/AB/changes?since=5").await;
    let change = &compact.body["items"][0];
    assert_eq!(
        (&compact.body["next_since"], &compact.body["seq"], compact.body["items"].as_array().map(Vec::len)),
        (&json!(7), &json!(7), Some(1))
    );
    assert_eq!(
        (&change["key"], &change["title"], &change["what"]),
        (&json!("AB-1"), &json!("work"), &json!("updated"))
    );
    assert_eq!((&change["after"]["status"], &change["after"]["priority"]), (&json!("doing"), &json!("high")));
    assert_eq!(change["actions"], json!(["card.updated", "card.moved"]));
    let full = server.get("/v1/boards/AB/changes?since=5&full=true").await;
    let actions: Vec<&Value> = full.body["items"].as_array().expect("events").iter().map(|e| &e["action"]).collect();
    assert_eq!((actions, &full.body["next_since"]), (vec![&json!("card.updated"), &json!("card.moved")], &json!(7)));
    let end = server.get("/v1/boards/AB/changes?since=7&full=true").await;
    assert_eq!(end.body, json!({"items": [], "next_since": 7}));
    for (query, pointer) in [
        ("since=8", "/since"),
        ("since=-1", "/since"),
        ("since=8&full=true", "/since"),
        ("limit=1001", "/limit"),
        ("limit=1001&full=true", "/limit"),
    ] {
        let refused = server.get(&format!("/v1/boards/AB/changes?{query}")).await;
        assert_eq!(
            (refused.problem(422), &refused.body["errors"][0]["pointer"]),
            ("invalid", &json!(pointer)),
            "{query}"
        );
    }
    for query in ["since=x", "full=maybe", "since=1&since=2", "until=3"] {
        assert_eq!(server.get(&format!("/v1/boards/AB/changes?{query}")).await.problem(400), "bad_query");
    }
    assert_eq!(server.get("/v1/boards/NOPE/changes").await.problem(404), "not_found");
}

#[tokio::test]
async fn a_history_that_is_not_kept_so_far_back_is_a_conflict() {
    let server = Server::start().await;
    let pool = server.database.superuser().await;
    sqlx::raw_sql("delete from kanban.events where seq <= 2").execute(&pool).await.expect("history goes");
    for query in ["since=0", "since=1", "since=1&full=true"] {
        let gone = server.get(&format!("/v1/boards/AB/changes?{query}")).await;
        assert_eq!((gone.problem(409), &gone.body["seq"]), ("history_gone", &json!(4)), "{query}");
    }
    assert_eq!(server.get("/v1/boards/AB/changes?since=2&full=true").await.body["next_since"], 4);
}

#[tokio::test]
async fn a_stream_goes_on_where_its_reader_was() {
    let server = Server::start().await;
    let mut reader = Reader::open(&server, "/v1/boards/AB/events?since=0", None).await;
    assert_eq!(reader.numbers(4).await, [1, 2, 3, 4]);
    server.card("seen").await;
    let frame = reader.next().await.expect("it goes on");
    let full = server.get("/v1/boards/AB/changes?since=4&full=true").await;
    assert_eq!(frame, Frame { event: String::new(), id: "5".to_owned(), data: full.body["items"][0].clone() });
    drop(reader);
    server.card("missed").await;
    // a browser asks the same address again, and says what it has seen
    let mut back = Reader::open(&server, "/v1/boards/AB/events?since=0", Some("5")).await;
    assert_eq!(back.numbers(1).await, [6]);
    let mut new = Reader::open(&server, "/v1/boards/AB/events", None).await;
    server.card("new").await;
    assert_eq!((back.numbers(1).await, new.numbers(1).await), (vec![7], vec![7]));
}

#[tokio::test]
async fn a_history_that_is_not_there_resets_the_reader() {
    let server = Server::start().await;
    let mut reader = Reader::open(&server, "/v1/boards/AB/events", Some("99")).await;
    let reset = reader.next().await.expect("it goes on");
    assert_eq!((reset.event.as_str(), reset.id.as_str(), &reset.data["code"]), ("reset", "4", &json!("history_gone")));
    server.card("on").await;
    assert_eq!(reader.numbers(1).await, [5]);
}

/// The time that an answer may take is the time to its beginning.
#[tokio::test]
async fn a_stream_outlives_the_time_that_an_answer_may_take() {
    let server = Server::start_with(Config { answer_time: Duration::from_secs(1), ..Config::default() }).await;
    let mut reader = Reader::open(&server, "/v1/boards/AB/events", None).await;
    let (began, mut seen) = (Instant::now(), 0);
    while began.elapsed() < Duration::from_millis(1500) {
        server.card("busy").await;
        seen += reader.numbers(1).await.len();
    }
    assert!(seen > 0);
}

#[tokio::test]
async fn a_stream_that_cannot_begin_is_refused() {
    let server = Server::start().await;
    assert_eq!(server.get("/v1/boards/NOPE/events").await.problem(404), "not_found");
    assert_eq!(server.get("/v1/boards/AB/events?since=-1").await.problem(422), "invalid");
    for query in ["since=x", "limit=3"] {
        assert_eq!(server.get(&format!("/v1/boards/AB/events?{query}")).await.problem(400), "bad_query");
    }
    let request = server.request(Method::GET, "/v1/boards/AB/events").header("Last-Event-ID", "five");
    assert_eq!(server.send(request).await.problem(400), "bad_header");
}
