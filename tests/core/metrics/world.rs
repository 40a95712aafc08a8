//! Random histories on real boards, in which months go by: before each step everything that is stored is made older.

use kanban_core::{
    Actor, ActorKind, BoardDetail, BoardPatch, BoardTemplate, Card, CardId, ClaimOptions, ColumnKind, ColumnPatch,
    Epoch, Error, Expected, Kanban, MoveCard, NewBoard, NewCard, NewComment, NewDependency, Store, Version,
};
use sqlx::{AssertSqlSafe, PgPool};

use super::reference::{Collided, Place, Reference, Who};
use crate::support;

/// Who takes part; the first two are agents.
pub const ACTORS: [Who; 4] = [
    Who { kind: ActorKind::Agent, id: "a" },
    Who { kind: ActorKind::Agent, id: "b" },
    Who { kind: ActorKind::Human, id: "ada" },
    Who { kind: ActorKind::System, id: "sync" },
];

pub struct World {
    pub store: Store,
    pub pool: PgPool,
    pub boards: Vec<BoardDetail>,
    pub cards: Vec<CardId>,
    pub reference: Reference,
    pub random: fastrand::Rng,
    /// By how much everything has been made older, in microseconds: a moment of the reference is later than the stored one
    /// by so much.
    pub aged: i64,
    /// The minute of a collision could not be told.
    pub is_minute_unsure: bool,
}

/// Makes all that is stored older by some microseconds, as if so much time had gone by.
async fn age(pool: &PgPool, micros: i64) {
    let sql = format!(
        "do $$ declare t record; begin
             for t in select table_name, string_agg(format('%I = %I - interval ''{micros} microseconds''', column_name,
                                                           column_name), ', ') as moments
                      from information_schema.columns
                      where table_schema = 'kanban' and data_type = 'timestamp with time zone'
                        and table_name not in ('migrations', 'tenants')
                      group by table_name
             loop
                 execute format('update kanban.%I set %s', t.table_name, t.moments);
             end loop;
             update kanban.cards set updated_hour = kanban.hour(updated_at);
         end $$"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await.expect("it grows older");
}

impl World {
    pub async fn new(seed: u64) -> Self {
        let database = support::database().await;
        let store = database.store().await;
        let pool = database.superuser().await;
        let (kanban, _) = support::board(&store).await;
        let columns = |names: &[(&str, ColumnKind)]| {
            names.iter().map(|(name, kind)| kanban_core::NewColumn::named(*name, *kind)).collect::<Vec<_>>()
        };
        let mut boards = Vec::new();
        for (name, zone, columns) in [
            (
                "Berlin",
                "Europe/Berlin",
                columns(&[
                    ("Ideas", ColumnKind::Backlog),
                    ("Todo", ColumnKind::Todo),
                    ("Doing", ColumnKind::Doing),
                    ("Review", ColumnKind::Doing),
                    ("Done", ColumnKind::Done),
                    ("Shipped", ColumnKind::Done),
                ]),
            ),
            (
                "World",
                "UTC",
                columns(&[("Todo", ColumnKind::Todo), ("Doing", ColumnKind::Doing), ("Done", ColumnKind::Done)]),
            ),
        ] {
            let board =
                NewBoard { template: BoardTemplate::Empty, time_zone: Some(zone.to_owned()), ..NewBoard::named(name) };
            let board = kanban.create_board(board).await.expect("a board").board.id;
            for column in columns {
                let column = kanban.create_column(board, column).await.expect("a column");
                if column.name == "Review" {
                    let limit = ColumnPatch { wip_limit: Some(Some(9)), ..ColumnPatch::default() };
                    kanban.update_column(column.id, column.version, limit).await.expect("a limit");
                }
            }
            boards.push(kanban.get_board(board).await.expect("the board"));
        }
        let reference = Reference { archived: vec![None; boards.len()], ..Reference::default() };
        let random = fastrand::Rng::with_seed(seed);
        Self { store, pool, boards, cards: Vec::new(), reference, random, aged: 0, is_minute_unsure: false }
    }

    fn kanban(&self, who: Who) -> Kanban {
        let actor = match who.kind {
            ActorKind::Agent => Actor::agent(who.id),
            ActorKind::Human => Actor::human(who.id),
            ActorKind::System => Actor::system(who.id),
        };
        self.store.tenant("default", actor).expect("an actor")
    }

    fn place(&mut self) -> Place {
        let board = self.random.usize(0..self.boards.len());
        let columns = &self.boards[board].columns;
        let column = self.random.usize(0..columns.len());
        Place { board, column, kind: columns[column].kind }
    }

    fn column(&self, place: Place) -> kanban_core::ColumnId {
        self.boards[place.board].columns[place.column].id
    }

    fn place_of(&self, card: &Card) -> Place {
        let board = self.boards.iter().position(|board| board.board.id == card.board_id).expect("a known board");
        let columns = &self.boards[board].columns;
        let column = columns.iter().position(|column| column.id == card.column_id).expect("a known column");
        Place { board, column, kind: columns[column].kind }
    }

    /// What the database's clock says, as the reference counts.
    pub async fn now(&self) -> i64 {
        self.micros("select (extract(epoch from clock_timestamp()) * 1000000)::bigint").await + self.aged
    }

    /// When the last thing happened, as the reference counts.
    async fn at(&self) -> i64 {
        self.micros("select (extract(epoch from max(at)) * 1000000)::bigint from kanban.events").await + self.aged
    }

    async fn micros(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.expect("a moment")
    }

    /// Lets time go by, from seconds to days, and then something happen.
    pub async fn step(&mut self) {
        let micros = 10_f64.powf(self.random.f64() * 5.8 + 6.0) as i64;
        age(&self.pool, micros).await;
        self.aged += micros;
        let who = *self.random.choice(ACTORS.iter()).expect("somebody");
        if self.cards.len() < 3 || self.random.u8(0..100) < 12 {
            self.create(who).await;
        } else {
            let card = self.random.usize(0..self.cards.len());
            match self.random.u8(0..100) {
                0..=34 => self.shift(card, who).await,
                35..=42 => self.delete_or_restore(card, who).await,
                43..=62 => self.claim(card).await,
                63..=74 => self.go_on(card).await,
                75..=82 => self.link(card, who).await,
                83..=87 => self.comment(card, who).await,
                88..=95 => self.collide(card, who).await,
                _ => self.archive().await,
            }
        }
    }

    async fn create(&mut self, who: Who) {
        let place = self.place();
        let made = self.kanban(who).create_card(self.column(place), NewCard::titled("work")).await;
        if let Ok(card) = made {
            self.cards.push(card.id);
            let at = self.at().await;
            self.reference.created(card.key, at, place, who);
            self.reference.settle(at);
        }
    }

    async fn shift(&mut self, card: usize, who: Who) {
        let place = self.place();
        let was = self.reference.cards[card].place();
        let to = MoveCard::to(self.column(place));
        if self.kanban(who).move_card(self.cards[card], Expected::Any, to).await.is_ok() && place != was {
            let at = self.at().await;
            self.reference.entered(card, at, place, who);
            self.reference.settle(at);
        }
    }

    async fn delete_or_restore(&mut self, card: usize, who: Who) {
        let (kanban, id) = (self.kanban(who), self.cards[card]);
        if self.reference.cards[card].deleted.is_none() {
            if kanban.delete_card(id, Expected::Any).await.is_ok() {
                let at = self.at().await;
                self.reference.deleted(card, at, who);
                self.reference.settle(at);
            }
        } else if let Ok(restored) = kanban.restore_card(id, Expected::Any).await {
            let at = self.at().await;
            self.reference.entered(card, at, self.place_of(&restored), who);
            self.reference.settle(at);
        }
    }

    /// An agent claims a card, or a person does so for it.
    async fn claim(&mut self, card: usize) {
        let agent = ACTORS[self.random.usize(0..2)];
        let who = if self.random.u8(0..4) == 0 { ACTORS[2] } else { agent };
        let ttl_seconds = 10_f64.powf(self.random.f64() * 3.0 + 1.9) as u32;
        let options = ClaimOptions { ttl_seconds, start: self.random.bool(), capacity: None };
        let Ok(claimed) = self.kanban(who).claim_card(self.cards[card], agent.id, options).await else { return };
        let at = self.at().await;
        let until = claimed.claim.as_ref().expect("it is claimed").until.unix_micros() + self.aged;
        self.reference.claimed(card, at, until, agent.id, who.kind);
        if self.place_of(&claimed) != self.reference.cards[card].place() {
            self.reference.entered(card, at, self.place_of(&claimed), who);
        }
        self.reference.settle(at);
    }

    /// Whoever holds a claim goes on with it, gives the card back or finishes it, also where the lease has ended unnoticed.
    async fn go_on(&mut self, card: usize) {
        let epoch = Epoch(self.reference.cards[card].claims.len() as i64);
        let Some(claim) = self.reference.cards[card].open_claim().cloned() else { return };
        let agent = *ACTORS.iter().find(|who| who.id == claim.agent).expect("a known agent");
        // sometimes a person does it for the agent
        let who = if self.random.u8(0..5) == 0 { ACTORS[2] } else { agent };
        let (kanban, id) = (self.kanban(who), self.cards[card]);
        match self.random.u8(0..4) {
            0 => {
                if let Ok(longer) = kanban.heartbeat(id, epoch, Some(self.random.u32(60..80_000))).await {
                    let until = longer.claim.expect("it is claimed").until.unix_micros() + self.aged;
                    self.reference.cards[card].open_claim().expect("it is claimed").until = until;
                }
            }
            1 => {
                if kanban.release_card(id, epoch, None).await.is_ok() {
                    let at = self.at().await;
                    self.reference.released(card, at);
                }
            }
            _ => {
                if let Ok(done) = kanban.complete_card(id, epoch).await {
                    let at = self.at().await;
                    if self.place_of(&done) != self.reference.cards[card].place() {
                        self.reference.entered(card, at, self.place_of(&done), who);
                    }
                    self.reference.settle(at);
                }
            }
        }
    }

    /// A card waits for another, or no longer does.
    async fn link(&mut self, card: usize, who: Who) {
        let other = self.random.usize(0..self.cards.len());
        let waits = NewDependency::waits_for(self.cards[other]);
        let kanban = self.kanban(who);
        if let Some(known) = self.reference.links.iter().position(|link| *link == (other, card)) {
            kanban.remove_dependency(self.cards[card], waits).await.expect("it is there");
            self.reference.links.remove(known);
        } else if kanban.add_dependency(self.cards[card], waits).await.is_ok() {
            self.reference.links.push((other, card));
        }
        let at = self.at().await;
        self.reference.settle(at);
    }

    async fn comment(&mut self, card: usize, who: Who) {
        if self.kanban(who).create_comment(self.cards[card], NewComment::saying("a word")).await.is_ok() {
            let at = self.at().await;
            self.reference.comments.push((who, card, at));
        }
    }

    /// A write that has seen a version that is over, or is made under a claim that is.
    async fn collide(&mut self, card: usize, who: Who) {
        let minute = |at: i64| at.div_euclid(60_000_000);
        let is_epoch = self.random.bool();
        let kanban = if is_epoch { self.kanban(who).under_claim(Epoch(999)) } else { self.kanban(who) };
        let to = MoveCard::to(self.column(self.reference.cards[card].place()));
        let before = self.now().await - self.aged;
        let error = kanban.move_card(self.cards[card], Version(999), to).await.expect_err("it is refused");
        if matches!(error, Error::VersionConflict { .. } | Error::StaleClaim { .. }) {
            // whoever reads waits until it is counted
            let _ = kanban.agent_summary("a", kanban_core::SummaryFilter::default()).await.expect("a summary");
            let after = self.now().await - self.aged;
            self.is_minute_unsure |= minute(before) != minute(after);
            let board = self.reference.cards[card].place().board;
            let minute = minute(before) * 60_000_000 + self.aged;
            self.reference.collisions.push(Collided { who, board, minute, is_epoch });
        }
    }

    async fn archive(&mut self) {
        // the second board only, and seldom for long
        let is_archived = self.reference.archived[1].is_some();
        let patch = BoardPatch { archived: Some(!is_archived), ..BoardPatch::default() };
        self.kanban(ACTORS[2]).update_board(self.boards[1].board.id, Expected::Any, patch).await.expect("it changes");
        let at = self.at().await;
        self.reference.archived[1] = (!is_archived).then_some(at);
        self.reference.settle(at);
    }
}
