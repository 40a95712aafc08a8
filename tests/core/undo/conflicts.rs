//! What stands against an undo is told of each thing, and all others are undone.

use kanban_core::{
    Actor, BoardId, CardPatch, ClaimOptions, ColumnPatch, Expected, Kanban, MoveCard, NewCard, NewColumn,
    NewDependency, Store, Timestamp, Undo, UndoOutcome, UndoReasonCode,
};

use super::{agent, now, reasons, told};
use crate::support::{self, Database};

fn titled(title: &str) -> CardPatch {
    CardPatch { title: Some(title.to_owned()), ..CardPatch::default() }
}

/// A board with so many cards in Todo.
async fn board(
    database: &Database,
    cards: usize,
) -> (Store, Kanban, kanban_core::BoardDetail, Vec<kanban_core::CardId>) {
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let mut made = Vec::new();
    for i in 0..cards {
        made.push(
            kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {i}"))).await.expect("a card").id,
        );
    }
    (store, kanban, board, made)
}

#[tokio::test]
async fn what_somebody_else_changed_since_is_theirs_and_nothing_of_that_card_goes_back() {
    let database = support::database().await;
    let (store, kanban, board, cards) = board(&database, 5).await;
    let (id, doing, done) = (board.board.id, board.columns[1].id, board.columns[2].id);
    let (a, b) = (agent(&store, "a"), agent(&store, "b"));
    let from = now(&kanban, id).await;
    for card in &cards {
        let patch = CardPatch { description: Some("a's".to_owned()), ..titled("a's") };
        a.update_card(*card, Expected::Any, patch).await.expect("it changes");
        a.move_card(*card, Expected::Any, MoveCard::to(doing)).await.expect("it moves");
    }
    // another member of the first; the title of the second; the column of the third; the fourth goes
    b.update_card(cards[0], Expected::Any, CardPatch { labels: Some(vec!["b".to_owned()]), ..CardPatch::default() })
        .await
        .expect("it changes");
    let theirs = b.update_card(cards[1], Expected::Any, titled("b's")).await.expect("it changes");
    b.move_card(cards[2], Expected::Any, MoveCard::to(done)).await.expect("it moves");
    b.delete_card(cards[3], Expected::Any).await.expect("it goes");
    // made by a, and edited by b: it is b's work, too
    let made = a.create_card(doing, NewCard::titled("made")).await.expect("a card");
    b.update_card(made.id, Expected::Any, titled("better")).await.expect("it changes");
    // changed and changed back by somebody else: as it was before is as it was before
    a.update_card(cards[4], Expected::Any, titled("twice")).await.expect("it changes");
    b.update_card(cards[4], Expected::Any, titled("card 4")).await.expect("it changes back");

    let undone = kanban.undo(id, Undo::of_actor("a", from)).await.expect("an answer");
    let expected = [
        ("AB-6", "changed_since", vec!["title"]),
        ("AB-4", "changed_since", vec!["deleted_at"]),
        ("AB-3", "changed_since", vec!["column_id"]),
        ("AB-2", "changed_since", vec!["title"]),
    ];
    let mut found = reasons(&undone);
    found.sort_by(|one, other| other.0.cmp(one.0));
    assert_eq!(found, expected);
    let second = undone.items.iter().find(|thing| thing.name == "AB-2").expect("it is told");
    let why = second.reason.clone().expect("a reason");
    let by = why.actor.expect("who it was");
    assert_eq!(
        (by.id.as_str(), why.action.map(|action| action.as_str()), why.at),
        ("b", Some("card.updated"), Some(theirs.updated_at))
    );
    assert_eq!(why.detail, format!("b has changed title at {}. Decide by hand what it should be.", theirs.updated_at));
    let column = async |card: usize| kanban.get_card(cards[card]).await.expect("a card").column_id;
    assert_eq!((column(1).await, column(2).await), (doing, done), "nothing of these");
    let first = kanban.get_card(cards[0]).await.expect("a card");
    assert_eq!(
        (first.title.as_str(), first.labels, first.column_id),
        ("card 0", vec!["b".to_owned()], board.columns[0].id)
    );
    let last = kanban.get_card(cards[4]).await.expect("a card");
    assert_eq!((last.title.as_str(), last.description.as_str(), last.column_id), ("card 4", "", board.columns[0].id));
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
}

#[tokio::test]
async fn control_where_nobody_looks_who_else_has_changed_something_their_work_is_lost() {
    let database = support::database().await;
    let (store, kanban, board, cards) = board(&database, 1).await;
    let control = "create or replace function kanban.changed_since(
            p_tenant text, p_scope kanban.undo_scope, p_step kanban.undo_step, p_members text[]) returns jsonb
        language sql stable as $$ select null::jsonb $$";
    sqlx::raw_sql(control).execute(&database.superuser().await).await.expect("the control");
    let from = now(&kanban, board.board.id).await;
    agent(&store, "a").update_card(cards[0], Expected::Any, titled("a's")).await.expect("it changes");
    agent(&store, "b").update_card(cards[0], Expected::Any, titled("b's")).await.expect("it changes");
    kanban.undo(board.board.id, Undo::of_actor("a", from)).await.expect("an answer");
    assert_eq!(kanban.get_card(cards[0]).await.expect("a card").title, "card 0");
}

#[tokio::test]
async fn a_live_lease_of_another_agent_and_a_full_column_keep_cards_where_they_are() {
    let database = support::database().await;
    let (store, kanban, board, cards) = board(&database, 6).await;
    let (id, todo, doing) = (board.board.id, &board.columns[0], board.columns[1].id);
    let (a, b) = (agent(&store, "a"), agent(&store, "b"));
    let from = now(&kanban, id).await;
    for card in &cards {
        a.move_card(*card, Expected::Any, MoveCard::to(doing)).await.expect("it moves");
    }
    a.update_card(cards[5], Expected::Any, CardPatch { assignees: Some(vec!["b".to_owned()]), ..CardPatch::default() })
        .await
        .expect("it changes");
    b.claim_card(cards[5], "b", ClaimOptions::default()).await.expect("it is b's");
    // room for two of the other five
    let limit = ColumnPatch { wip_limit: Some(Some(3)), ..ColumnPatch::default() };
    kanban.update_column(todo.id, Expected::Any, limit).await.expect("a limit");
    kanban.create_card(todo.id, NewCard::titled("came since")).await.expect("a card");
    let undone = kanban.undo(id, Undo::of_actor("a", from)).await.expect("an answer");
    let full = |name| (name, "wip_limit_reached", vec!["Todo"]);
    assert_eq!(reasons(&undone), [("AB-6", "claimed", vec!["b"]), full("AB-3"), full("AB-2"), full("AB-1")]);
    let lease = undone.items[0].reason.as_ref().and_then(|reason| reason.until);
    assert_eq!(lease, kanban.get_card(cards[5]).await.expect("a card").claim.map(|claim| claim.until));
    let back = undone.items.iter().filter(|thing| thing.outcome == UndoOutcome::Reverted).count();
    assert_eq!((back, kanban.get_column(todo.id).await.expect("it").cards), (2, 3), "the limit is not passed");

    // where others leave, there is room: two that were swapped go back through a full column
    let two = [cards[3], cards[4]];
    let limit = ColumnPatch { wip_limit: Some(Some(4)), ..ColumnPatch::default() };
    kanban.update_column(doing, Expected::Any, limit).await.expect("a limit");
    let from = now(&kanban, id).await;
    a.move_card(cards[0], Expected::Any, MoveCard::to(board.columns[2].id)).await.expect("it moves");
    a.move_card(two[0], Expected::Any, MoveCard::to(doing)).await.expect("it moves");
    a.move_card(cards[1], Expected::Any, MoveCard::to(todo.id)).await.expect("it moves");
    let undone = kanban.undo(id, Undo::of_actor("a", from)).await.expect("an answer");
    assert_eq!(reasons(&undone), []);
    assert_eq!(kanban.get_column(doing).await.expect("it").cards, 4);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn columns_links_and_names_that_are_in_the_way_are_told() {
    let database = support::database().await;
    let (store, kanban, board, cards) = board(&database, 4).await;
    let (id, todo, doing) = (board.board.id, board.columns[0].id, board.columns[1].id);
    let a = agent(&store, "a");
    let gone = kanban.create_column(id, NewColumn::named("Gone", board.columns[1].kind)).await.expect("a column");
    kanban.move_card(cards[0], Expected::Any, MoveCard::to(gone.id)).await.expect("it moves");
    let named = CardPatch { external_id: Some(Some("x".to_owned())), ..CardPatch::default() };
    kanban.update_card(cards[1], Expected::Any, named.clone()).await.expect("it changes");
    kanban.add_dependency(cards[3], NewDependency::waits_for(cards[2])).await.expect("a link");
    let from = now(&kanban, id).await;
    a.move_card(cards[0], Expected::Any, MoveCard::to(doing)).await.expect("it moves");
    a.update_card(cards[1], Expected::Any, CardPatch { external_id: Some(None), ..CardPatch::default() })
        .await
        .expect("it changes");
    a.remove_dependency(cards[3], NewDependency::waits_for(cards[2])).await.expect("it goes");
    let made = a.create_column(id, NewColumn::named("Made", board.columns[1].kind)).await.expect("a column");
    let lease = a.claim_card(cards[2], "a", ClaimOptions { start: false, ..ClaimOptions::default() }).await;
    let epoch = lease.expect("a claim").claim.expect("a claim").epoch;
    a.heartbeat(cards[2], epoch, None).await.expect("it goes on");
    a.release_card(cards[2], epoch, None).await.expect("it is released");
    // meanwhile
    kanban.delete_column(gone.id, Expected::Any, None).await.expect("it goes");
    kanban.update_card(cards[3], Expected::Any, named).await.expect("the name is free");
    kanban.add_dependency(cards[2], NewDependency::waits_for(cards[3])).await.expect("the other way round");
    kanban.create_card(made.id, NewCard::titled("in it")).await.expect("a card");
    let undone = kanban.undo(id, Undo::of_actor("a", from)).await.expect("an answer");
    assert_eq!(
        reasons(&undone),
        [
            ("AB-3", "lease_over", vec![]),
            ("Made", "column_not_empty", vec!["Made"]),
            ("AB-3 blocks AB-4", "dependency_cycle", vec!["AB-4", "AB-3", "AB-4"]),
            ("AB-2", "duplicate", vec!["external_id"]),
            ("AB-1", "column_gone", vec!["Gone"]),
        ]
    );
    let lease = undone.items[0].clone();
    assert_eq!(lease.outcome, UndoOutcome::Impossible);
    assert_eq!(lease.reason.map(|reason| reason.code), Some(UndoReasonCode::LeaseOver));
    assert!(told(&undone)[1..].iter().all(|(.., outcome)| *outcome == UndoOutcome::Conflict));
    assert_eq!(kanban.get_card(cards[0]).await.expect("a card").column_id, doing);
    assert_eq!(kanban.get_column(todo).await.expect("it").cards, 3);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
}

/// What an agent goes on with, while it is undone again and again.
async fn write(a: &Kanban, board: &kanban_core::BoardDetail, cards: &[kanban_core::CardId], seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..25 {
        let card = cards[random.usize(..cards.len())];
        let to = MoveCard::to(board.columns[random.usize(..3)].id);
        // somebody else may hold it or have it deleted
        let _ = match random.u8(..5) {
            0 => a.move_card(card, Expected::Any, to).await.map(drop),
            1 => a.update_card(card, Expected::Any, titled("busy")).await.map(drop),
            2 => a.create_card(board.columns[0].id, NewCard::titled("new")).await.map(drop),
            3 => a.add_dependency(card, NewDependency::waits_for(cards[0])).await.map(drop),
            _ => a.claim_card(card, &a.actor().id, ClaimOptions::default()).await.map(drop),
        };
    }
}

async fn undo_again_and_again(kanban: &Kanban, board: BoardId, from: Timestamp) -> usize {
    let mut reverted = 0;
    for _ in 0..12 {
        // it is known to have done nothing where the agent was faster too often
        if let Ok(undone) = kanban.undo(board, Undo::of_actor("a", from)).await {
            reverted += undone.items.iter().filter(|thing| thing.outcome == UndoOutcome::Reverted).count();
        }
    }
    reverted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undo_goes_between_the_writes_of_others_and_every_count_holds() {
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let database = support::database().await;
    let (store, kanban, board, cards) = board(&database, 12).await;
    let limit = ColumnPatch { wip_limit: Some(Some(4)), ..ColumnPatch::default() };
    kanban.update_column(board.columns[1].id, Expected::Any, limit).await.expect("a limit");
    let from = now(&kanban, board.board.id).await;
    let operator = store.tenant("default", Actor::human("operator")).expect("a person");
    let agents: Vec<Kanban> = ["a", "a", "b", "c"].iter().map(|id| agent(&store, id)).collect();
    let writers = futures::future::join_all(
        agents.iter().enumerate().map(|(i, agent)| write(agent, &board, &cards, seed.wrapping_add(i as u64))),
    );
    let (_, mut reverted) = tokio::join!(writers, undo_again_and_again(&operator, board.board.id, from));
    let rest = operator.undo(board.board.id, Undo::of_actor("a", from)).await.expect("nobody is in its way now");
    reverted += rest.items.iter().filter(|thing| thing.outcome == UndoOutcome::Reverted).count();
    assert!(reverted > 0, "it has undone something");
    assert!(rest.items.iter().all(|thing| thing.outcome != UndoOutcome::Reverted || !thing.members.is_empty()));
    let again = operator.undo(board.board.id, Undo::of_actor("a", from)).await.expect("an answer");
    assert!(again.items.iter().all(|thing| thing.outcome != UndoOutcome::Reverted), "{again:?}");
    assert!(kanban.get_column(board.columns[1].id).await.expect("it").cards <= 4, "the limit is not passed");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
}
