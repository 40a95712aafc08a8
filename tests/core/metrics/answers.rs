//! The answers that the reference gives: whole values, to be compared with those of the board.

use std::collections::BTreeSet;

use kanban_core::{
    ActorFlow, ActorKind, AgingCard, BoardDetail, BoardMetrics, Bottleneck, BottleneckSign, CardId, Collisions, Column,
    ColumnFlow, ColumnKind, Day, FlowDay, FlowEfficiency, Removed, Seconds, Spread, StraightToDone, Timestamp, Window,
    WipMetrics,
};

use super::calendar::{Zone, spelled};
use super::reference::{CardRecord, ClaimRecord, Outcome, Reference, Stay, Who};

/// What the reference is asked about.
pub struct Question<'a> {
    pub boards: &'a [BoardDetail],
    pub cards: &'a [CardId],
    pub board: usize,
    pub from: i64,
    pub to: i64,
    pub now: i64,
    pub zone: Zone,
}

pub fn timestamp(micros: i64) -> Timestamp {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).expect("a moment").into()
}

pub fn day(day: i64) -> Day {
    spelled(day).parse().expect("a day")
}

/// By nearest rank: the smallest value that so many of 100 do not exceed.
pub fn spread(mut micros: Vec<i64>) -> Spread {
    micros.sort_unstable();
    let rank = |percent: usize| {
        let not_above = |value: i64| micros.iter().filter(|other| **other <= value).count();
        micros
            .iter()
            .find(|value| not_above(**value) * 100 >= percent * micros.len())
            .map(|at| Seconds::from_micros(*at))
    };
    let total: i128 = micros.iter().map(|value| i128::from(*value)).sum();
    Spread {
        count: micros.len() as i64,
        mean_seconds: (!micros.is_empty()).then(|| total as f64 / micros.len() as f64 / 1e6),
        p50_seconds: rank(50),
        p85_seconds: rank(85),
        p95_seconds: rank(95),
    }
}

fn seconds(micros: i128) -> f64 {
    micros as f64 / 1e6
}

impl Question<'_> {
    fn has(&self, at: i64) -> bool {
        self.from <= at && at < self.to
    }

    fn columns(&self) -> &[Column] {
        &self.boards[self.board].columns
    }

    fn window(&self) -> Window {
        Window { since: timestamp(self.from), until: timestamp(self.to), time_zone: self.zone.name().to_owned() }
    }

    fn days(&self) -> std::ops::RangeInclusive<i64> {
        self.zone.day(self.from)..=self.zone.day(self.to - 1)
    }
}

/// A stay on the board that was asked about, as far as it counts there.
struct Held<'a> {
    card: usize,
    record: &'a CardRecord,
    stay: &'a Stay,
    nth: usize,
    to: Option<i64>,
}

impl Held<'_> {
    fn is_wip(&self) -> bool {
        self.stay.place.kind != ColumnKind::Done && self.record.started().is_some_and(|at| at <= self.stay.from)
    }

    /// Whether it was under way just before a moment.
    fn lasts(&self, at: i64) -> bool {
        self.stay.from < at && self.to.is_none_or(|to| to >= at)
    }

    fn is_return(&self) -> bool {
        self.record.stays[..self.nth].iter().any(|stay| stay.place == self.stay.place)
    }
}

impl Reference {
    fn held(&self, board: usize) -> Vec<Held<'_>> {
        let mut held = Vec::new();
        for (card, record) in self.cards.iter().enumerate() {
            for (nth, stay) in record.stays.iter().enumerate().filter(|(_, stay)| stay.place.board == board) {
                let to = match (stay.to, self.archived[board]) {
                    (Some(to), Some(archived)) => Some(to.min(archived)),
                    (to, archived) => to.or(archived),
                };
                held.push(Held { card, record, stay, nth, to });
            }
        }
        held
    }

    /// Cards finished on a board, in order: place in the list, and when.
    pub fn finished(&self, board: impl Fn(usize) -> bool, has: impl Fn(i64) -> bool) -> Vec<(usize, i64, Who)> {
        let finishes = self.cards.iter().enumerate().filter_map(|(card, record)| {
            let stay = record.finish()?;
            let worker = stay.worker.expect("work that ended was somebody's");
            (board(stay.place.board) && has(stay.from)).then_some((card, stay.from, worker))
        });
        finishes.collect()
    }

    pub fn cycle(&self, card: usize, finished: i64) -> i64 {
        finished - self.cards[card].started().expect("what is finished was started")
    }

    /// Claims that ended, with what became of them. One whose lease is over ended with it, whether or not anybody saw that.
    pub fn ended_claims(&self, q: &Question<'_>) -> Vec<(&CardRecord, usize, &ClaimRecord, i64, Outcome)> {
        let mut ended = Vec::new();
        for record in &self.cards {
            for (nth, claim) in record.claims.iter().enumerate() {
                let end = claim.end.or((claim.until <= q.now).then_some((claim.until, Outcome::Expired)));
                if let Some((at, outcome)) = end.filter(|(at, _)| q.has(*at)) {
                    ended.push((record, nth, claim, at, outcome));
                }
            }
        }
        ended
    }

    pub fn board_metrics(&self, q: &Question<'_>) -> BoardMetrics {
        let held = self.held(q.board);
        let finished = self.finished(|board| board == q.board, |at| q.has(at));
        let cycles: Vec<i64> = finished.iter().map(|(card, at, _)| self.cycle(*card, *at)).collect();
        let total: i128 = cycles.iter().map(|cycle| i128::from(*cycle)).sum();
        let doing: i128 = finished
            .iter()
            .flat_map(|(card, _, _)| &self.cards[*card].stays)
            .filter(|stay| stay.place.kind == ColumnKind::Doing)
            .map(|stay| i128::from(stay.to.expect("it was finished behind it") - stay.from))
            .sum();
        let mut straight: Vec<&(usize, i64, Who)> =
            finished.iter().filter(|(c, at, _)| self.cycle(*c, *at) == 0).collect();
        straight.sort_by_key(|(card, at, _)| (*at, q.cards[*card]));
        let columns = self.columns(q, &held);
        let days = self.days(q, &held);
        BoardMetrics {
            board_id: q.boards[q.board].board.id,
            board: q.boards[q.board].board.key.clone(),
            window: q.window(),
            age_seconds: Seconds::from_micros(0),
            wip: self.wip(q, &held),
            finished: finished.len() as i64,
            finished_per_day: finished.len() as f64 / days.len() as f64,
            cycle_time: spread(cycles),
            lead_time: spread(finished.iter().map(|(card, at, _)| at - self.cards[*card].created).collect()),
            straight_to_done: StraightToDone {
                count: straight.len() as i64,
                cards: straight.iter().take(10).map(|(card, _, _)| self.cards[*card].key.clone()).collect(),
            },
            flow_efficiency: FlowEfficiency {
                ratio: (total > 0).then(|| seconds(doing) / seconds(total)),
                doing_seconds: seconds(doing),
                total_seconds: seconds(total),
            },
            reopened: held
                .iter()
                .filter(|held| q.has(held.stay.from) && held.stay.place.kind != ColumnKind::Done && held.nth > 0)
                .filter(|held| held.record.stays[held.nth - 1].place.kind == ColumnKind::Done)
                .count() as i64,
            removed: self.removed(q),
            bottleneck: bottleneck(&columns),
            columns,
            by_actor_kind: self.by_actor_kind(q),
            days,
        }
    }

    fn wip(&self, q: &Question<'_>, held: &[Held<'_>]) -> WipMetrics {
        let at = |moment: i64| held.iter().filter(|held| held.is_wip() && held.lasts(moment)).count() as i64;
        // the area under the line of work in progress: between two moments at which anything changed it is level
        let mut moments: BTreeSet<i64> =
            held.iter().flat_map(|held| [Some(held.stay.from), held.to]).flatten().collect();
        moments.retain(|moment| q.has(*moment));
        moments.extend([q.from, q.to]);
        let moments: Vec<i64> = moments.into_iter().collect();
        let area: i128 = moments.windows(2).map(|pair| i128::from(at(pair[1])) * i128::from(pair[1] - pair[0])).sum();
        let mut open: Vec<(i64, CardId, &Held<'_>)> = held
            .iter()
            .filter(|held| held.is_wip() && held.lasts(q.to))
            .map(|held| (held.record.started().expect("it is in progress"), q.cards[held.card], held))
            .collect();
        open.sort_by_key(|(started, card, _)| (*started, *card));
        let oldest = open.iter().take(10).map(|(started, id, held)| AgingCard {
            id: *id,
            key: held.record.key.clone(),
            title: "work".to_owned(),
            column: q.columns()[held.stay.place.column].name.clone(),
            age_seconds: Seconds::from_micros(q.to - started),
        });
        WipMetrics {
            at_start: at(q.from),
            at_end: at(q.to),
            average: seconds(area) * 1e6 / (q.to - q.from) as f64,
            item_seconds: seconds(area),
            oldest: oldest.collect(),
            age: spread(open.iter().map(|(started, _, _)| q.to - started).collect()),
        }
    }

    fn columns(&self, q: &Question<'_>, held: &[Held<'_>]) -> Vec<ColumnFlow> {
        let flow = |(place, column): (usize, &Column)| {
            let here: Vec<&Held<'_>> = held.iter().filter(|held| held.stay.place.column == place).collect();
            let overlapping = |held: &&&Held<'_>| held.stay.from < q.to && held.to.is_none_or(|to| to >= q.from);
            let arrived: Vec<&&Held<'_>> = here.iter().filter(|held| q.has(held.stay.from)).collect();
            let inside =
                |held: &&Held<'_>| i128::from(held.to.map_or(q.to, |to| to.min(q.to)) - held.stay.from.max(q.from));
            let is_done = column.kind == ColumnKind::Done;
            let count = |count: usize| (!is_done).then_some(count as i64);
            let ages = here.iter().filter(|held| held.lasts(q.to)).map(|held| q.to - held.stay.from).collect();
            ColumnFlow {
                id: column.id,
                name: column.name.clone(),
                kind: column.kind,
                wip_limit: column.wip_limit,
                cards: count(here.iter().filter(|held| held.lasts(q.to)).count()),
                arrivals: arrived.len() as i64,
                returns: arrived.iter().filter(|held| held.is_return()).count() as i64,
                departures: count(here.iter().filter(|held| held.to.is_some_and(|to| q.has(to))).count()),
                visits: count(here.iter().filter(overlapping).count()),
                seconds: (!is_done).then(|| seconds(here.iter().filter(overlapping).map(inside).sum())),
                age_p85_seconds: if is_done { None } else { spread(ages).p85_seconds },
            }
        };
        q.columns().iter().enumerate().map(flow).collect()
    }

    fn days(&self, q: &Question<'_>, held: &[Held<'_>]) -> Vec<FlowDay> {
        // by the end of a day: what happened in the window on that day or before, and all before the window
        let by = |today: i64, at: i64| at < q.from || (q.has(at) && q.zone.day(at) <= today);
        let reached = |today: i64, least: ColumnKind| {
            let cards: BTreeSet<usize> =
                held.iter().filter(|h| h.stay.place.kind >= least && by(today, h.stay.from)).map(|h| h.card).collect();
            cards.len() as i64
        };
        let finished = self.finished(|board| board == q.board, |at| q.has(at));
        let days = q.days().map(|today| FlowDay {
            day: day(today),
            finished: finished.iter().filter(|(_, at, _)| q.zone.day(*at) == today).count() as i64,
            wip: held
                .iter()
                .filter(|held| held.is_wip() && by(today, held.stay.from))
                .filter(|held| !held.to.is_some_and(|to| by(today, to)))
                .count() as i64,
            backlog: reached(today, ColumnKind::Backlog),
            todo: reached(today, ColumnKind::Todo),
            doing: reached(today, ColumnKind::Doing),
            done: reached(today, ColumnKind::Done),
        });
        days.collect()
    }

    fn removed(&self, q: &Question<'_>) -> Removed {
        let unfinished = |record: &&CardRecord| record.place().board == q.board && record.finish().is_none();
        let gone: Vec<&CardRecord> =
            self.cards.iter().filter(unfinished).filter(|record| record.deleted.is_some_and(|at| q.has(at))).collect();
        let is_archived = self.archived[q.board].is_some_and(|at| q.has(at));
        let stuck: Vec<&CardRecord> =
            self.cards.iter().filter(unfinished).filter(|record| is_archived && record.deleted.is_none()).collect();
        let started = |cards: &[&CardRecord]| cards.iter().filter(|card| card.started().is_some()).count() as i64;
        Removed {
            deleted: gone.len() as i64,
            deleted_in_progress: started(&gone),
            archived: stuck.len() as i64,
            archived_in_progress: started(&stuck),
        }
    }

    fn by_actor_kind(&self, q: &Question<'_>) -> Vec<ActorFlow> {
        let finished = self.finished(|board| board == q.board, |at| q.has(at));
        let ended: Vec<_> =
            self.ended_claims(q).into_iter().filter(|(_, _, claim, _, _)| claim.board == q.board).collect();
        let kinds = [ActorKind::Agent, ActorKind::Human, ActorKind::System].into_iter();
        let flow = kinds.filter_map(|kind| {
            let finished: Vec<_> = finished.iter().filter(|(_, _, who)| who.kind == kind).collect();
            let ended: Vec<_> = ended.iter().filter(|(_, _, claim, _, _)| claim.kind == kind).collect();
            let collisions = self.collided(q, |who, board| who.kind == kind && board == q.board);
            let is_again = |record: &CardRecord, nth: usize| {
                let before = nth.checked_sub(1).and_then(|before| record.claims[before].end);
                before.is_some_and(|(_, outcome)| matches!(outcome, Outcome::Released | Outcome::Expired))
            };
            let outcomes = |wanted| ended.iter().filter(|(_, _, _, _, outcome)| *outcome == wanted).count() as i64;
            if finished.is_empty() && ended.is_empty() && collisions == Collisions::default() {
                return None;
            }
            Some(ActorFlow {
                kind,
                finished: finished.len() as i64,
                cycle_time: spread(finished.iter().map(|(card, at, _)| self.cycle(*card, *at)).collect()),
                claims: ended.len() as i64,
                reclaims: ended.iter().filter(|(record, nth, _, _, _)| is_again(record, *nth)).count() as i64,
                released: outcomes(Outcome::Released),
                expired: outcomes(Outcome::Expired),
                queue_wait: spread(ended.iter().map(|(_, _, claim, _, _)| claim.at - claim.ready).collect()),
                lease_time: spread(ended.iter().map(|(_, _, claim, end, _)| end - claim.at).collect()),
                collisions,
            })
        });
        flow.collect()
    }

    pub fn collided(&self, q: &Question<'_>, whose: impl Fn(Who, usize) -> bool) -> Collisions {
        let here = self.collisions.iter().filter(|one| q.has(one.minute) && whose(one.who, one.board));
        let (epochs, versions): (Vec<_>, Vec<_>) = here.partition(|one| one.is_epoch);
        Collisions { versions: versions.len() as i64, epochs: epochs.len() as i64 }
    }
}

/// The column with the largest of three signs, one asked after the other until one stands out.
fn bottleneck(columns: &[ColumnFlow]) -> Option<Bottleneck> {
    let mut left: Vec<&ColumnFlow> =
        columns.iter().filter(|c| matches!(c.kind, ColumnKind::Todo | ColumnKind::Doing)).collect();
    let net = |c: &ColumnFlow| c.arrivals - c.departures.expect("no done column is left");
    let full = |c: &ColumnFlow| c.wip_limit.map(|limit| c.cards.expect("it counts") as f64 / f64::from(limit));
    type Sign<'a> = (BottleneckSign, Box<dyn Fn(&ColumnFlow) -> f64 + 'a>);
    let signs: [Sign<'_>; 3] = [
        (BottleneckSign::ArrivalsMinusDepartures, Box::new(|c| net(c).max(0) as f64)),
        (BottleneckSign::Age, Box::new(|c| c.age_p85_seconds.map_or(0.0, |age| age.micros() as f64))),
        (BottleneckSign::WipLimit, Box::new(|c| full(c).unwrap_or_default())),
    ];
    for (sign, value) in signs {
        let most = left.iter().map(|c| value(c)).fold(0.0, f64::max);
        left.retain(|c| value(c) == most);
        if let ([only], true) = (&left[..], most > 0.0) {
            return Some(Bottleneck {
                id: only.id,
                name: only.name.clone(),
                sign,
                arrivals_minus_departures: net(only),
                age_p85_seconds: only.age_p85_seconds,
                wip_against_limit: full(only),
            });
        }
    }
    None
}
