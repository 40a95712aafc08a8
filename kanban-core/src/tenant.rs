//! Tenants, for whoever runs the server: the operations are the tenant `default`'s own.

use crate::db::{self, Source, tenants};
use crate::model::{CreatedTenant, ListPage, Page, Scope, Tenant, TenantId, TokenScope};
use crate::{Error, Kanban, Result};

/// Whose administrators look after all tenants.
pub(crate) const OPERATORS: &str = "default";

/// How much of a deleted tenant is taken at once: little enough that nobody waits for it.
const PURGE_ROWS: i32 = 5_000;

impl Kanban {
    /// Creates a tenant, or answers the one that is there. A second tenant needs row-level security, which `migrate` sets
    /// up where it may.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example_of_store(async |store, kanban| {
    /// assert!(kanban.create_tenant("acme").await?.is_new);
    /// let acme = store.tenant("acme", Actor::human("wile"))?;
    /// assert!(acme.list_boards(BoardFilter::default(), ListPage::default()).await?.items.is_empty());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a name that no tenant can have; [`State`](Error::State) for the name of one that
    /// was deleted, and where the database has no row-level security; [`Forbidden`](Error::Forbidden) for other tenants
    /// than `default`.
    pub async fn create_tenant(&self, tenant: &str) -> Result<CreatedTenant> {
        let id = self.require_operator(tenant).map_err(|error| match error {
            Error::NotFound { .. } => Error::invalid(
                "/id",
                "must be lower-case letters, digits, - and _, at most 63, and begin with a letter or digit",
            ),
            error => error,
        })?;
        let (tenant, is_new) =
            db::run(self.of(&id)?, &[], |conn| tenants::create_tenant(conn, id.as_str(), &self.actor)).await?;
        Ok(CreatedTenant { tenant, is_new })
    }

    /// Reads a tenant.
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`Forbidden`](Error::Forbidden) for other tenants than `default`.
    pub async fn get_tenant(&self, tenant: &str) -> Result<Tenant> {
        let id = self.require_operator(tenant)?;
        db::read(self.of(&id)?, |conn| tenants::get_tenant(conn, id.as_str()))
            .await?
            .ok_or_else(|| Error::not_found("tenant", tenant))
    }

    /// Lists all tenants by name, deleted ones among them.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example(async |kanban, board| {
    /// assert_eq!(kanban.list_tenants(ListPage::default()).await?.items[0].id.as_str(), "default");
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`Invalid`](Error::Invalid) for a bad limit or cursor; [`Forbidden`](Error::Forbidden) for other tenants than
    /// `default`.
    pub async fn list_tenants(&self, page: ListPage) -> Result<Page<Tenant>> {
        self.require_operator(OPERATORS)?;
        let rows = page.rows()?;
        let key = self.store.cursor_key().await?;
        let scope = Scope::of(self.tenant_str(), "list_tenants", &());
        let after = match &page.cursor {
            Some(cursor) => key.open::<String>(&scope, cursor)?,
            None => String::new(),
        };
        let rows = self.read(|conn, _| tenants::list_tenants(conn, &after, rows)).await?;
        Ok(key.page(&scope, rows, &page, |tenant| tenant.id.to_string(), |tenant| tenant))
    }

    /// Stops a tenant: its tokens are refused and nothing of it is changed any more, by whatever program; what is under
    /// way ends, and reads with its tokens end within seconds.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example_of_store(async |store, kanban| {
    /// kanban.create_tenant("acme").await?;
    /// assert!(kanban.suspend_tenant("acme").await?.suspended_at.is_some());
    /// let acme = store.tenant("acme", Actor::human("wile"))?;
    /// let refused = acme.create_workspace(NewWorkspace { name: "w".into(), ..Default::default() }).await.unwrap_err();
    /// assert_eq!(refused.code(), "tenant_suspended");
    /// assert!(kanban.resume_tenant("acme").await?.suspended_at.is_none());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`State`](Error::State) for `default`; [`Forbidden`](Error::Forbidden) for other
    /// tenants than `default`.
    pub async fn suspend_tenant(&self, tenant: &str) -> Result<Tenant> {
        self.suspend(tenant, true).await
    }

    /// Lets a suspended tenant go on as before.
    ///
    /// # Errors
    /// Like [`suspend_tenant`](Self::suspend_tenant).
    pub async fn resume_tenant(&self, tenant: &str) -> Result<Tenant> {
        self.suspend(tenant, false).await
    }

    async fn suspend(&self, tenant: &str, suspend: bool) -> Result<Tenant> {
        let id = self.require_operator(tenant)?;
        let names: db::refusal::Names<'_> = &[("tenant", &id)];
        db::run(self.of(&id)?, names, |conn| tenants::suspend_tenant(conn, id.as_str(), &self.actor, suspend)).await
    }

    /// Deletes a suspended tenant and everything it has, for good; its name is never given again. Cut short, it goes on
    /// when it is called again.
    ///
    /// ```
    /// # use kanban_core::*;
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/support/doctest.rs"));
    /// # fn main() { example_of_store(async |store, kanban| {
    /// kanban.create_tenant("acme").await?;
    /// assert_eq!(kanban.delete_tenant("acme").await.unwrap_err().code(), "tenant_active");
    /// kanban.suspend_tenant("acme").await?;
    /// assert!(kanban.delete_tenant("acme").await?.deleted_at.is_some());
    /// # Ok(()) }) }
    /// ```
    ///
    /// # Errors
    /// [`NotFound`](Error::NotFound); [`State`](Error::State) while it works, and for `default`;
    /// [`Forbidden`](Error::Forbidden) for other tenants than `default`.
    pub async fn delete_tenant(&self, tenant: &str) -> Result<Tenant> {
        let id = self.require_operator(tenant)?;
        let names: db::refusal::Names<'_> = &[("tenant", &id)];
        let deleted =
            db::run(self.of(&id)?, names, |conn| tenants::delete_tenant(conn, id.as_str(), &self.actor)).await?;
        // two tenants' rows are two transactions
        self.run(&[], |conn, t, actor| tenants::record_deletion(conn, t, actor, id.as_str())).await?;
        while db::run(self.of(&id)?, names, |conn| tenants::purge_tenant(conn, id.as_str(), PURGE_ROWS)).await? > 0 {}
        Ok(deleted)
    }

    /// Reads a tenant's name, where this handle may look after tenants.
    fn require_operator(&self, tenant: &str) -> Result<TenantId> {
        self.require(TokenScope::Admin)?;
        if self.tenant_str() != OPERATORS {
            return Err(Error::Forbidden {
                detail: format!("Tenants are looked after by administrators of the tenant {OPERATORS}."),
            });
        }
        tenant.parse()
    }

    /// Where a tenant's own row is reached: on a session that shows it, never in a transaction of another tenant.
    fn of<'a>(&'a self, tenant: &'a TenantId) -> Result<Source<'a>> {
        if self.is_in_transaction() {
            return Err(Error::State {
                code: "one_tenant",
                detail: "A transaction is one tenant's. Look after tenants outside of it.".to_owned(),
            });
        }
        Ok(Source::Pool(self.store.pool(), Some(tenant)))
    }
}
