//! Many changes at once: whole, or nothing of them.

use std::time::Duration;

use futures::future::join_all;
use kanban_core::{
    Actor, BoardDetail, Bulk, BulkAction, BulkCreate, BulkDelete, BulkLabels, BulkMove, BulkOperation, BulkOutcome,
    BulkRestore, BulkUpdate, Card, CardField, CardPatch, CardRef, ClaimOptions, ColumnId, Epoch, Error, Expected,
    Kanban, ListCards, ListEvents, ListPage, NewBoard, NewCard, NewComment, NewDependency, NextTasks, Version,
};
use sqlx::{AssertSqlSafe, PgPool};

use crate::support;

fn key(number: usize) -> CardRef {
    format!("AB-{number}").parse().expect("a key")
}

fn create(board: &BoardDetail, title: &str) -> BulkOperation {
    BulkOperation::Create(BulkCreate { column_id: board.columns[0].id, card: NewCard::titled(title) })
}

fn rename(card: CardRef, version: impl Into<Expected>, title: &str) -> BulkOperation {
    let patch = CardPatch { title: Some(title.to_owned()), ..CardPatch::default() };
    BulkOperation::Update(BulkUpdate { card, version: version.into(), claim_epoch: None, patch })
}

fn labels(card: CardRef, labels: &[&str]) -> BulkLabels {
    BulkLabels { labels: labels.iter().map(|label| (*label).to_owned()).collect(), ..BulkLabels::of(card) }
}

fn delete(card: CardRef, version: impl Into<Expected>) -> BulkOperation {
    BulkOperation::Delete(BulkDelete::of(card, version))
}

fn restore(card: CardRef) -> BulkOperation {
    BulkOperation::Restore(BulkRestore { card, version: Expected::Any })
}

async fn cards(kanban: &Kanban, board: &BoardDetail, number: usize) -> Vec<Card> {
    let all = Bulk::of((1..=number).map(|i| create(board, &format!("card {i}"))));
    kanban.bulk(board.board.id, all).await.expect("cards");
    let read = (1..=number).map(|i| async move { kanban.get_card(key(i)).await.expect("a card") });
    join_all(read).await
}

/// Every row of every table, byte for byte; but for the count of refused writes, which is there because of them.
async fn everything(pool: &PgPool) -> String {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'kanban' and table_name <> 'collisions' order by 1",
    )
    .fetch_all(pool)
    .await
    .expect("the tables");
    assert!(tables.len() > 10, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let rows =
            format!("select coalesce(string_agg(t::text, E'\\n' order by t::text), '') from kanban.{table} as t");
        let rows: String = sqlx::query_scalar(AssertSqlSafe(rows)).fetch_one(pool).await.expect("its rows");
        all += &format!("{table}\n{rows}\n");
    }
    all
}

/// 500 operations of every kind, on 100 cards.
fn five_hundred(board: &BoardDetail) -> Vec<BulkOperation> {
    (0..500)
        .map(|i| {
            let card = key(1 + i % 100);
            match i / 100 {
                0 => rename(card, Version(1), &format!("renamed {i}")),
                1 => BulkOperation::Move(BulkMove {
                    position: Some(0),
                    ..BulkMove::to(card, Version(1), board.columns[1 + i % 2].id)
                }),
                2 => BulkOperation::AddLabels(labels(card, &["bug", "old"])),
                3 => BulkOperation::RemoveLabels(labels(card, &["old"])),
                _ if i % 2 == 0 => create(board, &format!("new {i}")),
                _ => delete(card, Version(1)),
            }
        })
        .collect()
}

#[tokio::test]
async fn a_fault_anywhere_in_500_operations_changes_nothing_and_is_named() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    cards(&kanban, &board, 100).await;
    let pool = database.superuser().await;
    let before = everything(&pool).await;
    for k in [0, 249, 499] {
        let mut operations = five_hundred(&board);
        // what only the database sees, where all before has been done
        operations[k] = delete(key(7777), Expected::Any);
        let refused = kanban.bulk(board.board.id, Bulk::of(operations.clone())).await.expect_err("there is none");
        let sentence = refused.to_string();
        assert!(sentence.starts_with(&format!("Operation {k} (delete) was refused")), "{sentence}");
        assert_eq!((refused.code(), refused.details()["index"].as_u64()), ("not_found", Some(k as u64)));
        operations[k] = rename(key(51), Version(77), "x");
        let refused = kanban.bulk(board.board.id, Bulk::of(operations.clone())).await.expect_err("another version");
        let Error::Operation { index, action: BulkAction::Update, source } = refused else { panic!("{refused}") };
        assert_eq!(index, k);
        let Error::VersionConflict { expected: 77, current: Some(current), .. } = *source else { panic!("{source}") };
        assert!(current.get().contains(r#""title":"card 51""#), "as it is without the bulk: {current}");
        // what is wrong by itself
        operations[k] = create(&board, "");
        let refused = kanban.bulk(board.board.id, Bulk::of(operations)).await.expect_err("no title");
        let Error::Invalid { fields } = refused else { panic!("{refused}") };
        assert_eq!(fields.len(), 1);
        assert_eq!(fields[0].pointer, format!("/operations/{k}/create/card/title"));
        assert!(everything(&pool).await == before, "something has changed");
    }
    let done = kanban.bulk(board.board.id, Bulk::of(five_hundred(&board))).await.expect("without a fault it is done");
    assert_eq!(done.items.len(), 500);
    let events = kanban.list_events(board.board.id, ListEvents { since: 104, limit: 1000 }).await.expect("events");
    assert_eq!(events.len(), 500, "one for each, as each has changed something");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

/// What two runs of the same bulk must agree in: all but the ids and times of what is new.
fn alike(outcome: &BulkOutcome) -> serde_json::Value {
    let mut items = serde_json::to_value(&outcome.items).expect("JSON");
    for item in items.as_array_mut().expect("items") {
        let is_new = item["action"] == "create";
        let card = item["card"].as_object_mut().expect("a card");
        for (name, value) in &mut *card {
            let is_time = name.ends_with("_at") || name == "column_since";
            if is_time && !value.is_null() || is_new && name == "id" {
                *value = "…".into();
            }
        }
    }
    items
}

#[tokio::test]
async fn a_dry_run_shows_the_outcome_and_changes_nothing() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    cards(&kanban, &board, 100).await;
    let pool = database.superuser().await;
    let before = everything(&pool).await;
    let bulk = Bulk { fields: Some(CardField::ALL.iter().copied().collect()), ..Bulk::of(five_hundred(&board)) };
    let dry = Bulk { dry_run: true, ..bulk.clone() };
    let tried = kanban.bulk(board.board.id, dry.clone()).await.expect("a dry run");
    assert!(everything(&pool).await == before, "something has changed");
    // in a transaction it takes back itself and nothing else
    let (inner, id) = (&dry, board.board.id);
    let kept = kanban.transaction(|kanban| async move {
        kanban.create_comment(key(1), NewComment::saying("this stays")).await?;
        let again = kanban.bulk(id, inner.clone()).await?;
        let real = Bulk { dry_run: false, ..inner.clone() };
        Ok((again, kanban.bulk(id, real).await?))
    });
    let (again, done) = kept.await.expect("all of it");
    assert_eq!(kanban.list_comments(key(1), ListPage::default()).await.expect("comments").items.len(), 1);
    assert_eq!((tried.dry_run, again.dry_run, done.dry_run), (true, true, false));
    assert_eq!(alike(&tried), alike(&done));
    assert_eq!(alike(&again), alike(&done));
    for item in &done.items[400..] {
        let now = kanban.get_card(item.card.id).await;
        assert_eq!(now.is_ok(), item.action == BulkAction::Create, "the outcome is what there is");
    }
    // a refusal is the same one too
    let broken = Bulk { dry_run: true, ..Bulk::of([create(&board, "fine"), delete(key(7777), Expected::Any)]) };
    let refused = kanban.bulk(board.board.id, broken).await.expect_err("there is none");
    assert_eq!(refused.details()["index"], 1);
    // what would be refused is no refused write
    let stale = Bulk { dry_run: true, ..Bulk::of([delete(key(102), Version(7))]) };
    assert_eq!(kanban.bulk(board.board.id, stale).await.expect_err("another version").code(), "version_conflict");
    store.close().await.expect("what was counted is written down");
    let counted = sqlx::query_scalar::<_, i64>("select count(*) from kanban.collisions").fetch_one(&pool).await;
    assert_eq!(counted.expect("the counts"), 0);
}

#[tokio::test]
async fn a_version_is_the_one_before_the_bulk_however_often_a_card_is_changed() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let card = &cards(&kanban, &board, 1).await[0];
    let (doing, by_id) = (board.columns[1].id, CardRef::from(card.id));
    let bulk = Bulk::of([
        rename(key(1), Version(1), "one"),
        BulkOperation::Move(BulkMove::to(by_id.clone(), Version(1), doing)),
        BulkOperation::AddLabels(BulkLabels { version: Version(1).into(), ..labels(key(1), &["a", "b"]) }),
        BulkOperation::RemoveLabels(labels(by_id.clone(), &["a", "c"])),
        delete(by_id.clone(), Version(1)),
        restore(key(1)),
    ]);
    let done = kanban.bulk(board.board.id, bulk.clone()).await.expect("all of it");
    let versions: Vec<i64> = done.items.iter().map(|item| item.card.version.0).collect();
    assert_eq!(versions, [2, 3, 4, 5, 6, 7]);
    let now = kanban.get_card(card.id).await.expect("it is back");
    assert_eq!((&*now.title, now.column_id, now.labels), ("one", doing, vec!["b".to_owned()]));
    // whoever saw none of it is told at the first
    let Err(Error::Operation { index: 0, source, .. }) = kanban.bulk(board.board.id, bulk).await else { panic!() };
    assert!(matches!(*source, Error::VersionConflict { expected: 1, actual: 7, .. }));
    // labels that are there or not change nothing, so they leave no version and no event
    let same = [BulkOperation::AddLabels(labels(key(1), &["b"])), BulkOperation::RemoveLabels(labels(key(1), &["x"]))];
    let same = kanban.bulk(board.board.id, Bulk::of(same)).await.expect("nothing");
    assert_eq!(same.items[1].card.version, Version(7));
    let events = kanban.list_events(board.board.id, ListEvents { since: 5, limit: 100 }).await.expect("events");
    assert_eq!(events.len(), 6);
    assert!(events.iter().all(|event| event.actor_id == "ada"));
}

#[tokio::test]
async fn what_is_wrong_is_told_of_all_operations_at_once() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("another board");
    cards(&kanban, &board, 2).await;
    let foreign = kanban.create_card(other.columns[0].id, NewCard::titled("foreign")).await.expect("a card");
    let many: Vec<String> = (0..65).map(|i| i.to_string()).collect();
    let place = BulkMove { after_id: Some(key(2)), ..BulkMove::to(key(1), Version(1), board.columns[0].id) };
    let broken = [
        rename(key(1), Version(1), ""),
        delete(key(1), Version(1)),
        BulkOperation::AddLabels(labels(key(1), &[])),
        BulkOperation::AddLabels(labels(key(1), &["a", "a"])),
        BulkOperation::RemoveLabels(labels(key(1), &many.iter().map(String::as_str).collect::<Vec<_>>())),
        BulkOperation::Move(BulkMove { position: Some(1), ..place.clone() }),
    ];
    let pointers =
        async |operations: &[BulkOperation]| match kanban.bulk(board.board.id, Bulk::of(operations.to_vec())).await {
            Err(Error::Invalid { fields }) => fields.into_iter().map(|field| field.pointer).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
    let all = [
        "/operations/0/update/patch/title",
        "/operations/2/add_labels/labels",
        "/operations/3/add_labels/labels/1",
        "/operations/4/remove_labels/labels",
        "/operations/5/move/position",
    ];
    assert_eq!(pointers(&broken).await, all);
    assert_eq!(pointers(&[]).await, ["/operations"]);
    assert_eq!(pointers(&vec![restore(key(1)); 501]).await, ["/operations"]);
    // what the board has to say
    let elsewhere = [restore(key(1)), delete(foreign.id.into(), Version(1))];
    assert_eq!(pointers(&elsewhere).await, ["/operations/1/delete/card"]);
    assert_eq!(pointers(&[restore(key(1)), create(&other, "x")]).await, ["/operations/1/create/column_id"]);
    let neighbour = BulkMove { after_id: Some(foreign.id.into()), ..place };
    assert_eq!(pointers(&[BulkOperation::Move(neighbour)]).await, ["/operations/0/move/after_id"]);
    let full = [
        BulkOperation::AddLabels(labels(key(1), &many[..64].iter().map(String::as_str).collect::<Vec<_>>())),
        BulkOperation::AddLabels(labels(key(1), &["one too many"])),
    ];
    assert_eq!(pointers(&full).await, ["/operations/1/add_labels/labels"]);
    let nowhere = kanban.bulk("ZZ".parse::<kanban_core::BoardRef>().expect("a key"), Bulk::of([create(&board, "x")]));
    assert_eq!(nowhere.await.expect_err("no board").code(), "not_found");
    // a card may go to another board, and is changed there under its key
    let leave = Bulk::of([
        BulkOperation::Move(BulkMove::to(key(1), Version(1), other.columns[1].id)),
        rename(key(1), Version(1), "gone over"),
    ]);
    assert_eq!(kanban.bulk(board.board.id, leave).await.expect("both").items[1].card.version, Version(3));
    assert_eq!(pointers(&[delete(key(1), Version(3))]).await, ["/operations/0/delete/card"]);
}

#[tokio::test]
async fn claims_hold_in_a_bulk() {
    let database = support::database().await;
    let store = database.store().await;
    let (ada, board) = support::board(&store).await;
    cards(&ada, &board, 2).await;
    let [one, two] = ["one", "two"].map(|id| store.tenant("default", Actor::agent(id)).expect("an agent"));
    let claimed = one.claim_card(key(1), "one", ClaimOptions::default()).await.expect("a claim");
    let epoch = claimed.claim.expect("it is claimed").epoch;
    let bulk = Bulk::of([create(&board, "mine"), BulkOperation::AddLabels(labels(key(1), &["started"]))]);
    let refused = two.bulk(board.board.id, bulk.clone()).await.expect_err("it is another's");
    assert_eq!((refused.code(), refused.details()["index"].as_u64()), ("claimed", Some(1)));
    assert!(refused.is_retryable());
    one.bulk(board.board.id, bulk.clone()).await.expect("its own");
    let under = |epoch| {
        let named = BulkLabels { claim_epoch: Some(epoch), ..labels(key(1), &["under the claim"]) };
        one.bulk(board.board.id, Bulk::of([BulkOperation::AddLabels(named)]))
    };
    under(epoch).await.expect("the claim is the current one");
    assert_eq!(under(Epoch(epoch.0 + 1)).await.expect_err("there is none such").code(), "stale_claim");
    let late = one.clone().under_claim(Epoch(epoch.0 - 1));
    assert_eq!(late.bulk(board.board.id, bulk).await.expect_err("it is over").code(), "stale_claim");
}

#[tokio::test]
async fn what_is_blocked_follows() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    cards(&kanban, &board, 5).await;
    for (card, blocker) in [(4, 1), (4, 2), (5, 3), (2, 1)] {
        kanban.add_dependency(key(card), NewDependency::waits_for(key(blocker))).await.expect("a link");
    }
    let ready = async || {
        let tasks = kanban.next_tasks("ada", NextTasks::default()).await.expect("tasks");
        tasks.items.into_iter().map(|card| card.key).collect::<Vec<_>>()
    };
    assert_eq!(ready().await, ["AB-1", "AB-3"]);
    let (doing, done) = (board.columns[1].id, board.columns[2].id);
    let to = |number, column| BulkOperation::Move(BulkMove::to(key(number), Expected::Any, column));
    let bulk = [to(1, done), to(2, doing), to(2, done), delete(key(3), Expected::Any), restore(key(3)), to(3, done)];
    kanban.bulk(board.board.id, Bulk::of(bulk.clone())).await.expect("done");
    assert_eq!(ready().await, ["AB-4", "AB-5"]);
    let back = [to(1, board.columns[0].id), delete(key(2), Expected::Any)];
    kanban.bulk(board.board.id, Bulk::of(back)).await.expect("reopened");
    assert_eq!(ready().await, ["AB-5", "AB-1"]);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_goes_away_in_the_middle_leaves_nothing() {
    let database = support::database().await;
    let (kanban, board) = support::board(&database.store().await).await;
    cards(&kanban, &board, 100).await;
    let pool = database.superuser().await;
    let before = everything(&pool).await;
    let mut random = fastrand::Rng::with_seed(support::seed());
    let mut cut = 0;
    for _ in 0..support::scale(6, 200) {
        let patience = Duration::from_micros(random.u64(..150_000));
        let bulk = kanban.bulk(board.board.id, Bulk { dry_run: random.bool(), ..Bulk::of(five_hundred(&board)) });
        match tokio::time::timeout(patience, bulk).await.map(|done| done.expect("it is done").dry_run) {
            Err(_) => cut += 1,
            Ok(true) => {}
            // this machine is that fast: the next one would find other versions
            Ok(false) => return,
        }
        // the lock that it held is given back with its connection
        kanban.bulk(board.board.id, Bulk { dry_run: true, ..Bulk::of([create(&board, "x")]) }).await.expect("free");
        assert!(everything(&pool).await == before, "half a bulk is there");
    }
    assert!(cut > 0);
}

/// Brings the cards of a board to a column of another.
async fn come_back(kanban: &Kanban, from: &BoardDetail, to: ColumnId) -> kanban_core::Result<()> {
    let cards = kanban.list_cards(from.board.id, ListCards::default()).await?.items;
    let back = cards.into_iter().map(|card| BulkOperation::Move(BulkMove::to(card.id, Expected::Any, to)));
    kanban.bulk(from.board.id, Bulk::of(back)).await.map(drop)
}

/// Bulks that overlap on two boards, in any order: how many deadlocks PostgreSQL had to end.
async fn deadlocks(locked_first: bool, seed: u64) -> i64 {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("another board");
    cards(&kanban, &board, 60).await;
    for i in 1..20 {
        kanban.add_dependency(key(i + 20), NewDependency::waits_for(key(i))).await.expect("a link");
    }
    let pool = database.superuser().await;
    if !locked_first {
        // the control: each operation locks what it needs when its turn comes
        let control = "create or replace function kanban.lock_for_bulk(
                p_tenant text, p_board uuid, p_columns uuid[], p_moves boolean, p_ids uuid[], p_keys text[])
            returns setof kanban.cards language sql as $$
            select * from kanban.cards where tenant_id = p_tenant and (id = any (p_ids) or key = any (p_keys)) $$";
        sqlx::raw_sql(control).execute(&pool).await.expect("the function changes");
    }
    let columns: Vec<_> = board.columns.iter().chain(&other.columns).map(|column| column.id).collect();
    let workers = (0..support::scale(4, 16) as u64).map(|worker| {
        let (kanban, board, other, columns) = (&kanban, &board, &other, &columns);
        async move {
            let mut random = fastrand::Rng::with_seed(seed.wrapping_add(worker));
            for _ in 0..support::scale(5, 40) {
                let mut numbers: Vec<usize> = (1..=60).collect();
                random.shuffle(&mut numbers);
                let operations = numbers.into_iter().take(25).map(|number| match random.u8(..8) {
                    0..=3 => {
                        let column = columns[random.usize(..3)];
                        let to = BulkMove::to(key(number), Expected::Any, column);
                        BulkOperation::Move(BulkMove { position: Some(random.u32(..9)), ..to })
                    }
                    4 => BulkOperation::Move(BulkMove::to(key(number), Expected::Any, columns[random.usize(3..6)])),
                    5 => rename(key(number), Expected::Any, &format!("renamed {}", random.u32(..))),
                    6 => BulkOperation::AddLabels(labels(key(number), &[["a", "b"][random.usize(..2)]])),
                    _ => create(board, "new"),
                });
                let operations: Vec<_> = operations.collect();
                let mut outcome = kanban.bulk(board.board.id, Bulk::of(operations)).await.map(drop);
                if matches!(outcome, Err(Error::Invalid { .. })) {
                    // one of them has left for the other board
                    outcome = come_back(kanban, other, columns[0]).await;
                }
                match outcome {
                    // somebody else was first to bring them back
                    Ok(()) | Err(Error::Invalid { .. }) => {}
                    // the control may give up
                    Err(Error::Unavailable { .. }) if !locked_first => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    });
    join_all(workers).await;
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    store.close().await.expect("its connections end, and tell what they counted");
    let others = "select count(*) from pg_stat_activity where datname = current_database() and usename = 'kanban'";
    while sqlx::query_scalar::<_, i64>(others).fetch_one(&pool).await.expect("the activity") > 0 {
        tokio::task::yield_now().await;
    }
    let counted = "select deadlocks from pg_stat_database where datname = current_database()";
    sqlx::query_scalar(counted).fetch_one(&pool).await.expect("the count")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bulks_that_overlap_in_any_order_meet_no_deadlock() {
    assert_eq!(deadlocks(true, support::seed()).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_locks_in_order_they_do() {
    let seed = support::seed();
    // where the machine lets one worker go before the other, they may miss each other once
    for turn in 0..8 {
        if deadlocks(false, seed.wrapping_add(turn)).await > 0 {
            return;
        }
    }
    panic!("a test that cannot see a deadlock proves nothing");
}
