//! How often the library asks for memory in an operation that agents do all day. This does not depend on the machine, so it
//! is held here, in a program of its own, for an allocator that counts is the whole program's.
//!
//! A bound is about 1.2 times what was seen. Figures are printed (`cargo test -p kanban-core --test allocations --
//! --nocapture`); who means to spend more raises the bound in the change that spends it, and says why.

#[path = "../support/mod.rs"]
mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kanban_core::{
    BoardDetail, BoardId, CardId, CardPatch, ClaimNext, Connect, Epoch, Expected, JsonObject, Kanban, ListCards,
    ListPage, MoveCard, NewCard, NextTasks, Pooler, Store,
};
use serde_json::json;

thread_local! {
    // of this thread only, so that tests beside it and the runtime's other threads do not count
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts how often it is asked for memory.
struct Counting;

// SAFETY: everything is passed on to the system's allocator as it came
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps to what the system's allocator asks of it
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above
        unsafe { System.realloc(memory, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    // at the very end of a thread there is nothing left to count in
    let _ = ASKED.try_with(|asked| asked.set(asked.get() + 1));
}

/// How often an operation asks for memory once everything is warm: the least of several runs, which are counted from 0.
async fn asked<T>(operation: impl AsyncFn(usize) -> kanban_core::Result<T>) -> usize {
    for n in 0..3 {
        operation(n).await.expect("it works");
    }
    let mut least = usize::MAX;
    for n in 3..8 {
        let before = ASKED.get();
        let answer = operation(n).await.expect("it works");
        least = least.min(ASKED.get() - before);
        drop(answer);
    }
    least
}

/// A board of 120 cards as agents write them, and one connection, so that what is prepared once is prepared.
async fn board(database: &support::Database) -> (Kanban, BoardDetail) {
    let one = Connect { pooler: Pooler::None, connections: Some(1) };
    let store = Store::connect_with(&database.url(), one).await.expect("the database answers");
    let (kanban, board) = support::board(&store).await;
    for n in 0..120 {
        kanban.create_card(board.columns[0].id, new_card(n)).await.expect("a card");
    }
    (kanban, board)
}

fn new_card(n: usize) -> NewCard {
    NewCard {
        description: "What is to be done, where, and how one sees that it is done. ".repeat(5),
        labels: vec!["bug".to_owned(), "search".to_owned()],
        agent_context: object(json!({"goal": "measure"})),
        ..NewCard::titled(format!("Card {n}"))
    }
}

fn object(value: serde_json::Value) -> JsonObject {
    JsonObject::from_value(&value).expect("an object")
}

async fn list(kanban: &Kanban, board: BoardId, limit: u32) -> usize {
    let page = || ListCards { page: ListPage::first(limit), ..ListCards::default() };
    asked(async |_| {
        let page = kanban.list_cards(board, page()).await?;
        assert_eq!(page.items.len(), limit as usize);
        Ok(page)
    })
    .await
}

// tokio's tests have a runtime of one thread, so all that the library does is counted
#[tokio::test]
async fn what_agents_do_all_day_asks_for_memory_a_bounded_number_of_times() {
    let database = support::database().await;
    let (kanban, board) = board(&database).await;
    let column = board.columns[0].id;
    let card = kanban.create_card(column, NewCard::titled("Fix the login")).await.expect("a card").id;
    let tasks = || NextTasks { page: ListPage::first(10), ..NextTasks::default() };
    let update = async |n: usize| {
        let patch = CardPatch { workflow_state: Some(object(json!({"step": n}))), ..CardPatch::default() };
        kanban.update_card(card, Expected::Any, patch).await
    };
    let cases = [
        ("get", asked(async |_| kanban.get_card(card).await).await, 18),
        ("list of 50", list(&kanban, board.board.id, 50).await, 735),
        ("next_tasks, 10", asked(async |_| kanban.next_tasks("worker-1", tasks()).await).await, 180),
        ("update", asked(update).await, 30),
        ("create", asked(async |n| kanban.create_card(column, new_card(n)).await).await, 62),
    ];
    for (name, seen, _) in cases {
        eprintln!("{name}: {seen}");
    }
    for (name, seen, bound) in cases {
        assert!(seen <= bound, "{name} asks for memory {seen} times, and may {bound} times");
    }
}

/// A call under way is a future, which is copied into the task that waits for it, and by each layer in between: what it
/// seldom needs belongs behind a pointer.
#[tokio::test]
async fn a_call_under_way_is_small() {
    const BOUND: usize = 3_300;
    let database = support::database().await;
    let (kanban, board) = board(&database).await;
    let (column, card) = (board.columns[0].id, CardId::generate());
    let sizes = [
        ("get", size_of_val(&kanban.get_card(card))),
        ("list", size_of_val(&kanban.list_cards(board.board.id, ListCards::default()))),
        ("next_tasks", size_of_val(&kanban.next_tasks("worker-1", NextTasks::default()))),
        ("update", size_of_val(&kanban.update_card(card, Expected::Any, CardPatch::default()))),
        ("create", size_of_val(&kanban.create_card(column, NewCard::titled("Fix the login")))),
        ("move", size_of_val(&kanban.move_card(card, Expected::Any, MoveCard::to(column)))),
        ("claim", size_of_val(&kanban.claim_next("worker-1", ClaimNext::default()))),
        ("complete", size_of_val(&kanban.complete_card(card, Epoch(1)))),
    ];
    for (name, size) in sizes {
        eprintln!("{name}: {size} bytes");
    }
    for (name, size) in sizes {
        assert!(size <= BOUND, "{name} under way is {size} bytes, and may be {BOUND}");
    }
}

#[tokio::test]
async fn control_what_is_asked_for_is_counted_and_more_cards_ask_for_more() {
    let before = ASKED.get();
    let mut text = String::with_capacity(10);
    text.push_str("it has to be moved to grow");
    assert_eq!(ASKED.get() - before, 2, "{text}");

    let database = support::database().await;
    let (kanban, board) = board(&database).await;
    let (fifty, hundred) = (list(&kanban, board.board.id, 50).await, list(&kanban, board.board.id, 100).await);
    eprintln!("50 cards: {fifty}, 100 cards: {hundred}");
    assert!(hundred * 2 > fifty * 3, "{fifty}, {hundred}");
}
