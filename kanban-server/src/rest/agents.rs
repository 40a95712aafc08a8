//! What agents do: ready work, claims, leases.

use axum::Json;
use axum::extract::OriginalUri;
use axum::response::IntoResponse;
use kanban_core::{BoardRef, CardRef, ClaimNext, ClaimOptions, NextTasks};
use serde::Deserialize;

use super::Answer;
use crate::etag::tagged;
use crate::extract::{self, Act, AsAgent, Body, ClaimEpoch, Id, Query};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskFilter {
    board_id: Option<BoardRef>,
    /// One label or several with commas between.
    label: Option<String>,
}

pub(super) async fn next_tasks(
    AsAgent(kanban, agent): AsAgent,
    uri: OriginalUri,
    Query(filter, page): Query<TaskFilter>,
) -> Answer {
    let labels = filter.label.iter().flat_map(|labels| labels.split(',')).map(str::to_owned).collect();
    let list = NextTasks { board: filter.board_id, labels, page };
    Ok(extract::list(&uri, kanban.next_tasks(&agent, list).await?))
}

pub(super) async fn claim_next(AsAgent(kanban, agent): AsAgent, Body(options): Body<ClaimNext>) -> Answer {
    Ok(Json(kanban.claim_next(&agent, options).await?).into_response())
}

/// A claim of a certain card: for whom, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClaimCard {
    agent_id: Option<String>,
    ttl_seconds: Option<u32>,
    start: Option<bool>,
    capacity: Option<u32>,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Heartbeat {
    ttl_seconds: Option<u32>,
}

pub(super) async fn heartbeat(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    ClaimEpoch(epoch): ClaimEpoch,
    Body(beat): Body<Heartbeat>,
) -> Answer {
    Ok(tagged(&kanban.heartbeat(card, epoch, beat.ttl_seconds).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    reason: Option<String>,
}

pub(super) async fn release(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    ClaimEpoch(epoch): ClaimEpoch,
    Body(release): Body<Release>,
) -> Answer {
    Ok(tagged(&kanban.release_card(card, epoch, release.reason.as_deref()).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Complete {}

pub(super) async fn complete(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    ClaimEpoch(epoch): ClaimEpoch,
    Body(Complete {}): Body<Complete>,
) -> Answer {
    Ok(tagged(&kanban.complete_card(card, epoch).await?))
}
