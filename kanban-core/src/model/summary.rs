//! What one agent did in a stretch of time.

use serde::{Deserialize, Serialize};

use super::{BoardRef, Collisions, Day, MetricsWindow, Spread, Timestamp, Window};

/// What to sum up: where, and in which stretch of time.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields, default)]
pub struct SummaryFilter {
    /// Only on this board, by id or key; on every board when absent.
    #[serde(rename = "board_id")]
    pub board: Option<BoardRef>,
    /// The first moment. When absent, the beginning of the day (in the time zone) 30 days before the end.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub from: Option<Timestamp>,
    /// The end; now when absent. It may not be in the future, and at most 731 days behind the beginning.
    #[cfg_attr(feature = "openapi", param(inline))]
    pub to: Option<Timestamp>,
    /// The IANA time zone in which days are counted; the board's when absent, or UTC without a board.
    #[cfg_attr(feature = "openapi", param(max_length = 64))]
    pub time_zone: Option<String>,
}

impl SummaryFilter {
    pub(crate) fn window(&self) -> MetricsWindow {
        MetricsWindow { from: self.from, to: self.to, time_zone: self.time_zone.clone() }
    }
}

/// What an agent did in a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgentSummary {
    /// The agent.
    pub agent_id: String,
    /// Key of the board, if only one was asked about.
    pub board: Option<String>,
    /// The stretch of time.
    pub window: Window,
    /// Cards that it finished: under its claim, or moved to done itself where nobody held them. One that was reopened since
    /// is not finished.
    pub finished: i64,
    /// The same a day, over all days of the window, those without any too.
    pub finished_per_day: f64,
    /// From start to finish of these cards.
    pub cycle_time: Spread,
    /// Cards in progress now that it holds or is assigned to.
    pub in_progress: i64,
    /// Live claims that it holds now.
    pub held: i64,
    /// Claims that it was given in the window.
    pub claimed: i64,
    /// Claims that it gave back in the window.
    pub released: i64,
    /// Its leases that ended in the window before it had finished the card or given it back.
    pub expired: i64,
    /// How often a card that it had finished was taken up again in the window, by whomever.
    pub reopened: i64,
    /// Comments that it wrote in the window.
    pub comments: i64,
    /// Its writes that were refused in the window.
    pub collisions: Collisions,
    /// How long cards waited until it claimed them, for its claims that ended in the window.
    pub queue_wait: Spread,
    /// How long these claims lasted.
    pub lease_time: Spread,
    /// Each day that the window touches.
    pub days: Vec<FinishedDay>,
}

/// What was finished on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FinishedDay {
    /// The day, in the window's time zone.
    pub day: Day,
    /// Cards finished on it.
    pub finished: i64,
}
