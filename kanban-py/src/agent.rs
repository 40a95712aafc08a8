//! What agents do.

use kanban_core::{CardRef, ClaimNext, ClaimOptions, Kanban, NextTasks};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::board::page;
use crate::job::{Work, work};

pub(crate) fn next_tasks(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let agent: String = a.take("agent")?;
    let list = NextTasks {
        board: a.take("board")?,
        labels: a.take("labels")?,
        capabilities: a.take("capabilities")?,
        priority: a.take("priority")?,
        due_after: a.take("due_after")?,
        due_before: a.take("due_before")?,
        explain: a.take("explain")?,
        page: page(a)?,
    };
    Ok(work(async move { kanban.next_tasks(&agent, list).await }))
}

pub(crate) fn claim_next(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let agent: String = a.take("agent")?;
    let board = a.take("board")?;
    let options = ClaimNext { board, ..a.rest()? };
    Ok(work(async move { kanban.claim_next(&agent, options).await }))
}

pub(crate) fn claim_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, agent): (CardRef, String) = (a.named("card")?, a.take("agent")?);
    let options: ClaimOptions = a.rest()?;
    Ok(work(async move { kanban.claim_card(card, &agent, options).await }))
}

pub(crate) fn heartbeat(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, epoch): (CardRef, _) = (a.named("card")?, a.epoch()?);
    let ttl_seconds = a.take("ttl_seconds")?;
    Ok(work(async move { kanban.heartbeat(card, epoch, ttl_seconds).await }))
}

pub(crate) fn release_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, epoch): (CardRef, _) = (a.named("card")?, a.epoch()?);
    let reason: Option<String> = a.take("reason")?;
    Ok(work(async move { kanban.release_card(card, epoch, reason.as_deref()).await }))
}

pub(crate) fn complete_card(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, epoch): (CardRef, _) = (a.named("card")?, a.epoch()?);
    Ok(work(async move { kanban.complete_card(card, epoch).await }))
}
