"""Operations on tenants, for whoever runs the server: they are the tenant `default`'s own."""

from __future__ import annotations

from kanban_py.model import CreatedTenant, Page, Tenant

from .handle import Handle


class Tenants(Handle):
    """Operations on tenants."""

    __slots__ = ()

    async def create_tenant(self, name: str) -> CreatedTenant:
        """Creates a tenant, or answers the one that is there. A second tenant needs row-level security.

        Args:
            name: Its name for good: lower-case letters, digits, `-` and `_`, at most 63.

        Raises:
            Invalid: No tenant can have that name.
            Conflict: It is the name of one that was deleted, or the database has no row-level security.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> (await kanban.create_tenant("acme")).is_new
            True
        """
        return await self._call("create_tenant", name=name)

    async def get_tenant(self, name: str) -> Tenant:
        """Reads a tenant.

        Args:
            name: Its name.

        Raises:
            NotFound: There is none with that name.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> (await kanban.get_tenant("default")).suspended_at is None
            True
        """
        return await self._call("get_tenant", name=name)

    async def list_tenants(self, *, limit: int = 50, cursor: str | None = None) -> Page[Tenant]:
        """Lists all tenants by name, deleted ones among them.

        Args:
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            Invalid: For a bad limit or cursor.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> [tenant.id for tenant in await kanban.list_tenants()]
            ['default']
        """
        return await self._call("list_tenants", limit=limit, cursor=cursor)

    async def suspend_tenant(self, name: str) -> Tenant:
        """Stops a tenant: its tokens are refused and nothing of it is changed any more.

        Args:
            name: Its name.

        Raises:
            NotFound: There is none with that name.
            Conflict: It is the tenant `default`.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> created = await kanban.create_tenant("acme")
            >>> (await kanban.suspend_tenant("acme")).suspended_at is not None
            True
        """
        return await self._call("suspend_tenant", name=name)

    async def resume_tenant(self, name: str) -> Tenant:
        """Lets a suspended tenant go on as before.

        Args:
            name: Its name.

        Raises:
            NotFound: There is none with that name.
            Conflict: It is the tenant `default`.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> created = await kanban.create_tenant("acme")
            >>> stopped = await kanban.suspend_tenant("acme")
            >>> (await kanban.resume_tenant("acme")).suspended_at is None
            True
        """
        return await self._call("resume_tenant", name=name)

    async def delete_tenant(self, name: str) -> Tenant:
        """Deletes a suspended tenant and everything it has, for good; its name is never given again.

        Args:
            name: Its name.

        Raises:
            NotFound: There is none with that name.
            Conflict: It is at work, or the tenant `default`.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> created = await kanban.create_tenant("acme")
            >>> stopped = await kanban.suspend_tenant("acme")
            >>> (await kanban.delete_tenant("acme")).deleted_at is not None
            True
        """
        return await self._call("delete_tenant", name=name)
