//! The library and the server against PostgreSQL alone.

use super::Stage;
use crate::Outcome;
use crate::contest::{Contestant, hold};
use crate::operation::Operation;
use crate::report::{Bound, Report};

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let effort = stage.effort;
    for operation in Operation::ALL {
        for (many, clients) in operation.clients().into_iter().enumerate() {
            let contestants = [
                Contestant::pgbench(operation, &effort)?,
                Contestant::Library,
                Contestant::http("server", stage.server.address),
            ];
            let medians = hold(stage.cluster, operation, clients, &contestants, effort, report).await?;
            let name = operation.name();
            let (library, http) = bars(operation);
            let against = format!("of pgbench, {clients} clients");
            report.hold(
                format!("{name}: library {against}"),
                medians[1] / medians[0],
                Bound::AtLeast(library[many]),
                "",
            );
            report.hold(format!("{name}: server {against}"), medians[2] / medians[0], Bound::AtLeast(http[many]), "");
        }
        let contestants = [Contestant::pgbench(operation, &effort)?, Contestant::http("server", stage.server.address)];
        let medians = hold(stage.cluster, operation, 1, &contestants, effort, report).await?;
        let name = format!("{}: server of pgbench, 1 client", operation.name());
        report.hold(name, medians[1] / medians[0], Bound::AtLeast(0.55), "");
    }
    Ok(())
}

/// What part of PostgreSQL's own rate library and server are to reach, with few clients and with many.
fn bars(operation: Operation) -> ([f64; 2], [f64; 2]) {
    use Operation::{Claim, Create, Get, List, Move, NextTasks, Update};
    match operation {
        Get => ([0.75, 0.85], [0.50, 0.65]),
        List | NextTasks | Create | Update => ([0.90, 0.95], [0.65, 0.80]),
        Move | Claim => ([0.90, 0.95], [0.75, 0.90]),
    }
}
