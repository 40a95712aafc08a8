//! Searching among all cards against among ten thousand.

use std::time::Instant;

use kanban_core::{Actor, Search, SearchQuery};
use sqlx::AssertSqlSafe;

use super::Stage;
use crate::data::{card_sql, words};
use crate::report::{Bound, Report, quantile};
use crate::{Outcome, ensure};

/// Rare and common words, a part of one, one with a slip, and several.
const QUERIES: [&str; 6] = ["topic 417", "card", "topic", "done", "abuot topic 999", "Card 4711 about"];

/// So many are indexed as the product does it.
const FEW: u64 = 10_000;

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let kanban = stage.cluster.store().tenant("default", Actor::human("bench"))?;
    let mut admin = stage.cluster.admin("kanban").await?;
    let all = stage.effort.size.all();
    for cards in [FEW, all] {
        let start = Instant::now();
        if cards == FEW {
            let index = format!(
                "select kanban.index_cards('default', array_agg(id)) from kanban.cards where id <= {}",
                card_sql(&FEW.to_string())
            );
            sqlx::raw_sql(AssertSqlSafe(index)).execute(&mut admin).await?;
        } else {
            words::fill(stage.cluster, FEW, all, stage.effort.seed).await?;
        }
        for table in ["card_words", "known_words"] {
            sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze kanban.{table}"))).execute(&mut admin).await?;
        }
        report.note(format!("indexing up to {cards} cards"), start.elapsed().as_secs_f64(), "s");
        let mut times = vec![Vec::new(); QUERIES.len()];
        for round in 0..=30 {
            for (times, q) in times.iter_mut().zip(QUERIES) {
                let search =
                    Search { query: SearchQuery { q: q.to_owned(), ..SearchQuery::default() }, ..Search::default() };
                let start = Instant::now();
                let found = kanban.search(search).await?.items.len();
                ensure(found > 0, &format!("nothing was found for {q}"))?;
                if round > 0 {
                    times.push(start.elapsed().as_secs_f64() * 1e3);
                }
            }
        }
        for (times, q) in times.iter().zip(QUERIES) {
            report.note(format!("search for {q} among {cards} cards, p50"), quantile(times, 0.5), "ms");
        }
        let times = times.concat();
        report.note(format!("search among {cards} cards, p50"), quantile(&times, 0.5), "ms");
        report.hold(format!("search among {cards} cards, p95"), quantile(&times, 0.95), Bound::AtMost(50.0), "ms");
    }
    Ok(())
}
