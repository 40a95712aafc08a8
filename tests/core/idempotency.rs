//! Work that is done once under a key.

use futures::future::join_all;
use kanban_core::{Actor, Error, IdempotencyKey, Kanban, ListCards, NewCard, Once, Version};

use crate::support;

fn key(caller: &str, key: &str) -> IdempotencyKey {
    IdempotencyKey { caller: caller.to_owned(), key: key.to_owned() }
}

/// Creates a card under a key, and answers its key.
async fn create_once(kanban: &Kanban, key: &IdempotencyKey, fingerprint: u8) -> kanban_core::Result<Once<Error>> {
    let todo = kanban.get_board("AB".parse::<kanban_core::BoardRef>()?).await?.columns[0].id;
    kanban
        .once(key, &[fingerprint; 32], |kanban| async move {
            let card = kanban.create_card(todo, NewCard::titled("once")).await?;
            Ok(card.key.into_bytes())
        })
        .await
}

#[tokio::test]
async fn a_key_stands_for_one_request_of_one_caller() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let first = create_once(&kanban, &key("ada", "k"), 1).await.expect("done");
    assert!(matches!(first, Once::Done(answer) if answer == b"AB-1"));
    let again = create_once(&kanban, &key("ada", "k"), 1).await.expect("answered");
    assert!(matches!(again, Once::Before(answer) if answer == b"AB-1"));
    let other = create_once(&kanban, &key("ada", "k"), 2).await.expect_err("another request");
    assert_eq!(other.code(), "idempotency_key_reused");
    let bob = create_once(&kanban, &key("bob", "k"), 2).await.expect("another caller");
    assert!(matches!(bob, Once::Done(answer) if answer == b"AB-2"));
    for bad in ["".to_owned(), "k".repeat(256), "a\0b".to_owned()] {
        assert_eq!(create_once(&kanban, &key("ada", &bad), 1).await.expect_err("no key").code(), "invalid");
    }
    let cards = kanban.list_cards(board.board.id, ListCards::default()).await.expect("a list").items;
    assert_eq!(cards.len(), 2);
}

#[tokio::test]
async fn work_that_gives_up_leaves_the_key_free_and_can_still_tell_what_is_there() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let todo = board.columns[0].id;
    let card = kanban.create_card(todo, NewCard::titled("there")).await.expect("a card");
    let id = card.id;
    let refused = kanban
        .once(&key("ada", "k"), &[1; 32], |kanban| async move {
            kanban.create_card(todo, NewCard::titled("taken back")).await?;
            kanban.delete_card(id, Version(7)).await.map(|card| card.key.into_bytes())
        })
        .await
        .expect("an outcome");
    let Once::Refused(Error::VersionConflict { actual: 1, current: Some(current), .. }) = refused else {
        panic!("{refused:?}");
    };
    assert!(current.get().contains("\"there\""));
    assert!(
        matches!(create_once(&kanban, &key("ada", "k"), 2).await.expect("free"), Once::Done(key) if key == b"AB-2")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_at_once_from_two_stores_do_it_once() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = database.store().await.tenant("default", Actor::human("ada")).expect("a person");
    let key = key("ada", "k");
    let outcomes = join_all((0..50).map(|i| create_once(if i % 2 == 0 { &kanban } else { &other }, &key, 1))).await;
    let mut done = 0;
    for outcome in outcomes {
        match outcome.expect("an answer") {
            Once::Done(answer) => {
                done += 1;
                assert_eq!(answer, b"AB-1");
            }
            Once::Before(answer) => assert_eq!(answer, b"AB-1"),
            Once::Refused(error) => panic!("{error}"),
        }
    }
    assert_eq!(done, 1);
    let cards = kanban.list_cards(board.board.id, ListCards::default()).await.expect("a list").items;
    assert_eq!(cards.len(), 1);
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    let database = support::database().await;
    let (kanban, _) = support::board(&database.store().await).await;
    for name in ["old", "k"] {
        create_once(&kanban, &key("ada", name), 1).await.expect("done");
    }
    let pool = database.superuser().await;
    let age = "update kanban.idempotency_keys set created_at = created_at - interval '24 hours 1 second'";
    sqlx::raw_sql(age).execute(&pool).await.expect("they age");
    assert!(
        matches!(create_once(&kanban, &key("ada", "k"), 2).await.expect("free"), Once::Done(key) if key == b"AB-3")
    );
    let left: Vec<String> =
        sqlx::query_scalar("select key from kanban.idempotency_keys").fetch_all(&pool).await.expect("they read");
    assert_eq!(left, ["k"]);
}
