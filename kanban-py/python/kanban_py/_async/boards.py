"""Operations on boards."""

from __future__ import annotations

from kanban_py._sentinels import UNSET, Unset
from kanban_py._typing import EMPTY, BoardTemplate, JsonObject, Version
from kanban_py.model import Board, BoardDetail, Page

from .handle import Handle


class Boards(Handle):
    """Operations on boards."""

    __slots__ = ()

    async def create_board(
        self,
        name: str,
        *,
        workspace_id: str | None = None,
        key: str | None = None,
        description: str = "",
        template: BoardTemplate = "basic",
        metadata: JsonObject = EMPTY,
        time_zone: str | None = None,
    ) -> BoardDetail:
        """Creates a board with the columns of its template.

        Args:
            name: Its name: 1 to 256 characters.
            workspace_id: The workspace to put it in; the tenant's first one when None.
            key: Short key for the board and its cards: a capital letter, then at most nine capitals or digits. Made
                from the name when None.
            description: What it is for, at most 16 KiB.
            template: `basic` (Todo, Doing, Done), `review` (Backlog, Todo, Doing, Review, Done) or `empty`.
            metadata: Anything to keep with it, at most 16 KiB of JSON.
            time_zone: IANA time zone in which its days are counted; UTC when None.

        Raises:
            Invalid: A member breaks a rule, or there is no workspace yet.
            NotFound: There is no such workspace.
            Duplicate: The given key is taken.

        Example:
            >>> created = await kanban.create_board("Web Shop", template="review")
            >>> created.key, [column.name for column in created.columns]
            ('WS', ['Backlog', 'Todo', 'Doing', 'Review', 'Done'])
        """
        return await self._call(
            "create_board",
            name=name,
            workspace_id=workspace_id,
            key=key,
            description=description,
            template=template,
            metadata=metadata,
            time_zone=time_zone,
        )

    async def get_board(self, board: str) -> BoardDetail:
        """Reads a board with its columns in order and their counts of cards.

        Args:
            board: Its id or key.

        Raises:
            NotFound: There is none with this id or key.

        Example:
            >>> [(column.name, column.cards) for column in (await kanban.get_board("AB")).columns]
            [('Todo', 3), ('Doing', 0), ('Done', 0)]
        """
        return await self._call("get_board", board=board)

    async def list_boards(
        self,
        *,
        workspace_id: str | None = None,
        archived: bool | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Board]:
        """Lists the tenant's boards, oldest first.

        Args:
            workspace_id: Only those in this workspace.
            archived: Only archived ones, or only the others; all when None.
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            Invalid: For a bad limit or cursor.

        Example:
            >>> [board.key for board in await kanban.list_boards(archived=False)]
            ['AB']
        """
        return await self._call(
            "list_boards",
            workspace_id=workspace_id,
            archived=archived,
            limit=limit,
            cursor=cursor,
        )

    async def update_board(
        self,
        board: str,
        version: Version,
        *,
        workspace_id: str | Unset = UNSET,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        metadata: JsonObject | Unset = UNSET,
        time_zone: str | Unset = UNSET,
        archived: bool | Unset = UNSET,
    ) -> BoardDetail:
        """Changes a board's own members; moves it, archives it or brings it back. What is not given stays.

        Args:
            board: Its id or key.
            version: The version you have seen, or `ANY`.
            workspace_id: The workspace to move it to.
            name: New name.
            description: New description.
            metadata: Merged into the metadata (RFC 7396): None removes a member.
            time_zone: New IANA time zone.
            archived: True archives the board, False brings it back.

        Raises:
            NotFound: There is no such board, or no such workspace.
            VersionConflict: It has another version by now.
            Invalid: A member breaks a rule.

        Example:
            >>> (await kanban.update_board("AB", board.version, name="Agents at work")).name
            'Agents at work'
        """
        return await self._call(
            "update_board",
            board=board,
            version=version,
            workspace_id=workspace_id,
            name=name,
            description=description,
            metadata=metadata,
            time_zone=time_zone,
            archived=archived,
        )

    async def delete_board(self, board: str, version: Version) -> Board:
        """Deletes a board with all that is on it. Its cards hold nothing back any more.

        Args:
            board: Its id or key.
            version: The version you have seen, or `ANY`.

        Raises:
            NotFound: There is no such board.
            VersionConflict: It has another version by now.

        Example:
            >>> (await kanban.delete_board("AB", ANY)).deleted_at is not None
            True
        """
        return await self._call("delete_board", board=board, version=version)
