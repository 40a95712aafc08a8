//! Operations on dependencies.

use kanban_core::{CardRef, Kanban, NewDependency};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::job::{Work, work, work_as};

pub(crate) fn add_dependency(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, link) = (a.named::<CardRef>("card")?, link(a)?);
    Ok(work_as("Added", async move { kanban.add_dependency(card, link).await }))
}

pub(crate) fn remove_dependency(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, link) = (a.named::<CardRef>("card")?, link(a)?);
    Ok(work(async move { kanban.remove_dependency(card, link).await }))
}

pub(crate) fn list_dependencies(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let card: CardRef = a.named("card")?;
    Ok(work(async move { kanban.list_dependencies(card).await }))
}

fn link(a: &Arguments<'_>) -> PyResult<NewDependency> {
    Ok(NewDependency { relation: a.take("relation")?, card: a.named("other")? })
}
