//! Service tokens: what is stored of them, who gets in with one, what they may do, and how they end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt;
use kanban_core::{
    Actor, BoardId, CreatedToken, Error, ErrorKind, Kanban, ListAudit, ListCards, ListEvents, ListPage, NewBoard,
    NewCard, NewToken, NewWorkspace, Store, TokenScope,
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support::{self, Database};

async fn create(kanban: &Kanban, new: NewToken) -> (CreatedToken, String) {
    let created = kanban.create_token(new).await.expect("a token");
    let secret = created.secret.clone().expect("its text");
    (created, secret)
}

async fn meddle(pool: &PgPool, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("it is done");
}

/// The secret part of a token's text.
fn secret_of(text: &str) -> &str {
    &text[4 + 12 + 1..4 + 12 + 1 + 43]
}

#[tokio::test]
async fn the_text_is_shown_once_and_what_is_stored_is_a_slow_hash() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let (created, text) = create(&kanban, NewToken::named("ci", TokenScope::Write)).await;
    let read = kanban.get_token(created.token.id).await.expect("it reads");
    assert_eq!((&read, read.name.as_str(), read.last_used_at), (&created.token, "ci", None));
    assert!(!format!("{created:?} {read:?}").contains(secret_of(&text)));
    let pool = database.superuser().await;
    let (tag, hash): (Vec<u8>, String) =
        sqlx::query_as("select tag, hash from kanban.tokens").fetch_one(&pool).await.expect("the token reads");
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    assert_eq!(tag.len(), 4, "less than a tenth of what would be needed to guess");
    let everything: Vec<String> =
        sqlx::query_scalar("select t::text from kanban.tokens as t union all select e::text from kanban.events as e")
            .fetch_all(&pool)
            .await
            .expect("all rows read");
    assert!(everything.len() > 2);
    assert!(everything.iter().all(|row| !row.contains(secret_of(&text))), "the secret is nowhere");
    let events = kanban.list_audit(ListAudit::default()).await.expect("the audit").items;
    assert_eq!(events[0].action, "token.created");
    assert!(events[0].payload.get().contains(&created.token.prefix));
}

#[tokio::test]
async fn whatever_is_wrong_with_a_token_is_answered_alike() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let elsewhere = support::database().await;
    let (foreign, _) = support::board(&elsewhere.store().await).await;
    let (_, foreign) = create(&foreign, NewToken::named("ci", TokenScope::Admin)).await;
    let (good, text) = create(&kanban, NewToken::named("ci", TokenScope::Write)).await;
    let (expired, expired_text) = create(&kanban, NewToken::named("short", TokenScope::Write)).await;
    let (revoked, revoked_text) = create(&kanban, NewToken::named("over", TokenScope::Write)).await;
    kanban.revoke_token(revoked.token.id).await.expect("it ends");
    let pool = database.superuser().await;
    let past = "created_at = now() - interval '2 days', expires_at = now() - interval '1 second'";
    meddle(&pool, format!("update kanban.tokens set {past} where prefix = '{}'", expired.token.prefix)).await;
    // a secret of another server under a prefix that is known here
    let (twin, _) = create(&kanban, NewToken::named("twin", TokenScope::Write)).await;
    meddle(
        &pool,
        format!("update kanban.tokens set prefix = '{}' where prefix = '{}'", &foreign[4..16], twin.token.prefix),
    )
    .await;
    let mut changed = text.clone();
    changed.replace_range(30..31, if &text[30..31] == "a" { "b" } else { "a" });
    let hashed = store.secrets_hashed();
    let wrong = [
        "",
        "kfa_",
        "Bearer",
        &text[..text.len() - 1],
        &format!("{text}x"),
        &changed,
        &text.to_uppercase(),
        &foreign,
        &expired_text,
        &revoked_text,
    ];
    for token in wrong {
        let refused = store.authenticate(token).await.expect_err("it is wrong");
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Unauthenticated, "unauthenticated"), "{token}");
        assert_eq!(refused.to_string(), Error::Unauthenticated.to_string(), "no hint which");
        assert_eq!(refused.details(), serde_json::json!({}));
    }
    assert_eq!(store.secrets_hashed(), hashed, "none of them is worth a slow hash");
    let caller = store.authenticate(&text).await.expect("this one is right");
    assert_eq!((caller.token_id(), caller.actor().id.as_str()), (Some(good.token.id), "ci"));
}

#[tokio::test]
async fn a_warm_call_hashes_nothing_in_each_process() {
    let database = support::database().await;
    let (first, second) = (database.store().await, database.store().await);
    let (kanban, _) = support::board(&first).await;
    let (created, text) = create(&kanban, NewToken::named("ci", TokenScope::Read)).await;
    for store in [&first, &second] {
        let before = store.secrets_hashed();
        let calls = futures::stream::iter(0..500).map(|_| store.authenticate(&text)).buffer_unordered(50);
        let refused = calls.filter(|outcome| std::future::ready(outcome.is_err())).count().await;
        assert_eq!((refused, store.secrets_hashed() - before), (0, 1), "one slow hash for 500 calls");
    }
    let used = kanban.get_token(created.token.id).await.expect("it reads").last_used_at;
    assert!(used.is_some_and(|at| at >= created.token.created_at));
}

#[tokio::test]
async fn a_handle_does_what_its_scope_allows_and_nothing_more() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let mut handles = Vec::new();
    for scope in [TokenScope::Read, TokenScope::Write, TokenScope::Admin] {
        let (_, text) = create(&kanban, NewToken::named(scope.as_str(), scope)).await;
        handles.push(store.authenticate(&text).await.expect("it is let in"));
    }
    for (place, handle) in handles.iter().enumerate() {
        let needed = |error: Error| match error {
            Error::ScopeNeeded { needed } => needed,
            other => panic!("{other}"),
        };
        handle.list_cards(board.board.id, ListCards::default()).await.expect("everybody reads");
        let card = handle.create_card(board.columns[0].id, NewCard::titled("t")).await;
        let both = handle.transaction(|kanban| async move {
            kanban.create_board(NewBoard::named("one")).await?;
            kanban.create_board(NewBoard::named("two")).await
        });
        let both = both.await;
        let tokens = handle.list_tokens(ListPage::default()).await;
        let token = handle.create_token(NewToken::named("more", TokenScope::Admin)).await;
        match place {
            0 => {
                assert_eq!(card.map_err(needed).expect_err("too little"), TokenScope::Write);
                assert_eq!(both.map_err(needed).expect_err("too little"), TokenScope::Write);
                assert_eq!(tokens.map_err(needed).expect_err("too little"), TokenScope::Admin);
            }
            1 => {
                assert_eq!(card.expect("a card").created_by.id, "write");
                both.expect("two boards");
                assert_eq!(tokens.map_err(needed).expect_err("too little"), TokenScope::Admin);
                assert_eq!(token.map_err(needed).expect_err("too little"), TokenScope::Admin);
                let refused = handle.revoke_token(kanban_core::TokenId::generate()).await;
                assert_eq!(refused.map_err(needed).expect_err("too little"), TokenScope::Admin);
            }
            _ => {
                assert_eq!(tokens.expect("a list").items.len(), 3);
                token.expect("a token");
            }
        }
    }
}

#[tokio::test]
async fn an_actor_can_be_narrowed_and_never_widened_and_events_name_the_token() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (person, text) = create(&kanban, NewToken::named("grace", TokenScope::Write)).await;
    let grace = store.authenticate(&text).await.expect("it is let in");
    let (agent, text) = create(&kanban, NewToken::named("night shift", TokenScope::Write).for_agent("a-1")).await;
    let a1 = store.authenticate(&text).await.expect("it is let in");
    assert_eq!((a1.actor().kind, a1.actor().id.as_str()), (kanban_core::ActorKind::Agent, "a-1"));
    let widened = [
        grace.acting_as(Actor::human("ada")),
        grace.acting_as(Actor::system("grace")),
        a1.acting_as(Actor::agent("a-2")),
        a1.acting_as(Actor::human("a-1")),
        grace.acting_as(Actor::agent("a-2")).expect("a person's agent").acting_as(Actor::human("ada")),
    ];
    for refused in widened {
        assert_eq!(refused.expect_err("it is somebody else").kind(), ErrorKind::Forbidden);
    }
    let of_grace = grace.acting_as(Actor::agent("a-2").in_run("run-7")).expect("a person's agent");
    // whoever gives a token's id in an actor gets its handle's own
    let forged = Actor { token_id: Some(agent.token.id), ..Actor::agent("a-3") };
    for (handle, title) in [(&of_grace, "one"), (&a1, "two"), (&grace.acting_as(forged).expect("an agent"), "three")] {
        handle.create_card(board.columns[0].id, NewCard::titled(title)).await.expect("a card");
    }
    let events = kanban.list_events(board.board.id, ListEvents { since: 4, limit: 10 }).await.expect("events");
    let told: Vec<_> =
        events.iter().map(|event| (event.actor_id.as_str(), event.run_id.as_deref(), event.token_id)).collect();
    let (person, agent) = (Some(person.token.id), Some(agent.token.id));
    assert_eq!(told, [("a-2", Some("run-7"), person), ("a-1", None, agent), ("a-3", None, person)]);
    kanban.create_card(board.columns[0].id, NewCard::titled("four")).await.expect("a card");
    let last = kanban.list_events(board.board.id, ListEvents { since: 7, limit: 10 }).await.expect("events");
    assert_eq!(last[0].token_id, None, "no token, no name of one");
}

/// Several callers in two processes write as fast as they can while their token is revoked. Answers how many cards there
/// were when the revocation had been answered, and how many at the end.
async fn writes_around_a_revocation(database: &Database) -> (i64, i64) {
    let (first, second) = (database.store().await, database.store().await);
    let (kanban, board) = support::board(&first).await;
    let (created, text) = create(&kanban, NewToken::named("ci", TokenScope::Write)).await;
    let pool = database.superuser().await;
    let count = async || -> i64 {
        sqlx::query_scalar("select count(*) from kanban.cards").fetch_one(&pool).await.expect("a count")
    };
    let written = AtomicUsize::new(0);
    let revoked = tokio::sync::Notify::new();
    let writers = (0..8).map(|i| {
        let (store, text, written, column) = (if i % 2 == 0 { &first } else { &second }, &text, &written, &board);
        let revoked = &revoked;
        async move {
            let handle = store.authenticate(text).await.expect("it is let in");
            // the cache of the process may still know it; what counts is the database
            let mut late = 0;
            while late < 30 {
                match handle.create_card(column.columns[0].id, NewCard::titled("t")).await {
                    Ok(_) => written.fetch_add(1, Ordering::Relaxed),
                    Err(error) if error.kind() == ErrorKind::Unauthenticated => break,
                    Err(error) => panic!("{error}"),
                };
                if written.load(Ordering::Relaxed) == 40 {
                    revoked.notify_one();
                }
                late += usize::from(written.load(Ordering::Relaxed) > 400);
            }
        }
    });
    let revoke = async {
        revoked.notified().await;
        kanban.revoke_token(created.token.id).await.expect("it ends");
        count().await
    };
    let (at_revocation, _) = futures::join!(revoke, futures::future::join_all(writers));
    (at_revocation, count().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_write_takes_effect_behind_the_answer_to_a_revocation() {
    for _ in 0..support::scale(2, 20) {
        let database = support::database().await;
        let (at_revocation, at_the_end) = writes_around_a_revocation(&database).await;
        assert!(at_revocation >= 40);
        assert_eq!(at_the_end, at_revocation);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_asking_for_leave_writes_go_on() {
    let database = support::database().await;
    let pool = database.superuser().await;
    let careless = "create or replace function kanban.require_token(p_tenant text, p_actor jsonb) returns void
                    language plpgsql as $$ begin end $$";
    meddle(&pool, careless.to_owned()).await;
    let (at_revocation, at_the_end) = writes_around_a_revocation(&database).await;
    assert!(at_the_end > at_revocation, "a test that cannot see them proves nothing");
}

/// Waits until a token is not accepted any more, at most as long as is promised.
async fn refused_within_30_s(store: &Store, text: &str) {
    let began = Instant::now();
    while store.authenticate(text).await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(30), "reads go on");
        tokio::task::yield_now().await;
    }
}

async fn follow(store: &Store, text: &str, board: BoardId) -> kanban_core::Watch {
    let handle = store.authenticate(text).await.expect("it is let in");
    handle.watch(board, None).await.expect("a stream")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_and_streams_end_in_every_process_when_a_token_ends() {
    let database = support::database().await;
    let (first, second) = (database.store().await, database.store().await);
    let (kanban, board) = support::board(&first).await;
    let (created, text) = create(&kanban, NewToken::named("ci", TokenScope::Read)).await;
    let mut streams = Vec::new();
    for store in [&first, &second] {
        streams.push(follow(store, &text, board.board.id).await);
    }
    let mut other = kanban.watch(board.board.id, None).await.expect("a stream of nobody's token");
    kanban.create_card(board.columns[0].id, NewCard::titled("t")).await.expect("a card");
    for stream in &mut streams {
        assert!(matches!(stream.next().await, Some(Ok(event)) if event.action == "card.created"));
    }
    kanban.revoke_token(created.token.id).await.expect("it ends");
    assert!(first.authenticate(&text).await.is_err(), "at once where it was revoked");
    let began = Instant::now();
    refused_within_30_s(&second, &text).await;
    for stream in &mut streams {
        let end = tokio::time::timeout(Duration::from_secs(30), stream.next()).await;
        assert!(end.expect("within 30 seconds").is_none());
    }
    assert!(began.elapsed() < Duration::from_secs(30));
    eprintln!("reads and streams ended {:?} after the revocation", began.elapsed());
    kanban.create_card(board.columns[0].id, NewCard::titled("t")).await.expect("a card");
    assert!(matches!(other.next().await, Some(Ok(_))), "others go on");
    assert!(matches!(other.next().await, Some(Ok(_))), "others go on");
}

#[tokio::test]
async fn bad_input_is_refused_with_where_it_is_wrong() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let pointers = async |new: NewToken| match kanban.create_token(new).await.expect_err("it is wrong") {
        Error::Invalid { fields } => fields.into_iter().map(|field| field.pointer).collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    let named = |name: &str| NewToken::named(name, TokenScope::Read);
    assert_eq!(pointers(named("")).await, ["/name"]);
    assert_eq!(pointers(named(&"x".repeat(129))).await, ["/name"]);
    assert_eq!(pointers(NewToken { scopes: Vec::new(), ..named("n") }).await, ["/scopes"]);
    let twice = vec![TokenScope::Read, TokenScope::Write, TokenScope::Read];
    assert_eq!(pointers(NewToken { scopes: twice, ..named("n") }).await, ["/scopes/2"]);
    assert_eq!(pointers(named("n").for_agent("")).await, ["/agent_id"]);
    let past = NewToken { expires_at: Some("2001-01-01T00:00:00Z".parse().expect("a moment")), ..named("n") };
    assert_eq!(pointers(past).await, ["/expires_at"]);
    let nothing = kanban.revoke_token(kanban_core::TokenId::generate()).await.expect_err("there is none");
    assert!(matches!(nothing, Error::NotFound { what: "token", .. }), "{nothing}");
    let other = store.create_tenant("other").await.map(|_| store.tenant("other", Actor::human("eve")));
    let other = other.expect("a tenant").expect("a person");
    let (mine, _) = create(&kanban, named("mine")).await;
    for foreign in [other.get_token(mine.token.id).await, other.revoke_token(mine.token.id).await] {
        let refused = foreign.expect_err("it is another tenant's");
        assert!(matches!(refused, Error::NotFound { what: "token", .. }), "{refused}");
    }
    let seen = kanban.get_token(mine.token.id).await.expect("it is there");
    assert_eq!(seen.revoked_at, None);
    kanban.create_workspace(NewWorkspace { name: "w".to_owned(), ..Default::default() }).await.expect("all is well");
}
