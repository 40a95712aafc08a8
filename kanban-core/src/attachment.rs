//! Operations on attachments.

use crate::db::attachments;
use crate::kanban::{Seen, with_current};
use crate::model::{Attachment, AttachmentId, CardRef, Expected, ListPage, NewAttachment, Page, Scope};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// Notes a file or page elsewhere on a card. Nothing is fetched: what is said about it is taken as it is.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let log = NewAttachment { size: Some(812), ..NewAttachment::at("login.log", "s3://builds/42/login.log") };
    /// let log = kanban.create_attachment(card.id, log).await?;
    /// assert_eq!(kanban.list_attachments(card.id, ListPage::default()).await?.items, [log]);
    /// let local = NewAttachment::at("passwords", "file:///etc/passwd");
    /// assert_eq!(kanban.create_attachment(card.id, local).await.unwrap_err().code(), "invalid");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the card; [`Invalid`](Error::Invalid); [`StaleClaim`](Error::StaleClaim) under a
    /// claim that has ended; [`State`](Error::State) on an archived board.
    pub async fn create_attachment(&self, card: impl Into<CardRef>, new: NewAttachment) -> Result<Attachment> {
        new.validate()?;
        let card = card.into();
        let id = AttachmentId::generate().uuid();
        let epoch = self.epoch();
        self.run(&[("card", &card), ("epoch", &Seen(epoch))], |conn, t, actor| {
            attachments::create_attachment(conn, t, actor, id, &card, epoch, &new)
        })
        .await
    }

    /// Reads an attachment.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), also when its card is deleted.
    pub async fn get_attachment(&self, id: AttachmentId) -> Result<Attachment> {
        self.read(|conn, t| attachments::get_attachment(conn, t, id.uuid()))
            .await?
            .ok_or_else(|| Error::not_found("attachment", id.to_string()))
    }

    /// Lists a card's attachments, oldest first.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the card; [`Invalid`](Error::Invalid) for a bad limit or cursor.
    pub async fn list_attachments(&self, card: impl Into<CardRef>, page: ListPage) -> Result<Page<Attachment>> {
        let card = card.into();
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_attachments", &card);
        let after = match &page.cursor {
            Some(cursor) => key.open::<AttachmentId>(&scope, cursor)?.uuid(),
            None => uuid::Uuid::nil(),
        };
        let rows = self.read(|conn, t| attachments::list_attachments(conn, t, &card, after, rows)).await?;
        if rows.is_empty() {
            self.get_card(card).await?;
        }
        Ok(key.page(&scope, rows, &page, |attachment| attachment.id, |attachment| attachment))
    }

    /// Takes an attachment off its card. What it leads to stays where it is.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let plan = NewAttachment::at("plan", "https://example.org/plan");
    /// let plan = kanban.create_attachment(card.id, plan).await?;
    /// assert!(kanban.delete_attachment(plan.id, plan.version).await?.deleted_at.is_some());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict), [`StaleClaim`](Error::StaleClaim);
    /// [`State`](Error::State) on an archived board.
    pub async fn delete_attachment(&self, id: AttachmentId, expected: impl Into<Expected>) -> Result<Attachment> {
        let version = expected.into().as_bind();
        let epoch = self.epoch();
        let result = self
            .run(&[("attachment", &id), ("version", &Seen(version)), ("epoch", &Seen(epoch))], |conn, t, actor| {
                attachments::delete_attachment(conn, t, actor, id.uuid(), version, epoch)
            })
            .await;
        with_current(result, async || self.get_attachment(id).await).await
    }
}
