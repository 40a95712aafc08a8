//! What the reference says of one agent, and of the days that a forecast draws from.

use kanban_core::{ActorKind, AgentSummary, ColumnKind, FinishedDay};

use super::answers::{Question, day, spread, timestamp};
use super::calendar::Zone;
use super::reference::{Outcome, Reference, Who};

impl Reference {
    pub fn agent_summary(&self, q: &Question<'_>, who: Who, board: Option<usize>) -> AgentSummary {
        let here = |place: usize| board.is_none_or(|board| board == place);
        let has = |at: i64| q.from <= at && at < q.to;
        let finished: Vec<_> = self.finished(here, has).into_iter().filter(|(_, _, worker)| *worker == who).collect();
        let claims = || {
            self.cards
                .iter()
                .flat_map(|record| &record.claims)
                .filter(|claim| claim.agent == who.id && here(claim.board))
        };
        let ended: Vec<_> = self
            .ended_claims(q)
            .into_iter()
            .filter(|(_, _, claim, _, _)| claim.agent == who.id && here(claim.board))
            .collect();
        let outcomes = |wanted| ended.iter().filter(|(_, _, _, _, outcome)| *outcome == wanted).count() as i64;
        let held = self.cards.iter().filter(|record| {
            let claim = record.claims.last().filter(|claim| claim.end.is_none() && claim.until > q.now);
            claim.is_some_and(|claim| claim.agent == who.id)
                && here(record.place().board)
                && self.archived[record.place().board].is_none()
        });
        let reopened = self.cards.iter().flat_map(|record| {
            (1..record.stays.len()).filter(move |nth| {
                let (before, stay) = (&record.stays[nth - 1], &record.stays[*nth]);
                let is_reopened = before.place.kind == ColumnKind::Done && stay.place.kind != ColumnKind::Done;
                is_reopened
                    && has(stay.from)
                    && here(stay.place.board)
                    && record.finish_before(*nth).and_then(|finish| finish.worker) == Some(who)
            })
        });
        let first_day = q.zone.day(q.from);
        let days = (first_day..=q.zone.day(q.to - 1)).map(|today| FinishedDay {
            day: day(today),
            finished: finished.iter().filter(|(_, at, _)| q.zone.day(*at) == today).count() as i64,
        });
        let days: Vec<FinishedDay> = days.collect();
        AgentSummary {
            agent_id: who.id.to_owned(),
            board: board.map(|board| q.boards[board].board.key.clone()),
            window: kanban_core::Window {
                since: timestamp(q.from),
                until: timestamp(q.to),
                time_zone: q.zone.name().to_owned(),
            },
            finished: finished.len() as i64,
            finished_per_day: finished.len() as f64 / days.len() as f64,
            cycle_time: spread(finished.iter().map(|(card, at, _)| self.cycle(*card, *at)).collect()),
            in_progress: held.clone().filter(|record| record.started().is_some()).count() as i64,
            held: held.count() as i64,
            claimed: claims().filter(|claim| has(claim.at)).count() as i64,
            released: outcomes(Outcome::Released),
            expired: outcomes(Outcome::Expired),
            reopened: reopened.count() as i64,
            comments: self
                .comments
                .iter()
                .filter(|(author, card, at)| *author == who && has(*at) && here(self.cards[*card].place().board))
                .count() as i64,
            collisions: self.collided(q, |actor, board| actor == who && here(board)),
            queue_wait: spread(ended.iter().map(|(_, _, claim, _, _)| claim.at - claim.ready).collect()),
            lease_time: spread(ended.iter().map(|(_, _, claim, end, _)| end - claim.at).collect()),
            days,
        }
    }

    /// Cards finished on each of so many days before today.
    pub fn finished_each_day(&self, board: usize, now: i64, days: i64, zone: Zone) -> Vec<i64> {
        let today = zone.day(now);
        let finished = self.finished(|place| place == board, |_| true);
        let on = |day: i64| finished.iter().filter(|(_, at, _)| zone.day(*at) == day).count() as i64;
        (today - days..today).map(on).collect()
    }

    /// The same history with every moment so much later.
    pub fn later(mut self, by: i64) -> Self {
        for record in &mut self.cards {
            record.created += by;
            record.deleted = record.deleted.map(|at| at + by);
            for stay in &mut record.stays {
                stay.from += by;
                stay.to = stay.to.map(|at| at + by);
            }
            for claim in &mut record.claims {
                claim.ready += by;
                claim.at += by;
                claim.until += by;
                claim.end = claim.end.map(|(at, outcome)| (at + by, outcome));
            }
        }
        for archived in &mut self.archived {
            *archived = archived.map(|at| at + by);
        }
        self.comments.iter_mut().for_each(|(_, _, at)| *at += by);
        self.collisions.iter_mut().for_each(|one| one.minute += by);
        self
    }
}

/// Whether somebody is one of the agents.
pub fn is_agent(who: &Who) -> bool {
    who.kind == ActorKind::Agent
}
