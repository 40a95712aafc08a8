//! Where PostgreSQL's time goes in a write: one client alone, function by function, each without what it calls.

use std::time::Duration;

use super::Stage;
use crate::operation::Operation;
use crate::report::Report;
use crate::{Outcome, ensure, pgbench};

/// The functions that take most of an operation.
const FUNCTIONS: i64 = 6;

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let (cluster, effort) = (stage.cluster, stage.effort);
    let mut admin = cluster.admin("kanban").await?;
    sqlx::raw_sql("alter database kanban set track_functions = 'all'").execute(&mut admin).await?;
    for (operation, function) in [
        (Operation::Update, "update_card"),
        (Operation::Move, "move_card"),
        (Operation::Create, "create_card"),
        (Operation::Claim, "claim_next"),
    ] {
        let script = pgbench::Script::new(&operation.script(effort.size)?)?;
        cluster.settle().await?;
        sqlx::raw_sql("select pg_stat_reset_single_function_counters(funcid) from pg_stat_user_functions")
            .execute(&mut admin)
            .await?;
        let rate = pgbench::throughput(cluster, &script, 1, Duration::from_secs(2), effort.seed).await?;
        // a session tells its figures when it ends
        while sqlx::query_scalar("select exists (select from pg_stat_activity where application_name = 'pgbench')")
            .fetch_one(&mut admin)
            .await?
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (calls, total): (i64, f64) =
            sqlx::query_as("select calls, total_time from pg_stat_user_functions where funcname = $1")
                .bind(function)
                .fetch_one(&mut admin)
                .await?;
        ensure(calls > 0, &format!("{function} was not called"))?;
        let calls = calls as f64;
        let name = operation.name();
        report.note(format!("{name}, one client: a call"), 1e3 / rate, "ms");
        let most: Vec<(String, f64)> = sqlx::query_as(
            "select funcname::text, sum(self_time)::float8 from pg_stat_user_functions
             group by funcname order by 2 desc limit $1",
        )
        .bind(FUNCTIONS)
        .fetch_all(&mut admin)
        .await?;
        for (inner, time) in most {
            report.note(format!("{name}, in {inner}"), time / calls, "ms");
        }
        let outside = (1e3 / rate - total / calls).max(0.0);
        report.note(format!("{name}, outside of functions, the commit among it"), outside, "ms");
    }
    sqlx::raw_sql("alter database kanban reset track_functions").execute(&mut admin).await?;
    Ok(())
}
