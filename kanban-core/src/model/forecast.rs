//! When work will be done, from how much was finished each day until now.

use serde::{Deserialize, Serialize};

use super::check::Check;
use super::{BoardId, Day};
use crate::Result;

/// How often the future is drawn.
pub(crate) const RUNS: usize = 10_000;

/// The days of history that are drawn from where nobody says.
const DEFAULT_HISTORY_DAYS: u32 = 90;

/// How many days ahead a count of cards is forecast where nobody says.
const DEFAULT_AHEAD_DAYS: i64 = 14;

/// The furthest that is looked ahead: ten years.
const HORIZON_DAYS: usize = 3650;

/// The likelihoods that are answered, in percent.
const LIKELIHOODS: [u32; 4] = [50, 70, 85, 95];

/// Below these a forecast says that it rests on little.
const ENOUGH_DAYS: usize = 14;
const ENOUGH_DAYS_WITH_FINISHES: usize = 5;

/// What to forecast, and from what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct ForecastOptions {
    /// How many cards will be finished by the end of this day; in 14 days when absent. At most ten years ahead.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub by: Option<Day>,
    /// When so many cards will be finished: 1 to 100,000. When absent, the board's unfinished cards outside its backlog.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 100000))]
    pub cards: Option<u32>,
    /// How many days before today to draw from: 1 to 731, 90 when absent. Days before the board began are left out.
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 731, default = 90))]
    pub history_days: Option<u32>,
    /// Where the random numbers begin: the same history and seed give the same forecast. Chosen by chance when absent.
    #[cfg_attr(feature = "openapi", param(minimum = 0, maximum = 4294967295_u32))]
    pub seed: Option<u32>,
    /// The IANA time zone in which days are counted, such as `Europe/Berlin`; the board's when absent.
    #[cfg_attr(feature = "openapi", param(max_length = 64))]
    pub time_zone: Option<String>,
}

impl ForecastOptions {
    pub(crate) fn validate(&self) -> Result<()> {
        let mut check = Check::default();
        if self.cards.is_some_and(|cards| !(1..=100_000).contains(&cards)) {
            check.fails("/cards", "must be from 1 to 100000");
        }
        if self.history_days.is_some_and(|days| !(1..=731).contains(&days)) {
            check.fails("/history_days", "must be from 1 to 731");
        }
        check.done()
    }

    pub(crate) fn history_days(&self) -> u32 {
        self.history_days.unwrap_or(DEFAULT_HISTORY_DAYS)
    }

    /// The day up to which cards are counted, seen from today.
    pub(crate) fn by(&self, today: Day) -> Result<Day> {
        let by = self.by.unwrap_or_else(|| today.plus(DEFAULT_AHEAD_DAYS));
        if !(1..=HORIZON_DAYS as i64).contains(&today.days_until(by)) {
            let (first, last) = (today.plus(1), today.plus(HORIZON_DAYS as i64));
            return Err(crate::Error::invalid("/by", format!("must be from {first} to {last}")));
        }
        Ok(by)
    }
}

/// How much will be done by a day, and when a number of cards will be done.
///
/// Each of 10,000 runs draws the finished cards of each coming day, from tomorrow on, from the days of the history, those
/// without any too. Today is left out on both sides, for it is not over.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Forecast {
    /// The board's id.
    pub board_id: BoardId,
    /// Its key.
    pub board: String,
    /// Today, in the time zone.
    pub today: Day,
    /// The time zone in which days are counted.
    pub time_zone: String,
    /// Where the random numbers began; give it again for the same forecast.
    pub seed: u32,
    /// How often the future was drawn.
    pub runs: usize,
    /// What it was drawn from.
    pub history: History,
    /// Why to trust it less; empty when there is nothing against it.
    pub warnings: Vec<ForecastWarning>,
    /// How many cards will be finished by a day.
    pub by_day: CardsByDay,
    /// When a number of cards will be finished; null when there is none to finish.
    pub until_done: Option<UntilDone>,
}

/// The days that a forecast was drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct History {
    /// The first of them; null when there is none.
    pub first_day: Option<Day>,
    /// How many: up to yesterday.
    pub days: usize,
    /// Those on which something was finished.
    pub days_with_finishes: usize,
    /// Cards finished on them.
    pub finished: i64,
}

named! {
    /// Why to trust a forecast less.
    ForecastWarning {
        /// The history has fewer than 14 days, or fewer than 5 on which anything was finished.
        ShortHistory = "short_history",
        /// Nothing was finished in the history, so nothing is forecast to be.
        NothingFinished = "nothing_finished",
        /// Some of the answers are more than ten years ahead, where no forecast goes.
        BeyondHorizon = "beyond_horizon",
    }
}

/// How many cards will be finished by the end of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CardsByDay {
    /// The day.
    pub day: Day,
    /// Whole days from tomorrow up to it.
    pub days: i64,
    /// How many at least, and how likely that is.
    pub likely: Vec<LikelyCards>,
}

/// So many cards or more, with this likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LikelyCards {
    /// In so many of 100 runs at least.
    pub percent: u32,
    /// So many cards or more were finished.
    pub cards: u64,
}

/// When a number of cards will be finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct UntilDone {
    /// How many cards.
    pub cards: u32,
    /// By when, and how likely that is.
    pub likely: Vec<LikelyDay>,
}

/// On this day or before, with this likelihood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LikelyDay {
    /// In so many of 100 runs at least.
    pub percent: u32,
    /// They were finished by the end of this day; null when it is more than ten years ahead.
    pub day: Option<Day>,
    /// Whole days from tomorrow up to it.
    pub days: Option<i64>,
}

/// What the runs brought.
pub(crate) struct Drawn {
    pub(crate) by_day: Vec<LikelyCards>,
    /// Likelihood and days; `None` beyond the horizon.
    pub(crate) until_done: Vec<(u32, Option<usize>)>,
}

/// Draws the future: how much is finished in `days` days, and after how many days `cards` are. `history` has the cards
/// finished on each day. With nothing in it, nothing will ever be.
pub(crate) fn draw(history: &[u32], seed: u32, days: usize, cards: u32) -> Drawn {
    let mut random = Random(u64::from(seed));
    let is_hopeless = history.iter().all(|finished| *finished == 0);
    let mut finished_by: Vec<u64> = Vec::with_capacity(RUNS);
    let mut days_until: Vec<Option<usize>> = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let (mut total, mut by, mut until) = (0_u64, 0_u64, (cards == 0).then_some(0));
        let mut day = 0;
        while !is_hopeless && day < HORIZON_DAYS && (day < days || until.is_none()) {
            total += u64::from(history[random.below(history.len())]);
            day += 1;
            if day == days {
                by = total;
            }
            if until.is_none() && total >= u64::from(cards) {
                until = Some(day);
            }
        }
        finished_by.push(by);
        days_until.push(until);
    }
    finished_by.sort_unstable_by(|a, b| b.cmp(a));
    // never comes last
    days_until.sort_unstable_by_key(|days| days.unwrap_or(usize::MAX));
    Drawn {
        by_day: LIKELIHOODS.map(|percent| LikelyCards { percent, cards: finished_by[rank(percent)] }).to_vec(),
        until_done: LIKELIHOODS.map(|percent| (percent, days_until[rank(percent)])).to_vec(),
    }
}

/// Where in the sorted runs a percentile is: the nearest rank.
fn rank(percent: u32) -> usize {
    (RUNS * percent as usize).div_ceil(100) - 1
}

pub(crate) fn warnings(history: &[u32], drawn: &Drawn) -> Vec<ForecastWarning> {
    let with_finishes = history.iter().filter(|finished| **finished > 0).count();
    let mut warnings = Vec::new();
    if history.len() < ENOUGH_DAYS || with_finishes < ENOUGH_DAYS_WITH_FINISHES {
        warnings.push(ForecastWarning::ShortHistory);
    }
    if with_finishes == 0 {
        warnings.push(ForecastWarning::NothingFinished);
    } else if drawn.until_done.iter().any(|(_, days)| days.is_none()) {
        warnings.push(ForecastWarning::BeyondHorizon);
    }
    warnings
}

/// Random numbers that are the same for a seed on every machine and in every release: a counter in steps of 2⁶⁴ over the
/// golden ratio, each value stirred by shifts and odd factors (the generator known as SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let stirred = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let stirred = (stirred ^ (stirred >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        stirred ^ (stirred >> 31)
    }

    /// From 0 up to and without `end`. None is likelier than another by more than 2⁻⁵⁰.
    fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::{ForecastWarning, HORIZON_DAYS, draw, warnings};

    fn cards(history: &[u32], days: usize) -> Vec<u64> {
        draw(history, 7, days, 1).by_day.iter().map(|likely| likely.cards).collect()
    }

    fn days(history: &[u32], cards: u32) -> Vec<Option<usize>> {
        draw(history, 7, 1, cards).until_done.iter().map(|(_, days)| *days).collect()
    }

    #[test]
    fn without_chance_it_is_arithmetic() {
        assert_eq!(cards(&[3, 3, 3], 10), [30; 4]);
        assert_eq!(days(&[3, 3, 3], 30), [Some(10); 4]);
        assert_eq!(days(&[3, 3, 3], 31), [Some(11); 4]);
        assert_eq!(cards(&[0, 0], 10), [0; 4]);
        assert_eq!(days(&[0, 0], 1), [None; 4]);
        assert_eq!(days(&[], 1), [None; 4]);
        assert_eq!(days(&[1], HORIZON_DAYS as u32 + 1), [None; 4]);
    }

    /// One day ahead, each run is one draw: the percentiles are those of the history itself.
    #[test]
    fn one_day_ahead_has_the_odds_of_the_history() {
        // 0 on four days of ten, 1 on four, 5 on two
        let history = [0, 1, 5, 0, 1, 0, 1, 5, 0, 1];
        assert_eq!(cards(&history, 1), [1, 0, 0, 0], "at least 1 in 60 of 100, so in 50; at least 0 always");
        // until the first card: 1 day in 60 of 100, 2 in 84, 3 in 93.6, 4 in 97.4
        assert_eq!(days(&history, 1), [Some(1), Some(2), Some(3), Some(4)]);
    }

    /// Against the exact distribution: the number of finishes of so many coin tosses.
    #[test]
    fn many_days_ahead_agrees_with_the_binomial_distribution() {
        let mut chance = [0.0; 41];
        chance[0] = 1.0;
        for toss in 1..=40 {
            for k in (1..=toss).rev() {
                chance[k] = (chance[k] + chance[k - 1]) / 2.0;
            }
            chance[0] /= 2.0;
        }
        let at_least = |k: usize| chance[k..].iter().sum::<f64>();
        for seed in [1, 2, 3_000_000_000] {
            for likely in draw(&[0, 1], seed, 40, 1).by_day {
                // 10,000 runs: a standard error of at most half a percent; five of them are never seen
                let (k, wanted) = (likely.cards as usize, f64::from(likely.percent) / 100.0);
                assert!(at_least(k) > wanted - 0.025, "{likely:?}: {}", at_least(k));
                assert!(at_least(k + 1) < wanted + 0.025, "{likely:?}: {}", at_least(k + 1));
            }
        }
    }

    #[test]
    fn a_seed_gives_the_same_forecast_and_another_seed_another_course() {
        let history = [0, 2, 1, 0, 7, 3, 0, 0, 1, 4];
        let course = |seed| {
            let drawn = draw(&history, seed, 200, 400);
            (drawn.by_day, drawn.until_done)
        };
        assert_eq!(course(1), course(1));
        assert_ne!(course(1), course(2));
    }

    #[test]
    fn a_history_that_says_little_is_warned_of() {
        let of = |history: &[u32], cards| warnings(history, &draw(history, 1, 1, cards));
        assert_eq!(of(&[1; 14], 5), []);
        assert_eq!(of(&[1; 13], 5), [ForecastWarning::ShortHistory]);
        let rare: Vec<u32> = (0..90).map(|day| u32::from(day % 20 == 0)).collect();
        assert_eq!(of(&rare, 5), [], "five days of ninety");
        assert_eq!(of(&rare[1..], 5), [ForecastWarning::ShortHistory]);
        assert_eq!(of(&[0; 90], 5), [ForecastWarning::ShortHistory, ForecastWarning::NothingFinished]);
        assert_eq!(of(&[1; 14], 4000), [ForecastWarning::BeyondHorizon]);
    }
}
