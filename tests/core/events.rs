//! The event stream tells all that happened, once, in order.

use std::collections::BTreeMap;

use kanban_core::{Expected, ListEvents, MoveCard, NewCard, Version};
use serde_json::Value;

use crate::support;

#[tokio::test]
async fn each_change_is_one_event_and_together_they_rebuild_the_card() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing) = (board.columns[0].id, board.columns[1].id);
    let card = kanban.create_card(todo, NewCard::titled("watched")).await.expect("a card");
    let before = kanban.create_card(todo, NewCard::titled("first")).await.expect("a card");
    let patch = serde_json::from_value(serde_json::json!({"title": "renamed", "fields": {"a": 1}})).expect("a patch");
    kanban.update_card(card.id, Version(1), patch).await.expect("it changes");
    kanban.move_card(card.id, Version(1), MoveCard::to(doing)).await.expect_err("a refused write has no event");
    kanban.move_card(card.id, Version(2), MoveCard::to(doing)).await.expect("it moves");
    kanban
        .move_card(before.id, Version(1), MoveCard { after_id: Some(card.id.into()), ..MoveCard::to(doing) })
        .await
        .expect("it moves");
    kanban.delete_card(card.id, Expected::Any).await.expect("deleted");
    let last = kanban.restore_card(card.id, Expected::Any).await.expect("restored");
    let events = kanban.list_events(board.board.id, ListEvents::default()).await.expect("events");
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=11).collect::<Vec<i64>>());
    let actions: Vec<&str> = events[4..].iter().map(|event| event.action.as_str()).collect();
    let expected =
        ["card.created", "card.created", "card.updated", "card.moved", "card.moved", "card.deleted", "card.restored"];
    assert_eq!(actions, expected);
    let mut rebuilt = BTreeMap::new();
    for event in events.iter().filter(|event| event.entity_id.to_string() == card.id.to_string()) {
        let payload: Value = serde_json::from_str(event.payload.get()).expect("JSON");
        for (name, value) in payload["after"].as_object().expect("members") {
            if let Some(was) = payload["before"].get(name) {
                assert_eq!(rebuilt.get(name), Some(was), "{name} was what it was");
            }
            rebuilt.insert(name.clone(), value.clone());
        }
    }
    let shown: BTreeMap<String, Value> =
        serde_json::from_value(serde_json::to_value(&last).expect("JSON")).expect("members");
    assert_eq!(rebuilt, shown, "the events rebuild the card as the API shows it");
    let placed: Value = serde_json::from_str(events[8].payload.get()).expect("JSON");
    assert_eq!(placed["after_card_id"], card.id.to_string());
    let rest = kanban.list_events(board.board.id, ListEvents { since: 9, limit: 1 }).await.expect("events");
    assert_eq!(rest.iter().map(|event| event.seq).collect::<Vec<_>>(), [10]);
    let error = kanban.list_events(board.board.id, ListEvents { since: 12, limit: 1 }).await.expect_err("not reached");
    assert_eq!(error.code(), "invalid");
}
