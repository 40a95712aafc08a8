//! What became of things, told without the steps on the way.

use std::collections::BTreeMap;

use kanban_core::{
    Actor, Change, ChangeKind, Changes, ErrorKind, Expected, Kanban, ListChanges, ListEvents, MoveCard, NewBoard,
    NewCard, NewComment, NewDependency,
};
use serde_json::{Value, json};

use crate::support;

async fn changes(kanban: &Kanban, board: &str, since: i64) -> Changes {
    let board: kanban_core::BoardRef = board.parse().expect("a key");
    kanban.list_changes(board, ListChanges { since, ..ListChanges::default() }).await.expect("changes")
}

fn what(change: &Change) -> (Option<&str>, ChangeKind) {
    (change.key.as_deref(), change.what)
}

fn after(change: &Change) -> Value {
    change.after.parse().expect("JSON")
}

#[tokio::test]
async fn each_thing_is_told_once_with_what_became_of_it() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("another board");
    let (todo, doing) = (board.columns[0].id, board.columns[1].id);
    let make = |column, title: &str| {
        let (kanban, new) = (kanban.clone(), NewCard::titled(title));
        async move { kanban.create_card(column, new).await.expect("a card") }
    };
    let (back, leaves, goes) =
        (make(todo, "there and back").await, make(todo, "leaves").await, make(todo, "goes").await);
    let restored = make(todo, "restored").await;
    kanban.delete_card(restored.id, Expected::Any).await.expect("deleted");
    let comes = make(other.columns[0].id, "comes").await;
    let since = kanban.get_board(board.board.id).await.expect("the board").board.seq;

    let new = make(todo, "new").await;
    let fleeting = make(todo, "fleeting").await;
    kanban.move_card(back.id, Expected::Any, MoveCard::to(doing)).await.expect("it moves");
    let grace = store.tenant("default", Actor::human("grace")).expect("a person");
    grace.move_card(back.id, Expected::Any, MoveCard::to(todo)).await.expect("it moves");
    let renamed = serde_json::from_value(json!({"title": "came", "fields": {"a": 1}})).expect("a patch");
    kanban.move_card(comes.id, Expected::Any, MoveCard::to(todo)).await.expect("it comes");
    kanban.update_card(comes.id, Expected::Any, renamed).await.expect("it changes");
    kanban.move_card(leaves.id, Expected::Any, MoveCard::to(other.columns[0].id)).await.expect("it leaves");
    kanban.delete_card(goes.id, Expected::Any).await.expect("deleted");
    kanban.delete_card(fleeting.id, Expected::Any).await.expect("deleted");
    kanban.restore_card(restored.id, Expected::Any).await.expect("it is back");
    kanban.create_comment(new.id, NewComment::saying("noted")).await.expect("a comment");
    kanban.add_dependency(new.id, NewDependency::waits_for(comes.id)).await.expect("a link");
    kanban.remove_dependency(new.id, NewDependency::waits_for(comes.id)).await.expect("no link");

    let told = changes(&kanban, "AB", since).await;
    assert_eq!((told.next_since, told.seq), (since + 13, since + 13));
    let expected = [
        (Some("AB-5"), ChangeKind::Created),
        (Some("AB-1"), ChangeKind::Updated),
        (Some("OB-1"), ChangeKind::MovedHere),
        (Some("AB-2"), ChangeKind::MovedAway),
        (Some("AB-3"), ChangeKind::Deleted),
        (Some("AB-6"), ChangeKind::Deleted),
        (Some("AB-4"), ChangeKind::Restored),
        (None, ChangeKind::Created),
        (None, ChangeKind::Deleted),
    ];
    assert_eq!(told.items.iter().map(what).collect::<Vec<_>>(), expected);
    let by_key: BTreeMap<&str, &Change> = told.items.iter().filter_map(|c| Some((c.key.as_deref()?, c))).collect();
    let whole = serde_json::to_value(kanban.get_card(new.id).await.expect("a card")).expect("JSON");
    assert_eq!(after(by_key["AB-5"]), whole, "what is new is told whole");
    let whole = serde_json::to_value(kanban.get_card(comes.id).await.expect("a card")).expect("JSON");
    assert_eq!(after(by_key["OB-1"]), whole, "and so is what comes from elsewhere");
    assert_eq!(by_key["OB-1"].title.as_deref(), Some("came"));
    let back = by_key["AB-1"];
    assert_eq!(
        (back.actions.as_slice(), back.actors.as_slice()),
        (&["card.moved".to_owned()][..], &["ada".to_owned(), "grace".to_owned()][..])
    );
    let members = after(back).as_object().expect("members").keys().cloned().collect::<Vec<_>>();
    assert_eq!(members, ["column_since", "started_at", "updated_at", "version"], "only what is not as it was");
    let there = changes(&kanban, "OB", 4).await;
    assert_eq!(
        there.items.iter().map(what).collect::<Vec<_>>()[..2],
        [(Some("OB-1"), ChangeKind::MovedAway), (Some("AB-2"), ChangeKind::MovedHere)]
    );
    assert!(changes(&kanban, "AB", told.seq).await.items.is_empty());
}

#[tokio::test]
async fn pages_of_changes_leave_nothing_out() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let mut cards = Vec::new();
    for i in 0..7 {
        cards
            .push(kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {i}"))).await.expect("a card"));
    }
    for (i, card) in cards.iter().enumerate().rev() {
        kanban.move_card(card.id, Expected::Any, MoveCard::to(board.columns[i % 3].id)).await.expect("it moves");
    }
    let whole = changes(&kanban, "AB", 0).await;
    for limit in [1, 2, 3, 200] {
        let (mut since, mut known) = (0, BTreeMap::new());
        loop {
            let page = kanban.list_changes(board.board.id, ListChanges { since, limit }).await.expect("a page");
            assert!(page.items.len() <= limit as usize && (page.next_since > since || since == page.seq));
            for change in page.items {
                // a reader that writes over what it knows ends with what one answer tells
                let members: BTreeMap<String, Value> = change.after.parse().expect("JSON");
                known.entry(change.entity_id).or_insert_with(BTreeMap::new).extend(members);
            }
            since = page.next_since;
            if since == page.seq {
                break;
            }
        }
        for change in &whole.items {
            let members: BTreeMap<String, Value> = change.after.parse().expect("JSON");
            assert_eq!(known[&change.entity_id], members, "in pages of {limit}");
        }
    }
}

#[tokio::test]
async fn a_number_that_is_not_in_the_history_is_told_for_what_it_is() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let id = board.board.id;
    for since in [-1, 5, i64::MAX] {
        let changes =
            kanban.list_changes(id, ListChanges { since, ..ListChanges::default() }).await.expect_err("not there");
        let events = kanban.list_events(id, ListEvents { since, limit: 10 }).await.expect_err("not there");
        assert!(changes.to_string().contains("must be from 0 to 4"), "{changes}");
        assert_eq!((changes.kind(), changes.to_string()), (ErrorKind::Invalid, events.to_string()));
    }
    for limit in [0, 1001] {
        let error = kanban.list_changes(id, ListChanges { since: 0, limit }).await.expect_err("out of range");
        assert_eq!(error.code(), "invalid");
    }
    let pool = database.superuser().await;
    sqlx::raw_sql("delete from kanban.events where seq <= 2").execute(&pool).await.expect("history goes");
    for since in [0, 1] {
        let changes = kanban.list_changes(id, ListChanges { since, ..ListChanges::default() }).await.expect_err("gone");
        let events = kanban.list_events(id, ListEvents { since, limit: 10 }).await.expect_err("gone");
        assert_eq!(
            (changes.code(), changes.kind(), changes.details()),
            ("history_gone", ErrorKind::Conflict, json!({"board": "AB", "since": since, "seq": 4}))
        );
        assert_eq!(events.code(), "history_gone");
    }
    assert_eq!(kanban.list_events(id, ListEvents { since: 2, limit: 10 }).await.expect("kept").len(), 2);
    assert_eq!(changes(&kanban, "AB", 2).await.items.len(), 2);
    sqlx::raw_sql("delete from kanban.events").execute(&pool).await.expect("history goes");
    assert_eq!(
        kanban.list_events(id, ListEvents { since: 2, limit: 10 }).await.expect_err("gone").code(),
        "history_gone"
    );
    assert!(kanban.list_events(id, ListEvents { since: 4, limit: 10 }).await.expect("the end").is_empty());
}
