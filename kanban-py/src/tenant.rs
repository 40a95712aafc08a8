//! Operations on tenants.

use kanban_core::{Kanban, ListPage};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work};

pub(crate) fn create_tenant(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let name: String = a.take("name")?;
    Ok(work(async move { kanban.create_tenant(&name).await }))
}

pub(crate) fn get_tenant(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let name: String = a.take("name")?;
    Ok(work(async move { kanban.get_tenant(&name).await }))
}

pub(crate) fn list_tenants(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let page: ListPage = a.rest()?;
    Ok(work(async move { kanban.list_tenants(page).await }))
}

pub(crate) fn suspend_tenant(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let name: String = a.take("name")?;
    Ok(work(async move { kanban.suspend_tenant(&name).await }))
}

pub(crate) fn resume_tenant(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let name: String = a.take("name")?;
    Ok(work(async move { kanban.resume_tenant(&name).await }))
}

pub(crate) fn delete_tenant(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let name: String = a.take("name")?;
    Ok(work(async move { kanban.delete_tenant(&name).await }))
}
