//! Lists of cards: every filter and order against a plain one, cursors, picked members, and whole scans while others write.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::join_all;
use kanban_core::{
    Actor, BoardDetail, BoardId, Card, CardField, CardFields, CardFilter, CardId, CardPatch, CardSort, ColumnId,
    ColumnKind, Error, Expected, Kanban, ListCards, ListPage, MoveCard, NewBoard, NewCard, PartialCard, Place,
    Priority, Timestamp,
};
use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde_json::{Value, json};

use crate::support;

/// Reads a list to its end, page by page.
async fn scan(kanban: &Kanban, board: BoardId, filter: &CardFilter, sort: CardSort, limit: u32) -> Vec<Card> {
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let list = ListCards { filter: filter.clone(), sort, page: ListPage { limit, cursor } };
        let page = kanban.list_cards(board, list).await.expect("a page");
        assert!(
            page.items.len() == limit as usize || page.next_cursor.is_none(),
            "a page that is not the last is full"
        );
        seen.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return seen;
        }
    }
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// Whether a card passes, said plainly.
fn passes(card: &Card, filter: &CardFilter) -> bool {
    let between = |at: Timestamp, after: Option<Timestamp>, before: Option<Timestamp>| {
        after.is_none_or(|after| at >= after) && before.is_none_or(|before| at < before)
    };
    let is_ready = matches!(card.status, ColumnKind::Backlog | ColumnKind::Todo) && card.claim.is_none();
    filter.column_id.is_none_or(|column| card.column_id == column)
        && filter.labels.iter().all(|label| card.labels.contains(label))
        && filter.assignee.as_ref().is_none_or(|assignee| card.assignees.contains(assignee))
        && filter.priority.is_none_or(|priority| card.priority == priority)
        && filter.status.is_none_or(|status| card.status == status)
        && (filter.due_before.is_none() && filter.due_after.is_none()
            || card.due_at.is_some_and(|at| between(at, filter.due_after, filter.due_before)))
        && between(card.created_at, filter.created_after, filter.created_before)
        && between(card.updated_at, filter.updated_after, filter.updated_before)
        && filter.ready.is_none_or(|ready| is_ready == ready)
        && filter.external_id.as_ref().is_none_or(|id| card.external_id.as_ref() == Some(id))
}

/// Sorts a whole board that is in board order.
fn sorted(mut cards: Vec<Card>, sort: CardSort) -> Vec<Card> {
    use CardSort::{CreatedAt, CreatedAtReversed, DueAt, DueAtReversed, Position, PositionReversed};
    match sort {
        Position | PositionReversed => {}
        CreatedAt | CreatedAtReversed => cards.sort_by_key(|card| (card.created_at, card.id)),
        CardSort::UpdatedAt | CardSort::UpdatedAtReversed => cards.sort_by_key(|card| (card.updated_at, card.id)),
        CardSort::Priority | CardSort::PriorityReversed => cards.sort_by_key(|card| (card.priority, card.id)),
        DueAt | DueAtReversed => cards.sort_by_key(|card| (card.due_at.is_none(), card.due_at, card.id)),
    }
    if sort.as_str().starts_with('-') {
        cards.reverse();
    }
    cards
}

/// A board with cards that are alike and unlike in every way that a list can tell.
async fn mixed_board(kanban: &Kanban, board: &BoardDetail, random: &mut fastrand::Rng) -> Vec<CardId> {
    let mut ids = Vec::new();
    let due = [None, Some(moment("2026-03-01T00:00:00Z")), Some(moment("2026-04-01T00:00:00.000001Z"))];
    for i in 0..40 {
        let labels = ["bug", "größe", "api"].into_iter().filter(|_| random.bool()).map(str::to_owned).collect();
        let new = NewCard {
            labels,
            assignees: ["ada", "claude-1"].into_iter().filter(|_| random.u8(..3) == 0).map(str::to_owned).collect(),
            priority: Priority::ALL[random.usize(..5)],
            due_at: due[random.usize(..3)],
            external_id: (i % 4 == 0).then(|| format!("EXT-{i}")),
            position: Some(random.u32(..10)),
            ..NewCard::titled(format!("card {i}"))
        };
        ids.push(kanban.create_card(board.columns[random.usize(..3)].id, new).await.expect("a card").id);
    }
    for id in &ids[..8] {
        let patch = CardPatch { title: Some("changed".to_owned()), ..CardPatch::default() };
        kanban.update_card(*id, Expected::Any, patch).await.expect("it changes");
    }
    ids
}

/// Changes that put some moments far apart and make others equal, as an import would.
async fn spread_moments(database: &support::Database) {
    let meddle = "update kanban.cards set
        created_at = date_trunc('minute', now()) - (substr(key, 4)::integer % 7) * interval '1 day',
        updated_at = date_trunc('minute', now()) - (substr(key, 4)::integer % 5) * interval '50 minutes',
        updated_hour = kanban.hour(date_trunc('minute', now()) - (substr(key, 4)::integer % 5) * interval '50 minutes')";
    sqlx::raw_sql(meddle).execute(&database.superuser().await).await.expect("the moments change");
}

#[tokio::test]
async fn every_filter_and_order_lists_what_a_plain_one_does() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let ids = mixed_board(&kanban, &board, &mut random).await;
    spread_moments(&database).await;
    kanban.claim_card(ids[0], "claude-1", Default::default()).await.ok();
    let all = scan(&kanban, board.board.id, &CardFilter::default(), CardSort::Position, 200).await;
    assert_eq!(all.len(), 40);
    for round in 0..60 {
        let mut given = |one_in| random.u8(..one_in) == 0;
        let (labels, has_two) = (given(3), given(2));
        let one = &all[round % all.len()];
        let filter = CardFilter {
            column_id: given(4).then_some(one.column_id),
            labels: one.labels.iter().take(if has_two { 2 } else { 1 }).filter(|_| labels).cloned().collect(),
            assignee: one.assignees.first().filter(|_| given(3)).cloned(),
            priority: given(4).then_some(one.priority),
            status: given(4).then_some(one.status),
            due_after: one.due_at.filter(|_| given(4)),
            due_before: given(4).then(|| moment("2026-04-01T00:00:00.000001Z")),
            created_after: given(4).then_some(one.created_at),
            created_before: given(6).then_some(one.created_at),
            updated_after: given(4).then_some(one.updated_at),
            updated_before: given(6).then_some(one.updated_at),
            ready: given(4).then(|| one.status == ColumnKind::Todo),
            external_id: one.external_id.as_ref().filter(|_| given(6)).cloned(),
        };
        let sort = CardSort::ALL[round % CardSort::ALL.len()];
        let expected = sorted(all.iter().filter(|card| passes(card, &filter)).cloned().collect(), sort);
        let listed = scan(&kanban, board.board.id, &filter, sort, 1 + round as u32 % 7).await;
        let keys = |cards: &[Card]| cards.iter().map(|card| card.key.clone()).collect::<Vec<_>>();
        assert_eq!(keys(&listed), keys(&expected), "{sort} with {filter:?}");
        assert_eq!(listed, expected);
    }
}

#[tokio::test]
async fn picked_members_are_those_of_the_whole_card_and_no_others() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let id = board.board.id;
    mixed_board(&kanban, &board, &mut fastrand::Rng::with_seed(7)).await;
    kanban.claim_next("claude-1", Default::default()).await.expect("a claim");
    let whole: Vec<Value> = scan(&kanban, id, &CardFilter::default(), CardSort::Position, 200)
        .await
        .into_iter()
        .map(|card| serde_json::to_value(card).expect("JSON"))
        .collect();
    let picked = async |fields| {
        let list = ListCards { page: ListPage::first(200), ..ListCards::default() };
        let page = kanban.pick_cards(id, list, fields).await.expect("a page");
        page.items.iter().map(|card: &PartialCard| serde_json::to_value(card).expect("JSON")).collect::<Vec<_>>()
    };
    assert_eq!(picked(CardField::ALL.iter().copied().collect()).await, whole, "all members are the whole card");
    for field in CardField::ALL {
        let expected: Vec<Value> = whole
            .iter()
            .map(|card| {
                let names = ["id", "key", "version", field.as_str()];
                names.into_iter().map(|name| (name.to_owned(), card[name].clone())).collect::<serde_json::Map<_, _>>()
            })
            .map(Value::Object)
            .collect();
        assert_eq!(picked(CardFields::from_iter([*field])).await, expected, "{field}");
    }
    let list = |value: Value| serde_json::from_value::<CardFields>(value);
    let text = |text: &'static str| CardFields::deserialize(StrDeserializer::<serde::de::value::Error>::new(text));
    assert_eq!(text("title,labels"), Ok(list(json!(["labels", "title"])).expect("a list")));
    assert_eq!(text("").expect("nothing more").iter().count(), 3);
    for bad in ["title,colour", "Title", "title,", "title, labels"] {
        assert!(text(bad).is_err(), "{bad}");
    }
    for bad in [json!("title"), json!(["title", "colour"]), json!([3]), json!({})] {
        assert!(list(bad.clone()).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    for i in 0..4 {
        kanban.create_card(board.columns[0].id, NewCard::titled(format!("card {i}"))).await.expect("a card");
    }
    let twin = kanban.create_board(NewBoard::named("Twin")).await.expect("a board");
    store.create_tenant("other").await.expect("a tenant");
    let stranger = store.tenant("other", Actor::human("eve")).expect("a person");
    let list = |sort, cursor: &str| ListCards {
        sort,
        page: ListPage { limit: 2, cursor: Some(cursor.to_owned()) },
        ..ListCards::default()
    };
    for sort in CardSort::ALL.iter().copied() {
        let first = ListCards { sort, page: ListPage::first(2), ..ListCards::default() };
        let cursor =
            kanban.list_cards(board.board.id, first).await.expect("a page").next_cursor.expect("there is more");
        assert!(cursor.len() <= 150, "a cursor costs its reader tokens: {cursor}");
        let next = kanban.list_cards(board.board.id, list(sort, &cursor)).await.expect("a page");
        assert_eq!((next.items.len(), next.next_cursor), (2, None));
        let refused = async |kanban: &Kanban, board: BoardId, list| {
            let Err(Error::Invalid { fields }) = kanban.list_cards(board, list).await else { panic!("{sort}") };
            assert_eq!(fields[0].pointer, "/cursor", "{sort}");
        };
        for other in CardSort::ALL.iter().copied().filter(|other| *other != sort) {
            refused(&kanban, board.board.id, list(other, &cursor)).await;
        }
        let filter = CardFilter { status: Some(ColumnKind::Todo), ..CardFilter::default() };
        refused(&kanban, board.board.id, ListCards { filter, ..list(sort, &cursor) }).await;
        refused(&kanban, twin.board.id, list(sort, &cursor)).await;
        refused(&stranger, board.board.id, list(sort, &cursor)).await;
        for at in [0, cursor.len() / 2, cursor.len() - 2] {
            let other = if cursor[at..].starts_with('A') { "B" } else { "A" };
            let forged = format!("{}{other}{}", &cursor[..at], &cursor[at + 1..]);
            refused(&kanban, board.board.id, list(sort, &forged)).await;
        }
        for odd in ["", "A", "ä", "null", &cursor[..cursor.len() - 4]] {
            refused(&kanban, board.board.id, list(sort, odd)).await;
        }
    }
    let nowhere = kanban.list_cards(BoardId::generate(), ListCards::default()).await;
    assert_eq!(nowhere.expect_err("no such board").code(), "not_found");
    let bad = CardFilter { labels: vec!["a".to_owned(), "a".to_owned()], ..CardFilter::default() };
    let bad = ListCards { filter: bad, ..ListCards::default() };
    assert_eq!(kanban.list_cards(board.board.id, bad).await.expect_err("twice").code(), "invalid");
}

/// Crowds the keys of all cards together, as a long life would: wherever a card is put, its neighbours must make room.
async fn crowd(pool: &sqlx::PgPool) {
    // through negative keys, for no two cards may have the same meanwhile
    let crowd = "update kanban.cards as c set position = -2305843009213693952 - n.place
        from (select id, row_number() over (partition by column_id order by position) as place from kanban.cards) as n
        where n.id = c.id;
        update kanban.cards set position = -position";
    sqlx::raw_sql(crowd).execute(pool).await.expect("crowded");
}

/// The cards that are listed when new ones are put right behind the one with this place between two pages.
async fn scan_while_keys_move(sort: CardSort, translated: bool) -> Vec<String> {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let todo = board.columns[0].id;
    let mut ids = Vec::new();
    for i in 0..120 {
        ids.push(kanban.create_card(todo, NewCard::titled(format!("card {i:03}"))).await.expect("a card").id);
    }
    let pool = database.superuser().await;
    if !translated {
        let control = "create or replace function kanban.cut_now(p_tenant text, p_column uuid, p_cut bigint,
            p_respreads bigint) returns bigint language sql stable return p_cut";
        sqlx::raw_sql(control).execute(&pool).await.expect("the function changes");
    }
    crowd(&pool).await;
    let mut seen = Vec::new();
    let mut cursor = None;
    for behind in [5, 30, 29, 61, 90, 91, 92, 2, 118, 60, 40, 41].into_iter().cycle() {
        let list = ListCards { sort, page: ListPage { limit: 9, cursor }, ..ListCards::default() };
        let page = kanban.list_cards(board.board.id, list).await.expect("a page");
        seen.extend(page.items.into_iter().map(|card| card.title).filter(|title| title != "new"));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
        let new = NewCard { after_id: Some(ids[behind].into()), ..NewCard::titled("new") };
        kanban.create_card(todo, new).await.expect("there is room");
    }
    seen
}

#[tokio::test]
async fn a_list_goes_on_where_it_was_after_keys_were_spread_out() {
    let mut expected: Vec<String> = (0..120).map(|i| format!("card {i:03}")).collect();
    assert_eq!(scan_while_keys_move(CardSort::Position, true).await, expected);
    expected.reverse();
    assert_eq!(scan_while_keys_move(CardSort::PositionReversed, true).await, expected);
}

#[tokio::test]
async fn control_without_following_the_keys_cards_are_missed_or_come_twice() {
    for sort in [CardSort::Position, CardSort::PositionReversed] {
        assert_ne!(scan_while_keys_move(sort, false).await.len(), 120, "a test that cannot see it proves nothing");
    }
}

#[tokio::test]
async fn a_cursor_whose_column_was_spread_out_too_long_ago_is_refused() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let todo = board.columns[0].id;
    for i in 0..40 {
        kanban.create_card(todo, NewCard::titled(format!("card {i}"))).await.expect("a card");
    }
    let pool = database.superuser().await;
    crowd(&pool).await;
    let first = ListCards { page: ListPage::first(5), ..ListCards::default() };
    let cursor = kanban.list_cards(board.board.id, first).await.expect("a page").next_cursor;
    for round in 0..2 {
        let new = NewCard { position: Some(20), ..NewCard::titled("new") };
        kanban.create_card(todo, new).await.expect("there is room");
        let next = ListCards { page: ListPage { limit: 5, cursor: cursor.clone() }, ..ListCards::default() };
        let next = kanban.list_cards(board.board.id, next).await;
        if round == 0 {
            assert_eq!(next.expect("it goes on").items[0].title, "card 5");
            let age = "update kanban.respreads set at = at - interval '25 hours'";
            sqlx::raw_sql(age).execute(&pool).await.expect("a day goes by");
            crowd(&pool).await;
        } else {
            let Err(Error::Invalid { fields }) = next else { panic!("what it rests on is gone") };
            assert_eq!(fields[0].pointer, "/cursor");
        }
    }
    let kept: i64 =
        sqlx::query_scalar("select count(*) from kanban.respreads").fetch_one(&pool).await.expect("a count");
    assert_eq!(kept, 1, "what nobody needs is not kept");
}

/// What a writer does to its own cards, over and over: new places, other columns and boards, other values, gone and back.
async fn write(kanban: &Kanban, columns: &[ColumnId], own: &mut Vec<CardId>, random: &mut fastrand::Rng) {
    let card = own[random.usize(..own.len())];
    let column = columns[random.usize(..columns.len())];
    let place = Place { position: Some(random.u32(..30)), ..Place::default() };
    let outcome = match random.u8(..10) {
        0 | 1 if own.len() < 12 => {
            let new = NewCard { position: place.position, ..NewCard::titled("own") };
            kanban.create_card(column, new).await.map(|card| own.push(card.id))
        }
        0..=4 => {
            let to = MoveCard { position: place.position, ..MoveCard::to(column) };
            kanban.move_card(card, Expected::Any, to).await.map(drop)
        }
        5 | 6 => kanban.reorder_card(card, Expected::Any, place).await.map(drop),
        7 => {
            let due_at = Some(random.bool().then(|| moment("2026-03-01T00:00:00Z")));
            let priority = Some(Priority::ALL[random.usize(..5)]);
            kanban
                .update_card(card, Expected::Any, CardPatch { priority, due_at, ..CardPatch::default() })
                .await
                .map(drop)
        }
        8 => kanban.delete_card(card, Expected::Any).await.map(drop),
        _ => kanban.restore_card(card, Expected::Any).await.map(drop),
    };
    match outcome {
        // gone already, or told to come back
        Ok(()) | Err(Error::NotFound { .. } | Error::Unavailable { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Runs a reader beside eight writers. It gets the board and says how often untouched cards came otherwise than once.
async fn beside_writers(read: impl AsyncFn(&Kanban, BoardId, &support::Database) -> usize) -> usize {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let other = kanban.create_board(NewBoard::named("Other")).await.expect("a board");
    let columns: Vec<ColumnId> = board.columns.iter().chain(&other.columns[..1]).map(|column| column.id).collect();
    let seed: u64 = rand::random();
    eprintln!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut own: Vec<Vec<CardId>> = vec![Vec::new(); 8];
    for i in 0..100_usize {
        // the writers' cards stand between those that nobody touches
        let title = if i % 2 == 0 { format!("untouched {i}") } else { "own".to_owned() };
        let due_at = (i % 3 == 0).then(|| moment("2026-03-01T00:00:00Z"));
        let priority = Priority::ALL[random.usize(..5)];
        let new = NewCard { due_at, priority, ..NewCard::titled(title) };
        let card = kanban.create_card(columns[random.usize(..3)], new).await.expect("a card").id;
        if i % 2 == 1 {
            own[i / 2 % 8].push(card);
        }
    }
    spread_moments(&database).await;
    crowd(&database.superuser().await).await;
    let is_over = AtomicBool::new(false);
    let (kanban, columns, over) = (&kanban, &columns, &is_over);
    let writers = own.into_iter().enumerate().map(|(writer, mut own)| async move {
        let mut random = fastrand::Rng::with_seed(seed.wrapping_add(writer as u64));
        while !over.load(Ordering::Relaxed) {
            write(kanban, columns, &mut own, &mut random).await;
        }
    });
    let reader = async {
        let wrong = read(kanban, board.board.id, &database).await;
        over.store(true, Ordering::Relaxed);
        wrong
    };
    futures::join!(reader, join_all(writers)).0
}

/// How many of the fifty untouched cards did not come exactly once.
fn wrong(titles: impl IntoIterator<Item = String>) -> usize {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for title in titles.into_iter().filter(|title| title.starts_with("untouched")) {
        *times.entry(title).or_default() += 1;
    }
    50 - times.len() + times.values().filter(|times| **times > 1).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_scan_while_others_write_gives_each_untouched_card_exactly_once() {
    let wrong = beside_writers(async |kanban, board, _| {
        for sort in CardSort::ALL.iter().copied().cycle().take(30) {
            let cards = scan(kanban, board, &CardFilter::default(), sort, 7).await;
            let wrong = wrong(cards.into_iter().map(|card| card.title));
            assert_eq!(wrong, 0, "{sort}");
        }
        0
    });
    assert_eq!(wrong.await, 0);
}

/// The pages of a list by number: what the rest of the list is depends on how many stand before it now.
async fn scan_by_offset(pool: &sqlx::PgPool, order: &str) -> Vec<String> {
    let page = format!(
        "select c.title from kanban.cards as c join kanban.columns as o on o.id = c.column_id
         join kanban.boards as b on b.id = c.board_id
         where b.key = 'AB' and c.deleted_at is null order by {order} limit 7 offset $1"
    );
    let mut seen: Vec<String> = Vec::new();
    loop {
        let page: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(page.as_str()))
            .bind(seen.len() as i64)
            .fetch_all(pool)
            .await
            .expect("a page");
        if page.is_empty() {
            return seen;
        }
        seen.extend(page);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_pages_by_number_miss_cards_or_give_them_twice() {
    for order in ["o.position, c.position", "c.created_at, c.id", "c.updated_at desc, c.id desc", "c.priority, c.id"] {
        let found = beside_writers(async |_, _, database| {
            let pool = database.superuser().await;
            for _ in 0..100 {
                let wrong = wrong(scan_by_offset(&pool, order).await);
                if wrong > 0 {
                    return wrong;
                }
            }
            0
        });
        assert!(found.await > 0, "{order}: a test that cannot see it proves nothing");
    }
}
