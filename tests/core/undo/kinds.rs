//! Every kind of change goes back, and says so.

use kanban_core::{
    Actor, BoardPatch, CardPatch, ClaimOptions, ColumnPatch, ColumnPlace, EntityType, ErrorKind, Expected, Kanban,
    ListAudit, MoveCard, NewAttachment, NewCard, NewColumn, NewComment, NewDependency, NextTasks, Place, Relation,
    Undo, UndoOutcome,
};

use super::{agent, differences, now, reasons, shown, told, undo_all};
use crate::support;

/// One of everything that an agent can do to a board, each to a thing of its own.
async fn do_everything(a: &Kanban, board: &kanban_core::BoardDetail, cards: &[kanban_core::Card]) {
    let (todo, doing, done) = (&board.columns[0], &board.columns[1], &board.columns[2]);
    let patch = CardPatch {
        title: Some("other".to_owned()),
        labels: Some(vec!["new".to_owned()]),
        due_at: Some(Some("2027-01-01T00:00:00Z".parse().expect("a moment"))),
        fields: Some(serde_json::from_str(r#"{"a": 2, "b": null}"#).expect("an object")),
        external_id: Some(Some("x-1".to_owned())),
        ..CardPatch::default()
    };
    a.update_card(cards[0].id, Expected::Any, patch).await.expect("it changes");
    a.move_card(cards[1].id, Expected::Any, MoveCard::to(done.id)).await.expect("it moves");
    a.reorder_card(cards[2].id, Expected::Any, Place::first()).await.expect("it moves");
    a.delete_card(cards[3].id, Expected::Any).await.expect("it goes");
    let epoch = a.claim_card(cards[4].id, "a", ClaimOptions::default()).await.expect("it is claimed").claim;
    a.complete_card(cards[4].id, epoch.expect("a claim").epoch).await.expect("it is done");
    a.claim_card(cards[5].id, "a", ClaimOptions::default()).await.expect("it is claimed");
    a.create_card(todo.id, NewCard::titled("made")).await.expect("a card");
    let link = |relation, card: usize| NewDependency { relation, card: cards[card].id.into() };
    a.remove_dependency(cards[7].id, link(Relation::WaitsFor, 6)).await.expect("a link goes");
    a.add_dependency(cards[6].id, link(Relation::WaitsFor, 0)).await.expect("a link comes");
    a.create_comment(cards[6].id, NewComment::saying("so")).await.expect("a comment");
    a.create_attachment(cards[6].id, NewAttachment::at("a", "https://example.org/a")).await.expect("an attachment");
    a.create_column(board.board.id, NewColumn::named("Review", doing.kind)).await.expect("a column");
    let patch = ColumnPatch { name: Some("Working".to_owned()), wip_limit: Some(Some(9)), ..ColumnPatch::default() };
    a.update_column(doing.id, Expected::Any, patch).await.expect("it changes");
    a.reorder_column(done.id, Expected::Any, ColumnPlace::first()).await.expect("it moves");
    let patch = BoardPatch {
        name: Some("Other".to_owned()),
        metadata: Some(serde_json::from_str(r#"{"a": 1}"#).expect("an object")),
        time_zone: Some("Europe/Berlin".to_owned()),
        ..BoardPatch::default()
    };
    a.update_board(board.board.id, Expected::Any, patch).await.expect("it changes");
}

async fn cards(kanban: &Kanban, board: &kanban_core::BoardDetail) -> Vec<kanban_core::Card> {
    let mut cards = Vec::new();
    for i in 0..8 {
        let new = NewCard {
            fields: serde_json::from_str(r#"{"a": 1}"#).expect("an object"),
            ..NewCard::titled(format!("card {i}"))
        };
        cards.push(kanban.create_card(board.columns[0].id, new).await.expect("a card"));
    }
    kanban.add_dependency(cards[7].id, NewDependency::waits_for(cards[6].id)).await.expect("a link");
    cards
}

#[tokio::test]
async fn each_kind_of_change_goes_back_and_an_undo_can_be_undone() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let id = board.board.id;
    let cards = cards(&kanban, &board).await;
    let a = agent(&store, "a");
    let (from, before) = (now(&kanban, id).await, shown(&kanban, id).await);
    do_everything(&a, &board, &cards).await;
    let (until, after) = (now(&kanban, id).await, shown(&kanban, id).await);

    // a dry run tells the same, and leaves no event behind
    let seq = kanban.get_board(id).await.expect("the board").board.seq;
    let undo = Undo { to: Some(until), ..Undo::of_actor("a", from) };
    let tried = kanban.undo(id, Undo { dry_run: true, ..undo.clone() }).await.expect("it is tried");
    assert!(tried.dry_run);
    assert_eq!(
        (kanban.get_board(id).await.expect("the board").board.seq, shown(&kanban, id).await),
        (seq, after.clone())
    );
    let operator = store.tenant("default", Actor::human("operator")).expect("a person");
    let undone = operator.undo(id, undo.clone()).await.expect("it is undone");
    assert_eq!((undone.items.clone(), undone.next_before_seq), (tried.items, None));
    assert!(undone.items.iter().all(|thing| thing.outcome == UndoOutcome::Reverted), "{undone:#?}");
    assert_eq!(undone.items.len(), 15, "{:?}", told(&undone));
    let of = |name: &str| undone.items.iter().find(|thing| thing.name == name).expect("it is told");
    assert_eq!(of("AB-1").members, ["due_at", "external_id", "fields", "labels", "title"]);
    assert_eq!(of("AB-2").members, ["column_id", "position"]);
    assert_eq!(of("AB-4").members, ["deleted_at", "position"]);
    assert_eq!(of("AB-6").members, ["claim", "column_id", "position"]);
    assert_eq!(of("AB-9").members, ["deleted_at"]);
    assert_eq!(of("AB-7 blocks AB-8").actions, ["dependency.removed"]);
    assert_eq!(differences("", &shown(&kanban, id).await, &before), Vec::<String>::new());
    assert_eq!(kanban.get_card(cards[5].id).await.expect("a card").claim, None);
    let ready = kanban.next_tasks("b", NextTasks::default()).await.expect("tasks").items;
    assert_eq!(ready.len(), 7, "all but the one that waits again");
    // one event for each thing, by whoever asked, that says whose doings it undoes
    let audit = kanban.list_audit(ListAudit::default()).await.expect("the audit").items;
    let by_operator: Vec<_> = audit.iter().filter(|event| event.actor_id == "operator").collect();
    assert_eq!(by_operator.len(), undone.items.len());
    assert!(by_operator.iter().all(|event| event.payload.get().contains(r#""undo":{"actor": "a", "since": "2"#)));

    // once more there is nothing to do
    let again = operator.undo(id, undo.clone()).await.expect("there is nothing to do");
    assert!(again.items.iter().all(|thing| thing.outcome == UndoOutcome::Unchanged), "{again:#?}");
    assert_eq!(differences("", &shown(&kanban, id).await, &before), Vec::<String>::new());

    // and back again, without the claim
    let back = undo_all(&kanban, id, Undo::of_actor("operator", until)).await;
    assert_eq!(reasons(&back), []);
    assert_eq!(differences("", &shown(&kanban, id).await, &after), Vec::<String>::new());
    // what somebody has decided since stands
    let conflicts = operator.undo(id, undo).await.expect("an answer");
    let title = conflicts.items.iter().find(|thing| thing.name == "AB-1").expect("it is told");
    let by = title.reason.as_ref().and_then(|reason| reason.actor.clone()).expect("who it was");
    assert_eq!((title.outcome, by.id), (UndoOutcome::Conflict, kanban.actor().id.clone()));
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
}

#[tokio::test]
async fn only_what_was_done_within_the_window_by_that_actor_or_run_goes_back() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (id, todo) = (board.board.id, board.columns[0].id);
    let first = store.tenant("default", Actor::agent("a").in_run("one")).expect("an agent");
    let second = store.tenant("default", Actor::agent("a").in_run("two")).expect("an agent");
    let mut events = Vec::new();
    for (by, title) in [(&first, "1"), (&second, "2"), (&kanban, "3"), (&first, "4")] {
        events.push(by.create_card(todo, NewCard::titled(title)).await.expect("a card"));
    }
    let tried = async |undo: Undo| {
        let undone = kanban.undo(id, Undo { dry_run: true, ..undo }).await.expect("it is tried");
        undone.items.into_iter().map(|thing| thing.name).collect::<Vec<_>>()
    };
    let at: Vec<_> = events.iter().map(|card| card.created_at).collect();
    assert_eq!(tried(Undo::of_actor("a", at[0])).await, ["AB-4", "AB-2", "AB-1"], "the last first");
    assert_eq!(tried(Undo::of_actor("a", at[1])).await, ["AB-4", "AB-2"], "the beginning belongs to it");
    let to = Some(at[3]);
    assert_eq!(tried(Undo { to, ..Undo::of_actor("a", at[1]) }).await, ["AB-2"], "the end does not");
    assert_eq!(tried(Undo::of_run("one", at[0])).await, ["AB-4", "AB-1"]);
    assert_eq!(tried(Undo { run_id: Some("two".to_owned()), ..Undo::of_actor("a", at[0]) }).await, ["AB-2"]);
    assert_eq!(tried(Undo::of_actor("nobody", at[0])).await, Vec::<String>::new());
    let below = Undo { before_seq: Some(7), ..Undo::of_actor("a", at[0]) };
    assert_eq!(tried(below).await, ["AB-2", "AB-1"]);

    let ahead = "2999-01-01T00:00:00Z".parse().expect("a moment");
    let none = Undo { actor: None, ..Undo::of_actor("", at[0]) };
    for (bad, pointer) in [
        (none, "/actor"),
        (Undo::of_actor("", at[0]), "/actor"),
        (Undo::of_run("x".repeat(257), at[0]), "/run_id"),
        (Undo { to: Some(at[0]), ..Undo::of_actor("a", at[0]) }, "/from"),
        (Undo::of_actor("a", ahead), "/from"),
        (Undo { before_seq: Some(0), ..Undo::of_actor("a", at[0]) }, "/before_seq"),
    ] {
        let error = kanban.undo(id, bad).await.expect_err("it is wrong");
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(pointer), "{error}");
    }
    let nowhere: kanban_core::BoardRef = "NOPE".parse().expect("a key");
    let error = kanban.undo(nowhere, Undo::of_actor("a", at[0])).await.expect_err("there is none");
    assert_eq!(error.to_string(), "There is no board NOPE. Check the id or key, or list what exists.");
}

#[tokio::test]
async fn more_than_two_hundred_things_go_page_by_page() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let id = board.board.id;
    kanban.create_card(board.columns[0].id, NewCard::titled("kept")).await.expect("a card");
    let (from, before) = (now(&kanban, id).await, shown(&kanban, id).await);
    let a = agent(&store, "a");
    let columns = [board.columns[0].id, board.columns[1].id, board.columns[2].id];
    let made = a
        .transaction(|a| async move {
            for i in 0..205 {
                a.create_card(columns[i % 3], NewCard::titled(format!("card {i}"))).await?;
            }
            Ok(())
        })
        .await;
    made.expect("many cards");
    let first = kanban.undo(id, Undo::of_run("run-a", from)).await.expect("most of it");
    assert_eq!((first.items.len(), first.next_before_seq), (200, Some(first.items[199].seq)));
    let next = Undo { before_seq: first.next_before_seq, ..Undo::of_run("run-a", from) };
    let rest = kanban.undo(id, next).await.expect("the rest");
    assert_eq!((rest.items.len(), rest.next_before_seq), (5, None));
    assert!(rest.items.iter().all(|thing| thing.entity_type == EntityType::Card));
    assert_eq!(differences("", &shown(&kanban, id).await, &before), Vec::<String>::new());
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_board_that_was_archived_or_brought_back_is_what_it_was_with_all_that_waits_for_it() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (id, todo) = (board.board.id, board.columns[0].id);
    let blocker = kanban.create_card(todo, NewCard::titled("blocker")).await.expect("a card");
    let elsewhere = kanban.create_board(kanban_core::NewBoard::named("Elsewhere")).await.expect("a board");
    let waits = kanban.create_card(elsewhere.columns[0].id, NewCard::titled("waits")).await.expect("a card");
    kanban.add_dependency(waits.id, NewDependency::waits_for(blocker.id)).await.expect("a link");
    let a = agent(&store, "a");
    let archive = |archived| BoardPatch { archived: Some(archived), ..BoardPatch::default() };
    let is_ready = async || {
        let tasks = kanban.next_tasks("b", NextTasks::default()).await.expect("tasks").items;
        tasks.iter().any(|card| card.id == waits.id)
    };
    let from = now(&kanban, id).await;
    a.update_card(blocker.id, Expected::Any, CardPatch { title: Some("x".to_owned()), ..CardPatch::default() })
        .await
        .expect("it changes");
    a.update_board(id, Expected::Any, archive(true)).await.expect("it is archived");
    assert!(is_ready().await);
    let undone = kanban.undo(id, Undo::of_actor("a", from)).await.expect("it is undone");
    assert_eq!(
        told(&undone),
        [("board", "AB", UndoOutcome::Reverted), ("card", "AB-1", UndoOutcome::Reverted)],
        "the board comes back before its cards"
    );
    assert!(!is_ready().await);

    // brought back by a, with something done on it: that goes, and then the board
    kanban.update_board(id, Expected::Any, archive(true)).await.expect("it is archived");
    let from = now(&kanban, id).await;
    a.update_board(id, Expected::Any, archive(false)).await.expect("it is back");
    a.create_card(todo, NewCard::titled("new")).await.expect("a card");
    let undone = kanban.undo(id, Undo::of_actor("a", from)).await.expect("it is undone");
    assert_eq!(told(&undone).iter().filter(|(.., outcome)| *outcome == UndoOutcome::Reverted).count(), 2);
    assert!(kanban.get_board(id).await.expect("the board").board.archived_at.is_some() && is_ready().await);
    // archived by somebody else, it is left alone
    let error = kanban.undo(id, Undo::of_run("run-x", from)).await.expect_err("it is archived");
    assert_eq!(error.code(), "board_archived");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
}
