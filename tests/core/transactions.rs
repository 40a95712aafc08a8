//! Several operations as one, and connections that nobody finds in the middle of something.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kanban_core::{CardPatch, Expected, ListCards, NewBoard, NewCard, Result};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::sync::{Barrier, Notify};

use crate::support;

fn renamed(title: &str) -> CardPatch {
    CardPatch { title: Some(title.to_owned()), ..CardPatch::default() }
}

/// How many backends of the board's role hold a transaction open.
async fn open_transactions(pool: &PgPool) -> i64 {
    let sql = "select count(*) from pg_stat_activity
        where datname = current_database() and usename = 'kanban' and state like 'idle in transaction%'";
    sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(pool).await.expect("the activity reads")
}

#[tokio::test]
async fn all_operations_take_effect_or_none() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let todo = board.columns[0].id;
    let two = kanban.transaction(|kanban| async move {
        kanban.create_card(todo, NewCard::titled("one")).await?;
        kanban.create_card(todo, NewCard::titled("two")).await
    });
    assert_eq!(two.await.expect("both").key, "AB-2");
    let refused: Result<()> = kanban
        .transaction(|kanban| async move {
            kanban.update_card("AB-1".parse::<kanban_core::CardRef>()?, Expected::Any, renamed("changed")).await?;
            kanban.create_card(todo, NewCard::titled("")).await.map(drop)
        })
        .await;
    assert_eq!(refused.expect_err("no title").code(), "invalid");
    let cards = kanban.list_cards(board.board.id, ListCards::default()).await.expect("a list").items;
    assert_eq!(cards.iter().map(|card| &*card.title).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(kanban.get_board(board.board.id).await.expect("the board").board.seq, 6, "no event of what was refused");
}

#[tokio::test]
async fn a_refusal_that_is_passed_over_keeps_nothing() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let todo = board.columns[0].id;
    let passed_over = kanban.transaction(|kanban| async move {
        kanban.create_card(todo, NewCard::titled("one")).await?;
        let missing = kanban.update_card("AB-7".parse::<kanban_core::CardRef>()?, Expected::Any, renamed("x")).await;
        assert_eq!(missing.expect_err("there is none").code(), "not_found");
        let after = kanban.create_card(todo, NewCard::titled("two")).await;
        assert_eq!(after.expect_err("it is over").code(), "transaction_failed");
        Ok(())
    });
    assert_eq!(passed_over.await.expect_err("not kept").code(), "transaction_failed");
    assert!(kanban.list_cards(board.board.id, ListCards::default()).await.expect("a list").items.is_empty());
}

#[tokio::test]
async fn a_handle_is_of_no_use_once_its_transaction_is_over() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let kept = kanban.transaction(|kanban| async move { Ok(kanban) }).await.expect("it commits");
    let late = kept.create_card(board.columns[0].id, NewCard::titled("late")).await;
    assert_eq!(late.expect_err("it is over").code(), "transaction_over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_lock_each_other_out_start_again() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    // each board's row is locked to the end by what is written on it
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("another board");
    for column in [board.columns[0].id, other.columns[0].id] {
        kanban.create_card(column, NewCard::titled("new")).await.expect("a card");
    }
    let both_hold_one = Arc::new(Barrier::new(2));
    let tries = Arc::new(AtomicUsize::new(0));
    let swap = |first: &'static str, second: &'static str| {
        let (kanban, barrier, tries) = (kanban.clone(), both_hold_one.clone(), tries.clone());
        tokio::spawn(async move {
            let work = |kanban: kanban_core::Kanban| {
                let (barrier, is_first_try) = (barrier.clone(), tries.fetch_add(1, Ordering::SeqCst) < 2);
                async move {
                    let card = |key: &str| key.parse::<kanban_core::CardRef>();
                    kanban.update_card(card(first)?, Expected::Any, renamed(first)).await?;
                    if is_first_try {
                        barrier.wait().await;
                    }
                    kanban.update_card(card(second)?, Expected::Any, renamed(second)).await
                }
            };
            kanban.transaction(work).await
        })
    };
    let (one, two) = (swap("AB-1", "OB-1"), swap("OB-1", "AB-1"));
    let (one, two) = (one.await.expect("no panic"), two.await.expect("no panic"));
    for card in [one.expect("done"), two.expect("done")] {
        assert_eq!(card.title, card.key);
    }
    assert!(tries.load(Ordering::SeqCst) > 2, "one of them gave way");
}

#[tokio::test]
async fn a_transaction_that_is_dropped_leaves_nothing() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let todo = board.columns[0].id;
    for _ in 0..20 {
        let written = Arc::new(Notify::new());
        let says = written.clone();
        let dropped = kanban.transaction(move |kanban| {
            let says = says.clone();
            async move {
                kanban.create_card(todo, NewCard::titled("never")).await?;
                says.notify_one();
                std::future::pending::<Result<()>>().await
            }
        });
        tokio::select! {
            _ = dropped => unreachable!("it waits for ever"),
            () = written.notified() => {}
        }
    }
    // were one of them open still, it would hold the column's lock
    let card = kanban.create_card(todo, NewCard::titled("after")).await.expect("nothing is in the way");
    assert_eq!(card.key, "AB-1");
    let pool = database.superuser().await;
    while open_transactions(&pool).await > 0 {
        tokio::task::yield_now().await;
    }
}
