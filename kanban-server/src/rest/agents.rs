//! What agents do: ready work, claims, leases.

use axum::extract::OriginalUri;
use axum::response::IntoResponse;
use kanban_core::{Card, CardRef, ClaimNext, ClaimOptions, Claimed, CutToFit, NextTasks, Release, Tasks, whole};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Answer;
use crate::etag::tagged;
use crate::extract::{self, Act, AsAgent, Body, ClaimEpoch, Id, Listed};
use crate::json::Json;
use crate::openapi::{Conflict, Forbidden};

/// Lists what an agent can work on now, in the order in which it should take it.
///
/// Its own unfinished work comes first, then by priority, due date (none last), place and id. With `explain=true` the list
/// goes on, behind all cards that are ready, with the open ones that are not, each with everything that stands in the way.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}/next_tasks",
    operation_id = "next_tasks",
    tag = "agents",
    params(AsAgent, Listed<NextTasks>),
    responses((status = 200, description = "A page of ready cards.", body = Tasks))
)]
pub(super) async fn next_tasks(
    AsAgent(kanban, agent): AsAgent,
    uri: OriginalUri,
    Listed(list, page): Listed<NextTasks>,
) -> Answer {
    Ok(extract::list(&uri, kanban.next_tasks(&agent, NextTasks { page, ..list }).await?))
}

/// Claims the next ready cards for an agent, each for nobody else, and starts them.
///
/// Never more than asked for. When nothing can be claimed, the answer says why and when to ask again.
#[utoipa::path(
    post,
    path = "/v1/agents/{id}/claim",
    operation_id = "claim_next",
    tag = "agents",
    params(AsAgent),
    request_body(content = ClaimNext, example = json!({"board_id": "AB", "limit": 1, "ttl_seconds": 900})),
    responses((status = 200, description = "The claimed cards, or why there is none.", body = Claimed), Forbidden)
)]
pub(super) async fn claim_next(AsAgent(kanban, agent): AsAgent, Body(options): Body<ClaimNext>) -> Answer {
    Ok(Json(kanban.claim_next(&agent, options).await?).into_response())
}

/// A claim of a certain card: for whom, and how.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimCard {
    /// The agent that gets it; the one that acts when absent.
    #[schema(min_length = 1, max_length = 256)]
    agent_id: Option<String>,
    /// How long the lease lasts without a heartbeat, in seconds; 900 when absent.
    #[schema(minimum = 1, maximum = 86400)]
    #[serde(default, deserialize_with = "whole")]
    ttl_seconds: Option<u32>,
    /// Whether to move queued work to the board's first doing column; it is when absent.
    start: Option<bool>,
    /// Take no more than keeps the agent at this many live claims.
    #[schema(minimum = 1, maximum = 1000)]
    #[serde(default, deserialize_with = "whole")]
    capacity: Option<u32>,
}

impl CutToFit for ClaimCard {}

/// Claims a certain card for an agent.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/claim",
    operation_id = "claim_card",
    tag = "agents",
    params(Act, Id<CardRef>),
    request_body(content = ClaimCard, example = json!({"agent_id": "claude-1", "ttl_seconds": 900})),
    responses((status = 200, description = "The card under its claim.", body = Card), Conflict, Forbidden)
)]
pub(super) async fn claim_card(Act(kanban): Act, Id(card): Id<CardRef>, Body(claim): Body<ClaimCard>) -> Answer {
    let agent = claim.agent_id.unwrap_or_else(|| kanban.actor().id.clone());
    let default = ClaimOptions::default();
    let options = ClaimOptions {
        ttl_seconds: claim.ttl_seconds.unwrap_or(default.ttl_seconds),
        start: claim.start.unwrap_or(default.start),
        capacity: claim.capacity,
    };
    Ok(tagged(&kanban.claim_card(card, &agent, options).await?))
}

/// How to go on.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    /// How long the lease lasts from now on, in seconds; 900 when absent.
    #[schema(minimum = 1, maximum = 86400)]
    #[serde(default, deserialize_with = "whole")]
    ttl_seconds: Option<u32>,
}

impl CutToFit for Heartbeat {}

/// Extends the lease of a claim.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/heartbeat",
    operation_id = "heartbeat",
    tag = "agents",
    params(Act, Id<CardRef>, ClaimEpoch),
    request_body(content = Heartbeat, example = json!({"ttl_seconds": 900})),
    responses((status = 200, description = "The card with the lease's new end.", body = Card), Conflict, Forbidden)
)]
pub(super) async fn heartbeat(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    ClaimEpoch(epoch): ClaimEpoch,
    Body(beat): Body<Heartbeat>,
) -> Answer {
    Ok(tagged(&kanban.heartbeat(card, epoch, beat.ttl_seconds).await?))
}

/// Gives a claimed card back: anybody may claim it at once.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/release",
    operation_id = "release_card",
    tag = "agents",
    params(Act, Id<CardRef>, ClaimEpoch),
    request_body(content = Release, example = json!({"reason": "needs a person"})),
    responses((status = 200, description = "The card without a claim.", body = Card), Conflict, Forbidden)
)]
pub(super) async fn release(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    ClaimEpoch(epoch): ClaimEpoch,
    Body(release): Body<Release>,
) -> Answer {
    Ok(tagged(&kanban.release_card(card, epoch, release.reason.as_deref()).await?))
}

/// Nothing: an object without members.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Complete {}

impl CutToFit for Complete {}

/// Finishes a claimed card: moves it to the board's done column and ends the claim.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/complete",
    operation_id = "complete_card",
    tag = "agents",
    params(Act, Id<CardRef>, ClaimEpoch),
    request_body(content = Complete, example = json!({})),
    responses((status = 200, description = "The finished card.", body = Card), Conflict, Forbidden)
)]
pub(super) async fn complete(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    ClaimEpoch(epoch): ClaimEpoch,
    Body(Complete {}): Body<Complete>,
) -> Answer {
    Ok(tagged(&kanban.complete_card(card, epoch).await?))
}
