"""Operations on comments."""

from __future__ import annotations

from kanban_py._typing import EMPTY, JsonObject, Version
from kanban_py.model import Comment, Page

from .handle import Handle


class Comments(Handle):
    """Operations on comments."""

    __slots__ = ()

    async def create_comment(self, card: str, body: str, *, metadata: JsonObject = EMPTY) -> Comment:
        """Writes a comment on a card.

        Args:
            card: Id or key of the card.
            body: What it says: 1 byte to 8 KiB.
            metadata: Anything to keep with it, at most 16 KiB of JSON.

        Raises:
            NotFound: There is no such card.
            Invalid: A member breaks a rule.

        Example:
            >>> (await kanban.create_comment("AB-1", "I start with src/api.")).author.id
            'ada'
        """
        return await self._call("create_comment", card=card, body=body, metadata=metadata)

    async def get_comment(self, comment_id: str) -> Comment:
        """Reads a comment.

        Args:
            comment_id: Its id.

        Raises:
            NotFound: There is none with this id, or its card is deleted.

        Example:
            >>> comment = await kanban.create_comment("AB-1", "I start with src/api.")
            >>> (await kanban.get_comment(comment.id)).body
            'I start with src/api.'
        """
        return await self._call("get_comment", comment_id=comment_id)

    async def list_comments(self, card: str, *, limit: int = 50, cursor: str | None = None) -> Page[Comment]:
        """Lists a card's comments, oldest first.

        Args:
            card: Id or key of the card.
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            NotFound: There is no such card.
            Invalid: For a bad limit or cursor.

        Example:
            >>> comment = await kanban.create_comment("AB-1", "Half of them have one.")
            >>> [comment.body for comment in await kanban.list_comments("AB-1")]
            ['Half of them have one.']
        """
        return await self._call("list_comments", card=card, limit=limit, cursor=cursor)

    async def delete_comment(self, comment_id: str, version: Version) -> Comment:
        """Deletes a comment. Who wrote it may, and people and the system; other agents may not.

        Args:
            comment_id: Its id.
            version: The version you have seen, or `ANY`.

        Raises:
            NotFound: There is no such comment.
            VersionConflict: It has another version by now.
            PermissionDenied: You are an agent and have not written it.

        Example:
            >>> comment = await kanban.create_comment("AB-1", "Wrong card.")
            >>> (await kanban.delete_comment(comment.id, comment.version)).deleted_at is not None
            True
        """
        return await self._call("delete_comment", comment_id=comment_id, version=version)
