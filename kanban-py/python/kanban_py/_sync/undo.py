# made from _async/undo.py by kanban-py/make-sync; change that one

"""Undo, for operators."""

from __future__ import annotations

from datetime import datetime

from kanban_py.model import Undone

from .handle import Handle


class Undo(Handle):
    """Undo, for operators."""

    __slots__ = ()

    def undo(
        self,
        board: str,
        *,
        actor: str | None = None,
        run_id: str | None = None,
        since: datetime,
        until: datetime | None = None,
        before_seq: int | None = None,
        dry_run: bool = False,
    ) -> Undone:
        """Undoes what one actor or one run did on a board in a stretch of time.

        Things are put back by new events of whoever asks, each thing by one, so an undo can be undone in turn. Cards go
        back to the columns and places they came from, with the members they had; what was created is deleted, and what
        was deleted comes back; claims that are still held end. Where somebody else has changed the same members since,
        nothing of that thing is undone; all others are. The answer tells of each.

        At most 200 things at once, those first that were changed last. Stop the agent first, for what it goes on to do
        is not undone. Where cards went from board to board, undo it on each of them.

        Args:
            board: Its id or key.
            actor: Of what this actor did, by its id. An actor, a run, or both must be named.
            run_id: Of what was done in this run.
            since: What was done at this moment or later; aware.
            until: What was done before this moment; aware. Until now when None.
            before_seq: Goes on with the rest: `next_before_seq` of the call before.
            dry_run: Whether only to show what would come of it, and change nothing.

        Raises:
            NotFound: There is no such board.
            Invalid: Neither an actor nor a run is named, or the stretch of time is backwards or in the future.
            Conflict: Somebody else has archived the board.
            PermissionDenied: This handle is a token's without the scope `admin`.

        Example:
            >>> since = board.created_at
            >>> agent = kanban.as_agent("claude-1", run_id="run-7")
            >>> _ = agent.move_card("AB-1", 1, board.columns[2].id)
            >>> undone = kanban.undo("AB", actor="claude-1", since=since)
            >>> [(thing.name, thing.outcome, thing.members) for thing in undone.items]
            [('AB-1', 'reverted', ('column_id', 'position'))]
            >>> (kanban.get_card("AB-1")).status
            'todo'
        """
        return self._call(
            "undo",
            board=board,
            actor=actor,
            run_id=run_id,
            since=since,
            until=until,
            before_seq=before_seq,
            dry_run=dry_run,
        )
