//! Promises under real concurrency, each with a control that breaks the guard and must be caught.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use kanban_core::{
    Actor, CardPatch, ClaimNext, ColumnPatch, Error, Expected, JsonObject, Kanban, ListEvents, MoveCard, NewCard,
    NewDependency, Store,
};
use serde_json::json;

use crate::support;

async fn agents(url: &str, stores: usize, each: usize) -> Vec<Kanban> {
    let mut agents = Vec::new();
    for s in 0..stores {
        let store = Store::connect(url).await.expect("the database answers");
        for a in 0..each {
            agents.push(store.tenant("default", Actor::agent(format!("agent-{s}-{a}"))).expect("an agent"));
        }
    }
    agents
}

/// Claims one card after the other until there is nothing, and answers their keys.
async fn drain(kanban: Kanban) -> Vec<String> {
    let agent = kanban.actor().id.clone();
    let mut keys = Vec::new();
    loop {
        match kanban.claim_next(&agent, ClaimNext { start: false, ..ClaimNext::default() }).await {
            Ok(claimed) if claimed.items.is_empty() => return keys,
            Ok(claimed) => keys.extend(claimed.items.into_iter().map(|card| card.key)),
            // told to come back: comes back
            Err(Error::Unavailable { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn drained_twice(guarded: bool) -> usize {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for i in 0..150 {
        kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {i}"))).await.expect("a card");
    }
    if !guarded {
        // the control: a claim that locks nothing and believes what it has read
        let pool = database.superuser().await;
        let source: String = sqlx::query_scalar("select pg_get_functiondef('kanban.claim_next'::regproc)")
            .fetch_one(&pool)
            .await
            .expect("the function reads");
        let broken = source
            .replace("perform kanban.lock_columns(p_tenant, v_boards);", "perform pg_sleep(0.002);")
            .replace("perform 1 from kanban.cards where tenant_id = p_tenant and id = any (v_ids) order by id for no key update;", "")
            .replace("order by u.place for no key update of c", "order by u.place");
        assert_ne!(source, broken, "the guard was there to take away");
        sqlx::raw_sql(sqlx::AssertSqlSafe(broken)).execute(&pool).await.expect("the function changes");
    }
    let claims = join_all(agents(&database.url(), 3, 5).await.into_iter().map(drain)).await.concat();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for key in claims {
        *times.entry(key).or_default() += 1;
    }
    assert_eq!(times.len(), 150, "every card was claimed");
    if guarded {
        crate::replay::explains_the_board(&kanban).await;
    }
    times.values().filter(|times| **times > 1).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_card_goes_to_exactly_one_agent() {
    assert_eq!(drained_twice(true).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_locks_cards_go_to_several_agents() {
    assert!(drained_twice(false).await > 0, "a test that cannot see a double claim proves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_and_no_event_either() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("counter")).await.expect("a card");
    let writers = (0..16).map(|_| async {
        let mut written = 0;
        for _ in 0..10 {
            let now = kanban.get_card(card.id).await.expect("a card");
            let count: i64 = now.fields.parse::<serde_json::Value>().expect("JSON")["count"].as_i64().unwrap_or(0);
            let fields = Some(JsonObject::from_value(&json!({"count": count + 1})).expect("an object"));
            match kanban.update_card(card.id, now.version, CardPatch { fields, ..CardPatch::default() }).await {
                Ok(_) => written += 1,
                Err(Error::VersionConflict { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        written
    });
    let written: i64 = join_all(writers).await.into_iter().sum();
    let end = kanban.get_card(card.id).await.expect("a card");
    let count = end.fields.parse::<serde_json::Value>().expect("JSON")["count"].as_i64();
    assert_eq!((count, end.version.0), (Some(written), written + 1));
    let events = kanban.list_events(board.board.id, ListEvents { since: 0, limit: 1000 }).await.expect("events");
    let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=written + 5).collect::<Vec<i64>>());
    crate::replay::explains_the_board(&kanban).await;
}

/// The most cards that a column with a limit of 3 held while 24 movers raced into it.
async fn most_cards_in_doing(guarded: bool) -> i64 {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing) = (board.columns[0].id, &board.columns[1]);
    let limit = ColumnPatch { wip_limit: Some(Some(3)), ..ColumnPatch::default() };
    kanban.update_column(doing.id, doing.version, limit).await.expect("a limit");
    let pool = database.superuser().await;
    if !guarded {
        let control = "create or replace function kanban.require_room(p_column kanban.columns) returns void
            language plpgsql as $$ begin perform pg_sleep(0.001); end $$";
        sqlx::raw_sql(control).execute(&pool).await.expect("the function changes");
    }
    let mut cards = Vec::new();
    for i in 0..24 {
        cards.push(kanban.create_card(todo, NewCard::titled(format!("card {i}"))).await.expect("a card"));
    }
    let refused = AtomicUsize::new(0);
    join_all(cards.iter().map(|card| async {
        for _ in 0..4 {
            match kanban.move_card(card.id, Expected::Any, MoveCard::to(doing.id)).await {
                Ok(_) => {
                    kanban.move_card(card.id, Expected::Any, MoveCard::to(todo)).await.expect("back");
                }
                Err(Error::WipLimitReached { .. }) => {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => panic!("{error}"),
            }
        }
    }))
    .await;
    assert!(!guarded || refused.into_inner() > 0, "they raced");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
    // the visits tell how many were there at once, at any moment; one that ends makes room for one that begins
    sqlx::query_scalar(
        "select max(running)::bigint from (
             select sum(change) over (order by at, change) as running
             from (select entered_at as at, 1 as change from kanban.column_visits where column_id = $1
                   union all select left_at, -1 from kanban.column_visits where column_id = $1 and left_at is not null) as c
         ) as r",
    )
    .bind(sqlx::types::Uuid::from(doing.id.to_string().parse::<ulid::Ulid>().expect("an id")))
    .fetch_one(&pool)
    .await
    .expect("the visits read")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_wip_limit_is_never_passed() {
    assert_eq!(most_cards_in_doing(true).await, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_the_guard_the_wip_limit_is_passed() {
    assert!(most_cards_in_doing(false).await > 3, "a test that cannot see it passed proves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_links_and_moves_leave_counts_exact_and_no_deadlock_surfaces() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let columns: Vec<_> = board.columns.iter().map(|column| column.id).collect();
    let mut cards = Vec::new();
    for i in 0..12 {
        cards.push(kanban.create_card(columns[0], NewCard::titled(format!("card {i}"))).await.expect("a card").id);
    }
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let workers = (0..8).map(|worker| {
        let (kanban, cards, columns) = (&kanban, &cards, &columns);
        async move {
            let mut random = fastrand::Rng::with_seed(seed.wrapping_add(worker));
            for _ in 0..60 {
                let (a, b) = (cards[random.usize(..12)], cards[random.usize(..12)]);
                let outcome = match random.u8(..10) {
                    0..=2 => kanban.add_dependency(a, NewDependency::waits_for(b)).await.map(drop),
                    3 => kanban.remove_dependency(a, NewDependency::waits_for(b)).await.map(drop),
                    4..=7 => {
                        let to =
                            MoveCard { position: Some(random.u32(..6)), ..MoveCard::to(columns[random.usize(..3)]) };
                        kanban.move_card(a, Expected::Any, to).await.map(drop)
                    }
                    8 => kanban.delete_card(a, Expected::Any).await.map(drop),
                    _ => kanban.restore_card(a, Expected::Any).await.map(drop),
                };
                match outcome {
                    Ok(()) | Err(Error::NotFound { .. } | Error::DependencyCycle { .. } | Error::Invalid { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    join_all(workers).await;
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    crate::replay::explains_the_board(&kanban).await;
}
