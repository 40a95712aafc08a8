//! Undo after random histories: whatever somebody did alone, the boards are as they were before.

use kanban_core::{Actor, BoardId, BoardPatch, ColumnPatch, Expected, Kanban, ListCards, Undo, UndoOutcome};
use serde_json::Value;

use super::{differences, now, shown, undo_all};
use crate::history::History;
use crate::support::{self, Database};

fn seed() -> u64 {
    let seed: u64 =
        std::env::var("KANBAN_TEST_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    eprintln!("seed {seed} (KANBAN_TEST_SEED={seed} repeats it)");
    seed
}

/// Takes away what may stand against an undo: limits below what is there, and other agents' claims.
async fn make_way(kanban: &Kanban, board: BoardId) {
    let open = BoardPatch { archived: Some(false), ..BoardPatch::default() };
    kanban.update_board(board, Expected::Any, open).await.expect("it is open");
    for column in kanban.get_board(board).await.expect("the board").columns {
        if column.wip_limit.is_some_and(|most| column.cards > most) {
            let patch = ColumnPatch { wip_limit: Some(None), ..ColumnPatch::default() };
            kanban.update_column(column.id, Expected::Any, patch).await.expect("it has room");
        }
    }
    for card in kanban.list_cards(board, ListCards::default()).await.expect("its cards").items {
        if let Some(claim) = card.claim {
            kanban.release_card(card.id, claim.epoch, None).await.expect("it is released");
        }
    }
}

/// Lets everybody work on some boards, then one alone, and undoes that; answers what is not as before.
async fn left_behind(database: &Database, seed: u64, is_settled: bool) -> Vec<String> {
    let store = database.store().await;
    let operator = store.tenant("default", Actor::human("operator")).expect("a person");
    let mut history = History::begin(&store, seed).await;
    history.go_on(150).await;
    let mut before = Vec::new();
    for board in &history.boards {
        make_way(&operator, *board).await;
    }
    for board in &history.boards {
        before.push((*board, now(&operator, *board).await, shown(&operator, *board).await));
    }
    history.is_alone = true;
    history.is_settled = is_settled;
    history.go_on(60).await;
    let (mut done, mut left) = (0, Vec::new());
    // twice: a card that was deleted on one board comes back by its undo, and may go by that of the board it is from
    for (board, from, _) in before.iter().chain(&before) {
        let undone = undo_all(&operator, *board, Undo::of_actor("ada", *from)).await;
        done += undone.items.iter().filter(|thing| thing.outcome == UndoOutcome::Reverted).count();
        let against = undone.items.iter().filter(|thing| thing.outcome == UndoOutcome::Conflict);
        left.extend(against.filter(|_| is_settled).map(|thing| format!("{thing:?}")));
    }
    assert!(done > 0, "there was something to undo");
    for (board, _, was) in before {
        let (mut is, mut was) = (shown(&operator, board).await, was);
        if !is_settled {
            // places are those of one board: what came from others meanwhile may be in between
            [&mut is, &mut was].into_iter().for_each(sort_cards);
        }
        left.extend(differences(&board.to_string(), &is, &was));
    }
    assert_eq!(operator.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&operator).await;
    left
}

fn sort_cards(board: &mut Value) {
    for column in board["columns"].as_array_mut().expect("columns") {
        column["cards"].as_array_mut().expect("cards").sort_by_key(|card| card["card"]["key"].to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_did_alone_is_undone_to_the_last_member_and_place() {
    let first = seed();
    for seed in (0..rounds()).map(|i| first.wrapping_add(i)) {
        let left = left_behind(&support::database().await, seed, true).await;
        assert!(left.is_empty(), "seed {seed}: {}", left.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cards_that_went_from_board_to_board_are_back_where_they_were() {
    let first = seed();
    for seed in (0..rounds()).map(|i| first.wrapping_add(i)) {
        let left = left_behind(&support::database().await, seed, false).await;
        assert!(left.is_empty(), "seed {seed}: {}", left.join("\n"));
    }
}

fn rounds() -> u64 {
    std::env::var("KANBAN_UNDO_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3)
}

#[tokio::test]
async fn control_where_things_go_to_the_end_the_places_are_not_those_before() {
    let database = support::database().await;
    // nothing is known of where a thing stood
    let control = "create or replace function kanban.put_back(
            p_list uuid[], p_id uuid, p_parts uuid[], p_from uuid, p_knows boolean, p_behind uuid) returns uuid[]
        language sql immutable as $$ select p_list $$";
    sqlx::raw_sql(control).execute(&database.superuser().await).await.expect("the control");
    let left = left_behind(&database, 7, true).await;
    assert!(!left.is_empty(), "the history of the seed 7 has moves");
}
