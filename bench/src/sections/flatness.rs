//! That nothing grows with the board: next_tasks and claims on a large and on a small one, fresh and worn; the first page of
//! a list and a late one; reordering at one spot.

use std::time::Instant;

use kanban_core::{Actor, BoardRef, CardId, ClaimNext, Expected, Kanban, ListCards, ListPage, NextTasks, Place};
use sqlx::AssertSqlSafe;
use sqlx::types::Uuid;

use super::Stage;
use crate::data::{BIG, SMALL, column_sql};
use crate::report::{Bound, Report, quantile};
use crate::{Outcome, ensure};

/// How often each is done for its median.
const CALLS: usize = 300;
/// Claims that wear the large board, completed at once, with no vacuum between.
const WORN_BY: usize = 12_000;

pub async fn run(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    let kanban = stage.cluster.store().tenant("default", Actor::agent("flat"))?;
    let mut admin = stage.cluster.admin("kanban").await?;
    // wear is what is measured
    sqlx::raw_sql("alter table kanban.cards set (autovacuum_enabled = off)").execute(&mut admin).await?;
    let (big, small): (BoardRef, BoardRef) = ("BIG".parse()?, "SMALL".parse()?);
    for (state, most) in [("fresh", 1.3), ("after 12,000 claims", 2.5)] {
        if state != "fresh" {
            for _ in 0..WORN_BY {
                claim_and_complete(&kanban, &big).await?;
            }
        }
        let (mut tasks, mut claims) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
        for round in 0..=CALLS {
            for (i, board) in [&big, &small].into_iter().enumerate() {
                let start = Instant::now();
                let list = NextTasks { board: Some(board.clone()), page: ListPage::first(10), ..NextTasks::default() };
                ensure(kanban.next_tasks("flat", list).await?.items.len() == 10, "there is too little to do")?;
                let listed = start.elapsed().as_secs_f64() * 1e3;
                let claimed = claim_and_complete(&kanban, board).await?;
                if round > 0 {
                    tasks[i].push(listed);
                    claims[i].push(claimed);
                }
            }
        }
        for (name, [large, usual]) in [("next_tasks", tasks), ("claim", claims)] {
            let (large, usual) = (quantile(&large, 0.5), quantile(&usual, 0.5));
            report.note(format!("{name} {state}: p50 of {SMALL} cards"), usual, "ms");
            let name = format!("{name} {state}: p50 of {BIG} cards against {SMALL}");
            report.hold(name, large / usual, Bound::AtMost(most), "×");
        }
    }
    for statement in ["alter table kanban.cards reset (autovacuum_enabled)", "vacuum analyze kanban.cards"] {
        sqlx::raw_sql(statement).execute(&mut admin).await?;
    }
    pages(&kanban, report).await?;
    reorder(stage, report).await
}

/// How long the claim took, in milliseconds.
async fn claim_and_complete(kanban: &Kanban, board: &BoardRef) -> Outcome<f64> {
    let start = Instant::now();
    let options = ClaimNext { board: Some(board.clone()), ..ClaimNext::default() };
    let mut claimed = kanban.claim_next("flat", options).await?.items;
    let took = start.elapsed().as_secs_f64() * 1e3;
    let card = claimed.pop().ok_or("there is nothing left to claim")?;
    kanban.complete_card(card.id, card.claim.ok_or("it is not claimed")?.epoch).await?;
    Ok(took)
}

async fn pages(kanban: &Kanban, report: &mut Report) -> Outcome<()> {
    let mut cursors = vec![None];
    for _ in 1..200 {
        let page = ListPage { limit: 50, cursor: cursors.last().cloned().flatten() };
        let list = ListCards { page, ..ListCards::default() };
        cursors.push(kanban.list_cards(BoardRef::Key("BIG".to_owned()), list).await?.next_cursor);
    }
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..CALLS {
        for (i, cursor) in [&cursors[0], &cursors[199]].into_iter().enumerate() {
            let list = ListCards { page: ListPage { limit: 50, cursor: cursor.clone() }, ..ListCards::default() };
            let start = Instant::now();
            let page = kanban.list_cards(BoardRef::Key("BIG".to_owned()), list).await?;
            times[i].push(start.elapsed().as_secs_f64());
            ensure(page.items.len() == 50, "a page is short")?;
        }
    }
    let ratio = quantile(&times[1], 0.5) / quantile(&times[0], 0.5);
    report.hold("list: p50 of page 200 against page 1", ratio, Bound::AtMost(1.2), "×");
    Ok(())
}

/// Cards go to the same spot again and again; how many rows of cards that writes.
async fn reorder(stage: &Stage<'_>, report: &mut Report) -> Outcome<()> {
    const TIMES: usize = 10_000;
    let kanban = stage.cluster.store().tenant("default", Actor::human("bench"))?;
    let mut admin = stage.cluster.admin("kanban").await?;
    let count = "select n_tup_upd from pg_stat_user_tables where relid = 'kanban.cards'::regclass";
    let flush = "select pg_stat_force_next_flush()";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut admin).await?;
    // what is still in the large board's first column: the first card is the spot, and late ones come to it
    let left = format!(
        "select id from kanban.cards where column_id = {} and deleted_at is null order by position, id",
        column_sql(&(stage.effort.size.boards + 1).to_string(), "0")
    );
    let left: Vec<Uuid> = sqlx::query_scalar(AssertSqlSafe(left)).fetch_all(&mut admin).await?;
    let (spot, others) = left.split_first().ok_or("there is nothing to reorder")?;
    let others = others.get(20_000..28_000).ok_or("there is too little to reorder")?;
    for turn in 0..TIMES {
        let id = CardId::from(others[turn % others.len()]);
        kanban.reorder_card(id, Expected::Any, Place::after(CardId::from(*spot))).await?;
    }
    sqlx::raw_sql(flush).execute(&mut admin).await?;
    // each of the store's sessions tells its counts within a second of its last statement
    let mut after = before;
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let now: i64 = sqlx::query_scalar(count).fetch_one(&mut admin).await?;
        if now == after && now > before {
            break;
        }
        after = now;
    }
    let written = (after - before) as f64 / TIMES as f64;
    report.hold("reorder at one spot: rows of cards written for each", written, Bound::AtMost(1.1), "");
    Ok(())
}
