//! Operations on comments.

use crate::db::comments;
use crate::kanban::{Seen, with_current};
use crate::model::{CardRef, Comment, CommentId, Expected, ListPage, NewComment, Page, Scope};
use crate::{Error, Kanban, Result};

impl Kanban {
    /// Writes a comment on a card.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// kanban.create_comment(card.id, NewComment::saying("The cookie expires too early.")).await?;
    /// let comments = kanban.list_comments(card.id, ListPage::default()).await?;
    /// assert_eq!(comments.items[0].author.id, "ada");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the card; [`Invalid`](Error::Invalid); [`StaleClaim`](Error::StaleClaim) under a
    /// claim that has ended.
    pub async fn create_comment(&self, card: impl Into<CardRef>, new: NewComment) -> Result<Comment> {
        new.validate()?;
        let card = card.into();
        let id = CommentId::generate().uuid();
        let epoch = self.epoch();
        self.run(&[("card", &card), ("epoch", &Seen(epoch))], |conn, t, actor| {
            comments::create_comment(conn, t, actor, id, &card, epoch, &new)
        })
        .await
    }

    /// Reads a comment.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), also when its card is deleted.
    pub async fn get_comment(&self, id: CommentId) -> Result<Comment> {
        self.read(|conn, t| comments::get_comment(conn, t, id.uuid()))
            .await?
            .ok_or_else(|| Error::not_found("comment", id.to_string()))
    }

    /// Deletes a comment. Who wrote it may, and people and the system; other agents may not.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let card = kanban.create_card(board.columns[0].id, NewCard::titled("Fix the login")).await?;
    /// let comment = kanban.create_comment(card.id, NewComment::saying("Wrong card.")).await?;
    /// kanban.delete_comment(comment.id, comment.version).await?;
    /// assert!(kanban.list_comments(card.id, ListPage::default()).await?.items.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound), [`VersionConflict`](Error::VersionConflict); [`Forbidden`](Error::Forbidden) to an
    /// agent that has not written it; [`StaleClaim`](Error::StaleClaim).
    pub async fn delete_comment(&self, id: CommentId, expected: impl Into<Expected>) -> Result<Comment> {
        let version = expected.into().as_bind();
        let epoch = self.epoch();
        let result = self
            .run(&[("comment", &id), ("version", &Seen(version)), ("epoch", &Seen(epoch))], |conn, t, actor| {
                comments::delete_comment(conn, t, actor, id.uuid(), version, epoch)
            })
            .await;
        with_current(result, async || self.get_comment(id).await).await
    }

    /// Lists a card's comments, oldest first.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound) for the card; [`Invalid`](Error::Invalid) for a bad limit or cursor.
    pub async fn list_comments(&self, card: impl Into<CardRef>, page: ListPage) -> Result<Page<Comment>> {
        let card = card.into();
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_comments", &card);
        let after = match &page.cursor {
            Some(cursor) => key.open::<CommentId>(&scope, cursor)?.uuid(),
            None => uuid::Uuid::nil(),
        };
        let rows = self.read(|conn, t| comments::list_comments(conn, t, &card, after, rows)).await?;
        if rows.is_empty() {
            self.get_card(card).await?;
        }
        Ok(key.page(&scope, rows, &page, |comment| comment.id, |comment| comment))
    }
}
