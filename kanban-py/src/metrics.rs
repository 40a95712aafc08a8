//! How work flows over a board, what an agent did, and when work will be done.

use kanban_core::{BoardRef, Error, ForecastOptions, Kanban, MetricsWindow, SummaryFilter};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

pub(crate) fn board_metrics(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let window = MetricsWindow { from: a.take("since")?, to: a.take("until")?, time_zone: a.take("time_zone")? };
    Ok(work(async move { kanban.board_metrics(board, window).await.map_err(as_named_here) }))
}

pub(crate) fn forecast(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board: BoardRef = a.named("board")?;
    let options: ForecastOptions = a.rest()?;
    Ok(work(async move { kanban.forecast(board, options).await }))
}

pub(crate) fn agent_summary(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let agent: String = a.take("agent")?;
    let filter = SummaryFilter {
        board: a.take("board")?,
        from: a.take("since")?,
        to: a.take("until")?,
        time_zone: a.take("time_zone")?,
    };
    Ok(work(async move { kanban.agent_summary(&agent, filter).await.map_err(as_named_here) }))
}

/// `from` is a word of Python's own, so the ends of a window have other names there.
pub(crate) fn as_named_here(error: Error) -> Error {
    let Error::Invalid { mut fields } = error else { return error };
    for field in &mut fields {
        match field.pointer.as_str() {
            "/from" => field.pointer = "/since".to_owned(),
            "/to" => field.pointer = "/until".to_owned(),
            _ => {}
        }
    }
    Error::Invalid { fields }
}
