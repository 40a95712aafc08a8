//! Days where clocks are put forward and back, and what an empty board answers.

use kanban_core::{ColumnKind, ForecastOptions, ForecastWarning, MetricsWindow, NewCard};

use crate::support;

/// A day's figures, in short.
type Figures = (String, i64, i64, i64);

#[tokio::test]
async fn a_day_is_what_the_clock_shows_when_it_is_put_forward_and_back() {
    let database = support::database().await;
    let store = database.store().await;
    let pool = database.superuser().await;
    let (kanban, board) = support::board(&store).await;
    for _ in 0..4 {
        kanban.create_card(board.columns[2].id, NewCard::titled("work")).await.expect("a finished card");
    }
    // finished in the first and the last microsecond of a day of 23 or 25 hours, and right beside it
    for (zone, day, moments) in [
        (
            "Europe/Berlin",
            "2026-03-29",
            [
                "2026-03-28 22:59:59.999999Z",
                "2026-03-28 23:00:00Z",
                "2026-03-29 21:59:59.999999Z",
                "2026-03-29 22:00:00Z",
            ],
        ),
        (
            "Europe/Berlin",
            "2026-10-25",
            [
                "2026-10-24 21:59:59.999999Z",
                "2026-10-24 22:00:00Z",
                "2026-10-25 22:59:59.999999Z",
                "2026-10-25 23:00:00Z",
            ],
        ),
        // where the hour from midnight on comes twice: both are of the new day
        (
            "America/Havana",
            "2025-11-02",
            [
                "2025-11-02 03:59:59.999999Z",
                "2025-11-02 04:00:00Z",
                "2025-11-03 04:59:59.999999Z",
                "2025-11-03 05:00:00Z",
            ],
        ),
    ] {
        for (number, at) in (1..).zip(moments) {
            let sql = format!(
                "update kanban.cards set started_at = '{at}', finished_at = '{at}', created_at = '{at}', column_since = '{at}'
                 where key = 'AB-{number}';
                 update kanban.column_visits as v set entered_at = '{at}' from kanban.cards as c
                 where c.id = v.card_id and c.key = 'AB-{number}'"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&pool).await.expect("it was then");
        }
        let window = MetricsWindow {
            from: Some(moments[0].replace(' ', "T").parse().expect("a moment")),
            to: Some("2026-11-03T00:00:00Z".parse().expect("a moment")),
            time_zone: Some(zone.to_owned()),
        };
        let metrics = kanban.board_metrics(board.board.id, window).await.expect("metrics");
        let figures: Vec<Figures> = metrics
            .days
            .iter()
            .take(3)
            .map(|flow| (flow.day.to_string(), flow.finished, flow.backlog, flow.done))
            .collect();
        let finished: Vec<i64> = figures.iter().map(|(_, finished, _, _)| *finished).collect();
        assert_eq!((finished, figures[1].0.as_str()), (vec![1, 2, 1], day), "{zone}");
        assert_eq!(figures[1].3, 3, "{zone}: they add up");
        assert_eq!(metrics.straight_to_done.cards, ["AB-1", "AB-2", "AB-3", "AB-4"]);
    }
}

#[tokio::test]
async fn a_board_without_cards_has_metrics_without_numbers_that_are_not_there() {
    let database = support::database().await;
    let store = database.store().await;
    let (kanban, board) = support::board(&store).await;
    let metrics = kanban.board_metrics(board.board.id, MetricsWindow::default()).await.expect("metrics");
    assert_eq!((metrics.finished, metrics.wip.at_end, metrics.wip.item_seconds), (0, 0, 0.0));
    assert_eq!(
        (metrics.cycle_time.count, metrics.cycle_time.mean_seconds, metrics.cycle_time.p85_seconds),
        (0, None, None)
    );
    assert_eq!((metrics.flow_efficiency.ratio, &metrics.bottleneck), (None, &None));
    assert_eq!(metrics.by_actor_kind, []);
    assert_eq!(metrics.days.len(), 31, "thirty days and today");
    let done = metrics.columns.iter().find(|column| column.kind == ColumnKind::Done).expect("a column");
    assert_eq!((done.arrivals, done.seconds, done.cards), (0, None, None), "a done column keeps no clock");
    let options = ForecastOptions { seed: Some(7), ..ForecastOptions::default() };
    let forecast = kanban.forecast(board.board.id, options.clone()).await.expect("a forecast");
    assert_eq!(forecast.warnings, [ForecastWarning::ShortHistory, ForecastWarning::NothingFinished]);
    assert_eq!((forecast.history.days, &forecast.until_done, forecast.seed), (0, &None, 7));
    assert!(forecast.by_day.likely.iter().all(|likely| likely.cards == 0));
    let asked = ForecastOptions { cards: Some(3), ..options };
    let forecast = kanban.forecast(board.board.id, asked).await.expect("a forecast");
    assert!(forecast.until_done.expect("an answer").likely.iter().all(|likely| likely.day.is_none()));
}
