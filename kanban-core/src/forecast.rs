//! When work will be done.

use crate::db::flow;
use crate::model::{
    BoardRef, CardsByDay, Day, Forecast, ForecastOptions, History, LikelyDay, RUNS, UntilDone, draw, unknown_time_zone,
    warnings,
};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// How many cards will be finished by a day, and when a number of cards will be finished, each with its likelihood:
    /// drawn 10,000 times from how many were finished on each day until yesterday.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let forecast = kanban.forecast(board.board.id, ForecastOptions { seed: Some(1), ..Default::default() }).await?;
    /// // the board began today: there is no day to draw from yet
    /// assert_eq!(forecast.warnings, [ForecastWarning::ShortHistory, ForecastWarning::NothingFinished]);
    /// assert_eq!(forecast.until_done.unwrap().cards, 1);
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the board; [`Invalid`](Error::Invalid) for a day that is not ahead, a number out
    /// of range, or a time zone that nobody knows.
    pub async fn forecast(&self, board: impl Into<BoardRef>, options: ForecastOptions) -> Result<Forecast> {
        options.validate()?;
        if let Some(zone) = &options.time_zone
            && !self.store.knows_time_zone(zone).await?
        {
            return Err(unknown_time_zone());
        }
        let (board, days) = (board.into(), options.history_days());
        let found = self.read(|conn, t| flow::history(conn, t, &board, options.time_zone.as_deref(), days)).await?;
        let Some((head, rows)) = found else { return Err(Error::not_found("board", board.to_string())) };
        let today = Day::from(head.today);
        let by = options.by(today)?;
        let ahead = today.days_until(by);
        let seed = options.seed.unwrap_or_else(rand::random);
        let cards = options.cards.unwrap_or(u32::try_from(head.open).unwrap_or(u32::MAX).min(100_000));
        let first = Day::from(head.first_day);
        // one number for each day from the first up to yesterday; what has no row had nothing finished
        let mut history = vec![0_u32; first.days_until(today).max(0) as usize];
        for row in rows {
            if let Some(day) = usize::try_from(first.days_until(row.day.into())).ok().and_then(|i| history.get_mut(i)) {
                *day += u32::try_from(row.finished).unwrap_or(u32::MAX);
            }
        }
        // up to 36 million draws: not on a thread that others wait for
        let drawing = tokio::task::spawn_blocking(move || {
            let drawn = draw(&history, seed, ahead as usize, cards);
            (warnings(&history, &drawn), history, drawn)
        });
        let (warnings, history, drawn) = drawing.await.map_err(Error::internal)?;
        let likely = drawn.until_done.iter().map(|(percent, days)| LikelyDay {
            percent: *percent,
            day: days.map(|days| today.plus(days as i64)),
            days: days.map(|days| days as i64),
        });
        Ok(Forecast {
            board_id: head.id.into(),
            board: head.key,
            today,
            time_zone: head.time_zone,
            seed,
            runs: RUNS,
            history: History {
                first_day: (!history.is_empty()).then_some(first),
                days: history.len(),
                days_with_finishes: history.iter().filter(|finished| **finished > 0).count(),
                finished: history.iter().map(|finished| i64::from(*finished)).sum(),
            },
            warnings,
            by_day: CardsByDay { day: by, days: ahead, likely: drawn.by_day },
            until_done: (cards > 0).then(|| UntilDone { cards, likely: likely.collect() }),
        })
    }
}
