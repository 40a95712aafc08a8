//! Operations on comments.

use kanban_core::{CardRef, CommentId, Kanban, NewComment};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::board::page;
use crate::job::{Work, work};

pub(crate) fn create_comment(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let card: CardRef = a.named("card")?;
    let new: NewComment = a.rest()?;
    Ok(work(async move { kanban.create_comment(card, new).await }))
}

pub(crate) fn list_comments(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, page): (CardRef, _) = (a.named("card")?, page(a)?);
    Ok(work(async move { kanban.list_comments(card, page).await }))
}

pub(crate) fn get_comment(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let comment: CommentId = a.named("comment_id")?;
    Ok(work(async move { kanban.get_comment(comment).await }))
}

pub(crate) fn delete_comment(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (comment, version): (CommentId, _) = (a.named("comment_id")?, a.version()?);
    Ok(work(async move { kanban.delete_comment(comment, version).await }))
}
