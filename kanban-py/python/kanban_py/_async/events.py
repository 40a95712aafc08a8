"""Reading what has happened on a board, and following it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from kanban_py._typing import Action, EntityType
from kanban_py.model import Changes, Event, Page

from .handle import Handle
from .watch import AsyncWatch


class Events(Handle):
    """Reading what has happened on a board, and following it."""

    __slots__ = ()

    async def list_events(self, board: str, *, since: int = 0, limit: int = 200) -> tuple[Event, ...]:
        """A board's events behind a number, in their order.

        The numbers have no gap, so the highest one read is all that a reader needs to remember.

        Args:
            board: The board's id or key.
            since: Only events with a higher number; 0 for all.
            limit: The most to list: 1 to 1000.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad limit, or a number that the board has not reached yet.
            HistoryGone: The events behind it are not kept any more.

        Example:
            >>> card = await kanban.update_card("AB-1", 1, title="Find what has no test")
            >>> event = (await kanban.list_events("AB", since=board.seq))[0]
            >>> event.action, event.payload["after"]["title"]
            ('card.updated', 'Find what has no test')
        """
        return await self._call("list_events", board=board, since=since, limit=limit)

    async def iter_events(self, board: str, *, since: int = 0, limit: int = 200) -> AsyncIterator[Event]:
        """Goes through all of a board's events behind a number, up to the last there is; `watch` goes on from there.

        Args:
            board: The board's id or key.
            since: Only events with a higher number; 0 for all.
            limit: The most to fetch at once: 1 to 1000.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad limit, or a number that the board has not reached yet.
            HistoryGone: The events behind it are not kept any more.

        Example:
            >>> [event.action async for event in kanban.iter_events("AB", since=board.seq - 1)]
            ['dependency.added']
        """
        while True:
            events: tuple[Event, ...] = await self._call("list_events", board=board, since=since, limit=limit)
            for event in events:
                yield event
            if len(events) < limit:
                return
            since = events[-1].seq

    async def list_audit(
        self,
        *,
        board_id: str | None = None,
        entity_type: EntityType | None = None,
        entity_id: str | None = None,
        actor: str | None = None,
        action: Action | None = None,
        at_after: datetime | None = None,
        at_before: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Event]:
        """Lists changes of all boards and of what belongs to no board, newest first. All that is given must hold.

        With a board they come in the order of their numbers, otherwise in that of their moments. A change that is part
        of two boards' histories, such as a move between them, is there once for each. Nothing changes or removes one.

        Args:
            board_id: In the history of this board, by id or key; also after it was deleted.
            entity_type: About things of this kind.
            entity_id: About this thing, by id, or for a card or board by key.
            actor: What this actor did, by its id.
            action: Of this kind.
            at_after: At this moment or later; aware.
            at_before: Before this moment.
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            NotFound: There is no such board, card or key.
            Invalid: For a bad filter, limit or cursor.

        Example:
            >>> card = await kanban.move_card("AB-1", 1, board.columns[1].id)
            >>> [event.action for event in await kanban.list_audit(entity_id="AB-1")]
            ['card.moved', 'card.created']
        """
        return await self._call(
            "list_audit",
            board_id=board_id,
            entity_type=entity_type,
            entity_id=entity_id,
            actor=actor,
            action=action,
            at_after=at_after,
            at_before=at_before,
            limit=limit,
            cursor=cursor,
        )

    async def list_changes(self, board: str, *, since: int = 0, limit: int = 100) -> Changes:
        """What became of each thing on a board behind an event, without the steps on the way.

        Cheap to read for an agent that was away, however much happened meanwhile.

        Args:
            board: The board's id or key.
            since: Only what happened behind the event with this number; 0 for all.
            limit: The most things to list: 1 to 1000.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad limit, or a number that the board has not reached yet.
            HistoryGone: The events behind it are not kept any more.

        Example:
            >>> card = await kanban.update_card("AB-1", 1, title="Find what has no test")
            >>> card = await kanban.delete_card("AB-1", 2)
            >>> change = (await kanban.list_changes("AB", since=board.seq)).items[0]
            >>> change.key, change.what, change.actions
            ('AB-1', 'deleted', ('card.updated', 'card.deleted'))
        """
        return await self._call("list_changes", board=board, since=since, limit=limit)

    async def watch(self, board: str, *, since: int | None = None) -> AsyncWatch:
        """Follows a board: its events behind a number, and then each as it happens.

        However many streams a process has, one reader of the database serves them all.

        Args:
            board: The board's id or key.
            since: Begin behind the event with this number, 0 for all; with what happens from now on when None.

        Raises:
            NotFound: There is no such board.
            Invalid: For a number below zero.

        Example:
            >>> events = await kanban.watch("AB")
            >>> card = await kanban.update_card("AB-1", 1, title="Find what has no test")
            >>> (await anext(events)).action
            'card.updated'
        """
        return AsyncWatch(await self._call("watch", board=board, since=since))
