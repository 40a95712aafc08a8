//! Cards: their members, versions, places, deletion.

use kanban_core::{
    Actor, CardFilter, CardPatch, CardRef, ColumnKind, ColumnPatch, Error, Expected, JsonObject, Kanban, Link,
    ListCards, ListPage, MoveCard, NewBoard, NewCard, NewComment, Place, Priority, Timestamp, Version,
};
use serde_json::json;

use crate::support;

fn object(value: serde_json::Value) -> JsonObject {
    JsonObject::from_value(&value).expect("an object")
}

pub async fn titles(kanban: &Kanban, column: kanban_core::ColumnId, board: kanban_core::BoardId) -> Vec<String> {
    let filter = CardFilter { column_id: Some(column), ..CardFilter::default() };
    let list = ListCards { filter, page: ListPage::first(200), ..ListCards::default() };
    kanban.list_cards(board, list).await.expect("a list").items.into_iter().map(|card| card.title).collect()
}

#[tokio::test]
async fn a_card_keeps_every_member_it_is_given() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let due: Timestamp = "2026-12-24T18:00:00+01:00".parse().expect("a time");
    let new = NewCard {
        description: "Grüße aus Köln, привет".to_owned(),
        labels: vec!["b".to_owned(), "a".to_owned()],
        assignees: vec!["ada".to_owned()],
        priority: Priority::Critical,
        due_at: Some(due),
        fields: object(json!({"estimate": 3, "nested": {"x": [1, 2]}})),
        links: vec![Link { url: "https://example.org/1".to_owned(), title: Some("One".to_owned()) }],
        agent_context: object(json!({"repository": "acme/shop"})),
        workflow_state: object(json!({"step": "plan"})),
        external_id: Some("EXT-1".to_owned()),
        ..NewCard::titled("Everything")
    };
    let made = kanban.create_card(board.columns[1].id, new).await.expect("a card");
    assert_eq!((made.key.as_str(), made.version, made.status), ("AB-1", Version(1), ColumnKind::Doing));
    assert_eq!(made.due_at.expect("a date").to_string(), "2026-12-24T17:00:00.000000Z");
    assert_eq!(made.started_at, Some(made.created_at), "it began in a doing column");
    assert_eq!(made.labels, ["b", "a"]);
    assert_eq!(made.created_by.id, "ada");
    let read = kanban.get_card("ab-1".parse::<CardRef>().expect("a key")).await.expect("by key");
    assert_eq!(read, made);
    assert_eq!(kanban.get_card(made.id).await.expect("by id"), made);
    let twin = NewCard { external_id: Some("EXT-1".to_owned()), ..NewCard::titled("Twin") };
    assert_eq!(kanban.create_card(board.columns[0].id, twin).await.expect_err("it is taken").code(), "duplicate");
}

#[tokio::test]
async fn a_patch_changes_only_what_it_names_and_merges_objects() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let new = NewCard { fields: object(json!({"a": 1, "b": {"c": 1, "d": 2}})), ..NewCard::titled("Patch me") };
    let card = kanban.create_card(board.columns[0].id, new).await.expect("a card");
    let patch: CardPatch = serde_json::from_value(json!({
        "description": "more", "priority": "low", "due_at": "2027-01-01T00:00:00Z",
        "fields": {"a": null, "b": {"c": 7}}, "labels": ["x"],
    }))
    .expect("a patch");
    let patched = kanban.update_card(card.id, card.version, patch.clone()).await.expect("it changes");
    assert_eq!((patched.version, patched.title.as_str()), (Version(2), "Patch me"));
    assert_eq!(patched.fields, object(json!({"b": {"c": 7, "d": 2}})));
    let cleared: CardPatch = serde_json::from_value(json!({"due_at": null})).expect("a patch");
    let cleared = kanban.update_card(card.id, Version(2), cleared).await.expect("it changes");
    assert_eq!((cleared.due_at, cleared.version), (None, Version(3)));
    let error = kanban.update_card(card.id, Version(2), patch).await.expect_err("it is stale");
    let Error::VersionConflict { expected: 2, actual: 3, current: Some(current), .. } = error else {
        panic!("{error}")
    };
    assert!(current.get().contains(r#""version":3"#));
    for bad in [json!({"title": null}), json!({"colour": "red"}), json!({"priority": "urgent"}), json!({"fields": []})]
    {
        assert!(serde_json::from_value::<CardPatch>(bad.clone()).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn oversized_and_unstorable_input_is_refused_whole() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let todo = board.columns[0].id;
    let large = NewCard {
        description: "x".repeat(16 * 1024 + 1),
        labels: vec!["l".to_owned(); 65],
        fields: object(json!({"blob": "x".repeat(16 * 1024)})),
        agent_context: object(json!({"nul": "\u{0}"})),
        ..NewCard::titled("é".repeat(257))
    };
    let Err(Error::Invalid { fields }) = kanban.create_card(todo, large).await else { panic!("it is invalid") };
    let pointers: Vec<&str> = fields.iter().map(|field| field.pointer.as_str()).collect();
    for pointer in ["/title", "/description", "/labels", "/fields", "/agent_context"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    let limit = NewCard { description: "x".repeat(16 * 1024), ..NewCard::titled("é".repeat(256)) };
    kanban.create_card(todo, limit).await.expect("exactly the limit is within it");
    // numbers grow when they are stored: the database's own limit has the same error
    let numbers: Vec<serde_json::Value> = (0..200).map(|_| serde_json::from_str("1e300").expect("a number")).collect();
    let growing = NewCard { fields: object(json!({ "n": numbers })), ..NewCard::titled("grows") };
    let Err(Error::Invalid { fields }) = kanban.create_card(todo, growing).await else { panic!("it is invalid") };
    assert_eq!(fields[0].pointer, "/fields");
    assert_eq!(kanban.get_board(board.board.id).await.expect("a board").columns[0].cards, 1, "nothing is half done");
}

#[tokio::test]
async fn cards_move_and_reorder_by_neighbour_and_place() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing, done) = (board.columns[0].id, board.columns[1].id, board.columns[2].id);
    let mut cards = Vec::new();
    for title in ["a", "b", "c", "d"] {
        cards.push(kanban.create_card(todo, NewCard::titled(title)).await.expect("a card"));
    }
    let first = NewCard { position: Some(0), ..NewCard::titled("e") };
    kanban.create_card(todo, first).await.expect("a card");
    let behind = NewCard { after_id: Some(cards[1].id.into()), ..NewCard::titled("f") };
    kanban.create_card(todo, behind).await.expect("a card");
    assert_eq!(titles(&kanban, todo, board.board.id).await, ["e", "a", "b", "f", "c", "d"]);
    let d = kanban.reorder_card(cards[3].id, cards[3].version, Place::before(cards[0].id)).await.expect("it moves");
    assert_eq!(d.version, Version(2));
    assert_eq!(titles(&kanban, todo, board.board.id).await, ["e", "d", "a", "b", "f", "c"]);
    let a = kanban.move_card(cards[0].id, Version(1), MoveCard::to(doing)).await.expect("it moves");
    assert_eq!((a.status, a.started_at.is_some(), a.finished_at), (ColumnKind::Doing, true, None));
    let a = kanban.move_card(a.id, a.version, MoveCard::to(done)).await.expect("it moves");
    assert!(a.finished_at.is_some());
    let a = kanban.move_card(a.id, a.version, MoveCard::to(todo)).await.expect("it moves");
    assert_eq!((a.finished_at, a.started_at.is_some()), (None, true), "a first start stays, a finish does not");
    assert_eq!(titles(&kanban, todo, board.board.id).await, ["e", "d", "b", "f", "c", "a"]);
    let far = MoveCard { position: Some(1_000_000), ..MoveCard::to(todo) };
    kanban.move_card(cards[1].id, Expected::Any, far).await.expect("the end is as far as it goes");
    assert_eq!(titles(&kanban, todo, board.board.id).await, ["e", "d", "f", "c", "a", "b"]);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_neighbour_must_be_another_live_card_of_the_target_column() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    let (todo, doing) = (board.columns[0].id, board.columns[1].id);
    let card = kanban.create_card(todo, NewCard::titled("mine")).await.expect("a card");
    let foreign = kanban.create_card(other.columns[0].id, NewCard::titled("foreign")).await.expect("a card");
    let deleted = kanban.create_card(todo, NewCard::titled("deleted")).await.expect("a card");
    kanban.delete_card(deleted.id, Expected::Any).await.expect("deleted");
    let missing: CardRef = "AB-99".parse().expect("a key");
    for neighbour in [CardRef::from(foreign.id), card.id.into(), deleted.id.into(), missing] {
        let Err(Error::Invalid { fields }) =
            kanban.reorder_card(card.id, Expected::Any, Place::after(neighbour.clone())).await
        else {
            panic!("{neighbour} is no neighbour")
        };
        assert_eq!(fields[0].pointer, "/after_id");
    }
    let both = MoveCard { after_id: Some(card.id.into()), position: Some(0), ..MoveCard::to(doing) };
    assert_eq!(kanban.move_card(card.id, Expected::Any, both).await.expect_err("one of them").code(), "invalid");
    let same = kanban.get_card(card.id).await.expect("a card");
    assert_eq!(same.version, Version(1), "nothing happened");
    // between boards the key stays and both boards keep their counts
    let moved = kanban.move_card(card.id, Version(1), MoveCard::to(other.columns[1].id)).await.expect("it moves");
    assert_eq!((moved.key.as_str(), moved.board_id), ("AB-1", other.board.id));
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_full_column_takes_no_card_by_any_way() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing) = (board.columns[0].id, &board.columns[1]);
    let limit = ColumnPatch { wip_limit: Some(Some(1)), ..ColumnPatch::default() };
    kanban.update_column(doing.id, doing.version, limit).await.expect("a limit");
    let first = kanban.create_card(doing.id, NewCard::titled("first")).await.expect("a card");
    let second = kanban.create_card(todo, NewCard::titled("second")).await.expect("a card");
    let full = |result: Result<_, Error>| {
        let error = result.map(|_: kanban_core::Card| ()).expect_err("it is full");
        assert!(matches!(&error, Error::WipLimitReached { column, limit: 1 } if column == "Doing"), "{error}");
    };
    full(kanban.create_card(doing.id, NewCard::titled("third")).await);
    full(kanban.move_card(second.id, second.version, MoveCard::to(doing.id)).await);
    kanban.reorder_card(first.id, first.version, Place::first()).await.expect("within the column there is room");
    kanban.delete_card(first.id, Expected::Any).await.expect("deleted");
    kanban.move_card(second.id, second.version, MoveCard::to(doing.id)).await.expect("there is room again");
    full(kanban.restore_card(first.id, Expected::Any).await);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_deleted_card_is_gone_and_comes_back() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("phoenix")).await.expect("a card");
    kanban.create_comment(card.id, NewComment::saying("still here")).await.expect("a comment");
    let stale = kanban.delete_card(card.id, Version(7)).await.expect_err("another version");
    assert_eq!(stale.code(), "version_conflict");
    let deleted = kanban.delete_card(card.id, card.version).await.expect("deleted");
    assert!(deleted.deleted_at.is_some());
    assert_eq!(kanban.get_card(card.id).await.expect_err("it is gone").code(), "not_found");
    let error = kanban.update_card(card.id, deleted.version, CardPatch::default()).await.expect_err("it is gone");
    assert!(matches!(&error, Error::NotFound { what: "card", id } if *id == card.id.to_string()), "{error}");
    let restored = kanban.restore_card(card.id, deleted.version).await.expect("restored");
    assert_eq!((restored.version, restored.deleted_at), (Version(3), None));
    let comments = kanban.list_comments(card.id, ListPage::default()).await.expect("comments").items;
    assert_eq!(comments[0].body, "still here");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn an_actor_is_on_every_event_it_causes() {
    let database = support::database().await;
    let store = database.store().await;
    let (_, board) = support::board(&store).await;
    let mut actor = Actor::agent("claude-1").in_run("run-7");
    actor.context = Some(object(json!({"model": "large"})));
    actor.request_id = Some("req-1".to_owned());
    let agent = store.tenant("default", actor).expect("an agent");
    agent.create_card(board.columns[0].id, NewCard::titled("traced")).await.expect("a card");
    let events =
        agent.list_events(board.board.id, kanban_core::ListEvents { since: 4, limit: 10 }).await.expect("events");
    let event = &events[0];
    assert_eq!((event.seq, event.action.as_str(), event.actor_id.as_str()), (5, "card.created", "claude-1"));
    assert_eq!((event.run_id.as_deref(), event.request_id.as_deref()), (Some("run-7"), Some("req-1")));
    assert_eq!(event.agent_context, Some(object(json!({"model": "large"}))));
}
