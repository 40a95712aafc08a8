//! The words of many cards, as `kanban.index_cards` makes them but set by set: each text that many cards share is read once,
//! indexes are built when all is there, and every core takes a part. A sample is made again by the product, and has to be equal.

use sqlx::postgres::PgConnection;
use sqlx::types::Uuid;
use sqlx::{AssertSqlSafe, Connection};

use super::{card, card_sql};
use crate::cluster::Cluster;
use crate::{Outcome, ensure};

/// How many cards the product makes again.
const SAMPLE: usize = 500;

/// Indexes the cards behind `first` up to `last`.
pub async fn fill(cluster: &Cluster, first: u64, last: u64, seed: u64) -> Outcome<()> {
    let mut admin = cluster.admin("kanban").await?;
    let index: String = sqlx::query_scalar(
        "select indexdef from pg_indexes where schemaname = 'kanban' and indexname = 'card_words_text'",
    )
    .fetch_one(&mut admin)
    .await?;
    run(&mut admin, "drop index kanban.card_words_text").await?;
    let parts = std::thread::available_parallelism().map_or(2, usize::from) as u64;
    let mut tasks = Vec::new();
    for part in 0..parts {
        let bound = |part: u64| card_sql(&(first + (last - first) * part / parts).to_string());
        let write = format!(
            "insert into kanban.card_words (tenant_id, id, board_id, title, words)
             with texts as materialized (
                 select description as text, kanban.search_vector(description) as words
                 from (select distinct description from kanban.cards) as d)
             select c.tenant_id, c.id, c.board_id, t.words, t.words || s.words || d.words
             from kanban.cards as c
             join texts as d on d.text = c.description
             cross join lateral (select kanban.search_vector(c.title) as words offset 0) as t
             cross join lateral (
                 select kanban.search_vector(concat_ws(' ', c.key, c.external_id, array_to_string(c.labels, ' '))) as words
                 offset 0) as s
             where c.id > {} and c.id <= {} on conflict do nothing",
            bound(part),
            bound(part + 1)
        );
        let mut session = cluster.admin("kanban").await?;
        tasks.push(tokio::spawn(async move {
            run(&mut session, "set session_replication_role = replica; set synchronous_commit = off").await?;
            run(&mut session, &write).await
        }));
    }
    for task in tasks {
        task.await??;
    }
    run(&mut admin, "set maintenance_work_mem = '512MB'").await?;
    run(&mut admin, &index).await?;
    let bring = format!(
        "insert into kanban.known_words (tenant_id, word, brought_by)
         select 'default', n.word, (select w.id from kanban.card_words as w
                                    where w.words @@ quote_literal(n.word)::tsquery limit 1)
         from (select s.word from ts_stat($words$select words from kanban.card_words where id > {}$words$) as s
               where kanban.is_to_know(s.word)) as n
         where not exists (select from kanban.known_words as k where k.tenant_id = 'default' and k.word = n.word)",
        card_sql(&first.to_string())
    );
    run(&mut admin, &bring).await?;
    check(&mut admin, first, last, seed).await
}

async fn run(session: &mut PgConnection, statement: &str) -> Outcome<()> {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(session).await?;
    Ok(())
}

/// Lets the product make some rows again: they have to be the same, and to bring no new word.
async fn check(admin: &mut PgConnection, first: u64, last: u64, seed: u64) -> Outcome<()> {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut numbers: Vec<u64> = (0..SAMPLE).map(|_| rng.u64(first + 1..=last)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let ids: Vec<Uuid> = numbers.into_iter().map(card).collect();
    let rows = "select array_agg(row(w.id, w.board_id, w.title, w.words)::text order by w.id)
                from kanban.card_words as w where w.id = any ($1)";
    let known = "select count(*) from kanban.known_words";
    let mut again = admin.begin().await?;
    let ours: Option<Vec<String>> = sqlx::query_scalar(rows).bind(&ids).fetch_one(&mut *again).await?;
    let words: i64 = sqlx::query_scalar(known).fetch_one(&mut *again).await?;
    sqlx::query("delete from kanban.card_words where id = any ($1)").bind(&ids).execute(&mut *again).await?;
    sqlx::query("select kanban.index_cards('default', $1)").bind(&ids).execute(&mut *again).await?;
    let theirs: Option<Vec<String>> = sqlx::query_scalar(rows).bind(&ids).fetch_one(&mut *again).await?;
    let words_then: i64 = sqlx::query_scalar(known).fetch_one(&mut *again).await?;
    again.rollback().await?;
    ensure(ours.as_ref().is_some_and(|rows| rows.len() == ids.len()), "words of a card are missing")?;
    ensure(ours == theirs, "words of cards are not those that the product writes")?;
    ensure(words == words_then, "a word is not known that cards hold")
}
