//! /v1/boards/{id}/metrics and /forecast, /v1/agents/{id}/summary.

use serde_json::{Value, json};

use crate::client::Server;

/// One card is finished by an agent, one is in progress, one waits.
async fn board() -> Server {
    let server = Server::start().await;
    for title in ["Design", "Build", "Ship"] {
        server.card(title).await;
    }
    for _ in 0..2 {
        assert_eq!(server.post("/v1/agents/claude-1/claim", json!({})).await.status, 200);
    }
    assert_eq!(server.act("claude-1", Some(1), "/v1/cards/AB-1/complete", json!({})).await.status, 200);
    server
}

#[tokio::test]
async fn metrics_are_told_for_the_board_and_by_day() {
    let server = board().await;
    let metrics = server.get("/v1/boards/AB/metrics?time_zone=Europe/Berlin").await;
    assert_eq!(metrics.status, 200, "{:?}", metrics.body);
    let body = metrics.body;
    assert_eq!((&body["board"], &body["finished"], &body["age_seconds"]), (&json!("AB"), &json!(1), &json!(0.0)));
    assert_eq!((&body["wip"]["at_end"], &body["wip"]["oldest"][0]["key"]), (&json!(1), &json!("AB-2")));
    assert_eq!((&body["cycle_time"]["count"], &body["lead_time"]["count"]), (&json!(1), &json!(1)));
    assert_eq!(body["window"]["time_zone"], "Europe/Berlin");
    assert_eq!(body["by_actor_kind"][0]["kind"], "agent");
    let days = body["days"].as_array().expect("days");
    assert!(days.len() >= 31, "30 days and today: {}", days.len());
    let today = days.last().expect("today");
    let counts = ["backlog", "todo", "doing", "done"].map(|line| today[line].as_i64());
    assert_eq!(counts, [Some(3), Some(3), Some(2), Some(1)], "{today}");
}

#[tokio::test]
async fn a_summary_is_of_one_agent() {
    let server = board().await;
    for (path, finished, held) in [
        ("/v1/agents/claude-1/summary?board_id=AB", 1, 1),
        ("/v1/agents/claude-1/summary", 1, 1),
        ("/v1/agents/claude-2/summary", 0, 0),
    ] {
        let summary = server.get(path).await;
        assert_eq!(summary.status, 200, "{:?}", summary.body);
        let told = (&summary.body["finished"], &summary.body["held"]);
        assert_eq!(told, (&json!(finished), &json!(held)), "{path}");
    }
}

#[tokio::test]
async fn a_forecast_says_what_it_rests_on() {
    let server = board().await;
    let forecast = server.get("/v1/boards/AB/forecast?seed=7&cards=3&history_days=30").await;
    assert_eq!(forecast.status, 200, "{:?}", forecast.body);
    let body = forecast.body;
    assert_eq!((&body["seed"], &body["runs"], &body["until_done"]["cards"]), (&json!(7), &json!(10_000), &json!(3)));
    assert_eq!(body["warnings"], json!(["short_history", "nothing_finished"]), "the board began today");
    let likelihoods: Vec<&Value> = body["by_day"]["likely"].as_array().expect("odds").iter().collect();
    assert_eq!(likelihoods.iter().map(|likely| &likely["percent"]).collect::<Vec<_>>(), [50, 70, 85, 95]);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_is_wrong() {
    let server = Server::start().await;
    for (path, status, code, pointer) in [
        ("/v1/boards/AB/metrics?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z", 422, "invalid", Some("/from")),
        ("/v1/boards/AB/metrics?to=2999-01-01T00:00:00Z", 422, "invalid", Some("/to")),
        ("/v1/boards/AB/metrics?time_zone=Mars/Olympus", 422, "invalid", Some("/time_zone")),
        ("/v1/boards/AB/metrics?from=yesterday", 400, "bad_query", None),
        ("/v1/boards/AB/metrics?since=2026-02-01T00:00:00Z", 400, "bad_query", None),
        ("/v1/boards/NO/metrics", 404, "not_found", None),
        ("/v1/boards/AB/forecast?by=2020-01-01", 422, "invalid", Some("/by")),
        ("/v1/boards/AB/forecast?cards=0", 422, "invalid", Some("/cards")),
        ("/v1/boards/AB/forecast?by=soon", 400, "bad_query", None),
        ("/v1/boards/NO/forecast", 404, "not_found", None),
        ("/v1/agents/claude-1/summary?from=2021-01-01T00:00:00Z", 422, "invalid", Some("/from")),
        ("/v1/agents/claude-1/summary?board_id=NO", 404, "not_found", None),
        ("/v1/agents/claude-1/summary?timeframe=week", 400, "bad_query", None),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.problem(status), code, "{path}");
        if let Some(pointer) = pointer {
            assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{path}");
        }
    }
}
