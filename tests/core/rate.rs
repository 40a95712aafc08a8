//! Callers are kept to a number of calls: in one process exactly, in several together closely.

use std::num::NonZeroU32;
use std::time::Duration;

use futures::future::join_all;
use kanban_core::{
    Actor, Allowance, Connect, Error, ErrorKind, Kanban, Limited, NewToken, Pooler, RateLimits, Store, TokenScope,
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::round_trips::Wire;
use crate::support;

fn limits(token: u32, tenant: u32) -> RateLimits {
    // long enough that none ends while a test runs
    RateLimits { token: NonZeroU32::new(token), tenant: NonZeroU32::new(tenant), window: Duration::from_secs(3600) }
}

/// Texts of new tokens of the tenant `default`.
async fn tokens(store: &Store, count: usize) -> Vec<String> {
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    let mut texts = Vec::new();
    for n in 0..count {
        let created = kanban.create_token(NewToken::named(format!("t{n}"), TokenScope::Read)).await.expect("a token");
        texts.push(created.secret.expect("its text"));
    }
    texts
}

async fn by(store: &Store, token: &str) -> Kanban {
    store.authenticate(token).await.expect("the token stands")
}

fn refused(outcome: Result<Vec<Allowance>, Error>) -> Allowance {
    match outcome.expect_err("it is refused") {
        Error::RateLimited { allowance } => allowance,
        other => panic!("{other}"),
    }
}

/// How many of so many calls are let in, in turns of all handles.
async fn let_in(handles: &[Kanban], limits: &RateLimits, calls: usize) -> usize {
    let callers = handles.iter().map(|kanban| async move {
        let mut let_in = 0;
        for _ in 0..calls {
            match kanban.count_call(limits).await {
                Ok(_) => let_in += 1,
                Err(error) => assert_eq!(error.kind(), ErrorKind::RateLimited, "{error}"),
            }
        }
        let_in
    });
    join_all(callers).await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_lets_in_exactly_the_limit_and_says_what_is_left() {
    let store = support::database().await.store().await;
    let token = tokens(&store, 1).await.remove(0);
    let kanban = by(&store, &token).await;
    let limits = limits(100, 1000);
    for left in (0..100).rev() {
        let [token, tenant] = kanban.count_call(&limits).await.expect("it is let in").try_into().expect("two limits");
        assert_eq!((token.of, token.limit, token.remaining), (Limited::Token, 100, left));
        assert_eq!((tenant.of, tenant.limit, tenant.remaining), (Limited::Tenant, 1000, 900 + left));
        assert!(token.resets_in <= limits.window && token.resets_in > Duration::from_secs(3500));
    }
    let error = kanban.count_call(&limits).await.expect_err("they are used up");
    assert_eq!((error.kind(), error.code(), error.is_retryable()), (ErrorKind::RateLimited, "rate_limited", true));
    let details = error.details();
    assert_eq!(
        (&details["limited"], &details["limit"], &details["window"]),
        (&"token".into(), &100.into(), &3600.into())
    );
    assert!(details["retry_after"].as_u64().is_some_and(|after| (3500..=3600).contains(&after)), "{details}");
    for window in [Duration::ZERO, Duration::from_millis(1500), Duration::from_secs(3601)] {
        let error = kanban.count_call(&RateLimits { window, ..limits }).await.expect_err("there is no such window");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{window:?}");
    }
    // many at once are counted as exactly
    let other = tokens(&store, 1).await.remove(0);
    let handles = vec![by(&store, &other).await; 16];
    assert_eq!(let_in(&handles, &limits, 20).await, 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_processes_keep_to_a_limit_together() {
    let database = support::database().await;
    let token = tokens(&database.store().await, 1).await.remove(0);
    let mut handles = Vec::new();
    for _ in 0..3 {
        let store = database.store().await;
        handles.extend(vec![by(&store, &token).await; 2]);
    }
    let limits = limits(600, 10_000);
    let let_in = let_in(&handles, &limits, 300).await;
    eprintln!("{let_in} of 600");
    assert!((540..=600).contains(&let_in), "{let_in} of 600");
    // also where most of them have other things to do
    let more = tokens(&database.store().await, 1).await.remove(0);
    let mut busy = 0;
    for i in 0..10 {
        let store = database.store().await;
        let kanban = by(&store, &more).await;
        for _ in 0..if i == 9 { 600 } else { 1 } {
            busy += usize::from(kanban.count_call(&limits).await.is_ok());
        }
    }
    eprintln!("{busy} of 600, with nine that hardly call");
    assert!((540..=600).contains(&busy), "{busy} of 600");
}

/// What three of them let in where each counts on its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_processes_that_know_nothing_of_each_other_let_in_more() {
    let mut handles = Vec::new();
    for _ in 0..3 {
        // a database of its own is a count of its own
        let store = support::database().await.store().await;
        let token = tokens(&store, 1).await.remove(0);
        handles.extend(vec![by(&store, &token).await; 2]);
    }
    assert_eq!(let_in(&handles, &limits(600, 10_000), 310).await, 3 * 600);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_s_tokens_together_are_bounded_and_harm_no_other_tenant() {
    let database = support::database().await;
    let store = database.store().await;
    let limits = limits(100, 250);
    let mut handles = Vec::new();
    for token in tokens(&store, 4).await {
        handles.push(by(&store, &token).await);
    }
    assert_eq!(let_in(&handles, &limits, 150).await, 250);
    let allowance = refused(handles[0].count_call(&limits).await);
    assert!([Limited::Token, Limited::Tenant].contains(&allowance.of));
    let fifth = by(&store, &tokens(&store, 1).await.remove(0)).await;
    let allowance = refused(fifth.count_call(&limits).await);
    assert_eq!((allowance.of, allowance.limit, allowance.remaining), (Limited::Tenant, 250, 0));
    // what the tenant's limit refuses is not taken from the token's
    let alone = RateLimits { tenant: None, ..limits };
    assert_eq!(let_in(&[fifth], &alone, 150).await, 100);
    store.create_tenant("acme").await.expect("a tenant");
    let other = store.tenant("acme", Actor::human("ada")).expect("a person");
    let [token, tenant] = other.count_call(&limits).await.expect("it is let in").try_into().expect("two limits");
    assert_eq!((token.remaining, tenant.remaining), (99, 249));
}

async fn turn_back(pool: &PgPool, by: &str) {
    let turn = "update kanban.rate_windows set began_at = began_at - $1::interval";
    sqlx::query(turn).bind(by).execute(pool).await.expect("the windows are older now");
}

#[tokio::test]
async fn a_window_that_is_over_begins_anew_and_old_ones_go() {
    let database = support::database().await;
    let store = database.store().await;
    let pool = database.superuser().await;
    let texts = tokens(&store, 3).await;
    let limits = limits(10, 1000);
    for text in &texts {
        by(&store, text).await.count_call(&limits).await.expect("it is let in");
    }
    let token = &texts[0];
    assert_eq!(let_in(&[by(&store, token).await], &limits, 20).await, 9);
    // whoever has heard nothing of it asks, and is refused as well
    let other = database.store().await;
    let allowance = refused(by(&other, token).await.count_call(&limits).await);
    turn_back(&pool, "59 minutes").await;
    let third = database.store().await;
    let later = refused(by(&third, token).await.count_call(&limits).await);
    assert!(later.resets_in < Duration::from_secs(60) && later.resets_at < allowance.resets_at, "{later:?}");
    turn_back(&pool, "1 minute").await;
    let fourth = database.store().await;
    assert_eq!(let_in(&[by(&fourth, token).await], &limits, 20).await, 10);
    let count = async || -> i64 {
        let count = sqlx::query_scalar("select count(*) from kanban.rate_windows").fetch_one(&pool).await;
        count.expect("they count")
    };
    assert_eq!(count().await, 4, "three tokens and their tenant");
    turn_back(&pool, "25 hours").await;
    let fifth = database.store().await;
    by(&fifth, token).await.count_call(&limits).await.expect("it is let in");
    assert_eq!(count().await, 2, "one token and its tenant");
}

#[tokio::test]
async fn a_window_of_a_second_is_over_in_a_process_that_waits_for_it() {
    let store = support::database().await.store().await;
    let kanban = by(&store, &tokens(&store, 1).await[0]).await;
    let limits = RateLimits { window: Duration::from_secs(1), ..limits(3, 1000) };
    let mut windows = std::collections::BTreeMap::new();
    let mut refusals = 0;
    while windows.len() < 3 {
        match kanban.count_call(&limits).await {
            Ok(allowances) => *windows.entry(allowances[0].resets_at).or_insert(0) += 1,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::RateLimited);
                refusals += 1;
                tokio::task::yield_now().await;
            }
        }
    }
    assert!(refusals > 0 && windows.values().take(2).all(|calls| *calls == 3), "{windows:?}");
}

#[tokio::test]
async fn a_warm_call_and_a_refused_one_ask_the_database_nothing() {
    let database = support::database().await;
    let wire = Wire::to(&database);
    let one = Connect { pooler: Pooler::None, connections: Some(1) };
    let store = Store::connect_with(&wire.url, one).await.expect("the database answers");
    let token = tokens(&store, 1).await.remove(0);
    let limits = limits(1000, 5000);
    let mut statements = Vec::new();
    loop {
        let before = wire.total().statements;
        let kanban = by(&store, &token).await;
        let outcome = kanban.count_call(&limits).await;
        statements.push(wire.total().statements - before);
        if outcome.is_err() {
            break;
        }
    }
    assert_eq!(statements.len(), 1001);
    let warm = statements.iter().filter(|statements| **statements == 0).count();
    eprintln!("{warm} of 1001 calls sent nothing; the others {}", statements.iter().sum::<usize>());
    assert!(warm > 950);
    let before = wire.total();
    for _ in 0..100 {
        refused(by(&store, &token).await.count_call(&limits).await);
    }
    assert_eq!(wire.total(), before);
}

/// What cannot be counted is not let in, and whoever waits is told soon.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_nobody_is_let_in() {
    let database = support::database().await;
    let pool = database.superuser().await;
    let store = database.store().await;
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    let connections = async |most: i32| {
        let alter = format!("alter database {} connection limit {most}", database.name());
        sqlx::raw_sql(AssertSqlSafe(alter)).execute(&pool).await.expect("a limit");
        let end = "select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and usename = 'kanban'";
        sqlx::raw_sql(end).execute(&pool).await.expect("they end");
    };
    connections(0).await;
    let calls = (0..20).map(|_| async { kanban.count_call(&limits(100, 100)).await.expect_err("nobody can tell") });
    for error in join_all(calls).await {
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Unavailable, true), "{error:?}");
    }
    connections(-1).await;
    kanban.count_call(&limits(100, 100)).await.expect("it is let in");
}

/// A caller that goes away in the middle costs nobody a call but its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_lose_nothing_of_what_was_given() {
    let store = support::database().await.store().await;
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    let limits = limits(100, 10_000);
    let mut gone = 0;
    let mut let_in = 0;
    for i in 0..300 {
        let mut call = std::pin::pin!(kanban.count_call(&limits));
        let first = futures::poll!(call.as_mut());
        match first {
            std::task::Poll::Ready(outcome) => let_in += usize::from(outcome.is_ok()),
            std::task::Poll::Pending if i % 2 == 0 => gone += 1,
            std::task::Poll::Pending => let_in += usize::from(call.await.is_ok()),
        }
    }
    eprintln!("{let_in} let in, {gone} gone");
    assert!(gone > 0);
    // none of those who went away had been let in by the token's limit, or one each
    assert!(let_in <= 100 && let_in + gone >= 100, "{let_in} of 100, {gone} gone");
}
