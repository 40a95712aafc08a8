//! Blockers, what work makes way for, and the longest chains.

use kanban_core::{
    Actor, BlockerFilter, BoardPatch, Card, CardRef, ClaimOptions, ColumnId, Error, Expected, Kanban, MoveCard,
    NewBoard, NewCard, NewDependency, Store,
};
use sqlx::Row;

use crate::support;

async fn card(kanban: &Kanban, column: ColumnId, assignee: Option<&str>) -> Card {
    let assignees = assignee.map(str::to_owned).into_iter().collect();
    kanban.create_card(column, NewCard { assignees, ..NewCard::titled("work") }).await.expect("a card")
}

async fn wait(kanban: &Kanban, card: &Card, on: &Card) {
    kanban.add_dependency(card.id, NewDependency::waits_for(on.id)).await.expect("a link");
}

async fn agent(store: &Store, id: &str) -> Kanban {
    store.tenant("default", Actor::agent(id)).expect("an agent")
}

fn keys(cards: &[kanban_core::CardBrief]) -> Vec<&str> {
    cards.iter().map(|card| card.key.as_str()).collect()
}

#[tokio::test]
async fn an_agent_is_told_what_blocks_its_cards_who_has_it_and_since_when() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, done) = (board.columns[0].id, board.columns[2].id);
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    // AB-3 is a's and waits for AB-2, which waits for AB-1, which b has; AB-4 waits for AB-3
    let root = card(&kanban, todo, None).await;
    let middle = card(&kanban, todo, None).await;
    let mine = card(&kanban, todo, Some("a")).await;
    let last = card(&kanban, todo, None).await;
    let far = card(&kanban, other.columns[0].id, None).await;
    let elses = card(&kanban, todo, Some("b")).await;
    wait(&kanban, &middle, &root).await;
    wait(&kanban, &mine, &middle).await;
    wait(&kanban, &last, &mine).await;
    wait(&kanban, &mine, &far).await;
    wait(&kanban, &elses, &far).await;
    agent(&store, "b").await.claim_card(root.id, "b", ClaimOptions::default()).await.expect("a claim");
    let a = agent(&store, "a").await;
    let found = a.blockers("a", BlockerFilter::default()).await.expect("an answer");
    assert_eq!((found.total, &found.hint), (2, &None));
    let [first, second] = &found.items[..] else { panic!("{found:?}") };
    assert_eq!((first.blocks.as_str(), first.card.key.as_str()), ("AB-3", "AB-2"));
    assert_eq!((first.in_front.length, &first.in_front.cards), (1, &vec!["AB-1".to_owned()]));
    assert_eq!((first.behind.length, &first.behind.cards), (2, &vec!["AB-3".to_owned(), "AB-4".to_owned()]));
    assert_eq!((second.card.key.as_str(), second.card.claimed_by.as_deref()), (far.key.as_str(), None));
    assert!(first.since < second.since && first.blocked_seconds > second.blocked_seconds, "the longest first");
    // a claim makes a card one's own as an assignment does, and tells who holds the blocker
    let b = agent(&store, "b").await.blockers("b", BlockerFilter::default()).await.expect("an answer");
    assert_eq!(b.items.iter().map(|item| item.blocks.as_str()).collect::<Vec<_>>(), ["AB-5"]);
    wait(&kanban, &root, &elses).await;
    let b =
        kanban.blockers("b", BlockerFilter { limit: Some(1), ..BlockerFilter::default() }).await.expect("an answer");
    assert_eq!((b.items.len(), b.total), (1, 2));
    assert!(b.hint.is_some_and(|hint| hint.starts_with("1 more.")));
    let middle_now = a.critical_chain(mine.id, None).await.expect("a chain");
    assert_eq!(middle_now.cards[1].claimed_by.as_deref(), None);
    let held: Vec<Option<&str>> = middle_now.cards.iter().map(|card| card.claimed_by.as_deref()).collect();
    assert_eq!((keys(&middle_now.cards), held[2]), (vec![far.key.as_str(), "AB-5", "AB-1", "AB-2"], Some("b")));
    // on one board only, and no such board
    let here = BlockerFilter { board: Some(board.board.id.into()), ..BlockerFilter::default() };
    assert_eq!(a.blockers("a", here).await.expect("an answer").total, 2);
    let there = BlockerFilter { board: Some(other.board.id.into()), ..BlockerFilter::default() };
    assert_eq!(a.blockers("a", there).await.expect("an answer").total, 0);
    let nowhere = BlockerFilter { board: Some("NOPE".parse().expect("a key")), ..BlockerFilter::default() };
    assert_eq!(a.blockers("a", nowhere).await.expect_err("no such board").code(), "not_found");
    let many = BlockerFilter { limit: Some(201), ..BlockerFilter::default() };
    assert_eq!(a.blockers("a", many).await.expect_err("too many").code(), "invalid");
    // finished it does not block; reopened it blocks anew, and only from then on
    kanban.move_card(far.id, Expected::Any, MoveCard::to(other.columns[2].id)).await.expect("finished");
    assert_eq!(a.blockers("a", BlockerFilter::default()).await.expect("an answer").total, 1);
    let reopened = kanban.move_card(far.id, Expected::Any, MoveCard::to(other.columns[0].id)).await.expect("reopened");
    let found = a.blockers("a", BlockerFilter::default()).await.expect("an answer");
    assert_eq!(found.items[1].since, reopened.column_since);
    kanban.delete_card(far.id, Expected::Any).await.expect("deleted");
    let restored = kanban.restore_card(far.id, Expected::Any).await.expect("restored");
    let found = a.blockers("a", BlockerFilter::default()).await.expect("an answer");
    assert_eq!(found.items[1].since, restored.column_since);
    // neither a finished card of its own nor a blocker on an archived board
    let archive = BoardPatch { archived: Some(true), ..BoardPatch::default() };
    kanban.update_board(other.board.id, Expected::Any, archive).await.expect("archived");
    assert_eq!(a.blockers("a", BlockerFilter::default()).await.expect("an answer").total, 1);
    kanban.move_card(mine.id, Expected::Any, MoveCard::to(done)).await.expect("finished");
    assert_eq!(a.blockers("a", BlockerFilter::default()).await.expect("an answer").total, 0);
}

#[tokio::test]
async fn finishing_a_card_frees_what_waits_for_it_alone() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, done) = (board.columns[0].id, board.columns[2].id);
    let mut cards = Vec::new();
    for _ in 0..6 {
        cards.push(card(&kanban, todo, None).await);
    }
    let [one, two, three, four, five, six] = &cards[..] else { unreachable!("six were made") };
    wait(&kanban, two, one).await;
    wait(&kanban, three, one).await;
    wait(&kanban, three, five).await;
    wait(&kanban, four, two).await;
    wait(&kanban, six, four).await;
    let unblocks = kanban.unblocks(one.id, None).await.expect("an answer");
    assert_eq!((keys(&unblocks.frees), unblocks.frees_total, unblocks.waiting_total), (vec!["AB-2"], 1, 4));
    assert_eq!((unblocks.behind.length, unblocks.behind.cards.join(" ")), (3, "AB-2 AB-4 AB-6".to_owned()));
    kanban.move_card(five.id, Expected::Any, MoveCard::to(done)).await.expect("finished");
    let unblocks = kanban.unblocks(one.id, Some(1)).await.expect("an answer");
    assert_eq!((keys(&unblocks.frees), unblocks.frees_total), (vec!["AB-2"], 2));
    assert!(unblocks.hint.is_some_and(|hint| hint.starts_with("1 more.")));
    let resolved = kanban.unblocks(five.id, None).await.expect("an answer");
    assert_eq!((resolved.frees.len(), resolved.waiting_total), (0, 0), "it holds nothing back any more");
    // what it says is what then happens
    let freed = kanban.unblocks(one.id, None).await.expect("an answer").frees;
    kanban.move_card(one.id, Expected::Any, MoveCard::to(done)).await.expect("finished");
    for card in &freed {
        let links = kanban.list_dependencies(card.id).await.expect("links");
        assert!(links.iter().filter(|link| link.relation.as_str() == "waits_for").all(|link| link.resolved));
    }
    assert_eq!(keys(&freed), ["AB-2", "AB-3"]);
    for bad in [0, 201] {
        assert_eq!(kanban.unblocks(one.id, Some(bad)).await.expect_err("out of range").code(), "invalid");
    }
    let missing: CardRef = "AB-77".parse().expect("a key");
    let error = kanban.unblocks(missing, None).await.expect_err("no such card");
    assert!(matches!(&error, Error::NotFound { what: "card", id } if id == "AB-77"), "{error}");
}

#[tokio::test]
async fn the_critical_chain_is_the_longest_one_and_starts_with_what_can_be_worked_on() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, done) = (board.columns[0].id, board.columns[2].id);
    let none = kanban.board_critical_chain(board.board.id, None).await.expect("an answer");
    assert_eq!((none.card, none.length, none.cards.len()), (None, 0, 0));
    let mut cards = Vec::new();
    for _ in 0..5 {
        cards.push(card(&kanban, todo, None).await);
    }
    for pair in cards.windows(2) {
        wait(&kanban, &pair[1], &pair[0]).await;
    }
    wait(&kanban, &cards[4], &cards[0]).await;
    let chain = kanban.board_critical_chain(board.board.id, Some(3)).await.expect("a chain");
    assert_eq!((chain.card.as_deref(), chain.length), (Some("AB-5"), 4));
    assert_eq!(keys(&chain.cards), ["AB-1", "AB-2", "AB-3"]);
    assert!(chain.hint.is_some_and(|hint| hint.starts_with("1 more.")));
    let chain = kanban.critical_chain(cards[2].id, None).await.expect("a chain");
    assert_eq!((chain.card.as_deref(), keys(&chain.cards)), (Some("AB-3"), vec!["AB-1", "AB-2"]));
    // a resolved card cuts the chain: what it waited for holds nothing back through it
    kanban.move_card(cards[2].id, Expected::Any, MoveCard::to(done)).await.expect("finished");
    let chain = kanban.critical_chain(cards[4].id, None).await.expect("a chain");
    assert_eq!(chain.length, 1, "AB-4, or AB-1");
    let chain = kanban.board_critical_chain(board.board.id, None).await.expect("a chain");
    assert_eq!(chain.length, 1);
    let nowhere: kanban_core::BoardRef = "NOPE".parse().expect("a key");
    assert_eq!(kanban.board_critical_chain(nowhere, None).await.expect_err("none").code(), "not_found");
}

/// Cards AB-1 to AB-n, each waiting for the one before, behind the store's back.
const CHAIN: &str = "
    with made as (
        insert into kanban.cards (tenant_id, id, board_id, column_id, key, position, status, title, description, labels,
            assignees, priority, fields, links, agent_context, workflow_state, column_since, ready_at, open_blockers,
            created_by_kind, created_by_id, created_at, updated_at)
        select 'default', lpad(i::text, 32, '0')::uuid, b.id, c.id, b.key || '-' || i, i, 'todo', 'work', '', '{}', '{}', 2,
            '{}', '[]', '{}', '{}', now(), now(), (i > 1)::integer, 'human', 'ada', now(), now()
        from generate_series(1, 5000) as i
        cross join kanban.boards as b
        join kanban.columns as c on c.board_id = b.id and c.kind = 'todo'
        returning id
    )
    insert into kanban.dependencies (tenant_id, id, type, from_card, to_card, created_by_kind, created_by_id, created_at)
    select 'default', gen_random_uuid(), 'blocks', lpad((i - 1)::text, 32, '0')::uuid, lpad(i::text, 32, '0')::uuid,
        'human', 'ada', now()
    from generate_series(2, 5000) as i";

#[tokio::test]
async fn a_chain_of_5000_cards_is_checked_with_a_few_pages_for_each_card() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let pool = database.superuser().await;
    // no statistics of what is there: a bulk of new links is checked before anybody counts it
    sqlx::raw_sql("alter table kanban.dependencies set (autovacuum_enabled = false)")
        .execute(&pool)
        .await
        .expect("set");
    sqlx::raw_sql(CHAIN).execute(&pool).await.expect("a chain");
    let (first, last): (CardRef, CardRef) = ("AB-1".parse().expect("a key"), "AB-5000".parse().expect("a key"));
    let error =
        kanban.add_dependency(first.clone(), NewDependency::waits_for(last.clone())).await.expect_err("a cycle");
    let Error::DependencyCycle { path } = &error else { panic!("{error}") };
    assert_eq!(
        (path.len(), path[0].as_str(), path[1].as_str(), path[5000].as_str()),
        (5001, "AB-1", "AB-5000", "AB-1")
    );
    assert!(error.to_string().len() < 500, "a sentence names the ends: {error}");
    // the other way round there is no way, and it takes one look to see that
    let pages = |from: usize, to: usize| {
        let sql = format!(
            "explain (analyze, buffers, format json)
             select kanban.blocking_path('default', lpad('{from}', 32, '0')::uuid, lpad('{to}', 32, '0')::uuid)"
        );
        let pool = pool.clone();
        async move {
            let row = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_one(&pool).await.expect("a plan");
            let plan: serde_json::Value = row.get(0);
            plan[0]["Plan"]["Shared Hit Blocks"].as_u64().expect("a number")
                + plan[0]["Plan"]["Shared Read Blocks"].as_u64().expect("a number")
        }
    };
    let (whole, none) = (pages(1, 5000).await, pages(5000, 1).await);
    assert!(whole < 5000 * 8, "{whole} pages for 5,000 cards");
    assert!(none < 100, "{none} pages for a card that nothing waits for");
    let chain = kanban.board_critical_chain(board.board.id, Some(1)).await.expect("a chain");
    assert_eq!((chain.card.as_deref(), chain.length, keys(&chain.cards)), (Some("AB-5000"), 4999, vec!["AB-1"]));
    let unblocks = kanban.unblocks(first, None).await.expect("an answer");
    assert_eq!((unblocks.waiting_total, unblocks.behind.length), (4999, 4999));
}
