//! The order of columns, and how they go.

use std::collections::BTreeMap;

use kanban_core::{
    Actor, Card, CardId, ClaimNext, ClaimOptions, Column, ColumnKind, ColumnPatch, ColumnPlace, Error, Expected,
    Kanban, ListCards, ListEvents, MoveCard, NewCard, NewColumn, NewDependency, Store,
};
use serde_json::Value;

use crate::{cards::titles, support};

async fn columns(kanban: &Kanban) -> Vec<Column> {
    kanban.get_board("AB".parse::<kanban_core::BoardRef>().expect("a key")).await.expect("the board").columns
}

async fn names(kanban: &Kanban) -> Vec<String> {
    let columns = columns(kanban).await;
    assert!(columns.iter().enumerate().all(|(i, column)| column.position == i as i64), "places count from zero");
    columns.into_iter().map(|column| column.name).collect()
}

#[tokio::test]
async fn any_sequence_of_reorders_ends_in_the_order_of_a_list() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for name in ["Ideas", "Review", "Shipped"] {
        kanban.create_column(board.board.id, NewColumn::named(name, ColumnKind::Backlog)).await.expect("a column");
    }
    let mut model = columns(&kanban).await;
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..120 {
        let column = model.remove(random.usize(..model.len()));
        let at = random.usize(..=model.len());
        let place = match random.u8(..4) {
            0 if at < model.len() => ColumnPlace::before(model[at].id),
            1 if at > 0 => ColumnPlace::after(model[at - 1].id),
            2 if at == model.len() => ColumnPlace::default(),
            _ => ColumnPlace { position: Some(at as u32), ..ColumnPlace::default() },
        };
        let moved = kanban.reorder_column(column.id, column.version, place).await.expect("it moves");
        assert_eq!((moved.position, moved.version.0), (at as i64, column.version.0 + 1));
        model.insert(at, moved);
        let expected: Vec<&str> = model.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names(&kanban).await, expected);
    }
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_reorder_writes_one_row_until_the_gap_is_used_up() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, _) = support::board(&store).await;
    let pool = database.superuser().await;
    let rows = async || -> BTreeMap<String, String> {
        let rows = "select name, ctid::text from kanban.columns";
        sqlx::query_as(rows).fetch_all(&pool).await.expect("the rows read").into_iter().collect()
    };
    let before = rows().await;
    let first = columns(&kanban).await.remove(2);
    kanban.reorder_column(first.id, first.version, ColumnPlace::first()).await.expect("it moves");
    let after = rows().await;
    let written: Vec<&String> = after.keys().filter(|name| after[*name] != before[*name]).collect();
    assert_eq!(written, ["Done"]);
    // crowd them together as a long life would
    let crowd = "update kanban.columns set position = -id_order from (
            select id, row_number() over (order by position) as id_order from kanban.columns) as o
        where o.id = columns.id;
        update kanban.columns set position = 2305843009213693952 - position";
    sqlx::raw_sql(crowd).execute(&pool).await.expect("crowded");
    assert_eq!(names(&kanban).await, ["Done", "Todo", "Doing"]);
    let last = columns(&kanban).await.remove(2);
    let moved =
        kanban.reorder_column(last.id, last.version, ColumnPlace::after(first.id)).await.expect("there is room");
    assert_eq!(moved.position, 1);
    assert_eq!(names(&kanban).await, ["Done", "Doing", "Todo"]);
    let versions: Vec<i64> = columns(&kanban).await.iter().map(|column| column.version.0).collect();
    assert_eq!(versions, [2, 2, 1], "what was spread out has not changed");
}

#[tokio::test]
async fn bad_places_and_stale_versions_are_refused_and_change_nothing() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let todo = &board.columns[0];
    let other = kanban.create_board(kanban_core::NewBoard::named("Other")).await.expect("a board");
    for (place, pointer) in [
        (ColumnPlace::after(other.columns[0].id), "/after_id"),
        (ColumnPlace::before(todo.id), "/before_id"),
        (ColumnPlace { position: Some(1), ..ColumnPlace::after(board.columns[1].id) }, "/position"),
        (ColumnPlace { position: Some(u32::MAX), ..ColumnPlace::default() }, "/position"),
    ] {
        let refused = kanban.reorder_column(todo.id, Expected::Any, place).await.expect_err("it is no place");
        let Error::Invalid { fields } = refused else { panic!("{refused}") };
        assert_eq!(fields[0].pointer, pointer);
    }
    let stale = kanban.reorder_column(todo.id, kanban_core::Version(7), ColumnPlace::default()).await;
    assert!(matches!(stale, Err(Error::VersionConflict { expected: 7, actual: 1, current: Some(_), .. })), "{stale:?}");
    let stale = kanban.delete_column(todo.id, kanban_core::Version(7), None).await;
    assert!(matches!(stale, Err(Error::VersionConflict { expected: 7, actual: 1, current: Some(_), .. })), "{stale:?}");
    let nothing = kanban_core::ColumnId::generate();
    let error = kanban.reorder_column(nothing, Expected::Any, ColumnPlace::default()).await.expect_err("none");
    assert!(matches!(&error, Error::NotFound { what: "column", id } if *id == nothing.to_string()), "{error}");
    let archive = kanban_core::BoardPatch { archived: Some(true), ..kanban_core::BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, archive).await.expect("archived");
    let error = kanban.reorder_column(todo.id, Expected::Any, ColumnPlace::default()).await.expect_err("archived");
    assert_eq!(error.code(), "board_archived");
    let error = kanban.delete_column(todo.id, Expected::Any, None).await.expect_err("archived");
    assert_eq!(error.code(), "board_archived");
    assert_eq!(columns(&kanban).await, board.columns);
}

#[tokio::test]
async fn work_starts_in_the_doing_column_that_comes_first_now() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let review = kanban.create_column(board.board.id, NewColumn::named("Review", ColumnKind::Doing)).await;
    let review = review.expect("a column");
    kanban.create_card(board.columns[0].id, NewCard::titled("one")).await.expect("a card");
    kanban.reorder_column(review.id, review.version, ColumnPlace::first()).await.expect("it moves");
    let agent = store.tenant("default", Actor::agent("a")).expect("an agent");
    let claimed = agent.claim_next("a", ClaimNext::default()).await.expect("a claim").items.remove(0);
    assert_eq!(claimed.column_id, review.id);
    let accepted = kanban.create_column(board.board.id, NewColumn::named("Accepted", ColumnKind::Done)).await;
    let accepted = accepted.expect("a column");
    kanban.reorder_column(accepted.id, accepted.version, ColumnPlace::first()).await.expect("it moves");
    let done = agent.complete_card(claimed.id, claimed.claim.expect("a claim").epoch).await.expect("done");
    assert_eq!(done.column_id, accepted.id);
}

#[tokio::test]
async fn a_column_goes_when_it_is_empty_or_its_cards_have_somewhere_to_go() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let [todo, doing, done] = [0, 1, 2].map(|i| board.columns[i].id);
    for (column, title) in [(todo, "t1"), (doing, "d1"), (doing, "d2"), (doing, "d3")] {
        kanban.create_card(column, NewCard::titled(title)).await.expect("a card");
    }
    let deleted = kanban.create_card(doing, NewCard::titled("old")).await.expect("a card");
    kanban.delete_card(deleted.id, Expected::Any).await.expect("deleted");
    let error = kanban.delete_column(doing, Expected::Any, None).await.expect_err("it holds cards");
    assert_eq!(error.code(), "column_not_empty");
    assert!(error.to_string().contains("move_cards_to"), "it says what to do: {error}");
    let other = kanban.create_board(kanban_core::NewBoard::named("Other")).await.expect("a board");
    for target in [doing, other.columns[0].id, kanban_core::ColumnId::generate()] {
        let Err(Error::Invalid { fields }) = kanban.delete_column(doing, Expected::Any, Some(target)).await else {
            panic!("{target} is no target")
        };
        assert_eq!(fields[0].pointer, "/move_cards_to");
    }
    let limit = |limit| ColumnPatch { wip_limit: Some(limit), ..ColumnPatch::default() };
    kanban.update_column(todo, Expected::Any, limit(Some(3))).await.expect("a limit");
    let error = kanban.delete_column(doing, Expected::Any, Some(todo)).await.expect_err("three do not fit");
    assert!(matches!(error, Error::WipLimitReached { limit: 3, .. }), "{error}");
    assert_eq!(titles(&kanban, doing, board.board.id).await, ["d1", "d2", "d3"], "a refusal changes nothing");
    kanban.update_column(todo, Expected::Any, limit(Some(4))).await.expect("a limit");
    let version = columns(&kanban).await[1].version;
    let gone = kanban.delete_column(doing, version, Some(todo)).await.expect("it goes");
    assert_eq!((gone.version.0, gone.cards, gone.deleted_at.is_some()), (version.0 + 1, 0, true));
    assert_eq!(titles(&kanban, todo, board.board.id).await, ["t1", "d1", "d2", "d3"]);
    assert_eq!(names(&kanban).await, ["Todo", "Done"]);
    assert_eq!(kanban.get_column(doing).await.expect_err("it is gone").code(), "not_found");
    let error = kanban.create_card(doing, NewCard::titled("late")).await.expect_err("it is gone");
    assert_eq!(error.code(), "not_found");
    let again = kanban.create_column(board.board.id, NewColumn::named("doing", ColumnKind::Doing)).await;
    let again = again.expect("the name is free");
    let error = kanban.restore_card(deleted.id, Expected::Any).await.expect_err("the first column is full");
    assert_eq!(error.code(), "wip_limit_reached");
    kanban.update_column(todo, Expected::Any, limit(None)).await.expect("no limit");
    let restored = kanban.restore_card(deleted.id, Expected::Any).await.expect("it comes back in the first column");
    assert_eq!((restored.column_id, restored.status), (todo, ColumnKind::Todo));
    kanban
        .delete_column(again.id, again.version, Some(todo))
        .await
        .expect("a target is no fault where there is no card");
    kanban.delete_column(done, Expected::Any, None).await.expect("it is empty");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn the_last_column_goes_when_no_card_needs_it() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let card = kanban.create_card(board.columns[0].id, NewCard::titled("one")).await.expect("a card");
    for column in &board.columns[1..] {
        kanban.delete_column(column.id, column.version, None).await.expect("it is empty");
    }
    let error = kanban.delete_column(board.columns[0].id, Expected::Any, None).await.expect_err("it holds the card");
    assert_eq!(error.code(), "column_not_empty");
    kanban.delete_card(card.id, Expected::Any).await.expect("deleted");
    kanban.delete_column(board.columns[0].id, Expected::Any, None).await.expect("it is empty");
    assert!(columns(&kanban).await.is_empty());
    let error = kanban.restore_card(card.id, Expected::Any).await.expect_err("there is nowhere to put it");
    assert_eq!(error.code(), "no_column");
    kanban.create_column(board.board.id, NewColumn::named("Done", ColumnKind::Done)).await.expect("a column");
    let restored = kanban.restore_card(card.id, Expected::Any).await.expect("now there is");
    assert_eq!(restored.status, ColumnKind::Done);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_board_has_a_hundred_columns_at_most() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for i in 3..100 {
        let new = NewColumn::named(format!("c{i}"), ColumnKind::Backlog);
        kanban.create_column(board.board.id, new).await.expect("a column");
    }
    let more = NewColumn::named("more", ColumnKind::Backlog);
    let error = kanban.create_column(board.board.id, more.clone()).await.expect_err("one too many");
    assert_eq!(error.code(), "too_many_columns");
    kanban.delete_column(board.columns[0].id, Expected::Any, None).await.expect("it goes");
    kanban.create_column(board.board.id, more).await.expect("now there is room");
}

/// What can be seen of a card, with everything that differs from run to run taken out.
async fn seen(kanban: &Kanban, card: &Card, names: &BTreeMap<String, String>) -> String {
    let has = |present: bool| if present { "set" } else { "none" };
    format!(
        "{} v{} {} in {} started {} finished {} claim {} since {}",
        card.title,
        card.version,
        card.status,
        names[&card.column_id.to_string()],
        has(card.started_at.is_some()),
        has(card.finished_at.is_some()),
        card.claim.as_ref().map_or("none".to_owned(), |claim| format!("{} {}", claim.agent_id, claim.epoch)),
        if card.updated_at == card.column_since { "its last change" } else { "before" },
    ) + &format!(
        " ready {:?}",
        kanban
            .list_dependencies(card.id)
            .await
            .expect("links")
            .iter()
            .map(|link| (link.text.clone(), link.resolved))
            .collect::<Vec<_>>()
    )
}

/// Cards of every state in a column, and others that wait for them; then they go to another column, in one of two ways.
async fn emptied(from: usize, to: usize, at_once: bool) -> Vec<String> {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (from, to) = (board.columns[from].id, board.columns[to].id);
    let agent = store.tenant("default", Actor::agent("a")).expect("an agent");
    let ideas = kanban.create_column(board.board.id, NewColumn::named("Ideas", ColumnKind::Backlog)).await;
    let ideas = ideas.expect("a column");
    let mut moving: Vec<Card> = Vec::new();
    for title in ["m1", "m2", "m3", "m4", "m5"] {
        moving.push(kanban.create_card(from, NewCard::titled(title)).await.expect("a card"));
    }
    let waiting = kanban.create_card(ideas.id, NewCard::titled("waiting")).await.expect("a card");
    kanban.create_card(to, NewCard::titled("there")).await.expect("a card");
    kanban.reorder_card(moving[4].id, Expected::Any, kanban_core::Place::first()).await.expect("it moves");
    moving.rotate_right(1);
    for (card, on) in [(waiting.id, moving[0].id), (waiting.id, moving[1].id), (moving[2].id, moving[3].id)] {
        kanban.add_dependency(card, NewDependency::waits_for(on)).await.expect("a link");
    }
    let options = ClaimOptions { start: false, ..ClaimOptions::default() };
    if moving[1].finished_at.is_none() {
        let assigned = kanban_core::CardPatch { assignees: Some(vec!["a".to_owned()]), ..Default::default() };
        kanban.update_card(moving[1].id, Expected::Any, assigned).await.expect("assigned");
        agent.claim_card(moving[1].id, "a", options).await.expect("a claim");
    }
    let since = kanban.get_board(board.board.id).await.expect("the board").board.seq;
    let names = board.columns.iter().chain([&ideas]).map(|c| (c.id.to_string(), c.name.clone())).collect();
    if !at_once {
        for card in &moving {
            agent.move_card(card.id, Expected::Any, MoveCard::to(to)).await.expect("it moves");
        }
    }
    agent.delete_column(from, Expected::Any, at_once.then_some(to)).await.expect("it goes");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
    let mut all = Vec::new();
    let cards = kanban.list_cards(board.board.id, ListCards::default()).await.expect("the cards").items;
    for card in &cards {
        all.push(seen(&kanban, card, &names).await);
    }
    let titles: BTreeMap<String, &str> = cards.iter().map(|c| (c.id.to_string(), c.title.as_str())).collect();
    for event in kanban.list_events(board.board.id, ListEvents { since, limit: 100 }).await.expect("events") {
        let payload: Value = serde_json::from_str(event.payload.get()).expect("JSON");
        let members = |side: &str| payload[side].as_object().expect("members").keys().cloned().collect::<Vec<_>>();
        let after = payload.get("after_card_id").map(|id| id.as_str().map(|id| titles[id]));
        let entity = titles.get(&event.entity_id.to_string());
        all.push(format!("{} {entity:?} {:?} {:?} {after:?}", event.action, members("before"), members("after")));
    }
    let pool = database.superuser().await;
    let rows =
        "select format('%s visit %s of %s %s %s %s %s %s, %s blockers', c.title, v.visit, v.kind, v.left_at is null,
            v.is_wip, v.effect, v.furthest, v.worker_id, c.open_blockers)
        from kanban.cards as c join kanban.column_visits as v on v.card_id = c.id order by c.title, v.visit";
    let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(&pool).await.expect("the visits read");
    let last_key = "select c.last_key is not distinct from max(k.position) from kanban.columns as c
        join kanban.cards as k on k.column_id = c.id where c.id = $1 group by c.last_key";
    let last_key: bool =
        sqlx::query_scalar(last_key).bind(uuid(to)).fetch_one(&pool).await.expect("the column's last key reads");
    assert!(last_key, "the next card of the run finds its place");
    all.extend(rows);
    all
}

fn uuid(id: kanban_core::ColumnId) -> sqlx::types::Uuid {
    sqlx::types::Uuid::from(id.to_string().parse::<ulid::Ulid>().expect("an id"))
}

#[tokio::test]
async fn cards_go_with_a_column_exactly_as_if_each_were_moved() {
    for (from, to) in [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2), (2, 0)] {
        let one_by_one = emptied(from, to, false).await;
        assert!(one_by_one.len() > 20, "there is something to compare");
        assert_eq!(emptied(from, to, true).await, one_by_one, "from {from} to {to}");
    }
}

#[tokio::test]
async fn an_agent_cannot_take_another_agents_claimed_card_along() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for title in ["one", "two"] {
        kanban.create_card(board.columns[0].id, NewCard::titled(title)).await.expect("a card");
    }
    let [a, b] = ["a", "b"].map(|id| store.tenant("default", Actor::agent(id)).expect("an agent"));
    let card = a.claim_next("a", ClaimNext::default()).await.expect("a claim").items.remove(0);
    let doing = board.columns[1].id;
    let error = b.delete_column(doing, Expected::Any, Some(board.columns[0].id)).await.expect_err("a works there");
    assert!(matches!(&error, Error::Claimed { card, agent_id, .. } if card == "AB-1" && agent_id == "a"), "{error}");
    kanban.delete_column(doing, Expected::Any, Some(board.columns[0].id)).await.expect("a person may");
    let epoch = card.claim.expect("a claim").epoch;
    assert_eq!(a.get_card(card.id).await.expect("a card").claim.expect("it is kept").epoch, epoch);
    a.complete_card(card.id, epoch).await.expect("it goes on");
}

#[tokio::test]
async fn more_cards_than_one_statement_should_move_are_refused() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let [todo, doing] = [0, 1].map(|i| board.columns[i].id);
    let card = kanban.create_card(todo, NewCard::titled("one")).await.expect("a card");
    // the rest as copies, behind the store's back
    let copies = "do $$ declare
            -- all but what is generated
            v_columns text := (select string_agg(attname, ', ') from pg_attribute
                               where attrelid = 'kanban.cards'::regclass and attnum > 0 and attgenerated = '');
        begin
            execute format('insert into kanban.cards (%1$s) select %1$s from (
                select (jsonb_populate_record(c, jsonb_build_object(
                    ''id'', gen_random_uuid(), ''key'', ''AB-'' || n, ''position'', c.position + n * 4294967296))).*
                from kanban.cards as c, generate_series(2, 201) as n) as copies', v_columns);
        end $$;
        insert into kanban.column_visits (tenant_id, card_id, visit, board_id, column_id, kind, entered_at, is_wip, furthest)
        select tenant_id, id, 1, board_id, column_id, status, column_since, false, 0 from kanban.cards where key <> 'AB-1';
        select kanban.index_cards(tenant_id, array_agg(id)) from kanban.cards group by tenant_id;
        update kanban.columns set cards = 201 where name = 'Todo';
        update kanban.boards set next_number = 202";
    let pool = database.superuser().await;
    sqlx::raw_sql(copies).execute(&pool).await.expect("copied");
    let error = kanban.delete_column(todo, Expected::Any, Some(doing)).await.expect_err("that is too many");
    assert_eq!(error.code(), "too_many_cards");
    kanban.delete_card(card.id, Expected::Any).await.expect("deleted");
    kanban.delete_column(todo, Expected::Any, Some(doing)).await.expect("so many go");
    assert_eq!(columns(&kanban).await[0].cards, 200);
    let sound: Vec<_> = kanban.examine().await.expect("an examination").findings;
    assert_eq!(sound, []);
}

/// Cards come, move, are claimed and go, while columns are reordered, deleted with their cards, and made again.
async fn findings_of_a_busy_board(guarded: bool) -> usize {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    if !guarded {
        // the control: a deletion that locks nothing and believes what it has read
        let pool = database.superuser().await;
        let source: String = sqlx::query_scalar("select pg_get_functiondef('kanban.lock_board_of_column'::regproc)")
            .fetch_one(&pool)
            .await
            .expect("the function reads");
        let broken = source
            .replace("perform kanban.lock_columns(p_tenant, array[v_board]);", "")
            .replace("return v_row;", "perform pg_sleep(0.01); return v_row;");
        assert_ne!(source, broken, "the guard was there to take away");
        sqlx::raw_sql(sqlx::AssertSqlSafe(broken)).execute(&pool).await.expect("the function changes");
    }
    for i in 0..20 {
        kanban.create_card(board.columns[i % 3].id, NewCard::titled(format!("card {i}"))).await.expect("a card");
    }
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let workers = (0..6).map(|worker| work_beside(&store, board.board.id, guarded, worker, seed.wrapping_add(worker)));
    futures::future::join_all(workers).await;
    kanban.examine().await.expect("an examination").findings.len()
}

async fn work_beside(store: &Store, board: kanban_core::BoardId, guarded: bool, worker: u64, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let name = format!("agent-{worker}");
    // people may move what agents hold
    let kanban = store.tenant("default", Actor::human("ada")).expect("a person");
    for i in 0..40 {
        let columns = kanban.get_board(board).await.expect("the board").columns;
        let cards = kanban.list_cards(board, ListCards::default()).await.expect("the cards").items;
        let card: Option<CardId> = (!cards.is_empty()).then(|| cards[random.usize(..cards.len())].id);
        let column = columns[random.usize(..columns.len())].id;
        let other = columns[random.usize(..columns.len())].id;
        let outcome = match (random.u8(..10), card) {
            (0..=2, _) if worker < 2 => {
                let kind = ColumnKind::ALL[random.usize(..4)];
                let new = NewColumn::named(format!("{worker} {i}"), kind);
                kanban.create_column(board, new).await.map(drop)
            }
            (3..=6, _) if worker < 2 => kanban.delete_column(column, Expected::Any, Some(other)).await.map(drop),
            (7, _) if worker < 2 => {
                kanban.reorder_column(column, Expected::Any, ColumnPlace::before(other)).await.map(drop)
            }
            (0..=1, _) | (_, None) => {
                kanban.create_card(column, NewCard::titled(format!("{worker} {i}"))).await.map(drop)
            }
            (2, Some(card)) => kanban.delete_card(card, Expected::Any).await.map(drop),
            (3, _) => kanban.claim_next(&name, ClaimNext::default()).await.map(drop),
            (_, Some(card)) => kanban.move_card(card, Expected::Any, MoveCard::to(column)).await.map(drop),
        };
        match outcome {
            Ok(()) | Err(Error::NotFound { .. } | Error::Invalid { .. }) => {}
            Err(_) if !guarded => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_go_while_others_work_on_their_cards_and_no_card_is_lost() {
    assert_eq!(findings_of_a_busy_board(true).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_without_the_lock_cards_are_lost_with_their_column() {
    let mut found = 0;
    for _ in 0..5 {
        found += findings_of_a_busy_board(false).await;
        if found > 0 {
            break;
        }
    }
    assert!(found > 0, "a test that cannot see a lost card proves nothing");
}
