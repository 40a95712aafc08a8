//! Searching among all cards against among ten thousand.

use std::time::Instant;

use kanban_core::{Actor, Search, SearchQuery};
use sqlx::AssertSqlSafe;

use super::Stage;
use crate::report::{Bound, Report, quantile};
use crate::{Outcome, ensure};

/// Rare and common words, a part of one, one with a slip, and several.
const QUERIES: [&str; 6] = ["topic 417", "card", "topic", "done", "whtever topic 999", "Card 4711 about"];

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let kanban = stage.cluster.store().tenant("default", Actor::human("bench"))?;
    let mut admin = stage.cluster.admin("kanban").await?;
    let all = stage.effort.size.all();
    let mut indexed = 0;
    for cards in [10_000, all] {
        let start = Instant::now();
        while indexed < cards {
            let until = (indexed + 10_000).min(cards);
            let index = format!(
                "select kanban.index_cards('default', array_agg(id)) from kanban.cards where id > {} and id <= {}",
                id(indexed),
                id(until)
            );
            sqlx::raw_sql(AssertSqlSafe(index)).execute(&mut admin).await?;
            indexed = until;
        }
        for table in ["card_words", "known_words"] {
            sqlx::raw_sql(AssertSqlSafe(format!("vacuum analyze kanban.{table}"))).execute(&mut admin).await?;
        }
        report.note(format!("indexing up to {cards} cards"), start.elapsed().as_secs_f64(), "s");
        let mut times = Vec::new();
        for round in 0..=30 {
            for q in QUERIES {
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
        report.note(format!("search among {cards} cards, p50"), quantile(&times, 0.5), "ms");
        report.hold(format!("search among {cards} cards, p95"), quantile(&times, 0.95), Bound::AtMost(50.0), "ms");
    }
    Ok(())
}

fn id(n: u64) -> String {
    format!("lpad(to_hex({n}::bigint), 32, '0')::uuid")
}
