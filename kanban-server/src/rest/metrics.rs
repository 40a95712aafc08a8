//! How work flows over a board, what an agent did, and when work will be done.

use axum::response::IntoResponse;
use kanban_core::{AgentSummary, BoardMetrics, BoardRef, Forecast, ForecastOptions, MetricsWindow, SummaryFilter};

use super::Answer;
use crate::extract::{Act, AsAgent, Id, Query};
use crate::json::Json;

/// Tells how work flowed over a board in a stretch of time.
///
/// Work in progress, throughput, cycle and lead time, age, flow efficiency, time in columns, the bottleneck, cumulative
/// flow by day, and the same by kind of actor.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/metrics",
    operation_id = "board_metrics",
    tag = "metrics",
    params(Act, Id<BoardRef>, Query<MetricsWindow>),
    responses((status = 200, description = "The metrics.", body = BoardMetrics))
)]
pub(super) async fn board_metrics(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    Query(window): Query<MetricsWindow>,
) -> Answer {
    Ok(Json(kanban.board_metrics(board, window).await?).into_response())
}

/// Forecasts how many cards will be finished by a day, and when a number of cards will be.
///
/// Drawn 10,000 times from how many were finished on each day until yesterday; the same seed gives the same forecast.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/forecast",
    operation_id = "forecast",
    tag = "metrics",
    params(Act, Id<BoardRef>, Query<ForecastOptions>),
    responses((status = 200, description = "The forecast, and why to trust it less.", body = Forecast))
)]
pub(super) async fn forecast(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    Query(options): Query<ForecastOptions>,
) -> Answer {
    Ok(Json(kanban.forecast(board, options).await?).into_response())
}

/// Sums up what an agent did in a stretch of time.
///
/// What it finished, claimed, gave back and let expire, how long that took, and where it collided with others.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}/summary",
    operation_id = "agent_summary",
    tag = "metrics",
    params(AsAgent, Query<SummaryFilter>),
    responses((status = 200, description = "The summary.", body = AgentSummary))
)]
pub(super) async fn agent_summary(AsAgent(kanban, agent): AsAgent, Query(filter): Query<SummaryFilter>) -> Answer {
    Ok(Json(kanban.agent_summary(&agent, filter).await?).into_response())
}
