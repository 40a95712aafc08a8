"""Many changes of one board at once."""

from __future__ import annotations

from collections.abc import Sequence

from kanban_py._typing import CardField
from kanban_py.bulk import BulkOperation
from kanban_py.model import BulkOutcome

from .handle import Handle


class Bulk(Handle):
    """Many changes of one board at once."""

    __slots__ = ()

    async def bulk(
        self,
        board: str,
        operations: Sequence[BulkOperation],
        *,
        dry_run: bool = False,
        fields: Sequence[CardField] | None = None,
    ) -> BulkOutcome:
        """Changes many cards of a board at once: all operations take effect, or none does. Each appends its own event.

        Args:
            board: Its id or key.
            operations: What is done, one after the other: 1 to 500 dicts with one member, `create`, `update`, `move`,
                `add_labels`, `remove_labels`, `delete` or `restore`; `kanban_py.bulk` has what each takes. A version is
                the one that the card had before the bulk, or that the operations before have made of it.
            dry_run: Whether only to show what would come of it, and change nothing.
            fields: The members of each card that the outcome shows besides id, key and version. When None: column_id,
                status, title, labels, assignees, priority and deleted_at.

        Raises:
            NotFound: There is no such board.
            Invalid: Operations break rules; the pointers in `errors` begin with `/operations/` and their places.
            KanbanError: An operation was refused, with what its own method would raise; `index` is its place.

        Example:
            >>> operations = [
            ...     {"move": {"card": "AB-1", "version": 1, "column_id": board.columns[1].id}},
            ...     {"add_labels": {"card": "AB-2", "labels": ["next"]}},
            ... ]
            >>> [item.card.status for item in (await kanban.bulk("AB", operations, dry_run=True)).items]
            ['doing', 'todo']
            >>> [item.card.version for item in (await kanban.bulk("AB", operations)).items]
            [2, 2]
        """
        return await self._call("bulk", board=board, operations=operations, dry_run=dry_run, fields=fields)
