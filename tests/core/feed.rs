//! Streams: every event of a board, once, in order, to however many readers.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt;
use futures::future::{join, join_all};
use kanban_core::{
    Actor, BoardId, CardPatch, Error, ErrorKind, Expected, Kanban, ListEvents, NewBoard, NewCard, NewComment,
    NewWorkspace, Result, Store, Watch,
};

use crate::support;

/// The next event's number. Nothing is waited for longer than anything takes.
async fn next(watch: &mut Watch) -> Option<Result<i64>> {
    let next = tokio::time::timeout(Duration::from_secs(30), watch.next());
    next.await.expect("there is something to come").map(|event| event.map(|event| event.seq))
}

async fn numbers(watch: &mut Watch, count: usize) -> Vec<i64> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(next(watch).await.expect("it goes on").expect("an event"));
    }
    numbers
}

#[tokio::test]
async fn a_stream_tells_what_was_and_then_what_happens_here_and_elsewhere() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (id, todo) = (board.board.id, board.columns[0].id);
    let mut all = kanban.watch(id, Some(0)).await.expect("a stream");
    let mut new = kanban.watch(id, None).await.expect("a stream");
    assert_eq!(numbers(&mut all, 4).await, [1, 2, 3, 4]);
    kanban.create_card(todo, NewCard::titled("here")).await.expect("a card");
    assert_eq!((numbers(&mut all, 1).await, numbers(&mut new, 1).await), (vec![5], vec![5]));
    // another process: nothing hints at what it writes
    let (elsewhere, _) = (database.store().await, ());
    let other = elsewhere.tenant("default", kanban.actor().clone()).expect("a person");
    let two = other.transaction(|kanban| async move {
        kanban.create_card(todo, NewCard::titled("one")).await?;
        kanban.create_card(todo, NewCard::titled("two")).await
    });
    two.await.expect("two cards");
    assert_eq!((numbers(&mut all, 2).await, numbers(&mut new, 2).await), (vec![6, 7], vec![6, 7]));
    let events = kanban.list_events(id, ListEvents { since: 6, limit: 10 }).await.expect("events");
    let mut last = kanban.watch(id, Some(6)).await.expect("a stream");
    let event = last.next().await.expect("it goes on").expect("an event");
    assert_eq!(serde_json::to_value(&event).expect("JSON"), serde_json::to_value(&events[0]).expect("JSON"));
}

#[tokio::test]
async fn each_tenant_sees_its_own() {
    let database = support::database().await;
    let store = database.store().await;
    let mut streams = Vec::new();
    for tenant in ["one", "two"] {
        store.create_tenant(tenant).await.expect("a tenant");
        let kanban = store.tenant(tenant, Actor::human("ada")).expect("a person");
        kanban.create_workspace(NewWorkspace { name: "work".to_owned(), ..Default::default() }).await.expect("one");
        let board = kanban.create_board(NewBoard::named("Agent Backlog")).await.expect("a board");
        let stream = kanban.watch(board.board.id, None).await.expect("a stream");
        streams.push((tenant, kanban, board, stream));
    }
    let foreign = streams[0].1.watch(streams[1].2.board.id, None).await.expect_err("not theirs");
    assert_eq!(foreign.kind(), ErrorKind::NotFound);
    for (tenant, kanban, board, _) in &streams {
        kanban.create_card(board.columns[0].id, NewCard::titled(*tenant)).await.expect("a card");
    }
    for (tenant, _, board, stream) in &mut streams {
        let event = stream.next().await.expect("it goes on").expect("an event");
        assert_eq!((event.seq, event.board_id), (5, Some(board.board.id)));
        assert!(event.payload.get().contains(&format!("\"{tenant}\"")), "{}", event.payload.get());
    }
}

#[tokio::test]
async fn a_number_below_zero_and_an_unknown_board_are_refused() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    assert_eq!(kanban.watch(board.board.id, Some(-1)).await.expect_err("no number").code(), "invalid");
    let unknown = kanban.watch(BoardId::generate(), None).await.expect_err("no board");
    assert_eq!(unknown.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn where_history_is_gone_the_stream_says_so_and_goes_on() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let pool = database.superuser().await;
    sqlx::raw_sql("delete from kanban.events where seq <= 2").execute(&pool).await.expect("history goes");
    // before what is kept, and beyond the end: numbers that this history does not have
    for since in [0, 99] {
        let mut watch = kanban.watch(board.board.id, Some(since)).await.expect("a stream");
        let gone = next(&mut watch).await.expect("it goes on").expect_err("not there");
        let seq = kanban.get_board(board.board.id).await.expect("a board").board.seq;
        assert!(matches!(gone, Error::HistoryGone { since: s, seq: q, .. } if (s, q) == (since, seq)), "{gone}");
        kanban.create_card(board.columns[0].id, NewCard::titled("on")).await.expect("a card");
        assert_eq!(numbers(&mut watch, 1).await, [seq + 1]);
    }
    let mut kept = kanban.watch(board.board.id, Some(2)).await.expect("a stream");
    assert_eq!(numbers(&mut kept, 4).await, [3, 4, 5, 6]);
}

#[tokio::test]
async fn streams_end_with_the_store_and_none_begins() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let mut watch = kanban.watch(board.board.id, None).await.expect("a stream");
    let (ended, ()) = join(next(&mut watch), async { store.end_streams() }).await;
    assert!(ended.is_none());
    let late = kanban.watch(board.board.id, None).await.expect_err("it is about to end");
    assert_eq!((late.kind(), late.is_retryable()), (ErrorKind::Unavailable, true));
    kanban.create_card(board.columns[0].id, NewCard::titled("still")).await.expect("all else goes on");
    store.close().await.expect("it closes");
}

/// A reader that does not read holds nobody up, and misses nothing when it reads again, though by then its events are long
/// gone from memory.
#[tokio::test]
async fn a_slow_reader_misses_nothing() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (mut slow, mut quick) = (
        kanban.watch(board.board.id, Some(0)).await.expect("a stream"),
        kanban.watch(board.board.id, Some(0)).await.expect("a stream"),
    );
    assert_eq!(numbers(&mut slow, 1).await, [1]);
    let pool = database.superuser().await;
    // more than is kept in memory: more than a thousand events, some of them large
    let sql = "insert into kanban.events (tenant_id, stream, seq, at, entity_type, entity_id, action, actor_kind, actor_id, payload)
        select tenant_id, stream, 4 + n, at, entity_type, entity_id, action, actor_kind, actor_id,
               jsonb_build_object('after', jsonb_build_object('name', repeat('x', case when n % 7 = 0 then 20000 else 9 end)))
        from kanban.events, generate_series(1, 3000) as n where seq = 1 and stream <> '00000000-0000-0000-0000-000000000000'";
    sqlx::raw_sql(sql).execute(&pool).await.expect("many events");
    sqlx::raw_sql("update kanban.boards set seq = 3004").execute(&pool).await.expect("and their number");
    assert_eq!(numbers(&mut quick, 3004).await, (1..=3004).collect::<Vec<_>>());
    assert_eq!(numbers(&mut slow, 3003).await, (2..=3004).collect::<Vec<_>>());
    let mut late = kanban.watch(board.board.id, Some(0)).await.expect("a stream");
    assert_eq!(numbers(&mut late, 3004).await, (1..=3004).collect::<Vec<_>>());
}

#[tokio::test]
async fn one_connection_reads_for_all_streams_and_goes_idle_with_the_last() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("a board");
    let pool = database.superuser().await;
    let mut streams = Vec::new();
    for i in 0..60 {
        let board = if i % 2 == 0 { board.board.id } else { other.board.id };
        streams.push(kanban.watch(board, Some(0)).await.expect("a stream"));
    }
    for watch in &mut streams {
        assert_eq!(numbers(watch, 4).await, [1, 2, 3, 4]);
    }
    // the reader's last statement, by connection
    let sql = "select query_start::text from pg_stat_activity
        where datname = current_database() and usename = 'kanban' and query like '%as f (board, seq)%'";
    let reads = async || sqlx::query_scalar::<_, String>(sql).fetch_all(&pool).await.expect("the activity reads");
    assert_eq!(reads().await.len(), 1);
    drop(streams);
    // with nobody to read for it stops; and it begins again with the next
    let (mut was, mut same) = (reads().await, 0);
    while same < 200 {
        let now = reads().await;
        same = if now == was { same + 1 } else { 0 };
        was = now;
    }
    let mut again = kanban.watch(board.board.id, Some(3)).await.expect("a stream");
    assert_eq!(numbers(&mut again, 1).await, [4]);
}

/// Who writes how much, and who reads.
struct Size {
    writers: usize,
    each: usize,
    readers: usize,
}

fn size() -> Size {
    Size { writers: 32, each: support::scale(6, 200), readers: 3 }
}

/// A number that is given out before the lock is waited for, as that of a sequence is.
const BARE_SEQUENCE: &str = "
    create sequence kanban.bare start 6;
    grant usage on sequence kanban.bare to public;
    create or replace function kanban.next_event(p_tenant text, p_board uuid, p_is_open boolean, p_many integer default 1) returns bigint
        language plpgsql as $$
    declare
        v_seq bigint := nextval('kanban.bare');
    begin
        update kanban.boards set seq = greatest(seq, v_seq) where tenant_id = p_tenant and id = p_board;
        return v_seq;
    end $$";

/// What is wrong with what the readers saw while many wrote and each commit took its time.
async fn faults(is_guarded: bool) -> Vec<String> {
    let (size, seed) = (size(), support::seed());
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("busy")).await.expect("a card");
    if !is_guarded {
        sqlx::raw_sql(BARE_SEQUENCE).execute(&database.superuser().await).await.expect("the control");
    }
    let last = 5 + i64::try_from(size.writers * size.each).expect("a number");
    let stores: Vec<Store> = [database.store().await, database.store().await, store].into();
    let done = AtomicUsize::new(0);
    let writers = (0..size.writers).map(|writer| {
        let kanban = stores[writer % stores.len()].tenant("default", kanban.actor().clone()).expect("a person");
        let (size, done) = (&size, &done);
        async move {
            let mut random = fastrand::Rng::with_seed(seed.wrapping_add(writer as u64));
            for i in 0..size.each {
                let delay = Duration::from_micros(random.u64(..3000));
                write(&kanban, card.id, format!("{writer} {i}"), delay).await;
            }
            done.fetch_add(1, Ordering::SeqCst);
        }
    });
    let readers = (0..size.readers).map(|reader| {
        let kanban = stores[reader % stores.len()].tenant("default", kanban.actor().clone()).expect("a person");
        let (id, done, writers) = (board.board.id, &done, size.writers);
        async move {
            let random = fastrand::Rng::with_seed(seed.wrapping_add(1000 + reader as u64));
            let is_done = || done.load(Ordering::SeqCst) == writers;
            seen(&kanban, id, last, random, is_done).await
        }
    });
    let ((), seen) = join(
        async {
            join_all(writers).await;
        },
        join_all(readers),
    )
    .await;
    if is_guarded {
        crate::replay::explains_the_board(&kanban).await;
    }
    seen.into_iter().filter_map(Result::err).collect()
}

/// A write that holds its locks for a while before it commits: the fault that is injected.
async fn write(kanban: &Kanban, card: kanban_core::CardId, text: String, delay: Duration) {
    let work = |kanban: Kanban| {
        let text = text.clone();
        async move {
            if text.ends_with('0') {
                let patch = CardPatch { description: Some(text), ..CardPatch::default() };
                kanban.update_card(card, Expected::Any, patch).await?;
            } else {
                kanban.create_comment(card, NewComment::saying(text)).await?;
            }
            tokio::time::sleep(delay).await;
            Ok(())
        }
    };
    // told to come back: comes back
    while let Err(error) = kanban.transaction(work).await {
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    }
}

/// Reads a board's stream from its beginning to event `last`, with connections that break at random, and says what is wrong
/// with the numbers.
async fn seen(
    kanban: &Kanban,
    board: BoardId,
    last: i64,
    mut random: fastrand::Rng,
    is_done: impl Fn() -> bool,
) -> Result<(), String> {
    let mut seen: BTreeMap<i64, usize> = BTreeMap::new();
    let mut at = 0;
    while at < last {
        let mut watch = kanban.watch(board, Some(at)).await.expect("a stream");
        for _ in 0..random.usize(1..40) {
            if at == last {
                break;
            }
            let next = tokio::time::timeout(Duration::from_millis(500), watch.next()).await;
            match next {
                Ok(Some(Ok(event))) if event.seq <= at => return Err(format!("{} came behind {at}", event.seq)),
                Ok(Some(Ok(event))) => {
                    *seen.entry(event.seq).or_default() += 1;
                    at = event.seq;
                }
                Ok(Some(Err(error))) => return Err(error.to_string()),
                Ok(None) => return Err("the stream ended".to_owned()),
                Err(_) if is_done() => return Err(format!("nothing comes behind {at} of {last}")),
                Err(_) => {}
            }
        }
    }
    let expected: BTreeMap<i64, usize> = (1..=last).map(|seq| (seq, 1)).collect();
    if seen == expected { Ok(()) } else { Err(format!("missed or repeated: {seen:?}")) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_reconnect_at_random_see_every_event_once() {
    assert_eq!(faults(true).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_with_a_bare_sequence_readers_miss_events() {
    assert!(!faults(false).await.is_empty(), "a test that cannot see a lost event proves nothing");
}
