//! What holds for every path: preferences, codings, origins, limits, methods, headers.

use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use kanban_server::Config;
use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn too_long_prose_is_cut_where_that_is_preferred_and_the_answer_says_so() {
    let server = Server::start().await;
    let cards = format!("/v1/columns/{}/cards", server.columns[0]);
    let long = json!({"title": "é".repeat(300), "description": "é".repeat(9000), "labels": ["a"]});
    assert_eq!(server.post(&cards, long.clone()).await.problem(422), "invalid");
    let lenient = |body: serde_json::Value, preference: &'static str| {
        server.request(Method::POST, &cards).header("Prefer", preference).json(&body)
    };
    let made = server.send(lenient(long.clone(), "respond-async, handling=lenient; foo")).await;
    assert_eq!((made.status.as_u16(), made.header("preference-applied")), (201, "handling=lenient"));
    assert_eq!(made.header("x-truncated-fields"), "/title, /description");
    assert_eq!(made.body["title"], "é".repeat(256));
    assert_eq!(made.body["description"], "é".repeat(8 * 1024), "16 KiB, between two characters");
    let odd = json!({"title": "t", "description": format!("x{}", "é".repeat(9000))});
    let odd = server.send(lenient(odd, "handling=lenient")).await;
    assert_eq!(odd.body["description"].as_str().map(str::len), Some(16 * 1024 - 1), "a character is not cut in two");
    let fits = server.send(lenient(json!({"title": "t"}), "handling=lenient")).await;
    assert_eq!((fits.header("preference-applied"), fits.header("x-truncated-fields")), ("handling=lenient", ""));
    for refused in [
        json!({"title": "t", "labels": ["x".repeat(257)]}),
        json!({"title": "t", "external_id": "x".repeat(257)}),
        json!({"title": "t", "fields": {"a": "x".repeat(17_000)}}),
        json!({"title": ""}),
    ] {
        assert_eq!(server.send(lenient(refused, "handling=lenient")).await.problem(422), "invalid");
    }
    let strict = server.send(lenient(long.clone(), "handling=strict")).await;
    assert_eq!((strict.problem(422), strict.header("preference-applied")), ("invalid", ""));
    assert_eq!(server.send(lenient(long, "handling=soft")).await.problem(400), "bad_header");
    let comment = server.request(Method::POST, "/v1/cards/AB-1/comments").header("Prefer", "handling=lenient");
    let comment = server.send(comment.json(&json!({"body": "x".repeat(9000)}))).await;
    assert_eq!((comment.status.as_u16(), comment.header("x-truncated-fields")), (201, "/body"));
    assert_eq!(comment.body["body"].as_str().map(str::len), Some(8 * 1024));
}

#[tokio::test]
async fn answers_are_compressed_for_those_who_can_read_that() {
    let server = Server::start().await;
    for coding in ["gzip", "br"] {
        let answer = server.request(Method::GET, "/v1/boards/AB").header("Accept-Encoding", coding);
        let answer = answer.send().await.expect("an answer");
        assert_eq!(answer.headers()["content-encoding"], coding);
        assert!(answer.headers().contains_key("etag") && answer.headers()["vary"] == "accept-encoding");
        let plain = server.text("/v1/boards/AB").await;
        assert!(answer.bytes().await.expect("a body").len() < plain.len());
    }
    let plain = server.get("/v1/boards/AB").await;
    assert_eq!(plain.header("content-encoding"), "");
}

#[tokio::test]
async fn pages_of_the_named_origins_may_call_and_no_others() {
    let shut = Server::start().await;
    let preflight = |server: &Server, origin: &str| {
        server
            .request(Method::OPTIONS, "/v1/cards/AB-1")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "PATCH")
            .header("Access-Control-Request-Headers", "if-match, content-type")
    };
    let answer = shut.send(preflight(&shut, "https://board.example")).await;
    assert_eq!((answer.status.as_u16(), answer.header("access-control-allow-origin")), (204, ""));
    assert_eq!(answer.header("allow"), "DELETE, GET, HEAD, OPTIONS, PATCH");

    let cors_origin = vec!["https://board.example".parse().expect("a value")];
    let open = Server::start_with(Config { cors_origin, ..Config::default() }).await;
    let answer = open.send(preflight(&open, "https://board.example")).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://board.example");
    assert!(answer.header("access-control-allow-methods").contains("PATCH"));
    assert!(answer.header("access-control-allow-headers").contains("if-match"));
    let foreign = open.send(preflight(&open, "https://elsewhere.example")).await;
    assert_eq!(foreign.header("access-control-allow-origin"), "");
    let call = open.request(Method::GET, "/v1/cards/AB-99").header("Origin", "https://board.example");
    let call = open.send(call).await;
    assert_eq!((call.problem(404), call.header("access-control-allow-origin")), ("not_found", "https://board.example"));
    for name in ["etag", "link", "location", "retry-after", "x-request-id", "x-truncated-fields"] {
        assert!(call.header("access-control-expose-headers").contains(name), "{:?}", call.headers);
    }
}

#[tokio::test]
async fn bodies_and_waits_have_limits_that_can_be_set() {
    let config = Config { body_limit: 1000, answer_time: Duration::from_millis(300), ..Config::default() };
    let server = Server::start_with(config).await;
    server.card("held").await;
    assert_eq!(server.post("/v1/boards", json!({"name": "x".repeat(1000)})).await.problem(413), "too_large");
    let superuser = server.database.superuser().await;
    let mut held = superuser.begin().await.expect("a transaction");
    sqlx::query("select 1 from kanban.cards where key = 'AB-1' for update").execute(&mut *held).await.expect("a lock");
    let late = server.write(Method::PATCH, "/v1/cards/AB-1", "*", json!({"title": "late"})).await;
    assert_eq!((late.problem(503), late.header("retry-after")), ("timeout", "1"));
    held.rollback().await.expect("the lock is given back");
}

#[tokio::test]
async fn methods_behave_on_every_path() {
    let server = Server::start().await;
    let whole = server.get("/v1/boards/AB").await;
    let head = server.send(server.request(Method::HEAD, "/v1/boards/AB")).await;
    assert_eq!((head.status.as_u16(), &head.body), (200, &json!(null)));
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    let missing = server.request(Method::HEAD, "/v1/boards/XY").send().await.expect("an answer");
    assert_eq!(
        (missing.status().as_u16(), &missing.headers()["content-type"].to_str().ok()),
        (404, &Some("application/problem+json"))
    );
    let options = server.send(server.request(Method::OPTIONS, "/v1/boards")).await;
    assert_eq!((options.status.as_u16(), options.header("allow")), (204, "GET, HEAD, OPTIONS, POST"));
    assert_eq!(server.send(server.request(Method::OPTIONS, "/v1/nothing")).await.problem(404), "no_such_path");
    for method in ["PUT", "TRACE", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let answer = server.send(server.request(method, "/v1/boards/AB")).await;
        assert_eq!(answer.problem(405), "method_not_allowed");
        assert!(answer.header("allow").contains("PATCH"), "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn headers_are_read_whole_or_refused() {
    let server = Server::start().await;
    server.card("work").await;
    let twice = server.request(Method::DELETE, "/v1/cards/AB-1").header("If-Match", "\"1\"").header("If-Match", "*");
    assert_eq!(server.send(twice).await.problem(400), "bad_header");
    let seen = server
        .request(Method::GET, "/v1/cards/AB-1")
        .header("If-None-Match", "\"7\"")
        .header("If-None-Match", "W/\"1\"");
    assert_eq!(server.send(seen).await.status, 304, "a list may have several lines");
    // as a web page sends it: ISO 8859-1
    let latin = reqwest::header::HeaderValue::from_bytes(b"agent-\xfc").expect("a value");
    let latin = server.request(Method::POST, "/v1/cards/AB-1/comments").header("X-Agent-Id", latin);
    assert_eq!(server.send(latin.json(&json!({"body": "b"}))).await.body["author"]["id"], "agent-ü");
    for (name, value) in [("Content-Encoding", "gzip"), ("Content-Type", "application/json; charset=utf-16")] {
        let odd = server.request(Method::POST, "/v1/boards").header("Content-Type", "application/json").body("{}");
        let odd = server.send(odd.header(name, value)).await;
        assert!([400, 415].contains(&odd.status.as_u16()), "{name}: {:?}", odd.body);
    }
    let utf_8 = server.request(Method::POST, "/v1/boards").header("Content-Type", "Application/JSON; charset=UTF-8");
    assert_eq!(server.send(utf_8.body(r#"{"name": "Other"}"#)).await.status, 201);
    for query in ["label=%FF", "label=%zz", "label=a%00"] {
        assert_eq!(server.get(&format!("/v1/boards/AB/cards?{query}")).await.problem(400), "bad_query", "{query}");
    }
    let long = server.get(&format!("/v1/boards?cursor={}", "x".repeat(60_000))).await;
    assert_eq!(long.problem(400), "invalid");
    // what the HTTP layer below refuses by itself, before there is a request to answer
    let raw = |request: String| {
        let address = server.base.trim_start_matches("http://").to_owned();
        let answer = move || -> std::io::Result<String> {
            let mut stream = std::net::TcpStream::connect(address)?;
            stream.write_all(request.as_bytes())?;
            let mut line = String::new();
            BufReader::new(stream).read_line(&mut line)?;
            Ok(line)
        };
        async { tokio::task::spawn_blocking(answer).await.expect("it runs").expect("an answer") }
    };
    let long = raw(format!("GET /v1/boards?cursor={} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(70_000))).await;
    assert!(long.starts_with("HTTP/1.1 414"), "{long}");
    let many = "X-Agent-Run: x\r\n".repeat(200);
    let many = raw(format!("GET /v1/boards HTTP/1.1\r\nHost: a\r\n{many}\r\n")).await;
    assert!(many.starts_with("HTTP/1.1 431"), "{many}");
    assert!(raw("GET\r\n\r\n".to_owned()).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn the_server_s_numbers_tell_routes_apart_and_not_what_callers_make_up() {
    let server = Server::start().await;
    server.get("/v1/boards/AB").await;
    server.get("/v1/boards/XY").await;
    server.get("/v1/boards/XY/none").await;
    server.send(server.request(Method::from_bytes(b"BREW").expect("a method"), "/v1/boards")).await;
    let answer = server.open(server.request(Method::GET, "/metrics")).await;
    let media = answer.headers()["content-type"].to_str().expect("text").to_owned();
    assert!(media.starts_with("application/openmetrics-text"), "{media}");
    let text = answer.text().await.expect("text");
    let count = |method: &str, route: &str, status: u16| {
        let labels = format!(
            "{{http_request_method=\"{method}\",http_route=\"{route}\",http_response_status_code=\"{status}\"}}"
        );
        let line = format!("http_server_request_duration_seconds_count{labels} ");
        text.lines().find_map(|found| found.strip_prefix(&line)).map(str::to_owned)
    };
    assert_eq!(count("GET", "/v1/boards/{id}", 200).as_deref(), Some("1"), "{text}");
    assert_eq!(count("GET", "/v1/boards/{id}", 404).as_deref(), Some("1"));
    assert_eq!(count("GET", "", 404).as_deref(), Some("1"));
    assert_eq!(count("_OTHER", "/v1/boards", 405).as_deref(), Some("1"));
    assert!(text.contains("\nhttp_server_active_requests 1\n"), "this one: {text}");
    assert!(text.contains("\ndb_client_connection_count{state=\"idle\"} "));
    assert!(text.ends_with("# EOF\n"));
}
