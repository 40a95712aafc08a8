//! Ready work, claims, leases and epochs.

use kanban_core::{
    Actor, Card, CardPatch, ClaimNext, ClaimOptions, ColumnKind, ColumnPatch, Epoch, Error, Expected, Kanban, ListPage,
    MoveCard, NewCard, NewDependency, NextTasks, NothingClaimedCode, Priority, Store,
};

use crate::support::{self, Database};

async fn agent(store: &Store, id: &str) -> Kanban {
    store.tenant("default", Actor::agent(id)).expect("an agent")
}

async fn claim(kanban: &Kanban, id: &str) -> Card {
    let claimed = kanban.claim_next(id, ClaimNext::default()).await.expect("an answer");
    claimed.items.into_iter().next().unwrap_or_else(|| panic!("{:?}", claimed.reason))
}

fn epoch(card: &Card) -> Epoch {
    card.claim.as_ref().expect("it is claimed").epoch
}

/// Lets a lease end without waiting for it.
async fn lapse(database: &Database, card: &Card) {
    let pool = database.superuser().await;
    let changed = sqlx::query(
        "update kanban.cards set lease_until = now() - interval '1 s' where key = $1 and tenant_id = 'default'",
    )
    .bind(&card.key)
    .execute(&pool)
    .await
    .expect("it changes");
    assert_eq!(changed.rows_affected(), 1);
}

#[tokio::test]
async fn tasks_come_in_their_documented_order_and_pages_cut_nowhere() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing) = (board.columns[0].id, board.columns[1].id);
    let add = |column, title: &str, priority, due: Option<&str>, assignee: Option<&str>| {
        let new = NewCard {
            priority,
            due_at: due.map(|due| due.parse().expect("a time")),
            assignees: assignee.map(str::to_owned).into_iter().collect(),
            ..NewCard::titled(title)
        };
        let kanban = kanban.clone();
        async move { kanban.create_card(column, new).await.expect("a card") }
    };
    add(todo, "medium", Priority::Medium, None, None).await;
    add(todo, "medium due late", Priority::Medium, Some("2027-02-01T00:00:00Z"), None).await;
    add(todo, "medium due soon", Priority::Medium, Some("2027-01-01T00:00:00Z"), None).await;
    add(todo, "critical", Priority::Critical, None, None).await;
    add(todo, "for me", Priority::High, None, Some("me")).await;
    add(todo, "for you", Priority::Critical, None, Some("you")).await;
    add(doing, "mine in progress", Priority::Lowest, None, Some("me")).await;
    add(doing, "a person's", Priority::Critical, None, None).await;
    let blocked = add(todo, "blocked", Priority::Critical, None, None).await;
    let blocker = add(todo, "last", Priority::Lowest, None, None).await;
    kanban.add_dependency(blocked.id, NewDependency::waits_for(blocker.id)).await.expect("a link");
    let expected = ["mine in progress", "critical", "for me", "medium due soon", "medium due late", "medium", "last"];
    for limit in [1, 2, 3, 50] {
        let mut seen = Vec::new();
        let mut cursor = None;
        loop {
            let page = ListPage { limit, cursor: cursor.take() };
            let page = kanban.next_tasks("me", NextTasks { page, ..NextTasks::default() }).await.expect("a page");
            seen.extend(page.items.into_iter().map(|card| card.title));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, expected, "in pages of {limit}");
    }
    let labelled = NextTasks { labels: vec!["none".to_owned()], ..NextTasks::default() };
    assert!(kanban.next_tasks("me", labelled).await.expect("a page").items.is_empty());
    let nowhere = NextTasks { board: Some("NOPE".parse().expect("a key")), ..NextTasks::default() };
    assert_eq!(kanban.next_tasks("me", nowhere).await.expect_err("no such board").code(), "not_found");
}

#[tokio::test]
async fn a_claim_starts_the_card_and_only_its_epoch_may_go_on() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    kanban.create_card(board.columns[0].id, NewCard::titled("work")).await.expect("a card");
    let (a, b) = (agent(&store, "a").await, agent(&store, "b").await);
    let mine = claim(&a, "a").await;
    assert_eq!((mine.status, epoch(&mine)), (ColumnKind::Doing, Epoch(1)));
    let patch = CardPatch { description: Some("note".to_owned()), ..CardPatch::default() };
    let error = b.update_card(mine.id, mine.version, patch.clone()).await.expect_err("it is a's");
    assert!(matches!(&error, Error::Claimed { agent_id, .. } if agent_id == "a"), "{error}");
    let longer = a.heartbeat(mine.id, Epoch(1), Some(3600)).await.expect("it beats");
    assert_eq!(longer.version, mine.version, "a heartbeat is no change of the card");
    assert!(longer.claim.as_ref().expect("a claim").until > mine.claim.as_ref().expect("a claim").until);
    let noted =
        a.clone().under_claim(Epoch(1)).update_card(mine.id, mine.version, patch.clone()).await.expect("it is a's");
    lapse(&database, &mine).await;
    let theirs = claim(&b, "b").await;
    assert_eq!((theirs.id, epoch(&theirs)), (mine.id, Epoch(2)));
    // a wakes up: nothing it tries lands
    let stale = |error: Error| assert!(matches!(error, Error::StaleClaim { expected: 1, actual: 2, .. }), "{error}");
    let late = a.clone().under_claim(Epoch(1));
    stale(late.update_card(mine.id, noted.version, patch.clone()).await.expect_err("it is b's"));
    stale(late.move_card(mine.id, noted.version, MoveCard::to(board.columns[2].id)).await.expect_err("it is b's"));
    stale(late.delete_card(mine.id, Expected::Any).await.expect_err("it is b's"));
    stale(a.heartbeat(mine.id, Epoch(1), None).await.expect_err("it is b's"));
    stale(a.release_card(mine.id, Epoch(1), None).await.expect_err("it is b's"));
    stale(a.complete_card(mine.id, Epoch(1)).await.expect_err("it is b's"));
    assert_eq!(b.get_card(mine.id).await.expect("a card"), theirs, "b's card is untouched");
    let person = kanban.update_card(mine.id, Expected::Any, patch).await;
    assert!(person.is_ok(), "people may override");
    let done = b.complete_card(mine.id, Epoch(2)).await.expect("b finishes");
    assert_eq!((done.status, done.claim), (ColumnKind::Done, None));
    let error = b.complete_card(mine.id, Epoch(2)).await.expect_err("it is over");
    assert_eq!(error.code(), "stale_claim");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn released_and_lapsed_work_is_claimable_at_once_and_one_s_own_again() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    kanban.create_card(board.columns[0].id, NewCard::titled("work")).await.expect("a card");
    let (a, b) = (agent(&store, "a").await, agent(&store, "b").await);
    let card = claim(&a, "a").await;
    let tasks = |who: &'static str| {
        let kanban = kanban.clone();
        async move { kanban.next_tasks(who, NextTasks::default()).await.expect("tasks").items.len() }
    };
    assert_eq!((tasks("a").await, tasks("b").await), (1, 0), "a's own work, and nobody else's");
    let nothing = b.claim_next("b", ClaimNext::default()).await.expect("an answer");
    let reason = nothing.reason.expect("a reason");
    assert_eq!((reason.code, reason.claimed), (NothingClaimedCode::NothingReady, 1));
    assert!((1..=60).contains(&reason.retry_after), "{}", reason.retry_after);
    let released = a.release_card(card.id, Epoch(1), Some("out of budget")).await.expect("released");
    assert_eq!((released.status, &released.claim), (ColumnKind::Doing, &None));
    assert_eq!(tasks("b").await, 1);
    let card = claim(&b, "b").await;
    assert_eq!(epoch(&card), Epoch(2));
    lapse(&database, &card).await;
    assert_eq!((tasks("a").await, tasks("b").await), (1, 1));
    let again = claim(&b, "b").await;
    assert_eq!(epoch(&again), Epoch(3), "a claim of one's own lapsed work shuts the old one out");
    let third = b.claim_card(card.id, "b", ClaimOptions::default()).await.expect("one's own");
    assert_eq!(epoch(&third), Epoch(4));
}

#[tokio::test]
async fn what_an_agent_has_begun_it_may_finish_whoever_it_was_assigned_to_meanwhile() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (one, two) = (agent(&store, "one").await, agent(&store, "two").await);
    kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await.expect("a card");
    let card = claim(&one, "one").await;
    let patch = CardPatch { assignees: Some(vec!["two".to_owned()]), ..CardPatch::default() };
    kanban.update_card(card.id, Expected::Any, patch).await.expect("it is assigned");
    for again in 0..2 {
        lapse(&database, &card).await;
        let tasks = one.next_tasks("one", NextTasks::default()).await.expect("it reads").items;
        assert_eq!(tasks.iter().map(|task| task.id).collect::<Vec<_>>(), [card.id]);
        let taken = match again {
            0 => claim(&one, "one").await,
            _ => one.claim_card(card.id, "one", ClaimOptions::default()).await.expect("it is claimed"),
        };
        assert_eq!(taken.id, card.id);
    }
    // and so may the other, once the first one's lease has ended
    lapse(&database, &card).await;
    assert_eq!(claim(&two, "two").await.id, card.id);
    let none = one.claim_next("one", ClaimNext::default()).await.expect("an answer");
    assert!(none.items.is_empty());
}

#[tokio::test]
async fn what_cannot_be_claimed_says_why() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing, done) = (board.columns[0].id, &board.columns[1], board.columns[2].id);
    let a = agent(&store, "a").await;
    let make = |column, title: &str| {
        let (kanban, new) = (kanban.clone(), NewCard::titled(title));
        async move { kanban.create_card(column, new).await.expect("a card") }
    };
    let finished = make(done, "finished").await;
    let persons = make(doing.id, "a person's").await;
    let blocker = make(todo, "blocker").await;
    let blocked = make(todo, "blocked").await;
    kanban.add_dependency(blocked.id, NewDependency::waits_for(blocker.id)).await.expect("a link");
    let assigned = NewCard { assignees: vec!["b".to_owned()], ..NewCard::titled("assigned") };
    let assigned = kanban.create_card(todo, assigned).await.expect("a card");
    for (card, why) in
        [(&finished, "finished"), (&persons, "in_progress"), (&blocked, "blocked"), (&assigned, "assigned")]
    {
        let error = a.claim_card(card.id, "a", ClaimOptions::default()).await.expect_err(why);
        assert!(matches!(&error, Error::NotReady { reason, .. } if reason == why), "{error}");
    }
    let limit = ColumnPatch { wip_limit: Some(Some(1)), ..ColumnPatch::default() };
    kanban.update_column(doing.id, doing.version, limit).await.expect("a limit");
    let error = a.claim_card(blocker.id, "a", ClaimOptions::default()).await.expect_err("it is full");
    assert_eq!(error.code(), "wip_limit_reached");
    let nothing = a.claim_next("a", ClaimNext::default()).await.expect("an answer");
    assert_eq!(nothing.reason.expect("a reason").code, NothingClaimedCode::WipLimit);
    let unstarted = ClaimNext { start: false, capacity: Some(1), ..ClaimNext::default() };
    let card = a.claim_next("a", unstarted.clone()).await.expect("an answer").items.remove(0);
    assert_eq!((card.id, card.status), (blocker.id, ColumnKind::Todo), "a claim without a start needs no room");
    let more = a.claim_next("a", unstarted).await.expect("an answer");
    assert_eq!(more.reason.expect("a reason").code, NothingClaimedCode::Capacity);
    let error = a.claim_next("b", ClaimNext::default()).await.expect_err("an agent claims for itself");
    assert_eq!(error.code(), "forbidden");
    for bad in [ClaimNext { ttl_seconds: 0, ..ClaimNext::default() }, ClaimNext { limit: 51, ..ClaimNext::default() }] {
        assert_eq!(a.claim_next("a", bad).await.expect_err("out of range").code(), "invalid");
    }
    let nowhere = ClaimNext { board: Some("NOPE".parse().expect("a key")), ..ClaimNext::default() };
    assert_eq!(a.claim_next("a", nowhere).await.expect_err("no such board").code(), "not_found");
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}

#[tokio::test]
async fn a_batch_takes_as_many_as_there_is_room_for_and_never_more() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let doing = &board.columns[1];
    let limit = ColumnPatch { wip_limit: Some(Some(3)), ..ColumnPatch::default() };
    kanban.update_column(doing.id, doing.version, limit).await.expect("a limit");
    for i in 0..8 {
        kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {i}"))).await.expect("a card");
    }
    let a = agent(&store, "a").await;
    let two = a.claim_next("a", ClaimNext { limit: 2, ..ClaimNext::default() }).await.expect("an answer");
    assert_eq!(two.items.iter().map(|card| card.key.as_str()).collect::<Vec<_>>(), ["AB-1", "AB-2"]);
    let b = agent(&store, "b").await;
    let rest = b.claim_next("b", ClaimNext { limit: 50, ..ClaimNext::default() }).await.expect("an answer");
    assert_eq!(rest.items.iter().map(|card| card.key.as_str()).collect::<Vec<_>>(), ["AB-3"]);
    assert_eq!(kanban.examine().await.expect("an examination").findings, []);
}
