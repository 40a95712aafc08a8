//! What stands in the way of work, and what work makes way for.

use kanban_core::{BlockerFilter, BoardRef, CardRef, Kanban};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

pub(crate) fn blockers(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let agent: String = a.take("agent")?;
    let filter = BlockerFilter { board: a.take("board")?, limit: Some(a.take("limit")?) };
    Ok(work(async move { kanban.blockers(&agent, filter).await }))
}

pub(crate) fn unblocks(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, limit): (CardRef, u32) = (a.named("card")?, a.take("limit")?);
    Ok(work(async move { kanban.unblocks(card, Some(limit)).await }))
}

pub(crate) fn critical_chain(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, limit): (CardRef, u32) = (a.named("card")?, a.take("limit")?);
    Ok(work(async move { kanban.critical_chain(card, Some(limit)).await }))
}

pub(crate) fn board_critical_chain(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (board, limit): (BoardRef, u32) = (a.named("board")?, a.take("limit")?);
    Ok(work(async move { kanban.board_critical_chain(board, Some(limit)).await }))
}
