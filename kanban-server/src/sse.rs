//! Streams over HTTP: server-sent events, as the HTML standard has them.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::sse::{Event as Frame, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use kanban_core::{Error, Event, Watch};
use serde_json::json;
use tokio::sync::mpsc;

use crate::headers::{bad, text};
use crate::problem::Problem;

/// How often a stream shows that it is alive where nothing else does.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How long a reader may not read before it is let go.
const STALL: Duration = Duration::from_secs(30);

/// When a reader is to come back after its stream has ended.
const RETRY: Duration = Duration::from_secs(1);

/// Frames that wait for a reader.
const WAITING: usize = 32;

/// Where a reader that comes back was: `Last-Event-ID`.
pub(crate) struct LastEventId(pub(crate) Option<i64>);

impl<S: Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // a reader that has not seen an event yet may send an empty one
        let given = text(&parts.headers, "last-event-id")?.filter(|id| !id.is_empty());
        let id = given.map(|id| id.parse().ok().filter(|id| *id >= 0).ok_or(())).transpose();
        id.map(Self).map_err(|()| bad("Last-Event-ID must be the id of an event that this stream gave."))
    }
}

/// A board's events as an answer that goes on until one of the two sides ends it.
pub(crate) fn answer(watch: Watch) -> Response {
    let frames = let_go(watch.map(frame), STALL);
    // says when to come back, and that the stream is there though nothing has happened yet
    let first = futures::stream::iter([Frame::default().retry(RETRY).comment("following")]);
    let frames = first.chain(frames).map(Ok::<_, Infallible>);
    let stream = Sse::new(frames).keep_alive(KeepAlive::new().interval(KEEP_ALIVE));
    // else a proxy may hold events back until there are many
    let unbuffered = (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    ([unbuffered], stream).into_response()
}

/// What stands for an event on the wire, or for there being none.
fn frame(event: kanban_core::Result<Event>) -> Frame {
    let frame = Frame::default();
    match event {
        Ok(event) => frame.id(event.seq.to_string()).data(serde_json::to_string(&event).unwrap_or_default()),
        Err(error) => {
            let body = json!({ "code": error.code(), "detail": error.to_string(), "details": error.details() });
            let frame = frame.event("reset").data(body.to_string());
            if let Error::HistoryGone { seq, .. } = error { frame.id(seq.to_string()) } else { frame }
        }
    }
}

/// The same frames, as long as their reader takes them. One that takes none for too long gets what waits for it, and then
/// the end.
fn let_go(
    frames: impl Stream<Item = Frame> + Send + 'static,
    stall: Duration,
) -> impl Stream<Item = Frame> + Send + 'static {
    let (give, take) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut frames = std::pin::pin!(frames);
        loop {
            let Ok(Ok(room)) = tokio::time::timeout(stall, give.reserve()).await else { break };
            let next = tokio::select! {
                next = frames.next() => next,
                () = give.closed() => None,
            };
            match next {
                Some(frame) => room.send(frame),
                None => break,
            }
        }
    });
    futures::stream::unfold(take, async |mut take| Some((take.recv().await?, take)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(frame: Frame) -> String {
        format!("{frame:?}")
    }

    #[tokio::test]
    async fn a_reader_that_does_not_read_is_let_go_with_what_waits_for_it() {
        let endless = futures::stream::iter(0..).map(|n: u64| Frame::default().id(n.to_string()));
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        let frames = endless.map(move |frame| {
            let _is_dropped_with_the_stream = &ended;
            frame
        });
        let slow = let_go(frames, Duration::from_millis(1));
        // it does not read, and so it ends
        assert!(end.await.is_err());
        let seen: Vec<Frame> = slow.collect().await;
        assert_eq!(seen.len(), WAITING);
        assert!(shown(seen.into_iter().next_back().expect("a frame")).contains("31"));
    }

    #[tokio::test]
    async fn a_stream_is_dropped_with_its_reader() {
        let (ended, end) = tokio::sync::oneshot::channel::<()>();
        let quiet = futures::stream::pending().map(move |frame| {
            let _is_dropped_with_the_stream = &ended;
            frame
        });
        drop(let_go(quiet, STALL));
        assert!(end.await.is_err());
    }

    #[test]
    fn a_gap_in_history_is_an_event_of_its_own_with_the_number_to_go_on_from() {
        let gone = Error::HistoryGone { board: "AB".to_owned(), since: 3, seq: 12 };
        let said = shown(frame(Err(gone)));
        assert!(said.contains("reset") && said.contains("12"), "{said}");
    }
}
