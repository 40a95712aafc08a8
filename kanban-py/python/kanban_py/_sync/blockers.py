# made from _async/blockers.py by kanban-py/make-sync; change that one

"""What stands in the way of work, and what work makes way for."""

from __future__ import annotations

from kanban_py.model import Blockers, CriticalChain, Unblocks

from .handle import Handle


class Waiting(Handle):
    """What stands in the way of work, and what work makes way for."""

    __slots__ = ()

    def blockers(self, agent: str, *, board: str | None = None, limit: int = 10) -> Blockers:
        """The unresolved blockers of an agent's open cards, those that have blocked longest first.

        With who holds each, what it waits for itself, and what waits for it. An agent's open cards are those that it
        has claimed or is assigned to.

        Args:
            agent: The agent's id.
            board: Only what blocks its cards on this board, by id or key; on every board when None.
            limit: The most blockers to list: 1 to 200.

        Raises:
            NotFound: There is no such board.
            Invalid: For a limit out of range.

        Example:
            >>> _ = kanban.update_card("AB-2", 1, assignees=["claude-1"])
            >>> [(blocker.blocks, blocker.card.key) for blocker in (kanban.blockers("claude-1")).items]
            [('AB-2', 'AB-1')]
        """
        return self._call("blockers", agent=agent, board=board, limit=limit)

    def unblocks(self, card: str, *, limit: int = 10) -> Unblocks:
        """What finishing a card makes way for: what waits for it alone, and all that waits for it through others.

        Args:
            card: Its id or key.
            limit: The most cards to list: 1 to 200.

        Raises:
            NotFound: There is no such card.
            Invalid: For a limit out of range.

        Example:
            >>> [card.key for card in (kanban.unblocks("AB-1")).frees]
            ['AB-2']
        """
        return self._call("unblocks", card=card, limit=limit)

    def critical_chain(self, card: str, *, limit: int = 10) -> CriticalChain:
        """The longest chain of unresolved blockers in front of a card, in the order in which they can be worked on.

        Args:
            card: Its id or key.
            limit: The most cards to list: 1 to 200.

        Raises:
            NotFound: There is no such card.
            Invalid: For a limit out of range.

        Example:
            >>> [card.key for card in (kanban.critical_chain("AB-2")).cards]
            ['AB-1']
        """
        return self._call("critical_chain", card=card, limit=limit)

    def board_critical_chain(self, board: str, *, limit: int = 10) -> CriticalChain:
        """The longest chain of unresolved blockers in front of any card of a board, wherever they are.

        Args:
            board: Its id or key.
            limit: The most cards to list: 1 to 200.

        Raises:
            NotFound: There is no such board.
            Invalid: For a limit out of range.

        Example:
            >>> (kanban.board_critical_chain("AB")).length
            2
        """
        return self._call("board_critical_chain", board=board, limit=limit)
