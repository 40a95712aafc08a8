//! How work flows over a board.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::db::flow::{self, ColumnRow, DayRow, Flow, OldestRow, ReachedRow, WindowRow};
use crate::db::known;
use crate::kept_metrics::Asked;
use crate::model::{
    ActorFlow, ActorKind, AgingCard, BoardId, BoardMetrics, BoardRef, ColumnFlow, ColumnKind, DEFAULT_DAYS, FlowDay,
    FlowEfficiency, MetricsWindow, Removed, Seconds, Spread, StraightToDone, Window, WipMetrics, bottleneck,
    unknown_time_zone,
};
use crate::{Error, Kanban, Result};

/// From so many counted visits on, the sums are worth keeping.
const MANY_VISITS: i64 = 1_000;

/// What rests on so many visits or more is kept for a moment and renewed in the background.
const TOO_MANY_VISITS: i64 = 20_000;

impl Kanban {
    /// How work flowed over a board in a stretch of time: work in progress, throughput, cycle and lead time, age, flow
    /// efficiency, time in columns, the bottleneck, cumulative flow, and the same by kind of actor.
    ///
    /// A card counts for the board on which it was finished, and a visit for the board on which it was. What is finished
    /// is what is finished now: a card that was reopened has left the throughput until it is finished again. Work in
    /// progress and ages are those at the end of the window, whenever that was.
    ///
    /// The figures are computed from the visits that overlap the window, so their cost goes with that, and not with all
    /// that was ever on the board. Where these are 20,000 or more, the answer is kept and renewed in the background while it
    /// is asked for: it may then be up to 60 seconds old, and says so in `age_seconds`. In a
    /// [`transaction`](Self::transaction) it is always computed.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let task = kanban.claim_next("claude-1", ClaimNext::default()).await?.items.remove(0);
    /// kanban.complete_card(task.id, task.claim.unwrap().epoch).await?;
    /// let metrics = kanban.board_metrics(board.board.id, MetricsWindow::default()).await?;
    /// assert_eq!((metrics.finished, metrics.wip.at_end, metrics.cycle_time.count), (1, 0, 1));
    /// assert_eq!(metrics.days.last().unwrap().done, 1);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) for a window that is backwards, too long
    /// or not over yet, and for a time zone that nobody knows.
    pub async fn board_metrics(&self, board: impl Into<BoardRef>, window: MetricsWindow) -> Result<BoardMetrics> {
        let row = self.window(&board.into(), &window).await?;
        let asked = Asked { tenant: self.tenant().clone(), board: row.id, window };
        if self.is_in_transaction() {
            return self.compute(row).await;
        }
        let Some(given) = self.store.kept_metrics().look(&asked, Instant::now()) else {
            return self.compute_and_keep(row, asked).await;
        };
        if given.is_due {
            tokio::spawn(self.clone().renew(asked));
        }
        let age_seconds = Seconds::from_micros(given.age.as_micros() as i64);
        Ok(BoardMetrics { age_seconds, ..BoardMetrics::clone(&given.metrics) })
    }

    /// Computes an answer that others are given meanwhile as it was.
    async fn renew(self, asked: Asked) {
        let renewed = async {
            let row = self.window(&BoardId::from(asked.board).into(), &asked.window).await?;
            self.compute_and_keep(row, asked.clone()).await
        };
        if let Err(error) = renewed.await {
            // whoever asks next is told what is wrong
            tracing::warn!(error.message = %error, "metrics could not be renewed");
            self.store.kept_metrics().forget(&asked);
        }
    }

    async fn compute_and_keep(&self, row: WindowRow, asked: Asked) -> Result<BoardMetrics> {
        let begun = Instant::now();
        let metrics = self.compute(row).await?;
        let visits: i64 = metrics.columns.iter().map(|column| column.visits.unwrap_or(column.arrivals)).sum();
        if visits >= TOO_MANY_VISITS {
            self.store.kept_metrics().keep(asked, metrics.clone(), begun, Instant::now());
        } else {
            self.store.kept_metrics().forget(&asked);
        }
        Ok(metrics)
    }

    async fn compute(&self, row: WindowRow) -> Result<BoardMetrics> {
        self.store.collisions().settled().await;
        let flow = self.read(|conn, t| flow::flow(conn, t, &row)).await?;
        let is_past = row.now - row.since > time::Duration::days(1);
        if flow.reached.counted > MANY_VISITS && is_past && !self.is_in_transaction() {
            self.run(&[], |conn, t, _| flow::keep_checkpoint(conn, t, &row)).await?;
        }
        Ok(metrics(row, flow))
    }

    /// The board, and the window that was asked for or its defaults.
    pub(crate) async fn window(&self, board: &BoardRef, asked: &MetricsWindow) -> Result<WindowRow> {
        if let Some(zone) = &asked.time_zone
            && !self.store.knows_time_zone(zone).await?
        {
            return Err(unknown_time_zone());
        }
        let row = self.read(|conn, t| flow::window(conn, t, board, asked, DEFAULT_DAYS)).await?;
        let row = row.ok_or_else(|| Error::not_found("board", board.to_string()))?;
        span(&row).validate(row.now.into())?;
        Ok(row)
    }
}

fn span(row: &WindowRow) -> Window {
    Window { since: row.since.into(), until: row.until.into(), time_zone: row.time_zone.clone() }
}

fn metrics(row: WindowRow, flow: Flow) -> BoardMetrics {
    let window = span(&row);
    let length = window.until.unix_micros() - window.since.unix_micros();
    let item_seconds = flow::seconds(&flow.wip.item_micros);
    let total_seconds = flow.finished.cycle.total_seconds();
    let doing_seconds = flow::seconds(&flow.finished.doing_micros);
    let cycle_time = Spread::from(&flow.finished.cycle.0);
    let by_actor_kind = by_actor_kind(&flow);
    let columns: Vec<ColumnFlow> = flow.columns.into_iter().map(column).collect();
    let days = days(&row, flow.wip.at_start, flow.reached, flow.days);
    BoardMetrics {
        board_id: row.id.into(),
        board: row.key,
        age_seconds: Seconds::default(),
        wip: WipMetrics {
            at_start: flow.wip.at_start,
            at_end: flow.wip.at_end,
            average: item_seconds * 1e6 / length as f64,
            item_seconds,
            age: Spread::from(&flow.wip.age.0),
            oldest: flow.oldest.into_iter().map(aging).collect(),
        },
        finished: cycle_time.count,
        finished_per_day: cycle_time.count as f64 / days.len() as f64,
        lead_time: Spread::from(&flow.finished.lead.0),
        straight_to_done: StraightToDone { count: flow.finished.straight, cards: flow.finished.straight_cards },
        flow_efficiency: FlowEfficiency {
            ratio: (total_seconds > 0.0).then(|| doing_seconds / total_seconds),
            doing_seconds,
            total_seconds,
        },
        cycle_time,
        reopened: flow.removed.reopened,
        removed: Removed {
            deleted: flow.removed.deleted,
            deleted_in_progress: flow.removed.deleted_in_progress,
            archived: flow.removed.archived,
            archived_in_progress: flow.removed.archived_in_progress,
        },
        bottleneck: bottleneck(&columns),
        columns,
        by_actor_kind,
        days,
        window,
    }
}

fn aging(row: OldestRow) -> AgingCard {
    AgingCard {
        id: row.id.into(),
        key: row.key,
        title: row.title,
        column: row.column_name,
        age_seconds: Seconds::from_micros(row.age),
    }
}

fn column(row: ColumnRow) -> ColumnFlow {
    let kind: ColumnKind = known(&row.kind);
    // nothing was in it: that is 0, but in a done column, which keeps no clock
    let or_none = |count: Option<i64>| count.or((kind != ColumnKind::Done).then_some(0));
    ColumnFlow {
        id: row.id.into(),
        name: row.name,
        kind,
        wip_limit: row.wip_limit,
        cards: or_none(row.cards),
        arrivals: row.arrivals,
        returns: row.returns,
        departures: or_none(row.departures),
        visits: or_none(row.visits),
        seconds: row.micros.map(|micros| flow::seconds(&micros)).or((kind != ColumnKind::Done).then_some(0.0)),
        age_p85_seconds: row.age.and_then(|age| Spread::from(&age.0).p85_seconds),
    }
}

/// Every day of the window, with the sums as they were at its end.
fn days(window: &WindowRow, wip: i64, reached: ReachedRow, rows: Vec<DayRow>) -> Vec<FlowDay> {
    let (first, last) = (window.first_day, window.last_day);
    let mut by_day: BTreeMap<_, Vec<DayRow>> = BTreeMap::new();
    for row in rows {
        // clocks that are put back over midnight show a day again that was over
        by_day.entry(row.day.clamp(first, last)).or_default().push(row);
    }
    let mut sums = FlowDay {
        day: first.into(),
        finished: 0,
        wip,
        backlog: reached.backlog,
        todo: reached.todo,
        doing: reached.doing,
        done: reached.done,
    };
    let days = std::iter::successors(Some(first), |day| day.next_day().filter(|day| *day <= last));
    let days = days.map(|day| {
        sums.day = day.into();
        sums.finished = 0;
        for row in by_day.get(&day).into_iter().flatten() {
            sums.finished += row.finished;
            sums.wip += row.wip;
            sums.backlog += row.backlog;
            sums.todo += row.todo;
            sums.doing += row.doing;
            sums.done += row.done;
        }
        sums.clone()
    });
    days.collect()
}

/// What each kind of actor did, where it did anything.
fn by_actor_kind(flow: &Flow) -> Vec<ActorFlow> {
    let kinds = [ActorKind::Agent, ActorKind::Human, ActorKind::System].into_iter();
    let flows = kinds.filter_map(|kind| {
        let finished = flow.finished_by_kind.iter().find(|row| row.kind() == kind);
        let claims = flow.claims_by_kind.iter().find(|row| row.kind() == kind);
        let collisions = flow.collisions_by_kind.iter().find(|row| row.kind() == kind);
        if finished.is_none() && claims.is_none() && collisions.is_none() {
            return None;
        }
        Some(ActorFlow {
            kind,
            finished: finished.map_or(0, |row| row.finished),
            cycle_time: finished.map(|row| Spread::from(&row.cycle.0)).unwrap_or_default(),
            claims: claims.map_or(0, |row| row.claims),
            reclaims: claims.map_or(0, |row| row.reclaims),
            released: claims.map_or(0, |row| row.released),
            expired: claims.map_or(0, |row| row.expired),
            queue_wait: claims.map(|row| Spread::from(&row.queue_wait.0)).unwrap_or_default(),
            lease_time: claims.map(|row| Spread::from(&row.lease_time.0)).unwrap_or_default(),
            collisions: collisions.map(|row| row.collisions.into()).unwrap_or_default(),
        })
    });
    flows.collect()
}
