//! What stands in the way of work, and what work makes way for.

use axum::response::IntoResponse;
use kanban_core::{BlockerFilter, Blockers, BoardRef, CardRef, CriticalChain, Unblocks};
use serde::Deserialize;
use utoipa::IntoParams;

use super::Answer;
use crate::extract::{Act, AsAgent, Id, Query};
use crate::json::Json;

/// How much of a list to show.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    /// The most cards to list.
    #[param(minimum = 1, maximum = 200, default = 10)]
    limit: Option<u32>,
}

/// Lists what blocks an agent's open cards, the longest first.
///
/// With who holds each blocker, what it waits for itself, and what waits for it.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}/blockers",
    operation_id = "blockers",
    tag = "agents",
    params(AsAgent, Query<BlockerFilter>),
    responses((status = 200, description = "The unresolved blockers.", body = Blockers))
)]
pub(super) async fn blockers(AsAgent(kanban, agent): AsAgent, Query(filter): Query<BlockerFilter>) -> Answer {
    Ok(Json(kanban.blockers(&agent, filter).await?).into_response())
}

/// Tells what finishing a card makes way for.
#[utoipa::path(
    get,
    path = "/v1/cards/{id}/unblocks",
    operation_id = "unblocks",
    tag = "dependencies",
    params(Act, Id<CardRef>, Query<Shown>),
    responses((status = 200, description = "What waits for the card.", body = Unblocks))
)]
pub(super) async fn unblocks(Act(kanban): Act, Id(card): Id<CardRef>, Query(shown): Query<Shown>) -> Answer {
    Ok(Json(kanban.unblocks(card, shown.limit).await?).into_response())
}

/// Tells the longest chain of unresolved blockers in front of a card.
#[utoipa::path(
    get,
    path = "/v1/cards/{id}/critical_chain",
    operation_id = "critical_chain",
    tag = "dependencies",
    params(Act, Id<CardRef>, Query<Shown>),
    responses((status = 200, description = "The chain, in the order in which it can be worked on.", body = CriticalChain))
)]
pub(super) async fn critical_chain(Act(kanban): Act, Id(card): Id<CardRef>, Query(shown): Query<Shown>) -> Answer {
    Ok(Json(kanban.critical_chain(card, shown.limit).await?).into_response())
}

/// Tells the longest chain of unresolved blockers in front of any card of a board.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/critical_chain",
    operation_id = "board_critical_chain",
    tag = "dependencies",
    params(Act, Id<BoardRef>, Query<Shown>),
    responses((status = 200, description = "The chain, in the order in which it can be worked on.", body = CriticalChain))
)]
pub(super) async fn board_critical_chain(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    Query(shown): Query<Shown>,
) -> Answer {
    Ok(Json(kanban.board_critical_chain(board, shown.limit).await?).into_response())
}
