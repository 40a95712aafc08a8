//! How work flows over a board: the answers.
//!
//! Lengths of time are exact to the microsecond and given in seconds; whoever shows them rounds them.

use serde::Serialize;

use super::{ActorKind, BoardId, CardId, ColumnId, ColumnKind, Day, Seconds, Window};

/// How lengths of time are spread. Percentiles are by nearest rank: each is a length that was really there.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Spread {
    /// How many there are.
    pub count: i64,
    /// Their mean, in seconds; null when there is none.
    pub mean_seconds: Option<f64>,
    /// Half of them are no longer.
    pub p50_seconds: Option<Seconds>,
    /// 85 of 100 are no longer.
    pub p85_seconds: Option<Seconds>,
    /// 95 of 100 are no longer.
    pub p95_seconds: Option<Seconds>,
}

/// How work flowed over a board in a stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BoardMetrics {
    /// The board's id.
    pub board_id: BoardId,
    /// Its key.
    pub board: String,
    /// The stretch of time.
    pub window: Window,
    /// How old these figures are. 0 when they were computed for this answer, as they are unless so much happened in the
    /// window (20,000 visits of columns) that it takes long; then up to 60 seconds, and renewed in the background.
    pub age_seconds: Seconds,
    /// Work in progress: started and not finished.
    pub wip: WipMetrics,
    /// Cards finished in the window, each once. One that was reopened since is not finished.
    pub finished: i64,
    /// Finished cards a day, over all days of the window, those without any too.
    pub finished_per_day: f64,
    /// From the first start of a finished card to its last finish.
    pub cycle_time: Spread,
    /// From the creation of a finished card to its last finish.
    pub lead_time: Spread,
    /// Finished cards that nobody was seen to work on: they started when they finished, so their cycle time is 0.
    pub straight_to_done: StraightToDone,
    /// How much of the time between start and finish was work.
    pub flow_efficiency: FlowEfficiency,
    /// How often finished cards were taken up again.
    pub reopened: i64,
    /// Unfinished cards that left the board's flow without being finished.
    pub removed: Removed,
    /// Each column, in their order.
    pub columns: Vec<ColumnFlow>,
    /// The column that holds the flow up most; null when nothing tells one from the others.
    pub bottleneck: Option<Bottleneck>,
    /// The same by the kind of actor whose work it was.
    pub by_actor_kind: Vec<ActorFlow>,
    /// Each day that the window touches.
    pub days: Vec<FlowDay>,
}

/// Work in progress: started and not finished.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct WipMetrics {
    /// Cards in progress when the window began.
    pub at_start: i64,
    /// Cards in progress at its end.
    pub at_end: i64,
    /// The mean over the window.
    pub average: f64,
    /// The time that all cards together were in progress in the window: the area under the line of work in progress.
    pub item_seconds: f64,
    /// How long the cards in progress at the end of the window had been so.
    pub age: Spread,
    /// The oldest of them, at most 10.
    pub oldest: Vec<AgingCard>,
}

/// A card in progress.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AgingCard {
    /// Its id.
    pub id: CardId,
    /// Its key.
    pub key: String,
    /// What is to be done, in one line.
    pub title: String,
    /// The column in which it was.
    pub column: String,
    /// How long it had been in progress at the end of the window.
    pub age_seconds: Seconds,
}

/// Cards that went from a queue to done without having been worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StraightToDone {
    /// How many.
    pub count: i64,
    /// Keys of those that were finished first, at most 10.
    pub cards: Vec<String>,
}

/// How much of the time between start and finish was work, for the finished cards.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowEfficiency {
    /// Time in doing columns over time from start to finish: 0 to 1; null when no time passed.
    pub ratio: Option<f64>,
    /// Time in doing columns, of all finished cards together.
    pub doing_seconds: f64,
    /// Time from start to finish, of all finished cards together.
    pub total_seconds: f64,
}

/// Unfinished cards that left the board's flow. They count in no throughput and no cycle time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Removed {
    /// Deleted in the window, and still so.
    pub deleted: i64,
    /// Those of them that had been started.
    pub deleted_in_progress: i64,
    /// Taken along when the board was archived in the window.
    pub archived: i64,
    /// Those of them that had been started.
    pub archived_in_progress: i64,
}

/// What went through a column.
///
/// A done column keeps no clock: where work is over, nothing waits. What would need one is null there.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ColumnFlow {
    /// The column's id.
    pub id: ColumnId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: ColumnKind,
    /// Its WIP limit now.
    pub wip_limit: Option<i32>,
    /// Cards in it at the end of the window.
    pub cards: Option<i64>,
    /// Visits of cards to it that began in the window.
    pub arrivals: i64,
    /// Those of them by cards that had been in it before.
    pub returns: i64,
    /// Visits to it that ended in the window, by whatever way out.
    pub departures: Option<i64>,
    /// Visits to it that overlap the window.
    pub visits: Option<i64>,
    /// Time that cards spent in it in the window, all together, in seconds.
    pub seconds: Option<f64>,
    /// How long 85 of 100 cards in it at the end of the window had been in it at most.
    pub age_p85_seconds: Option<Seconds>,
}

named! {
    /// What tells that a column holds the flow up.
    BottleneckSign {
        /// More cards arrive in it than depart.
        ArrivalsMinusDepartures = "arrivals_minus_departures",
        /// Cards in it are older than elsewhere.
        Age = "age",
        /// It is closer to its WIP limit than others, or further beyond.
        WipLimit = "wip_limit",
    }
}

/// The column that holds the flow up most.
///
/// Of the todo and doing columns: the one that fills up most; where none fills up, or several do as much, the one whose
/// cards are oldest at the 85th percentile; where that is equal too, the one closest to its WIP limit. What is in a backlog
/// nobody has promised, and what is done is done: neither can be a bottleneck.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Bottleneck {
    /// The column's id.
    pub id: ColumnId,
    /// Its name.
    pub name: String,
    /// What the judgement rests on.
    pub sign: BottleneckSign,
    /// How many more cards arrived than departed in the window.
    pub arrivals_minus_departures: i64,
    /// How long 85 of 100 of its cards had been in it at most.
    pub age_p85_seconds: Option<Seconds>,
    /// Its cards over its WIP limit; null without a limit.
    pub wip_against_limit: Option<f64>,
}

/// One day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FlowDay {
    /// The day, in the window's time zone.
    pub day: Day,
    /// Cards finished on it.
    pub finished: i64,
    /// Cards in progress at its end, or at the end of the window.
    pub wip: i64,
    /// Cumulative flow: cards that had ever come to the board by its end, from the board's first day on.
    pub backlog: i64,
    /// Cards that had come as far as a todo column, or further.
    pub todo: i64,
    /// Cards that had come as far as a doing column, or further.
    pub doing: i64,
    /// Cards that had come as far as a done column, be they there still or not.
    pub done: i64,
}

/// How work flowed through the hands of one kind of actor.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActorFlow {
    /// The kind of actor.
    pub kind: ActorKind,
    /// Cards it finished: the agent's that held the card, else whoever moved it.
    pub finished: i64,
    /// Their cycle times.
    pub cycle_time: Spread,
    /// Its claims that ended in the window.
    pub claims: i64,
    /// Those of cards whose claim before was given back or expired.
    pub reclaims: i64,
    /// Those that were given back.
    pub released: i64,
    /// Those that nobody ended before their lease did.
    pub expired: i64,
    /// How long the cards had been waiting for somebody to take them, until they were claimed.
    pub queue_wait: Spread,
    /// How long the claims lasted.
    pub lease_time: Spread,
    /// Its writes that were refused.
    pub collisions: Collisions,
}

/// Writes that were refused because somebody else had been faster. Counted by the minute in which they were sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Collisions {
    /// They named a version that had been passed.
    pub versions: i64,
    /// They named a claim that was over.
    pub epochs: i64,
}

/// The column that holds the flow up most, if the signs tell one.
pub(crate) fn bottleneck(columns: &[ColumnFlow]) -> Option<Bottleneck> {
    let signs = |column: &ColumnFlow| {
        let net = column.arrivals - column.departures.unwrap_or_default();
        let limit = column.wip_limit.map(|limit| column.cards.unwrap_or_default() as f64 / f64::from(limit));
        (net, column.age_p85_seconds, limit)
    };
    // a column that empties holds nothing up, by however little it empties
    let weight = |column: &ColumnFlow| {
        let (net, age, limit) = signs(column);
        (net.max(0), age.map_or(0, Seconds::micros), limit.unwrap_or_default())
    };
    let mut candidates: Vec<&ColumnFlow> =
        columns.iter().filter(|column| matches!(column.kind, ColumnKind::Todo | ColumnKind::Doing)).collect();
    candidates.sort_by(|a, b| {
        let (a, b) = (weight(a), weight(b));
        b.0.cmp(&a.0).then(b.1.cmp(&a.1)).then(b.2.total_cmp(&a.2))
    });
    let first = candidates.first()?;
    let next = candidates.get(1).map_or((0, 0, 0.0), |column| weight(column));
    let sign = match weight(first) {
        (net, _, _) if net > next.0 => BottleneckSign::ArrivalsMinusDepartures,
        (_, age, _) if age > next.1 => BottleneckSign::Age,
        (_, _, limit) if limit > next.2 => BottleneckSign::WipLimit,
        _ => return None,
    };
    let (arrivals_minus_departures, age_p85_seconds, wip_against_limit) = signs(first);
    Some(Bottleneck {
        id: first.id,
        name: first.name.clone(),
        sign,
        arrivals_minus_departures,
        age_p85_seconds,
        wip_against_limit,
    })
}

#[cfg(test)]
mod tests {
    use super::{BottleneckSign, ColumnFlow, bottleneck};
    use crate::{ColumnId, ColumnKind, Seconds};

    fn column(
        kind: ColumnKind,
        arrivals: i64,
        departures: i64,
        age: i64,
        cards: i64,
        limit: Option<i32>,
    ) -> ColumnFlow {
        ColumnFlow {
            id: ColumnId::generate(),
            name: format!("{kind} {arrivals}"),
            kind,
            wip_limit: limit,
            cards: Some(cards),
            arrivals,
            returns: 0,
            departures: Some(departures),
            visits: Some(arrivals),
            seconds: Some(0.0),
            age_p85_seconds: (age > 0).then(|| Seconds::from_micros(age)),
        }
    }

    #[test]
    fn the_signs_are_asked_in_their_order_and_the_answer_says_which_decided() {
        use ColumnKind::{Backlog, Doing, Done, Todo};
        let sign = |columns: &[ColumnFlow]| bottleneck(columns).map(|found| (found.name, found.sign));
        let backlog = column(Backlog, 90, 1, 999, 89, None);
        let done = column(Done, 50, 0, 999, 50, None);
        let fills = column(Doing, 9, 4, 5, 5, Some(9));
        let empties = column(Todo, 7, 9, 80, 1, Some(1));
        let steady = column(Todo, 3, 3, 40, 1, None);
        let all = [backlog, fills, empties.clone(), steady.clone(), done.clone()];
        assert_eq!(sign(&all), Some(("doing 9".to_owned(), BottleneckSign::ArrivalsMinusDepartures)));
        // nothing fills up: not even what empties least is judged by that
        let aged = [empties.clone(), steady];
        assert_eq!(sign(&aged), Some(("todo 7".to_owned(), BottleneckSign::Age)));
        let full = [empties, column(Doing, 8, 8, 80, 1, Some(4))];
        assert_eq!(sign(&full), Some(("todo 7".to_owned(), BottleneckSign::WipLimit)));
        let still = [column(Todo, 0, 0, 0, 0, None), column(Doing, 0, 0, 0, 0, Some(3)), done];
        assert_eq!(sign(&still), None, "an empty board has none");
        let equal = [column(Todo, 5, 4, 7, 1, None), column(Doing, 6, 5, 7, 1, None)];
        assert_eq!(sign(&equal), None, "nothing tells one from the other");
    }
}
