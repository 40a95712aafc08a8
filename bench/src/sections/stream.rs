//! The event stream: how long after a commit its hundred readers have the event, and what they cost the writers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::BodyExt;
use tokio::sync::{Mutex, mpsc};

use super::Stage;
use crate::data::{self, EACH};
use crate::http::{self, Client, Request};
use crate::operation::Operation;
use crate::report::{Bound, Report, median, quantile};
use crate::{Outcome, ensure};

const STREAMS: usize = 100;
/// One write each so often, well below what the server could do: latency is not to be a queue's.
const PACE: Duration = Duration::from_millis(10);

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let address = stage.server.address;
    let (tell, mut told) = mpsc::unbounded_channel::<Instant>();
    let mut readers = Vec::new();
    let ready = Arc::new(Mutex::new(0_usize));
    for _ in 0..STREAMS {
        let answer = Client::connect(address).await?.open(Request::get("/v1/boards/B1/events".to_owned())).await?;
        let (tell, ready) = (tell.clone(), Arc::clone(&ready));
        readers.push(tokio::spawn(async move {
            let mut body = answer.into_body();
            *ready.lock().await += 1;
            while let Some(Ok(frame)) = body.frame().await {
                let data = frame.into_data().unwrap_or_default();
                for _ in data.windows(6).filter(|part| part == b"\ndata:") {
                    if tell.send(Instant::now()).is_err() {
                        return;
                    }
                }
            }
        }));
    }
    ensure(readers.len() == STREAMS, "a stream was refused")?;
    let mut writer = Client::connect(address).await?;
    let mut delays = Vec::new();
    for turn in 0..200_u64 {
        let n = turn % EACH + 1;
        let id = kanban_core::CardId::from(data::card(n));
        let body = format!(r#"{{"workflow_state":{{"step":{turn}}}}}"#);
        writer.send(Request::guarded(hyper::Method::PATCH, format!("/v1/cards/{id}"), body)).await?;
        let committed = Instant::now();
        for _ in 0..STREAMS {
            let came = tokio::time::timeout(Duration::from_secs(10), told.recv()).await?.ok_or("no reader is left")?;
            // a reader may have it before the writer has its own answer
            delays.push(came.saturating_duration_since(committed).as_secs_f64() * 1e3);
        }
        tokio::time::sleep(PACE).await;
    }
    report.note("events: commit to 100 streams, p50", quantile(&delays, 0.5), "ms");
    report.hold("events: commit to 100 streams, p99", quantile(&delays, 0.99), Bound::AtMost(50.0), "ms");
    for reader in readers {
        reader.abort();
    }
    cost(stage, report).await
}

/// What writers lose when the streams of another board are open, and followed: ours are those of a board that is written to by
/// one client, as the streams of a team at work are, while others write elsewhere.
async fn cost(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let (address, effort) = (stage.server.address, stage.effort);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for round in 0..=effort.rounds {
        for streams in [0, STREAMS] {
            let mut open = Vec::new();
            for _ in 0..streams {
                let answer =
                    Client::connect(address).await?.open(Request::get("/v1/boards/B1/events".to_owned())).await?;
                open.push(tokio::spawn(async move {
                    let mut body = answer.into_body();
                    while let Some(Ok(_)) = body.frame().await {}
                }));
            }
            let request = move |rng: &mut fastrand::Rng| Operation::Update.request(effort.size, rng);
            let rate = http::throughput(address, 8, effort.time, effort.seed + round as u64, request).await?;
            if round > 0 {
                if streams == 0 { without.push(rate) } else { with.push(rate) }
            }
            open.iter().for_each(tokio::task::JoinHandle::abort);
        }
    }
    let ratio = median(&with) / median(&without);
    report.hold("events: writers beside 100 open streams", ratio, Bound::AtLeast(0.95), "×");
    Ok(())
}
