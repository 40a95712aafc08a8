//! What an operation costs on the way to PostgreSQL, counted on the wire: statements, round trips, rows that come back.
//! These figures do not depend on the machine, so they are held here, and times are left to a benchmark.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kanban_core::{
    Actor, Card, CardField, CardFields, CardPatch, CardRef, ClaimNext, ClaimOptions, Connect, Expected, ListCards,
    ListPage, MoveCard, NewCard, NewComment, NextTasks, Place, Pooler, Store,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::support::{self, Database};

/// What went over the wire.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// Executions, and queries of the simple protocol.
    pub statements: usize,
    /// Times the client waited for an answer.
    round_trips: usize,
    /// Rows that came back.
    rows: usize,
}

#[derive(Default)]
struct Counts {
    statements: AtomicUsize,
    round_trips: AtomicUsize,
    rows: AtomicUsize,
}

/// Stands between a store and its database, and counts.
pub struct Wire {
    pub url: String,
    counts: Arc<Counts>,
    _dir: tempfile::TempDir,
}

impl Wire {
    pub fn to(database: &Database) -> Self {
        let url = url::Url::parse(&database.url()).expect("a URL");
        let part = |name: &str| url.query_pairs().find(|(key, _)| key == name).expect("it is there").1.into_owned();
        let name = format!(".s.PGSQL.{}", part("port"));
        let there = PathBuf::from(part("host")).join(&name);
        let dir = support::reachable_dir();
        let listener = UnixListener::bind(dir.path().join(&name)).expect("a socket");
        let counts = Arc::<Counts>::default();
        let here = dir.path().to_str().expect("a name in ASCII");
        let url = database.url().replace(&part("host"), here);
        tokio::spawn({
            let counts = Arc::clone(&counts);
            async move {
                while let Ok((client, _)) = listener.accept().await {
                    let server = UnixStream::connect(&there).await.expect("the database answers");
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::spawn(carry(from_client, to_server, Direction::Asked, Arc::clone(&counts)));
                    tokio::spawn(carry(from_server, to_client, Direction::Answered, Arc::clone(&counts)));
                }
            }
        });
        Self { url, counts, _dir: dir }
    }

    /// What an operation costs once its statements are prepared; its argument is 0 and then 1.
    pub async fn cost<T>(&self, operation: impl AsyncFn(usize) -> kanban_core::Result<T>) -> Cost {
        operation(0).await.expect("it works");
        let before = self.total();
        operation(1).await.expect("it works");
        let after = self.total();
        Cost {
            statements: after.statements - before.statements,
            round_trips: after.round_trips - before.round_trips,
            rows: after.rows - before.rows,
        }
    }

    /// What has gone over it so far.
    pub fn total(&self) -> Cost {
        let of = |count: &AtomicUsize| count.load(Ordering::SeqCst);
        Cost {
            statements: of(&self.counts.statements),
            round_trips: of(&self.counts.round_trips),
            rows: of(&self.counts.rows),
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Asked,
    Answered,
}

/// Carries one direction of a connection, message by message: a tag, the length of the rest in four bytes, the rest.
async fn carry(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    direction: Direction,
    counts: Arc<Counts>,
) -> std::io::Result<()> {
    // the first message of a client has no tag
    let mut has_tag = direction == Direction::Answered;
    loop {
        let tag = if has_tag { Some(from.read_u8().await?) } else { None };
        has_tag = true;
        let length = from.read_u32().await?;
        let mut rest = vec![0; length as usize - 4];
        from.read_exact(&mut rest).await?;
        let counted: &[&AtomicUsize] = match (direction, tag) {
            (Direction::Asked, Some(b'E')) => &[&counts.statements],
            (Direction::Asked, Some(b'S')) => &[&counts.round_trips],
            (Direction::Asked, Some(b'Q')) => &[&counts.statements, &counts.round_trips],
            (Direction::Answered, Some(b'D')) => &[&counts.rows],
            _ => &[],
        };
        for count in counted {
            count.fetch_add(1, Ordering::SeqCst);
        }
        let mut message = Vec::with_capacity(rest.len() + 5);
        message.extend(tag);
        message.extend(length.to_be_bytes());
        message.extend(rest);
        to.write_all(&message).await?;
    }
}

#[tokio::test]
async fn what_agents_do_all_day_is_one_statement_and_one_round_trip() {
    let database = support::database().await;
    let wire = Wire::to(&database);
    // one connection: what is prepared once is prepared
    let one = Connect { pooler: Pooler::None, connections: Some(1) };
    let store = Store::connect_with(&wire.url, one).await.expect("the database answers");
    let (kanban, board) = support::board(&store).await;
    let columns = [board.columns[0].id, board.columns[1].id];
    let mut cards: Vec<Card> = Vec::new();
    for n in 0..12 {
        cards.push(kanban.create_card(columns[0], NewCard::titled(format!("Card {n}"))).await.expect("a card"));
    }
    let last = cards.pop().expect("a card").id;
    let (card, key) = (cards[0].id, CardRef::Key(cards[0].key.clone()));
    let agent = store.tenant("default", Actor::agent("worker-1")).expect("an agent");
    let ten = || ListPage { limit: 10, ..ListPage::default() };

    let one_row = Cost { statements: 1, round_trips: 1, rows: 1 };
    // the row more tells whether there is a next page
    let ten_rows = Cost { rows: 11, ..one_row };
    let mut seen = Vec::new();
    let mut hold = |name: &'static str, cost: Cost, expected: Cost| {
        eprintln!("{name}: {cost:?}");
        seen.push((name, cost, expected));
    };
    hold("get, by id", wire.cost(async |_| kanban.get_card(card).await).await, one_row);
    hold("get, by key", wire.cost(async |_| kanban.get_card(key.clone()).await).await, one_row);
    let list = || ListCards { page: ten(), ..ListCards::default() };
    hold("list", wire.cost(async |_| kanban.list_cards(board.board.id, list()).await).await, ten_rows);
    let fields = [CardField::Title].into_iter().collect::<CardFields>();
    hold(
        "list of some fields",
        wire.cost(async |_| kanban.pick_cards(board.board.id, list(), fields).await).await,
        ten_rows,
    );
    let tasks = || NextTasks { page: ten(), ..NextTasks::default() };
    hold("next_tasks", wire.cost(async |_| kanban.next_tasks("worker-1", tasks()).await).await, ten_rows);
    let create = async |n| kanban.create_card(columns[0], NewCard::titled(format!("New {n}"))).await;
    hold("create", wire.cost(create).await, one_row);
    let update = async |n: usize| {
        let patch = CardPatch { title: Some(format!("Title {n}")), ..CardPatch::default() };
        kanban.update_card(card, Expected::Any, patch).await
    };
    hold("update", wire.cost(update).await, one_row);
    let carry_over = async |n: usize| kanban.move_card(card, Expected::Any, MoveCard::to(columns[1 - n])).await;
    hold("move", wire.cost(carry_over).await, one_row);
    let reorder = async |n: usize| {
        let place = Place { position: Some(1 + n as u32), ..Place::default() };
        kanban.reorder_card(card, Expected::Any, place).await
    };
    hold("reorder", wire.cost(reorder).await, one_row);
    let comment = async |_| kanban.create_comment(card, NewComment::saying("Done so far.")).await;
    hold("comment", wire.cost(comment).await, one_row);
    hold("claim_next", wire.cost(async |_| agent.claim_next("worker-1", ClaimNext::default()).await).await, one_row);
    let in_turn = [cards[5].id, cards[6].id];
    let claim = async |n: usize| agent.claim_card(in_turn[n], "worker-1", ClaimOptions::default()).await;
    hold("claim", wire.cost(claim).await, one_row);
    let own = agent.claim_card(last, "worker-1", ClaimOptions::default()).await.expect("it is claimed");
    let epoch = own.claim.expect("it is claimed").epoch;
    hold("heartbeat", wire.cost(async |_| agent.heartbeat(last, epoch, None).await).await, one_row);
    // two operations: each claim makes an epoch of its own
    let two = Cost { statements: 2, round_trips: 2, rows: 2 };
    let (released, completed) = (cards[7].id, [cards[8].id, cards[9].id]);
    let claim_and_release = async |_| {
        let card = agent.claim_card(released, "worker-1", ClaimOptions::default()).await?;
        agent.release_card(released, card.claim.expect("it is claimed").epoch, None).await
    };
    hold("claim and release", wire.cost(claim_and_release).await, two);
    let claim_and_complete = async |n: usize| {
        let card = agent.claim_card(completed[n], "worker-1", ClaimOptions::default()).await?;
        agent.complete_card(completed[n], card.claim.expect("it is claimed").epoch).await
    };
    hold("claim and complete", wire.cost(claim_and_complete).await, two);
    for (name, cost, expected) in seen {
        assert_eq!(cost, expected, "{name}");
    }
}

#[tokio::test]
async fn control_what_is_counted_is_what_is_sent() {
    let database = support::database().await;
    let wire = Wire::to(&database);
    let one = Connect { pooler: Pooler::None, connections: Some(1) };
    let store = Store::connect_with(&wire.url, one).await.expect("the database answers");
    let (kanban, board) = support::board(&store).await;
    let id = board.board.id;
    // a transaction begins, reads twice, and ends
    let cost = wire
        .cost(async |_| {
            kanban
                .transaction(move |kanban| async move {
                    kanban.get_board(id).await?;
                    kanban.list_cards(id, ListCards::default()).await
                })
                .await
        })
        .await;
    eprintln!("{cost:?}");
    assert!(cost.statements >= 4 && cost.round_trips >= 4, "{cost:?}");
}
