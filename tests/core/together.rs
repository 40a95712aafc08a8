//! Claims and completions that many ask for at once: few statements write them, and each is as if it had come alone.

use std::collections::HashSet;

use futures::future::join_all;
use kanban_core::{
    Actor, BoardDetail, Card, CardPatch, CardRef, ClaimNext, Claimed, ColumnPatch, Epoch, Error, Expected, Kanban,
    ListCards, ListEvents, ListPage, MoveCard, NewBoard, NewCard, NothingClaimedCode, Priority, Store,
};
use rand::{Rng, SeedableRng};

use crate::replay::explains_the_board;
use crate::round_trips::Wire;
use crate::support;

fn agents(store: &Store, many: usize) -> Vec<Kanban> {
    (0..many).map(|n| store.tenant("default", Actor::agent(format!("agent-{n}"))).expect("an agent")).collect()
}

async fn claim(agent: &Kanban) -> Claimed {
    agent.claim_next(&agent.actor().id, ClaimNext::default()).await.expect("an answer")
}

fn epoch(card: &Card) -> Epoch {
    card.claim.as_ref().expect("it is claimed").epoch
}

/// A person's handle, and a board with this many cards to do.
async fn board(store: &Store, cards: usize) -> (Kanban, BoardDetail) {
    let (kanban, board) = support::board(store).await;
    for n in 0..cards {
        kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {n}"))).await.expect("a card");
    }
    (kanban, board)
}

async fn cards(kanban: &Kanban, board: &BoardDetail) -> Vec<Card> {
    let all = ListCards { page: ListPage::first(200), ..ListCards::default() };
    kanban.list_cards(board.board.id, all).await.expect("cards").items
}

#[tokio::test]
async fn who_claims_and_completes_while_others_do_is_written_with_them() {
    let database = support::database().await;
    let wire = Wire::to(&database);
    let store = Store::connect(&wire.url).await.expect("the database answers");
    let (kanban, board) = board(&store, 60).await;
    let agents = agents(&store, 20);
    let warm = claim(&agents[0]).await.items.remove(0);
    agents[0].complete_card(warm.id, epoch(&warm)).await.expect("it is done");

    let before = wire.total().statements;
    let claimed: Vec<Card> = join_all(agents.iter().map(claim)).await.into_iter().flat_map(|c| c.items).collect();
    assert_eq!((claimed.len(), wire.total().statements - before), (20, 1), "all of them by one statement");
    for (agent, card) in agents.iter().zip(&claimed) {
        assert_eq!(card.claim.as_ref().expect("a claim").agent_id, agent.actor().id);
    }
    let keys: Vec<&str> = claimed.iter().map(|card| card.key.as_str()).collect();
    assert_eq!(
        keys,
        (2..22).map(|n| format!("AB-{n}")).collect::<Vec<_>>(),
        "in the order in which work is handed out"
    );

    let before = wire.total().statements;
    // by their ids and by their keys
    let done = join_all(agents.iter().zip(&claimed).enumerate().map(async |(n, (agent, card))| match n % 2 {
        0 => agent.complete_card(card.id, epoch(card)).await,
        _ => agent.complete_card(card.key.parse::<CardRef>()?, epoch(card)).await,
    }))
    .await;
    assert_eq!(wire.total().statements - before, 1, "and so is their end");
    for (done, card) in done.into_iter().zip(&claimed) {
        let done = done.expect("it is done");
        assert_eq!((done.id, done.finished_at.is_some(), done.version.0), (card.id, true, card.version.0 + 1));
    }
    let events = kanban.list_events(board.board.id, ListEvents { since: 0, limit: 1000 }).await.expect("events");
    assert!(events.is_sorted_by(|one, next| one.seq + 1 == next.seq), "numbers have no holes");
    let moments = events.iter().filter(|event| ["card.claimed", "card.completed"].contains(&event.action.as_str()));
    assert!(moments.map(|event| event.at).is_sorted_by(|one, next| one < next), "each has its own moment");
    for action in ["card.claimed", "card.completed"] {
        let whose: HashSet<&str> =
            events.iter().filter(|event| event.action == action).map(|event| event.actor_id.as_str()).collect();
        assert_eq!(whose.len(), 20, "{action} is each one's own");
    }
    explains_the_board(&kanban).await;

    // control: one after the other, each is a statement
    let before = wire.total().statements;
    for agent in &agents {
        claim(agent).await;
    }
    assert_eq!(wire.total().statements - before, 20);
}

#[tokio::test]
async fn each_gets_what_it_would_have_got_alone() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = board(&store, 8).await;
    let agents = agents(&store, 8);
    let all = cards(&kanban, &board).await;
    let assigned = CardPatch {
        assignees: Some(vec!["agent-5".to_owned()]),
        priority: Some(Priority::Critical),
        ..CardPatch::default()
    };
    kanban.update_card(all[7].id, Expected::Any, assigned).await.expect("it changes");
    let urgent = CardPatch { priority: Some(Priority::High), ..CardPatch::default() };
    kanban.update_card(all[6].id, Expected::Any, urgent).await.expect("it changes");
    let limit = ColumnPatch { wip_limit: Some(Some(5)), ..ColumnPatch::default() };
    kanban.update_column(board.columns[1].id, board.columns[1].version, limit).await.expect("a limit");
    let claimed = join_all(agents.iter().map(claim)).await;
    let keys: Vec<Option<&str>> = claimed.iter().map(|c| c.items.first().map(|card| card.key.as_str())).collect();
    let found: Vec<&str> = keys.iter().copied().flatten().collect();
    assert_eq!(found.len(), 5, "{keys:?}: as many as there is room for");
    assert!(found.contains(&"AB-7"), "{keys:?}: what is urgent comes first");
    assert_eq!(found.contains(&"AB-8"), keys[5].is_some(), "{keys:?}: what is assigned is nobody else's");
    assert!(keys[5].is_none_or(|key| key == "AB-8"), "{keys:?}: and its agent's first");
    for nothing in claimed.iter().filter(|claimed| claimed.items.is_empty()) {
        let reason = nothing.reason.as_ref().expect("a reason");
        assert_eq!(reason.code, NothingClaimedCode::WipLimit);
    }
    explains_the_board(&kanban).await;
}

#[tokio::test]
async fn who_is_refused_takes_nobody_along() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = board(&store, 6).await;
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    let agents = agents(&store, 6);
    let claimed: Vec<Card> = join_all(agents.iter().map(claim)).await.into_iter().flat_map(|c| c.items).collect();
    assert_eq!(claimed.len(), 6);
    // one has lost its claim, and one its board
    kanban.release_card(claimed[1].id, epoch(&claimed[1]), None).await.expect("it is free");
    kanban.move_card(claimed[2].id, Expected::Any, MoveCard::to(other.columns[1].id)).await.expect("it moves");
    let twice = agents.iter().zip(&claimed).chain([(&agents[3], &claimed[3])]);
    let done = join_all(twice.map(|(agent, card)| agent.complete_card(card.id, epoch(card)))).await;
    let refused: Vec<usize> = (0..done.len()).filter(|n| done[*n].is_err()).collect();
    assert!(refused == [1, 6] || refused == [1, 3], "{done:?}: the one without a claim, and one of the same twice");
    for n in refused {
        assert!(matches!(done[n], Err(Error::StaleClaim { .. })), "{:?}", done[n]);
    }
    explains_the_board(&kanban).await;
}

#[tokio::test]
async fn a_call_that_nobody_goes_on_with_holds_up_no_other() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = board(&store, 5).await;
    let agents = agents(&store, 2);
    let mut begun = Box::pin(claim(&agents[0]));
    assert!(futures::poll!(&mut begun).is_pending());
    let other = claim(&agents[1]).await.items.remove(0);
    agents[1].complete_card(other.id, epoch(&other)).await.expect("it is done");
    let own = begun.await.items.remove(0);
    agents[0].complete_card(own.id, epoch(&own)).await.expect("it is done");
    assert_ne!(own.key, other.key);
    explains_the_board(&kanban).await;
}

/// Agents work off a board, and are dropped in the middle at random.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_leaves_takes_nothing_from_the_others() {
    let database = support::database().await;
    let store = database.store().await;
    let rounds = support::scale(12, 200);
    let (kanban, board) = board(&store, rounds * 10).await;
    let mut rng = rand::rngs::StdRng::seed_from_u64(support::seed());
    let mut done = HashSet::new();
    for _ in 0..rounds {
        let tasks: Vec<_> = agents(&store, 10)
            .into_iter()
            .map(|agent| {
                tokio::spawn(async move {
                    let card = claim(&agent).await.items.pop()?;
                    Some(agent.complete_card(card.id, epoch(&card)).await.expect("it is done").key)
                })
            })
            .collect();
        for task in &tasks {
            if rng.random_bool(0.3) {
                task.abort();
            } else if rng.random_bool(0.3) {
                tokio::task::yield_now().await;
            }
        }
        for ended in join_all(tasks).await {
            match ended {
                Ok(Some(key)) => assert!(done.insert(key), "a card is done once"),
                Ok(None) => {}
                Err(error) => assert!(error.is_cancelled(), "{error:?}"),
            }
        }
    }
    assert!(!done.is_empty());
    // what somebody began who has left is with its agent until its lease ends; nobody has kept the turn
    claim(&agents(&store, 1)[0]).await;
    let all = cards(&kanban, &board).await;
    let finished: HashSet<&String> =
        all.iter().filter(|card| card.finished_at.is_some()).map(|card| &card.key).collect();
    assert!(done.iter().all(|key| finished.contains(key)), "who was told so can rely on it");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    explains_the_board(&kanban).await;
}
