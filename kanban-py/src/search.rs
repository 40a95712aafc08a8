//! Search.

use kanban_core::{BoardRef, Kanban, Search, SearchQuery};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::board::page;
use crate::job::{Work, work};

pub(crate) fn search(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let board_id: Option<BoardRef> = a.take("board_id")?;
    let query = SearchQuery { q: a.take("q")?, board_id, archived: a.take("archived")? };
    let page = page(a)?;
    let search = Search { query, filter: a.rest()?, page };
    Ok(work(async move { kanban.search(search).await }))
}
