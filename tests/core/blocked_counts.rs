//! How many unresolved blockers each card has, and so what is ready, through whatever happens to cards and boards.

use std::collections::BTreeSet;

use kanban_core::import::beads;
use kanban_core::{
    BoardPatch, CardId, CardRef, Error, Expected, Kanban, ListPage, MoveCard, NewBoard, NewCard, NewDependency,
    NextTasks, Relation,
};
use sqlx::PgPool;
use sqlx::types::Uuid;

use crate::support;

/// Columns of each board: Todo, Doing, Done.
const DONE: usize = 2;

#[derive(Debug, Clone)]
struct CardState {
    id: CardId,
    board: usize,
    column: usize,
    is_deleted: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum BoardState {
    Open,
    Archived,
    Deleted,
}

/// What should be, kept without any counter.
struct Model {
    kanban: Kanban,
    boards: Vec<kanban_core::BoardDetail>,
    states: Vec<BoardState>,
    cards: Vec<CardState>,
    /// Who blocks whom, by place in `cards`.
    links: BTreeSet<(usize, usize)>,
    imports: usize,
}

impl Model {
    fn is_resolved(&self, card: usize) -> bool {
        let card = &self.cards[card];
        card.is_deleted || card.column == DONE || self.states[card.board] != BoardState::Open
    }

    fn is_open(&self, board: usize) -> bool {
        self.states[board] == BoardState::Open
    }

    fn is_usable(&self, card: usize) -> bool {
        !self.cards[card].is_deleted && self.is_open(self.cards[card].board)
    }

    fn blockers(&self, card: usize) -> usize {
        self.links.iter().filter(|(from, to)| *to == card && !self.is_resolved(*from)).count()
    }

    fn waits_for(&self, card: usize, other: usize) -> bool {
        self.links.iter().any(|(from, to)| *to == card && (*from == other || self.waits_for(*from, other)))
    }

    fn id(&self, card: usize) -> CardRef {
        self.cards[card].id.into()
    }

    async fn create(&mut self, board: usize, column: usize) {
        let new = NewCard::titled("work");
        let made = self.kanban.create_card(self.boards[board].columns[column].id, new).await;
        assert_eq!(made.is_ok(), self.is_open(board), "{made:?}");
        if let Ok(card) = made {
            self.cards.push(CardState { id: card.id, board, column, is_deleted: false });
        }
    }

    async fn link(&mut self, from: usize, to: usize) {
        let link = NewDependency { relation: Relation::Blocks, card: self.id(to) };
        let added = self.kanban.add_dependency(self.id(from), link).await;
        let expected = match () {
            () if !self.is_usable(from) || !self.is_usable(to) => added.is_err(),
            () if from == to => matches!(added, Err(Error::Invalid { .. })),
            () if self.waits_for(from, to) => matches!(added, Err(Error::DependencyCycle { .. })),
            () => {
                let is_new = self.links.insert((from, to));
                added.as_ref().is_ok_and(|added| added.is_new == is_new)
            }
        };
        assert!(expected, "{added:?}");
    }

    async fn unlink(&mut self, pick: usize) {
        let Some((from, to)) = self.links.iter().nth(pick % self.links.len().max(1)).copied() else { return };
        self.kanban.remove_dependency(self.id(to), NewDependency::waits_for(self.id(from))).await.expect("removed");
        self.links.remove(&(from, to));
    }

    async fn shift(&mut self, card: usize, board: usize, column: usize) {
        let to = MoveCard::to(self.boards[board].columns[column].id);
        let moved = self.kanban.move_card(self.id(card), Expected::Any, to).await;
        assert_eq!(moved.is_ok(), self.is_usable(card) && self.is_open(board), "{moved:?}");
        if moved.is_ok() {
            (self.cards[card].board, self.cards[card].column) = (board, column);
        }
    }

    async fn delete_or_restore(&mut self, card: usize) {
        let is_deleted = self.cards[card].is_deleted;
        let done = match is_deleted {
            true => self.kanban.restore_card(self.id(card), Expected::Any).await,
            false => self.kanban.delete_card(self.id(card), Expected::Any).await,
        };
        assert_eq!(done.is_ok(), self.is_open(self.cards[card].board), "{done:?}");
        if done.is_ok() {
            self.cards[card].is_deleted = !is_deleted;
        }
    }

    async fn change_board(&mut self, board: usize, to: BoardState) {
        let id = self.boards[board].board.id;
        let is_there = self.states[board] != BoardState::Deleted;
        let is_done = if to == BoardState::Deleted {
            self.kanban.delete_board(id, Expected::Any).await.is_ok()
        } else {
            let patch = BoardPatch { archived: Some(to == BoardState::Archived), ..BoardPatch::default() };
            self.kanban.update_board(id, Expected::Any, patch).await.is_ok()
        };
        assert_eq!(is_done, is_there);
        if is_done {
            self.states[board] = to;
        }
    }

    /// Four issues: the first waits for the other three, of which one is open, one closed and one deleted.
    async fn import(&mut self, board: usize) {
        self.imports += 1;
        let id = |issue: usize| format!("x-{}-{issue}", self.imports);
        let at = "2026-01-01T00:00:00Z";
        let link = |on: usize| serde_json::json!({"issue_id": id(0), "depends_on_id": id(on), "type": "blocks", "created_at": at});
        let issues: Vec<String> = [("open", vec![link(1), link(2), link(3)]), ("open", vec![]), ("closed", vec![]), ("tombstone", vec![])]
            .into_iter()
            .enumerate()
            .map(|(i, (status, dependencies))| {
                serde_json::json!({"id": id(i), "title": "work", "status": status, "priority": 2, "created_at": at,
                    "closed_at": (status == "closed").then_some(at), "deleted_at": (status == "tombstone").then_some(at),
                    "dependencies": dependencies})
                .to_string()
            })
            .collect();
        let cards = beads::read(issues.join("\n").as_bytes()).expect("issues");
        let imported = self.kanban.import(&self.boards[board].board.name, cards, |_, _| ()).await;
        assert_eq!(imported.is_ok(), self.is_open(board), "{imported:?}");
    }

    /// Takes over what an import has brought.
    async fn adopt(&mut self, pool: &PgPool, board: usize) {
        let first = self.cards.len();
        for (issue, column) in [(0, 0), (1, 0), (2, DONE), (3, 0)] {
            let id: Uuid = sqlx::query_scalar("select id from kanban.cards where external_id = $1")
                .bind(format!("x-{}-{issue}", self.imports))
                .fetch_one(pool)
                .await
                .expect("it came in");
            self.cards.push(CardState { id: id.into(), board, column, is_deleted: issue == 3 });
        }
        self.links.extend((1..4).map(|issue| (first + issue, first)));
    }

    async fn check(&self, pool: &PgPool, seed: u64) {
        let counts: Vec<(Uuid, i32)> =
            sqlx::query_as("select id, open_blockers from kanban.cards").fetch_all(pool).await.expect("counts");
        assert_eq!(counts.len(), self.cards.len(), "seed {seed}");
        for (place, card) in self.cards.iter().enumerate() {
            let count = counts.iter().find(|(id, _)| CardId::from(*id) == card.id).expect("it is there").1;
            assert_eq!(count as usize, self.blockers(place), "seed {seed}: card {place} of {:?}", self.cards);
        }
        let expected: BTreeSet<CardId> = (0..self.cards.len())
            .filter(|place| self.is_usable(*place) && self.cards[*place].column == 0 && self.blockers(*place) == 0)
            .map(|place| self.cards[place].id)
            .collect();
        let page = NextTasks { page: ListPage::first(200), ..NextTasks::default() };
        let ready = self.kanban.next_tasks("agent", page).await.expect("tasks").items;
        assert_eq!(ready.into_iter().map(|card| card.id).collect::<BTreeSet<_>>(), expected, "seed {seed}");
        assert_eq!(self.kanban.examine().await.expect("an examination").findings, [], "seed {seed}");
    }
}

async fn play(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let database = support::database().await;
    let store = database.store().await;
    let pool = database.superuser().await;
    let (kanban, first) = support::board(&store).await;
    let mut boards = vec![first];
    for name in ["Other", "Third"] {
        boards.push(kanban.create_board(NewBoard::named(name)).await.expect("a board"));
    }
    let states = vec![BoardState::Open; 3];
    let mut model = Model { kanban, boards, states, cards: Vec::new(), links: BTreeSet::new(), imports: 0 };
    for _ in 0..6 {
        model.create(random.usize(0..3), random.usize(0..3)).await;
    }
    for step in 1..=120 {
        let (board, column) = (random.usize(0..3), random.usize(0..3));
        let (card, other) = (random.usize(0..model.cards.len()), random.usize(0..model.cards.len()));
        match random.u8(0..100) {
            0..=9 => model.create(board, column).await,
            10..=44 => model.link(card, other).await,
            45..=50 => model.unlink(other).await,
            51..=76 => model.shift(card, board, column).await,
            77..=90 => model.delete_or_restore(card).await,
            91..=95 => {
                let to = if random.bool() { BoardState::Archived } else { BoardState::Open };
                model.change_board(board, to).await;
            }
            96..=98 => {
                model.import(0).await;
                if model.is_open(0) {
                    model.adopt(&pool, 0).await;
                }
            }
            // rarely, for it does not come back; the first board stays
            _ if board == 2 => model.change_board(board, BoardState::Deleted).await,
            _ => {}
        }
        if step % 30 == 0 {
            model.check(&pool, seed).await;
        }
    }
    store.close().await.expect("closed");
}

#[tokio::test]
async fn counts_of_blockers_and_ready_work_follow_whatever_happens() {
    let seed = support::seed();
    for i in 0..support::scale(4, 100) {
        play(seed.wrapping_add(i as u64)).await;
    }
}
