//! Operations on attachments.

use kanban_core::{AttachmentId, CardRef, Kanban, NewAttachment};
use pyo3::PyResult;

use crate::arguments::Arguments;
use crate::board::page;
use crate::job::{Work, work};

pub(crate) fn create_attachment(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let card: CardRef = a.named("card")?;
    let new: NewAttachment = a.rest()?;
    Ok(work(async move { kanban.create_attachment(card, new).await }))
}

pub(crate) fn get_attachment(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let attachment: AttachmentId = a.named("attachment_id")?;
    Ok(work(async move { kanban.get_attachment(attachment).await }))
}

pub(crate) fn list_attachments(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (card, page): (CardRef, _) = (a.named("card")?, page(a)?);
    Ok(work(async move { kanban.list_attachments(card, page).await }))
}

pub(crate) fn delete_attachment(kanban: Kanban, a: &Arguments<'_>) -> PyResult<Work> {
    let (attachment, version): (AttachmentId, _) = (a.named("attachment_id")?, a.version()?);
    Ok(work(async move { kanban.delete_attachment(attachment, version).await }))
}
