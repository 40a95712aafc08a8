//! Cards that many ask for at once: few statements read them, each gets its own, and nobody waits for one who has left.

use futures::future::join_all;
use kanban_core::{Card, CardPatch, CardRef, Connect, ErrorKind, Expected, Kanban, NewCard, Pooler, Store};
use rand::{Rng, SeedableRng};

use crate::round_trips::Wire;
use crate::support;

/// A store that reads one at a time.
async fn narrow(url: &str) -> (Kanban, Vec<Card>) {
    let one = Connect { pooler: Pooler::None, connections: Some(1) };
    let store = Store::connect_with(url, one).await.expect("the database answers");
    let (kanban, board) = support::board(&store).await;
    let mut cards = Vec::new();
    for n in 0..10 {
        cards.push(kanban.create_card(board.columns[0].id, NewCard::titled(format!("{n}"))).await.expect("a card"));
    }
    (kanban, cards)
}

#[tokio::test]
async fn who_asks_while_another_reads_is_answered_together() {
    let database = support::database().await;
    let wire = Wire::to(&database);
    let (kanban, cards) = narrow(&wire.url).await;
    let gone = kanban.delete_card(cards[9].id, cards[9].version).await.expect("it is deleted");
    let asked: Vec<CardRef> = (0..60)
        .map(|n| match n % 3 {
            0 => cards[n % 10].id.into(),
            1 => CardRef::Key(cards[n % 10].key.clone()),
            _ => CardRef::Key(format!("AB-{}", 1000 + n)),
        })
        .collect();
    let before = wire.total().statements;
    let answers = join_all(asked.iter().map(|card| kanban.get_card(card.clone()))).await;
    // the first one's, one for all who named an id meanwhile, and one for all who named a key
    assert_eq!(wire.total().statements - before, 3);
    for (asked, answer) in asked.iter().zip(answers) {
        match (asked, answer) {
            (CardRef::Id(id), Ok(card)) => assert_eq!(card.id, *id),
            (CardRef::Key(key), Ok(card)) => assert_eq!(card.key, *key),
            (asked, Err(error)) => {
                assert_eq!(error.kind(), ErrorKind::NotFound, "{asked}");
                let is_there = cards[..9].iter().any(|card| *asked == card.id.into() || asked.to_string() == card.key);
                assert!(!is_there, "{asked} is there, and so is not {}", gone.key);
            }
        }
    }
    // control: one after the other, each is a statement
    let before = wire.total().statements;
    for card in &asked {
        drop(kanban.get_card(card.clone()).await);
    }
    assert_eq!(wire.total().statements - before, asked.len());
}

#[tokio::test]
async fn an_answer_is_never_older_than_the_question() {
    let database = support::database().await;
    let (kanban, cards) = narrow(&database.url()).await;
    let (kanban, cards) = (&kanban, &cards);
    join_all((0..8).map(|agent| async move {
        for turn in 0..25 {
            let card = cards[(agent + turn) % 10].id;
            let patch = CardPatch { title: Some(format!("{agent}-{turn}")), ..CardPatch::default() };
            let written = kanban.update_card(card, Expected::Any, patch).await.expect("it is written");
            // whoever reads for whom
            let read = kanban.get_card(card).await.expect("it reads");
            assert!(read.version >= written.version, "{:?} after {:?}", read.version, written.version);
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_keeps_nobody_waiting() {
    let database = support::database().await;
    let (kanban, cards) = narrow(&database.url()).await;
    let mut rng = rand::rngs::StdRng::seed_from_u64(support::seed());
    for _ in 0..support::scale(100, 2_000) {
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let (kanban, card) = (kanban.clone(), cards[n % 10].clone());
                tokio::spawn(async move {
                    let answer = kanban.get_card(card.id).await;
                    assert_eq!(answer.expect("it reads").id, card.id);
                })
            })
            .collect();
        for task in &tasks {
            if rng.random_bool(0.5) {
                task.abort();
            } else if rng.random_bool(0.3) {
                tokio::task::yield_now().await;
            }
        }
        for ended in join_all(tasks).await {
            assert!(ended.as_ref().err().is_none_or(tokio::task::JoinError::is_cancelled), "{ended:?}");
        }
    }
    // nobody has kept the turn
    kanban.get_card(cards[0].id).await.expect("it reads");
}
