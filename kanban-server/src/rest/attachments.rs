//! Attachments.

use axum::extract::OriginalUri;
use kanban_core::{Attachment, AttachmentId, CardRef, NewAttachment, Page};

use super::Answer;
use super::workspaces::NoFilter;
use crate::etag::{IfMatch, Seen, created, tagged};
use crate::extract::{self, Act, Body, Id, Listed};
use crate::openapi::Conflict;

/// Notes a file or page elsewhere on a card.
///
/// Nothing is fetched: what is said about it is taken as it is.
#[utoipa::path(
    post,
    path = "/v1/cards/{id}/attachments",
    operation_id = "create_attachment",
    tag = "attachments",
    params(Act, Id<CardRef>),
    request_body(content = NewAttachment, example = json!({
        "name": "report.pdf",
        "url": "https://example.org/reports/42.pdf",
        "content_type": "application/pdf",
        "size": 48213,
        "checksum": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    })),
    responses(
        (status = 201, description = "The attachment.", body = Attachment,
         headers(("Location" = String, description = "Where the attachment is."))),
        Conflict,
    )
)]
pub(super) async fn create(Act(kanban): Act, Id(card): Id<CardRef>, Body(new): Body<NewAttachment>) -> Answer {
    let attachment = kanban.create_attachment(card, new).await?;
    Ok(created(format!("/v1/attachments/{}", attachment.id), &attachment))
}

/// Lists a card's attachments, oldest first.
#[utoipa::path(
    get,
    path = "/v1/cards/{id}/attachments",
    operation_id = "list_attachments",
    tag = "attachments",
    params(Act, Id<CardRef>, Listed<NoFilter>),
    responses((status = 200, description = "A page of attachments.", body = Page<Attachment>))
)]
pub(super) async fn list(
    Act(kanban): Act,
    Id(card): Id<CardRef>,
    uri: OriginalUri,
    Listed(NoFilter {}, page): Listed<NoFilter>,
) -> Answer {
    Ok(extract::list(&uri, kanban.list_attachments(card, page).await?))
}

/// Reads an attachment.
#[utoipa::path(
    get,
    path = "/v1/attachments/{id}",
    operation_id = "get_attachment",
    tag = "attachments",
    params(Act, Id<AttachmentId>, Seen),
    responses((status = 200, description = "The attachment.", body = Attachment))
)]
pub(super) async fn read(Act(kanban): Act, Id(attachment): Id<AttachmentId>, seen: Seen) -> Answer {
    Ok(seen.answer(&kanban.get_attachment(attachment).await?))
}

/// Takes an attachment off its card.
///
/// What it leads to stays where it is.
#[utoipa::path(
    delete,
    path = "/v1/attachments/{id}",
    operation_id = "delete_attachment",
    tag = "attachments",
    params(Act, Id<AttachmentId>, IfMatch),
    responses((status = 200, description = "The attachment as it was deleted.", body = Attachment), Conflict)
)]
pub(super) async fn delete(Act(kanban): Act, Id(attachment): Id<AttachmentId>, IfMatch(expected): IfMatch) -> Answer {
    Ok(tagged(&kanban.delete_attachment(attachment, expected).await?))
}
