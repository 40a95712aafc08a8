"""Operations on service tokens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kanban_py._typing import TokenScope
from kanban_py.model import CreatedToken, Page, Token

from .handle import Handle


class Tokens(Handle):
    """Operations on service tokens."""

    __slots__ = ()

    async def create_token(
        self,
        name: str,
        scopes: Sequence[TokenScope],
        *,
        agent_id: str | None = None,
        expires_at: datetime | None = None,
    ) -> CreatedToken:
        """Creates a service token for callers of the server. Its text is in the answer, this once.

        Args:
            name: What it is for: 1 to 128 characters; without `agent_id` also the id of the person who acts with it.
            scopes: What it may do: `read`, `write` (includes `read`), `admin` (includes both).
            agent_id: The one agent that may act with it; a person's, who may act as any agent, when None.
            expires_at: When it stops being accepted, aware; never when None.

        Raises:
            Invalid: A member breaks a rule.
            PermissionDenied: This handle is a token's without the scope `admin`.

        Example:
            >>> created = await kanban.create_token("night shift", ["write"], agent_id="claude-1")
            >>> created.token.startswith(f"kfa_{created.prefix}_")
            True
        """
        return await self._call("create_token", name=name, scopes=scopes, agent_id=agent_id, expires_at=expires_at)

    async def get_token(self, token_id: str) -> Token:
        """Reads a token, without its text.

        Args:
            token_id: Its id.

        Raises:
            NotFound: There is none with this id.
            PermissionDenied: This handle is a token's without the scope `admin`.

        Example:
            >>> created = await kanban.create_token("ci", ["read"])
            >>> (await kanban.get_token(created.id)).scopes
            ('read',)
        """
        return await self._call("get_token", token_id=token_id)

    async def list_tokens(self, *, limit: int = 50, cursor: str | None = None) -> Page[Token]:
        """Lists the tenant's tokens, oldest first, those that have ended among them.

        Args:
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            Invalid: For a bad limit or cursor.
            PermissionDenied: This handle is a token's without the scope `admin`.

        Example:
            >>> created = await kanban.create_token("ci", ["read"])
            >>> [token.name for token in await kanban.list_tokens()]
            ['ci']
        """
        return await self._call("list_tokens", limit=limit, cursor=cursor)

    async def revoke_token(self, token_id: str) -> Token:
        """Ends a token. Nothing written with it takes effect once this has answered; reads with it end within seconds.

        Args:
            token_id: Its id.

        Raises:
            NotFound: There is none with this id.
            PermissionDenied: This handle is a token's without the scope `admin`.

        Example:
            >>> created = await kanban.create_token("ci", ["read"])
            >>> (await kanban.revoke_token(created.id)).revoked_at is not None
            True
        """
        return await self._call("revoke_token", token_id=token_id)
