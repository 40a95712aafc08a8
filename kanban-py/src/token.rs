//! Operations on service tokens.

use kanban_core::{Kanban, ListPage, NewToken, TokenId};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work, work_as};

pub(crate) fn create_token(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let new: NewToken = a.rest()?;
    Ok(work_as("CreatedToken", async move { kanban.create_token(new).await }))
}

pub(crate) fn get_token(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let id: TokenId = a.named("token_id")?;
    Ok(work(async move { kanban.get_token(id).await }))
}

pub(crate) fn list_tokens(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let page: ListPage = a.rest()?;
    Ok(work(async move { kanban.list_tokens(page).await }))
}

pub(crate) fn revoke_token(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let id: TokenId = a.named("token_id")?;
    Ok(work(async move { kanban.revoke_token(id).await }))
}
