# made from _async/events.py by kanban-py/make-sync; change that one

"""Reading a board's events."""

from __future__ import annotations

from kanban_py.model import Event

from .handle import Handle


class Events(Handle):
    """Reading a board's events."""

    __slots__ = ()

    def list_events(self, board: str, *, since: int = 0, limit: int = 200) -> tuple[Event, ...]:
        """A board's events behind a number, in their order.

        The numbers have no gap, so the highest one read is all that a reader needs to remember.

        Args:
            board: The board's id or key.
            since: Only events with a higher number; 0 for all.
            limit: The most to list: 1 to 1000.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad limit, or a number that the board has not reached yet.

        Example:
            >>> card = kanban.update_card("AB-1", 1, title="Find what has no test")
            >>> event = (kanban.list_events("AB", since=board.seq))[0]
            >>> event.action, event.payload["after"]["title"]
            ('card.updated', 'Find what has no test')
        """
        return self._call("list_events", board=board, since=since, limit=limit)
