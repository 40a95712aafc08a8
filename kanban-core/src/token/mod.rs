//! Service tokens: creating, listing and revoking them, and working as whoever holds one.

#[cfg(feature = "pure")]
pub(crate) mod pure;
mod text;
mod verify;

pub(crate) use verify::{FRESH, Verifier};

use crate::db::{self, tokens};
use crate::model::{Actor, CreatedToken, ListPage, NewToken, Page, Scope, Token, TokenId, TokenScope};
use crate::{Error, Kanban, Result, Store};

impl Store {
    /// The board as whoever holds a token may see and change it. The token is hashed slowly the first time only; whether
    /// it still stands is read again every few seconds.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example_of_store(async |store, kanban| {
    /// let created = kanban.create_token(NewToken::named("ci", TokenScope::Read)).await?;
    /// let ci = store.authenticate(created.secret.as_deref().unwrap()).await?;
    /// assert_eq!((ci.actor().id.as_str(), ci.scope()), ("ci", TokenScope::Read));
    /// let refused = ci.create_board(NewBoard::named("Mine")).await.unwrap_err();
    /// assert_eq!(refused.code(), "scope_needed");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Unauthenticated`](Error::Unauthenticated), whatever is wrong with the token;
    /// [`TenantSuspended`](Error::TenantSuspended); [`Unavailable`](Error::Unavailable) when too many unknown ones come
    /// at once.
    pub async fn authenticate(&self, token: &str) -> Result<Kanban> {
        let prefix = text::Presented::read(token).ok_or(Error::Unauthenticated)?.prefix;
        let look = || db::read(self.source(), |conn| tokens::presented_tokens(conn, prefix));
        let read = self.verifier().verify(token, look).await?;
        let actor = read.known.grant.actor().ok_or_else(|| Error::internal("a token without an actor"))?;
        let actor = Actor { token_id: read.known.grant.token_id(), ..Actor::from(actor) };
        let kanban = Kanban::granted(self.clone(), read.known.tenant.clone(), actor, read.known.grant.clone());
        if let (true, Some(token)) = (read.is_stale, read.known.grant.token_id()) {
            let noted = kanban.note(|conn, t| tokens::use_token(conn, t, token.uuid())).await;
            // it is not worth a refusal
            if let Err(error) = noted {
                tracing::warn!(error.message = %error, "a token's last use is not noted");
            }
        }
        Ok(kanban)
    }

    /// Whether there is a token, of whatever tenant, with which a caller could be told apart.
    ///
    /// # Errors
    /// [`Unavailable`](Error::Unavailable).
    pub async fn has_tokens(&self) -> Result<bool> {
        db::read(self.source(), tokens::has_tokens).await
    }

    /// How many secrets this store has hashed slowly since it was opened, for watching that warm calls do none.
    pub fn secrets_hashed(&self) -> u64 {
        self.verifier().hashed()
    }
}

impl Kanban {
    /// Whether what the handle stands on still stood not long ago: the token, if it is one's, and its tenant.
    pub(crate) async fn stands(&self) -> Result<bool> {
        let Some(token) = self.token_id() else { return Ok(true) };
        let look = async || self.read(|conn, t| tokens::token_stands(conn, t, token.uuid())).await;
        self.store.verifier().stands(token, look).await
    }

    /// Creates a token. Its text is in the answer, this once.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// let new = NewToken::named("night shift", TokenScope::Write).for_agent("claude-1");
    /// let created = kanban.create_token(new).await?;
    /// assert!(created.secret.unwrap().starts_with(&format!("kfa_{}_", created.token.prefix)));
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid); [`ScopeNeeded`](Error::ScopeNeeded) without the scope `admin`.
    pub async fn create_token(&self, new: NewToken) -> Result<CreatedToken> {
        self.require(TokenScope::Admin)?;
        new.validate()?;
        let secret = text::generate();
        let presented = text::Presented::read(&secret).ok_or_else(|| Error::internal("a token that does not read"))?;
        let stored = tokens::Stored {
            prefix: presented.prefix.to_owned(),
            tag: presented.tag(),
            hash: self.store.verifier().hash(presented.secret).await?,
        };
        let id = TokenId::generate();
        let token =
            self.run(&[], |conn, t, actor| tokens::create_token(conn, t, actor, id.uuid(), &new, &stored)).await?;
        Ok(CreatedToken { token, secret: Some(secret) })
    }

    /// Reads a token, without its secret.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`ScopeNeeded`](Error::ScopeNeeded) without the scope `admin`.
    pub async fn get_token(&self, id: TokenId) -> Result<Token> {
        self.require(TokenScope::Admin)?;
        self.read(|conn, t| tokens::get_token(conn, t, id.uuid()))
            .await?
            .ok_or_else(|| Error::not_found("token", id.to_string()))
    }

    /// Lists the tenant's tokens, oldest first, those that have ended among them.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// kanban.create_token(NewToken::named("ci", TokenScope::Read)).await?;
    /// assert_eq!(kanban.list_tokens(ListPage::default()).await?.items[0].name, "ci");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a bad limit or cursor; [`ScopeNeeded`](Error::ScopeNeeded) without the scope
    /// `admin`.
    pub async fn list_tokens(&self, page: ListPage) -> Result<Page<Token>> {
        self.require(TokenScope::Admin)?;
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_tokens", &());
        let after = match &page.cursor {
            Some(cursor) => key.open::<uuid::Uuid>(&scope, cursor)?,
            None => uuid::Uuid::nil(),
        };
        let rows = self.read(|conn, t| tokens::list_tokens(conn, t, after, rows)).await?;
        Ok(key.page(&scope, rows, &page, |token| token.id.uuid(), |token| token))
    }

    /// Ends a token. Once this has answered, nothing that was written with it is still to take effect, in whatever
    /// process; reads with it end within seconds. Ending it again changes nothing.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example_of_store(async |store, kanban| {
    /// let created = kanban.create_token(NewToken::named("ci", TokenScope::Write)).await?;
    /// let secret = created.secret.unwrap();
    /// let ci = store.authenticate(&secret).await?;
    /// kanban.revoke_token(created.token.id).await?;
    /// let late = ci.create_workspace(NewWorkspace { name: "late".into(), ..Default::default() }).await.unwrap_err();
    /// assert_eq!(late.kind(), ErrorKind::Unauthenticated);
    /// assert!(store.authenticate(&secret).await.is_err());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`ScopeNeeded`](Error::ScopeNeeded) without the scope `admin`.
    pub async fn revoke_token(&self, id: TokenId) -> Result<Token> {
        self.require(TokenScope::Admin)?;
        let token =
            self.run(&[("token", &id)], |conn, t, actor| tokens::revoke_token(conn, t, actor, id.uuid())).await?;
        self.store.verifier().forget(id);
        Ok(token)
    }
}
