//! What one agent did.

use crate::db::summary::{self, SpanRow};
use crate::model::{AgentSummary, DEFAULT_DAYS, FinishedDay, Spread, SummaryFilter, Window, unknown_time_zone};
use crate::{Kanban, Result};

impl Kanban {
    /// What an agent did in a stretch of time: finished, claimed, gave back, let expire, how long it took, and where it
    /// collided with others. An agent that did nothing, or that nobody knows, has done nothing.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let task = kanban.claim_next("claude-1", ClaimNext::default()).await?.items.remove(0);
    /// kanban.complete_card(task.id, task.claim.unwrap().epoch).await?;
    /// let summary = kanban.agent_summary("claude-1", SummaryFilter::default()).await?;
    /// assert_eq!((summary.claimed, summary.finished, summary.in_progress), (1, 1, 0));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](crate::Error::NotFound) for the board; [`Invalid`](crate::Error::Invalid) for a window that is
    /// backwards, too long or not over yet, and for a time zone that nobody knows.
    pub async fn agent_summary(&self, agent: &str, filter: SummaryFilter) -> Result<AgentSummary> {
        crate::Actor::agent(agent).validate()?;
        let asked = filter.window();
        let (board, zone, span) = match &filter.board {
            Some(board) => {
                let row = self.window(board, &asked).await?;
                let span = SpanRow {
                    now: row.now,
                    since: row.since,
                    until: row.until,
                    first_day: row.first_day,
                    last_day: row.last_day,
                };
                (Some((row.id, row.key)), row.time_zone, span)
            }
            None => {
                let zone = asked.time_zone.clone().unwrap_or_else(|| "UTC".to_owned());
                if !self.store.knows_time_zone(&zone).await? {
                    return Err(unknown_time_zone());
                }
                let span = self.read(|conn, _| summary::window(conn, &zone, &asked, DEFAULT_DAYS)).await?;
                (None, zone, span)
            }
        };
        let window = Window { since: span.since.into(), until: span.until.into(), time_zone: zone };
        window.validate(span.now.into())?;
        self.store.collisions().settled().await;
        let id = board.as_ref().map(|(id, _)| *id);
        let found = self.read(|conn, t| summary::summary(conn, t, agent, id, &span, &window.time_zone)).await?;
        let cycle_time = Spread::from(&found.cycle);
        let days = days(&span, &found);
        Ok(AgentSummary {
            agent_id: agent.to_owned(),
            board: board.map(|(_, key)| key),
            window,
            finished: cycle_time.count,
            finished_per_day: cycle_time.count as f64 / days.len() as f64,
            cycle_time,
            in_progress: found.now.in_progress,
            held: found.now.held,
            claimed: found.claims.claimed,
            released: found.claims.released,
            expired: found.claims.expired,
            reopened: found.reopened,
            comments: found.comments,
            collisions: found.collisions.into(),
            queue_wait: Spread::from(&found.claims.queue_wait.0),
            lease_time: Spread::from(&found.claims.lease_time.0),
            days,
        })
    }
}

/// Every day of the window.
fn days(span: &SpanRow, found: &summary::Summary) -> Vec<FinishedDay> {
    let days = std::iter::successors(Some(span.first_day), |day| day.next_day().filter(|day| *day <= span.last_day));
    let finished = |day: time::Date| {
        let rows = found.days.iter().filter(|row| row.day.clamp(span.first_day, span.last_day) == day);
        rows.map(|row| row.finished).sum()
    };
    days.map(|day| FinishedDay { day: day.into(), finished: finished(day) }).collect()
}
