//! What has changed on a board, asked for or as it happens.

use axum::response::IntoResponse;
use kanban_core::{BoardRef, Changes, Event, ListChanges, ListEvents};
use serde::{Deserialize, Serialize};
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::Answer;
use crate::extract::{Act, Id, Query};
use crate::json::Json;
use crate::openapi::Conflict;
use crate::sse::{self, LastEventId};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// Only what happened behind the event with this number.
    #[param(minimum = 0)]
    #[serde(default)]
    since: i64,
    /// The most things or events to answer; 100 things or 200 events when absent.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// Whether to answer every event instead of what became of each thing.
    #[serde(default)]
    full: bool,
}

/// What became of each thing, or every event.
struct Told;

impl ToSchema for Told {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.extend([
            (Changes::name().into_owned(), Changes::schema()),
            (Events::name().into_owned(), Events::schema()),
        ]);
        Changes::schemas(schemas);
        Events::schemas(schemas);
    }
}

impl PartialSchema for Told {
    fn schema() -> RefOr<Schema> {
        // not one of the two: where there is nothing to tell, they look alike
        let forms = [Changes::name(), Events::name()].map(Ref::from_schema_name);
        forms
            .into_iter()
            .fold(AnyOfBuilder::new(), AnyOfBuilder::item)
            .description(Some("What became of each thing; with `full`, every event."))
            .into()
    }
}

/// Events in the order in which they took effect.
#[derive(Serialize, ToSchema)]
struct Events {
    /// The events.
    items: Vec<Event>,
    /// What `since` is to be next time.
    next_since: i64,
}

/// Lists what became of each thing on a board since an event, or, with `full`, every event since then.
///
/// The board's events are numbered 1, 2, 3, … without a gap. Ask again with `next_since` as `since`: all is told once that is
/// the board's last number (`seq`), or with `full` once there are no more events.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/changes",
    operation_id = "list_changes",
    tag = "events",
    params(Act, Id<BoardRef>, Query<Since>),
    responses((status = 200, description = "The changes, or the events, oldest first.", body = Told), Conflict)
)]
pub(super) async fn changes(Act(kanban): Act, Id(board): Id<BoardRef>, Query(asked): Query<Since>) -> Answer {
    let Since { since, limit, full } = asked;
    if full {
        let limit = limit.unwrap_or(ListEvents::default().limit);
        let items = kanban.list_events(board, ListEvents { since, limit }).await?;
        let next_since = items.last().map_or(since, |event| event.seq);
        return Ok(Json(Events { items, next_since }).into_response());
    }
    let limit = limit.unwrap_or(ListChanges::default().limit);
    Ok(Json(kanban.list_changes(board, ListChanges { since, limit }).await?).into_response())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct From {
    /// Begin behind the event with this number; with what happens from now on when absent. `Last-Event-ID` goes before it.
    #[param(minimum = 0)]
    since: Option<i64>,
}

/// Follows a board: a stream of its events as they happen.
///
/// Server-sent events: `id` is the event's number on the board and `data` the event as `changes` shows it with `full`. A
/// reader that reconnects with `Last-Event-ID`, as browsers do by themselves, misses nothing. An event named `reset` says
/// that the events asked for are not there any more: read the board again; the stream goes on behind its `id`. A reader that
/// does not read for half a minute is let go, and so are all when the server stops; they go on where they were.
#[utoipa::path(
    get,
    path = "/v1/boards/{id}/events",
    operation_id = "watch",
    tag = "events",
    params(Act, Id<BoardRef>, Query<From>, LastEventId),
    responses((
        status = 200,
        description = "The stream.",
        content_type = "text/event-stream",
        body = String,
        example = "id: 5\ndata: {\"seq\": 5, \"action\": \"card.created\"}\n\n"
    ))
)]
pub(super) async fn watch(
    Act(kanban): Act,
    Id(board): Id<BoardRef>,
    Query(From { since }): Query<From>,
    LastEventId(last): LastEventId,
) -> Answer {
    Ok(sse::answer(kanban.watch(board, last.or(since)).await?))
}
