//! A tool call over HTTP against the REST request that it equals.

use super::Stage;
use crate::data::{EACH, Size};
use crate::http::{self, Request};
use crate::report::{Bound, Figures, Report, median};
use crate::{Outcome, ensure};

const CLIENTS: usize = 8;
const VERSION: &str = "2026-07-28";
const TEXT: &str = "The search endpoint has no test yet.";

/// What both surfaces do, in as many statements.
#[derive(Debug, Clone, Copy)]
enum Pair {
    NextTasks,
    Comment,
}

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let (address, effort) = (stage.server.address, stage.effort);
    for (name, pair) in [("next_tasks", Pair::NextTasks), ("comment", Pair::Comment)] {
        let rest = move |rng: &mut fastrand::Rng| request(pair, effort.size, rng);
        let mcp = move |rng: &mut fastrand::Rng| call(pair, effort.size, rng);
        let mut first = http::Client::connect(address).await?;
        let answer = first.send(mcp(&mut fastrand::Rng::with_seed(effort.seed))).await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer)?;
        ensure(
            answer["result"]["content"].is_array() && answer["result"]["isError"] != true,
            &format!("a tool answered {answer}"),
        )?;
        let (mut through_rest, mut through_mcp) = (Vec::new(), Vec::new());
        for round in 0..=effort.rounds {
            let seed = effort.seed.wrapping_add(round as u64 * 100);
            let a = http::throughput(address, CLIENTS, effort.time, seed, rest).await?;
            let b = http::throughput(address, CLIENTS, effort.time, seed, mcp).await?;
            if round > 0 {
                through_rest.push(a);
                through_mcp.push(b);
            }
        }
        let ratio = median(&through_mcp) / median(&through_rest);
        for (contestant, per_second) in [("REST", through_rest), ("MCP", through_mcp)] {
            let median = median(&per_second);
            let (operation, contestant) = (format!("{name} (MCP)"), contestant.to_owned());
            report.add(Figures { operation, clients: CLIENTS, contestant, per_second, median });
        }
        report.hold(format!("{name}: MCP against REST"), ratio, Bound::AtLeast(0.6), "×");
    }
    Ok(())
}

/// A card of a usual board, by its key.
fn card(size: Size, rng: &mut fastrand::Rng) -> (u64, String) {
    let n = rng.u64(0..size.cards());
    (n / EACH + 1, format!("B{}-{}", n / EACH + 1, n % EACH + 1))
}

fn request(pair: Pair, size: Size, rng: &mut fastrand::Rng) -> Request {
    let (board, key) = card(size, rng);
    match pair {
        Pair::NextTasks => Request::get(format!("/v1/agents/bench/next_tasks?board_id=B{board}&limit=10")),
        Pair::Comment => Request::post(format!("/v1/cards/{key}/comments"), format!(r#"{{"body":"{TEXT}"}}"#)),
    }
}

fn call(pair: Pair, size: Size, rng: &mut fastrand::Rng) -> Request {
    let (board, key) = card(size, rng);
    let (tool, arguments) = match pair {
        Pair::NextTasks => ("next_tasks", format!(r#"{{"board":"B{board}","limit":10}}"#)),
        Pair::Comment => ("add_comment", format!(r#"{{"card":"{key}","body":"{TEXT}"}}"#)),
    };
    let meta = format!(
        r#"{{"io.modelcontextprotocol/protocolVersion":"{VERSION}","io.modelcontextprotocol/clientInfo":{{"name":"bench","version":"1"}},"io.modelcontextprotocol/clientCapabilities":{{}}}}"#
    );
    let params = format!(r#"{{"name":"{tool}","arguments":{arguments},"_meta":{meta}}}"#);
    let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{params}}}"#);
    Request::post("/mcp".to_owned(), body)
        .with("accept", "application/json, text/event-stream")
        .with("mcp-protocol-version", VERSION)
        .with("mcp-method", "tools/call")
        .with("mcp-name", tool)
        .with("x-agent-id", "bench")
}
