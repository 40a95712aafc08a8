//! What happened, kept as plain lists, and metrics worked out from them the slow way: moment by moment, card by card.

use kanban_core::{ActorKind, ColumnKind};

/// Where a card is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub board: usize,
    pub column: usize,
    pub kind: ColumnKind,
}

impl Place {
    fn is_queue(self) -> bool {
        matches!(self.kind, ColumnKind::Backlog | ColumnKind::Todo)
    }

    fn is_done(self) -> bool {
        self.kind == ColumnKind::Done
    }
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Who {
    pub kind: ActorKind,
    pub id: &'static str,
}

/// A stay of a card in a column. Moments are microseconds.
#[derive(Debug, Clone)]
pub struct Stay {
    pub place: Place,
    pub from: i64,
    pub to: Option<i64>,
    /// Whose work it was, where it ended here.
    pub worker: Option<Who>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    Completed,
    Released,
    Expired,
    Renewed,
    Deleted,
}

#[derive(Debug, Clone)]
pub struct ClaimRecord {
    pub agent: &'static str,
    pub kind: ActorKind,
    pub ready: i64,
    pub at: i64,
    pub until: i64,
    pub end: Option<(i64, Outcome)>,
    /// The board on which it ended.
    pub board: usize,
}

#[derive(Debug, Clone, Default)]
pub struct CardRecord {
    pub key: String,
    pub created: i64,
    pub stays: Vec<Stay>,
    pub claims: Vec<ClaimRecord>,
    pub deleted: Option<i64>,
    /// When its last unresolved blocker was resolved, the last time.
    unblocked: i64,
    was_blocked: bool,
}

impl CardRecord {
    pub fn place(&self) -> Place {
        self.stays.last().expect("a card was somewhere").place
    }

    pub fn started(&self) -> Option<i64> {
        let working = self.stays.iter().find(|stay| matches!(stay.place.kind, ColumnKind::Doing | ColumnKind::Done));
        working.map(|stay| stay.from)
    }

    /// The stay with which its work ended, if nobody has taken it up again: the first of the done ones at the end.
    pub fn finish(&self) -> Option<&Stay> {
        let work = self.stays.iter().rposition(|stay| !stay.place.is_done()).map_or(0, |last| last + 1);
        self.stays.get(work)
    }

    /// The last finish before a stay.
    pub fn finish_before(&self, stay: usize) -> Option<&Stay> {
        (0..stay).rev().find(|i| self.stays[*i].worker.is_some()).map(|i| &self.stays[i])
    }

    pub fn open_claim(&mut self) -> Option<&mut ClaimRecord> {
        self.claims.last_mut().filter(|claim| claim.end.is_none())
    }

    /// Since when nothing but an agent was missing, at `now`.
    fn ready(&self, now: i64) -> i64 {
        let arrivals = (0..self.stays.len()).filter(|i| match i.checked_sub(1).map(|before| &self.stays[before]) {
            Some(before) => {
                let goes_on = before.to == Some(self.stays[*i].from);
                !(goes_on && before.place.is_queue() && self.stays[*i].place.is_queue())
            }
            None => true,
        });
        let arrived = arrivals.map(|i| self.stays[i].from).max().unwrap_or(self.created);
        let freed = self.claims.last().map(|claim| claim.end.map_or(claim.until.min(now), |(end, _)| end));
        arrived.max(self.unblocked).max(freed.unwrap_or(0)).min(now)
    }
}

#[derive(Debug, Clone)]
pub struct Collided {
    pub who: Who,
    pub board: usize,
    pub minute: i64,
    pub is_epoch: bool,
}

#[derive(Debug, Default)]
pub struct Reference {
    pub cards: Vec<CardRecord>,
    /// Who blocks whom.
    pub links: Vec<(usize, usize)>,
    /// When each board was archived, if it is.
    pub archived: Vec<Option<i64>>,
    pub comments: Vec<(Who, usize, i64)>,
    pub collisions: Vec<Collided>,
}

impl Reference {
    pub fn created(&mut self, key: String, at: i64, place: Place, who: Who) {
        self.cards.push(CardRecord { key, created: at, ..CardRecord::default() });
        self.entered(self.cards.len() - 1, at, place, who);
    }

    pub fn entered(&mut self, card: usize, at: i64, place: Place, who: Who) {
        let record = &mut self.cards[card];
        let was_done = record.stays.last().is_some_and(|stay| stay.place.is_done());
        let mut worker = None;
        if place.is_done() && !was_done {
            worker = Some(who);
            if let Some(claim) = record.open_claim() {
                let holds = claim.until > at || (who.kind == ActorKind::Agent && who.id == claim.agent);
                if holds {
                    worker = Some(Who { kind: ActorKind::Agent, id: claim.agent });
                }
                claim.end = Some(if holds { (at, Outcome::Completed) } else { (claim.until, Outcome::Expired) });
            }
        }
        if let Some(stay) = record.stays.last_mut().filter(|stay| stay.to.is_none()) {
            stay.to = Some(at);
        }
        record.deleted = None;
        record.stays.push(Stay { place, from: at, to: None, worker });
        if let Some(claim) = record.open_claim() {
            claim.board = place.board;
        }
    }

    pub fn deleted(&mut self, card: usize, at: i64, who: Who) {
        let record = &mut self.cards[card];
        if let Some(claim) = record.open_claim() {
            let holds = claim.until > at || (who.kind == ActorKind::Agent && who.id == claim.agent);
            claim.end = Some(if holds { (at, Outcome::Deleted) } else { (claim.until, Outcome::Expired) });
        }
        record.stays.last_mut().expect("it was somewhere").to = Some(at);
        record.deleted = Some(at);
    }

    pub fn claimed(&mut self, card: usize, at: i64, until: i64, agent: &'static str, kind: ActorKind) {
        let record = &mut self.cards[card];
        let (ready, board) = (record.ready(at), record.place().board);
        if let Some(claim) = record.open_claim() {
            let is_live = claim.until > at;
            claim.end = Some(if is_live { (at, Outcome::Renewed) } else { (claim.until, Outcome::Expired) });
        }
        record.claims.push(ClaimRecord { agent, kind, ready, at, until, end: None, board });
    }

    pub fn released(&mut self, card: usize, at: i64) {
        let claim = self.cards[card].open_claim().expect("it was claimed");
        claim.end = Some((at, Outcome::Released));
    }

    /// Looks at what has been resolved by what happened last.
    pub fn settle(&mut self, at: i64) {
        let blocks = |card: usize| {
            let record = &self.cards[card];
            record.deleted.is_none() && !record.place().is_done() && self.archived[record.place().board].is_none()
        };
        let blocked: Vec<bool> = (0..self.cards.len())
            .map(|card| self.links.iter().any(|(from, to)| *to == card && blocks(*from)))
            .collect();
        for (record, is_blocked) in self.cards.iter_mut().zip(blocked) {
            if record.was_blocked && !is_blocked {
                record.unblocked = at;
            }
            record.was_blocked = is_blocked;
        }
    }
}
