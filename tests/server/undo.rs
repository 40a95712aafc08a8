//! /v1/boards/{id}/undo.

use kanban_core::{Actor, NewToken, TokenScope};
use reqwest::Method;
use serde_json::json;

use crate::client::Server;

#[tokio::test]
async fn an_operator_sees_what_an_undo_would_do_and_does_it_once() {
    let server = Server::start().await;
    let card = server.card("work").await;
    let from = card["created_at"].clone();
    let to = json!({"column_id": server.columns[2]});
    let moved =
        server.request(Method::POST, "/v1/cards/AB-1/move").header("X-Agent-Id", "a").header("X-Agent-Run", "r");
    assert_eq!(server.send(moved.header("If-Match", "*").json(&to)).await.status, 200);
    let path = "/v1/boards/AB/undo";
    let tried = server.post(path, json!({"actor": "a", "from": from, "dry_run": true})).await;
    assert_eq!((tried.status.as_u16(), &tried.body["dry_run"]), (200, &json!(true)), "{:?}", tried.body);
    assert_eq!(
        tried.body["items"],
        json!([{
            "entity_type": "card", "entity_id": card["id"], "name": "AB-1", "actions": ["card.moved"], "seq": 6,
            "outcome": "reverted", "members": ["column_id", "position"], "reason": null
        }])
    );
    assert_eq!(server.get("/v1/cards/AB-1").await.body["status"], "done");
    let undo = || {
        server.request(Method::POST, path).header("Idempotency-Key", "once").json(&json!({"run_id": "r", "from": from}))
    };
    let undone = server.send(undo()).await;
    assert_eq!((&undone.body["items"], &undone.body["next_before_seq"]), (&tried.body["items"], &json!(null)));
    let again = server.send(undo()).await;
    assert_eq!((again.header("idempotency-replayed"), &again.body), ("true", &undone.body));
    let back = server.get("/v1/cards/AB-1").await;
    assert_eq!((&back.body["status"], &back.body["version"]), (&json!("todo"), &json!(3)));
    // it can be undone in turn
    let events = server.get("/v1/boards/AB/changes?since=6&full=true").await;
    let event = &events.body["items"][0];
    assert_eq!((&event["action"], &event["payload"]["undo"]["run_id"]), (&json!("card.reverted"), &json!("r")));
    let by = json!({"actor": event["actor_id"], "from": event["at"]});
    assert_eq!(server.post(path, by).await.body["items"][0]["outcome"], "reverted");
    assert_eq!(server.get("/v1/cards/AB-1").await.body["status"], "done");
}

#[tokio::test]
async fn an_undo_that_names_nobody_or_no_time_is_refused() {
    let server = Server::start().await;
    let from = "2026-01-01T00:00:00Z";
    for (body, pointer) in [
        (json!({"from": from}), "/actor"),
        (json!({"actor": "a"}), ""),
        (json!({"actor": "", "from": from}), "/actor"),
        (json!({"run_id": "x".repeat(257), "from": from}), "/run_id"),
        (json!({"actor": "a", "from": from, "to": from}), "/from"),
        (json!({"actor": "a", "from": "2999-01-01T00:00:00Z"}), "/from"),
        (json!({"actor": "a", "from": "yesterday"}), "/from"),
        (json!({"actor": "a", "from": from, "before_seq": 0}), "/before_seq"),
        (json!({"actor": "a", "from": from, "dry_run": "yes"}), "/dry_run"),
        (json!({"actor": "a", "from": from, "until": from}), "/until"),
    ] {
        let refused = server.post("/v1/boards/AB/undo", body.clone()).await;
        assert_eq!(
            (refused.problem(422), &refused.body["errors"][0]["pointer"]),
            ("invalid", &json!(pointer)),
            "{body}"
        );
    }
    let body = json!({"actor": "a", "from": from});
    assert_eq!(server.post("/v1/boards/NOPE/undo", body.clone()).await.problem(404), "not_found");
    let archive = server.write(Method::PATCH, "/v1/boards/AB", "*", json!({"archived": true})).await;
    assert_eq!(archive.status, 200);
    assert_eq!(server.post("/v1/boards/AB/undo", body).await.problem(409), "board_archived");
}

#[tokio::test]
async fn only_an_administrator_undoes() {
    let server = Server::start().await;
    server.card("work").await;
    let store = server.database.store().await;
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    let body = json!({"actor": "a", "from": "2026-01-01T00:00:00Z"});
    for (scope, status) in [(TokenScope::Write, 403), (TokenScope::Admin, 200)] {
        let created = kanban.create_token(NewToken::named(scope.to_string(), scope)).await.expect("a token");
        let token = created.secret.expect("its text");
        let request = server.request(Method::POST, "/v1/boards/AB/undo").bearer_auth(&token).json(&body);
        assert_eq!(server.send(request).await.status, status, "{scope}");
        // and so in the core itself
        let handle = store.authenticate(&token).await.expect("it is known");
        let undo = serde_json::from_value(body.clone()).expect("an undo");
        let board: kanban_core::BoardRef = "AB".parse().expect("a key");
        let outcome = handle.undo(board, undo).await;
        assert_eq!(
            outcome.map(drop).map_err(|error| error.code()),
            if status == 200 { Ok(()) } else { Err("scope_needed") }
        );
    }
}
