//! What is next for an agent, with every filter, and why the rest is not.

use std::collections::BTreeSet;

use kanban_core::{
    ActorKind, BoardPatch, Card, CardFilter, CardPatch, ClaimNext, ClaimOptions, ColumnPatch, Error, ErrorKind,
    Expected, Kanban, LeftOut, LeftOutCode, ListCards, ListPage, NewBoard, NewCard, NewDependency, NextTasks,
    NothingClaimedCode, Priority,
};

use crate::history::History;
use crate::support;

/// Every page of a list, joined.
async fn all(kanban: &Kanban, agent: &str, list: &NextTasks, limit: u32) -> (Vec<Card>, Vec<LeftOut>) {
    let (mut items, mut left_out) = (Vec::new(), Vec::new());
    let mut cursor = None;
    loop {
        let list = NextTasks { page: ListPage { limit, cursor }, ..list.clone() };
        let page = kanban.next_tasks(agent, list).await.expect("a page");
        let told = page.left_out.unwrap_or_default();
        assert!(left_out.is_empty() || page.items.is_empty(), "all that is ready comes first");
        assert!(page.items.len() + told.len() == limit as usize || page.next_cursor.is_none(), "pages are full");
        items.extend(page.items);
        left_out.extend(told);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return (items, left_out);
        }
    }
}

fn explained() -> NextTasks {
    NextTasks { explain: true, ..NextTasks::default() }
}

/// Every open card of every board, archived ones too.
async fn open_cards(kanban: &Kanban) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for board in kanban.list_boards(Default::default(), ListPage::first(200)).await.expect("boards").items {
        let mut cursor = None;
        loop {
            let list = ListCards { page: ListPage { limit: 200, cursor }, ..ListCards::default() };
            let page = kanban.list_cards(board.id, list).await.expect("cards");
            open.extend(page.items.into_iter().filter(|card| card.finished_at.is_none()).map(|card| card.key));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
    }
    open
}

/// Holds a list with explanations to what it promises: each open card once, ready ones claimable, the others not, for a
/// reason that the refusal of a claim knows too.
async fn accounts_for_all(kanban: &Kanban, agent: &str) {
    let (ready, left_out) = all(kanban, agent, &explained(), 200).await;
    let keys = |cards: &[Card]| cards.iter().map(|card| card.key.clone()).collect::<Vec<_>>();
    let mut told = keys(&ready);
    assert_eq!(told, keys(&all(kanban, agent, &NextTasks::default(), 200).await.0), "the same as without explanations");
    told.extend(left_out.iter().map(|card| card.key.clone()));
    let distinct: BTreeSet<String> = told.iter().cloned().collect();
    assert_eq!((distinct.len(), distinct), (told.len(), open_cards(kanban).await), "each open card once");
    let options = ClaimOptions { start: false, ..ClaimOptions::default() };
    for card in &left_out {
        let codes: Vec<LeftOutCode> = card.reasons.iter().map(|reason| reason.code).collect();
        assert!(!codes.is_empty(), "{} is left out for a reason", card.key);
        assert!(card.reasons.iter().all(|reason| reason.ids.len() == reason.count.min(20) as usize), "{card:?}");
        let refused = kanban.claim_card(card.card_id, agent, options.clone()).await.expect_err("it is not ready");
        let known = match &refused {
            Error::Claimed { agent_id, .. } => {
                card.reasons.iter().any(|r| r.code == LeftOutCode::ClaimedBy && r.ids == [agent_id.clone()])
            }
            Error::NotReady { reason, .. } => codes.contains(&match reason.as_str() {
                "blocked" => LeftOutCode::BlockedBy,
                "assigned" => LeftOutCode::NotAssigned,
                _ => LeftOutCode::InProgress,
            }),
            Error::State { code: "board_archived", .. } => codes.contains(&LeftOutCode::Archived),
            _ => false,
        };
        assert!(known, "{refused} against {card:?}");
    }
    for card in &ready {
        kanban.claim_card(card.id, agent, options.clone()).await.expect("what is listed can be claimed");
    }
}

#[tokio::test]
async fn on_an_imported_board_every_open_card_is_listed_or_told_why_not() {
    for file in crate::import::files() {
        let database = support::database().await;
        let store = database.store().await;
        let kanban = store.tenant("default", kanban_core::Actor::human("ada")).expect("a person");
        let text = std::fs::read(&file).expect("the file reads");
        let cards = kanban_core::import::beads::read(&text[..]).expect("it reads");
        kanban.import("Beads", cards, |_, _| ()).await.expect("it comes in");
        accounts_for_all(&kanban, "claude-1").await;
    }
}

#[tokio::test]
async fn after_any_history_every_open_card_is_listed_or_told_why_not() {
    let database = support::database().await;
    let store = database.store().await;
    let mut history = History::begin(&store, support::seed()).await;
    let kanban = store.tenant("default", kanban_core::Actor::human("ada")).expect("a person");
    let pool = database.superuser().await;
    for agent in ["a", "b", "c", "nobody"] {
        history.go_on(120).await;
        // some leases end meanwhile
        let lapse = "update kanban.cards set lease_until = now() - interval '1 s'
                     where claim_agent is not null and id::text < '4'";
        sqlx::raw_sql(lapse).execute(&pool).await.expect("it changes");
        let one_by_one = all(&kanban, agent, &explained(), 1).await;
        assert_eq!(one_by_one, all(&kanban, agent, &explained(), 7).await, "pages cut nowhere");
        accounts_for_all(&kanban, agent).await;
    }
}

#[tokio::test]
async fn filters_combine_and_what_is_listed_is_what_is_given() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("a board");
    for i in 0..48 {
        let mut labels = Vec::new();
        labels.extend((i % 2 == 0).then(|| "bug".to_owned()));
        labels.extend((i % 3 == 0).then(|| "needs:rust".to_owned()));
        labels.extend((i % 8 == 0).then(|| "needs:gpu".to_owned()));
        let new = NewCard {
            labels,
            priority: Priority::ALL[i % 5],
            due_at: (i % 4 != 0).then(|| format!("2027-01-{:02}T00:00:00Z", 1 + i % 28).parse().expect("a moment")),
            ..NewCard::titled(format!("card {i}"))
        };
        let column = if i % 7 == 0 { other.columns[0].id } else { board.columns[0].id };
        kanban.create_card(column, new).await.expect("a card");
    }
    let (cards, _) = all(&kanban, "me", &NextTasks::default(), 200).await;
    assert_eq!(cards.len(), 48);
    let moment = |text: &str| Some(text.parse().expect("a moment"));
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let filters = [
        NextTasks { labels: texts(&["bug"]), ..NextTasks::default() },
        NextTasks { capabilities: Some(texts(&[])), ..NextTasks::default() },
        NextTasks { capabilities: Some(texts(&["rust"])), ..NextTasks::default() },
        NextTasks { capabilities: Some(texts(&["gpu", "rust"])), labels: texts(&["bug"]), ..NextTasks::default() },
        NextTasks { priority: Some(Priority::High), ..NextTasks::default() },
        NextTasks { due_before: moment("2027-01-09T00:00:00Z"), ..NextTasks::default() },
        NextTasks { due_after: moment("2027-01-09T00:00:00Z"), ..NextTasks::default() },
        NextTasks {
            board: Some("AB".parse().expect("a key")),
            due_after: moment("2027-01-03T00:00:00Z"),
            due_before: moment("2027-01-20T00:00:00Z"),
            priority: Some(Priority::Medium),
            ..NextTasks::default()
        },
    ];
    for filter in filters {
        let can = |label: &String| {
            let needed = label.strip_prefix("needs:");
            needed.is_none_or(|needed| filter.capabilities.as_ref().is_none_or(|can| can.iter().any(|c| c == needed)))
        };
        let asked_for = |card: &&Card| {
            filter.board.is_none() && card.board_id != other.board.id
                || filter.board.is_none()
                || card.key.starts_with("AB")
        };
        let passes = |card: &&Card| {
            asked_for(card)
                && filter.labels.iter().all(|label| card.labels.contains(label))
                && filter.priority.is_none_or(|priority| card.priority == priority)
                && filter.due_after.is_none_or(|after| card.due_at.is_some_and(|due| due >= after))
                && filter.due_before.is_none_or(|before| card.due_at.is_some_and(|due| due < before))
        };
        let is_fit = |card: &&Card| card.labels.iter().all(can);
        let keys = |cards: Vec<&Card>| cards.into_iter().map(|card| card.key.clone()).collect::<Vec<_>>();
        let expected = keys(cards.iter().filter(passes).filter(is_fit).collect());
        assert!(!expected.is_empty() && expected.len() < 48, "{filter:?} divides them");
        for limit in [1, 5, 200] {
            let (listed, none) = all(&kanban, "me", &filter, limit).await;
            assert_eq!((keys(listed.iter().collect()), none), (expected.clone(), vec![]), "{filter:?}");
        }
        let (_, left_out) = all(&kanban, "me", &NextTasks { explain: true, ..filter.clone() }, 5).await;
        let unfit: BTreeSet<String> =
            keys(cards.iter().filter(passes).filter(|card| !is_fit(card)).collect()).into_iter().collect();
        assert_eq!(left_out.iter().map(|card| card.key.clone()).collect::<BTreeSet<_>>(), unfit, "{filter:?}");
        for card in &left_out {
            assert_eq!(card.reasons.iter().map(|reason| reason.code).collect::<Vec<_>>(), [LeftOutCode::Capability]);
        }
        // the same for claims, and as it was afterwards
        let take = ClaimNext {
            board: filter.board.clone(),
            labels: filter.labels.clone(),
            capabilities: filter.capabilities.clone(),
            priority: filter.priority,
            due_after: filter.due_after,
            due_before: filter.due_before,
            limit: 50,
            start: false,
            ..ClaimNext::default()
        };
        let given = kanban.claim_next("me", take.clone()).await.expect("an answer").items;
        assert_eq!(keys(given.iter().collect()), expected, "{filter:?}");
        let nothing = kanban.claim_next("you", take).await.expect("an answer").reason.expect("a reason");
        assert_eq!(nothing.code, NothingClaimedCode::NothingReady);
        for card in given {
            kanban.release_card(card.id, card.claim.expect("a claim").epoch, None).await.expect("released");
        }
    }
}

#[tokio::test]
async fn reasons_name_who_and_what() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let (todo, doing) = (board.columns[0].id, &board.columns[1]);
    let make = async |new: NewCard| kanban.create_card(todo, new).await.expect("a card");
    let waits = make(NewCard {
        labels: vec!["needs:gpu".to_owned(), "needs:rust".to_owned(), "needs:ssh".to_owned()],
        assignees: vec!["eve".to_owned(), "you".to_owned()],
        ..NewCard::titled("waits")
    })
    .await;
    for i in 0..25 {
        let blocker = make(NewCard::titled(format!("blocker {i}"))).await;
        kanban.add_dependency(waits.id, NewDependency::waits_for(blocker.id)).await.expect("a link");
    }
    let claimed =
        kanban.claim_card("AB-2".parse::<kanban_core::CardRef>().expect("a key"), "you", ClaimOptions::default());
    let until = claimed.await.expect("claimed").claim.expect("a claim").until;
    kanban.create_card(doing.id, NewCard::titled("a person's")).await.expect("a card");
    let limit = ColumnPatch { wip_limit: Some(Some(2)), ..ColumnPatch::default() };
    kanban.update_column(doing.id, doing.version, limit).await.expect("a limit");
    let list = NextTasks { capabilities: Some(vec!["rust".to_owned()]), ..explained() };
    let tasks = kanban.next_tasks("me", list.clone()).await.expect("tasks");
    assert_eq!(tasks.items.len(), 24);
    let full = &tasks.full_columns.expect("full columns")[..];
    assert!(matches!(full, [one] if one.column_id == doing.id && (one.cards, one.wip_limit) == (2, 2)), "{full:?}");
    let left_out = tasks.left_out.expect("what is left out");
    let told = |key: &str| &left_out.iter().find(|card| card.key == key).expect("it is told of").reasons;
    let reasons: Vec<(LeftOutCode, i64, usize)> = told("AB-1").iter().map(|r| (r.code, r.count, r.ids.len())).collect();
    assert_eq!(
        reasons,
        [(LeftOutCode::BlockedBy, 25, 20), (LeftOutCode::NotAssigned, 2, 2), (LeftOutCode::Capability, 2, 2)]
    );
    assert_eq!(
        (&told("AB-1")[0].ids[..2], &told("AB-1")[2].ids[..]),
        (&["AB-2".to_owned(), "AB-3".to_owned()][..], &["gpu".to_owned(), "ssh".to_owned()][..])
    );
    assert_eq!(
        (told("AB-2")[0].code, &told("AB-2")[0].ids[..], told("AB-2")[0].until),
        (LeftOutCode::ClaimedBy, &["you".to_owned()][..], Some(until))
    );
    assert_eq!(told("AB-27")[0].code, LeftOutCode::InProgress);
    let nothing = kanban.claim_next("me", ClaimNext::default()).await.expect("an answer").reason.expect("a reason");
    assert_eq!((nothing.code, &nothing.full_columns[..]), (NothingClaimedCode::WipLimit, full));
    let archived = BoardPatch { archived: Some(true), ..BoardPatch::default() };
    kanban.update_board(board.board.id, Expected::Any, archived).await.expect("archived");
    let tasks = kanban.next_tasks("me", list).await.expect("tasks");
    let left_out = tasks.left_out.expect("what is left out");
    assert_eq!((tasks.items.len(), left_out.len()), (0, 27));
    assert!(left_out.iter().all(|card| card.reasons[0].code == LeftOutCode::Archived && card.reasons[0].ids == ["AB"]));
}

#[tokio::test]
async fn bad_filters_and_foreign_cursors_are_refused() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for i in 0..3 {
        kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {i}"))).await.expect("a card");
    }
    let moment = |text: &str| Some(text.parse().expect("a moment"));
    let twice = vec!["x".to_owned(), "x".to_owned()];
    let backwards = (moment("2027-01-02T00:00:00Z"), moment("2027-01-01T00:00:00Z"));
    for bad in [
        NextTasks { labels: twice.clone(), ..NextTasks::default() },
        NextTasks { capabilities: Some(twice), ..NextTasks::default() },
        NextTasks { due_after: backwards.0, due_before: backwards.1, ..NextTasks::default() },
        NextTasks { page: ListPage::first(0), ..NextTasks::default() },
    ] {
        let error = kanban.next_tasks("me", bad.clone()).await.expect_err("it is wrong");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad:?}");
    }
    let page = |list: &NextTasks, cursor| NextTasks { page: ListPage { limit: 1, cursor }, ..list.clone() };
    let plain = NextTasks::default();
    let cursor = kanban.next_tasks("me", page(&plain, None)).await.expect("a page").next_cursor;
    assert!(cursor.is_some());
    for (agent, list) in [
        ("you", plain.clone()),
        ("me", explained()),
        ("me", NextTasks { capabilities: Some(Vec::new()), ..plain.clone() }),
        ("me", NextTasks { priority: Some(Priority::Medium), ..plain.clone() }),
    ] {
        let error = kanban.next_tasks(agent, page(&list, cursor.clone())).await.expect_err("another list's");
        assert!(error.to_string().contains("not a cursor of this list"), "{error}");
    }
    let nowhere = NextTasks { board: Some("NOPE".parse().expect("a key")), ..explained() };
    assert_eq!(kanban.next_tasks("me", nowhere).await.expect_err("no such board").code(), "not_found");
}

#[tokio::test]
async fn a_capacity_counts_claims_on_every_board_and_says_when_to_ask_again() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other Board")).await.expect("a board");
    for column in [board.columns[0].id, other.columns[0].id] {
        kanban.create_card(column, NewCard::titled("work")).await.expect("a card");
    }
    let on = |key: &str, ttl_seconds| ClaimNext {
        board: Some(key.parse().expect("a key")),
        capacity: Some(1),
        ttl_seconds,
        ..ClaimNext::default()
    };
    assert_eq!(kanban.claim_next("me", on("OB", 20)).await.expect("an answer").items.len(), 1);
    let reason = kanban.claim_next("me", on("AB", 900)).await.expect("an answer").reason.expect("a reason");
    assert_eq!(reason.code, NothingClaimedCode::Capacity, "the claim on the other board counts");
    assert!((1..=20).contains(&reason.retry_after), "when its own lease ends: {}", reason.retry_after);
    assert_eq!(kanban.claim_next("you", on("AB", 900)).await.expect("an answer").items.len(), 1);
    let reason = kanban.claim_next("she", on("AB", 900)).await.expect("an answer").reason.expect("a reason");
    assert_eq!((reason.code, reason.retry_after), (NothingClaimedCode::NothingReady, 60), "work comes at any time");
    let filter = CardFilter { status: Some(kanban_core::ColumnKind::Doing), ..CardFilter::default() };
    let doing = kanban.list_cards(other.board.id, ListCards { filter, ..ListCards::default() }).await.expect("cards");
    let card = &doing.items[0];
    let patch = CardPatch { title: Some("mine".to_owned()), ..CardPatch::default() };
    assert_eq!(kanban.actor().kind, ActorKind::Human);
    kanban.update_card(card.id, card.version, patch).await.expect("people may");
}
