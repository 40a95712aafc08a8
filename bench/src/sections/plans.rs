//! How PostgreSQL plans each operation, and how many pages it touches, with few cards and with many: the plans are the same,
//! and the pages hardly more. What functions do inside is logged by `auto_explain`, into the session that calls them.

use std::collections::BTreeMap;
use std::process::Stdio;

use kanban_core::Store;
use serde_json::Value;

use super::Stage;
use crate::cluster::Cluster;
use crate::data::{self, Size};
use crate::operation::Operation;
use crate::report::{Bound, Plan, Report, median};
use crate::{Outcome, ensure, pgbench};

/// How often each is done before it counts: then its session keeps its plans.
const WARM_UP: usize = 20;
/// How often each counts.
const CALLS: usize = 100;

/// How a plan says that it reads all of a table.
const WHOLE: &str = "Seq Scan";

/// What was seen of an operation on one database.
struct Seen {
    cards: u64,
    pages: f64,
    /// The plan of each statement inside.
    plans: BTreeMap<String, String>,
    /// Those of the last call, in order.
    line: String,
}

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let mut seen: Vec<Vec<Seen>> = Operation::ALL.iter().map(|_| Vec::new()).collect();
    for boards in [1, if stage.effort.quick { 50 } else { 111 }] {
        let size = Size { boards, has_big_and_small: false };
        let database = format!("cards_{}", size.all());
        let role = fill(stage.cluster, &database, size).await?;
        for (seen, operation) in seen.iter_mut().zip(Operation::ALL) {
            seen.push(look(stage.cluster, (&database, &role), size, operation, stage.effort.seed).await?);
        }
        let mut admin = stage.cluster.admin("postgres").await?;
        let drop = format!("drop database {database} with (force)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut admin).await?;
    }
    let (main, size) = (("kanban", stage.cluster.role()), stage.effort.size);
    for (seen, operation) in seen.iter_mut().zip(Operation::ALL) {
        seen.push(look(stage.cluster, main, size, operation, stage.effort.seed).await?);
    }
    for (seen, operation) in seen.iter().zip(Operation::ALL) {
        compare(operation, seen, report);
    }
    Ok(())
}

/// A further database with usual boards only; answers the role of its sessions.
async fn fill(cluster: &Cluster, database: &str, size: Size) -> Outcome<String> {
    let create =
        format!("create database {database} template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(create)).execute(&mut cluster.admin("postgres").await?).await?;
    let (user, port, socket) = (cluster.superuser(), cluster.port(), cluster.socket());
    let store = Store::connect(&format!("postgres://{user}@localhost:{port}/{database}?host={socket}")).await?;
    store.migrate().await?;
    store.close().await?;
    let mut admin = cluster.admin(database).await?;
    data::fill(&mut admin, size).await?;
    let role = "select 'kanban_app_' || oid from pg_database where datname = current_database()";
    Ok(sqlx::query_scalar(role).fetch_one(&mut admin).await?)
}

/// Calls an operation as pgbench does elsewhere, and reads what `auto_explain` says.
async fn look(
    cluster: &Cluster,
    (database, role): (&str, &str),
    size: Size,
    operation: Operation,
    seed: u64,
) -> Outcome<Seen> {
    let script = pgbench::Script::new(&operation.script(size)?)?;
    let settings = [
        "session_preload_libraries=auto_explain",
        "auto_explain.log_min_duration=0",
        "auto_explain.log_nested_statements=on",
        "auto_explain.log_analyze=on",
        "auto_explain.log_buffers=on",
        "auto_explain.log_timing=off",
        "auto_explain.log_format=json",
        "auto_explain.log_level=notice",
        "kanban.tenant_id=default",
    ];
    let options = settings.map(|setting| format!("-c {setting} ")).concat() + "-c role=" + role;
    let output = tokio::process::Command::new(pgbench::program()?)
        .args(["--no-vacuum", "--protocol=prepared", "--client=1"])
        .arg(format!("--transactions={}", WARM_UP + CALLS))
        .arg(format!("--random-seed={}", seed % (1 << 31)))
        .arg(format!("--file={}", script.0.display()))
        .arg(format!("--host={}", cluster.socket()))
        .arg(format!("--port={}", cluster.port()))
        .args(["--username", cluster.superuser(), database])
        .env("PGOPTIONS", options)
        .stdin(Stdio::null())
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure(output.status.success(), &format!("pgbench failed: {said}"))?;
    read(&said, size.all()).map_err(|why| format!("{}: {why}", operation.name()).into())
}

/// Of each call the statements inside come first, and its own last.
fn read(said: &str, cards: u64) -> Outcome<Seen> {
    let mut logged = Vec::new();
    for text in said.split("  plan:\n").skip(1) {
        let value = serde_json::Deserializer::from_str(text).into_iter::<Value>().next();
        logged.push(value.ok_or("a plan is cut off")??);
    }
    let text = |value: &Value| value["Query Text"].as_str().unwrap_or_default().to_owned();
    let own = logged.last().map(text).ok_or("auto_explain says nothing")?;
    let calls: Vec<&[Value]> = logged.split_inclusive(|value| text(value) == own).collect();
    ensure(calls.len() == WARM_UP + CALLS, "auto_explain did not log each call")?;
    let calls = &calls[WARM_UP..];
    let mut plans = BTreeMap::new();
    for value in calls.concat() {
        plans.insert(text(&value), chain(&value["Plan"]));
    }
    let pages: Vec<f64> = calls.iter().filter_map(|call| call.last()).map(|value| touched(&value["Plan"])).collect();
    let last = calls.last().copied().unwrap_or_default();
    // an expression that reads nothing says nothing
    let line: Vec<String> = last.iter().map(|value| chain(&value["Plan"])).filter(|plan| plan != "Result").collect();
    Ok(Seen { cards, pages: median(&pages), plans, line: line.join("; ") })
}

/// Pages that were read, wherever they were. A caller's count holds those of what it calls.
fn touched(plan: &Value) -> f64 {
    ["Shared Hit Blocks", "Shared Read Blocks"].iter().filter_map(|name| plan[*name].as_f64()).sum()
}

/// The nodes of a plan from above, each with what it reads.
fn chain(plan: &Value) -> String {
    let text = |name: &str| plan[name].as_str();
    let mut nodes = vec![
        [
            text("Operation").or_else(|| text("Node Type")),
            text("Index Name").or_else(|| text("Relation Name")).or_else(|| text("Function Name")),
        ]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" "),
    ];
    nodes.extend(plan["Plans"].as_array().into_iter().flatten().map(chain));
    nodes.join(" > ")
}

fn compare(operation: Operation, seen: &[Seen], report: &mut Report) {
    let name = operation.name();
    for seen in seen {
        let (cards, pages, plan) = (seen.cards, seen.pages, seen.line.clone());
        report.show(Plan { operation: name.to_owned(), cards, pages, plan });
    }
    let [few, .., many] = seen else { return };
    let mut others = 0;
    for (statement, last) in &many.plans {
        // a table of a page or two is rightly read as a whole, so plans are to be the same from where none is
        let known = seen.iter().filter_map(|seen| Some((seen.cards, seen.plans.get(statement)?)));
        let first = known.skip_while(|(_, plan)| plan.contains(WHOLE)).find(|(_, plan)| *plan != last);
        if let Some((cards, plan)) = first {
            others += 1;
            let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let plans = format!("with {cards} cards: {plan}\n    with {} cards: {last}", many.cards);
            report.say(&format!("  {name}: {statement}\n    {plans}"));
        }
    }
    let (few, many, more) = (few.cards, many.cards, many.pages / few.pages);
    report.hold(format!("{name}: pages with {many} cards against {few}"), more, Bound::AtMost(2.0), "×");
    report.hold(
        format!("{name}: statements planned otherwise with {many} cards"),
        f64::from(others),
        Bound::AtMost(0.0),
        "",
    );
}
