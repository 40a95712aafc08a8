# made from _async/columns.py by kanban-py/make-sync; change that one

"""Operations on columns."""

from __future__ import annotations

from kanban_py._sentinels import UNSET, Unset
from kanban_py._typing import EMPTY, ColumnKind, JsonObject, Version
from kanban_py.model import Column

from .handle import Handle


class Columns(Handle):
    """Operations on columns."""

    __slots__ = ()

    def create_column(
        self,
        board: str,
        name: str,
        kind: ColumnKind,
        *,
        wip_limit: int | None = None,
        metadata: JsonObject = EMPTY,
    ) -> Column:
        """Creates a column at the end of a board.

        Args:
            board: The board's id or key.
            name: Its name: 1 to 128 characters, unique on the board.
            kind: What it means for the cards in it.
            wip_limit: The most live cards it may hold, at least 1; no limit when None.
            metadata: Anything to keep with it, at most 16 KiB of JSON.

        Raises:
            Invalid: A member breaks a rule.
            NotFound: There is no such board.
            Duplicate: The board has a column of that name.

        Example:
            >>> (kanban.create_column("AB", "Review", "doing", wip_limit=2)).position
            3
        """
        return self._call(
            "create_column",
            board=board,
            name=name,
            kind=kind,
            wip_limit=wip_limit,
            metadata=metadata,
        )

    def get_column(self, column_id: str) -> Column:
        """Reads a column.

        Args:
            column_id: Its id.

        Raises:
            NotFound: There is none with this id.

        Example:
            >>> (kanban.get_column(board.columns[0].id)).name
            'Todo'
        """
        return self._call("get_column", column_id=column_id)

    def update_column(
        self,
        column_id: str,
        version: Version,
        *,
        name: str | Unset = UNSET,
        kind: ColumnKind | Unset = UNSET,
        wip_limit: int | Unset | None = UNSET,
        metadata: JsonObject | Unset = UNSET,
    ) -> Column:
        """Changes a column's name, kind, WIP limit or metadata. What is not given stays.

        Args:
            column_id: Its id.
            version: The version you have seen, or `ANY`.
            name: New name.
            kind: New kind; refused while the column holds cards.
            wip_limit: New limit, at least 1; None removes it. Cards already there stay when it is lower.
            metadata: Merged into the metadata (RFC 7396): None removes a member.

        Raises:
            NotFound: There is no such column.
            VersionConflict: It has another version by now.
            Invalid: A member breaks a rule.
            Conflict: The kind of a column with cards is to change.

        Example:
            >>> doing = board.columns[1]
            >>> (kanban.update_column(doing.id, doing.version, wip_limit=3)).wip_limit
            3
        """
        return self._call(
            "update_column",
            column_id=column_id,
            version=version,
            name=name,
            kind=kind,
            wip_limit=wip_limit,
            metadata=metadata,
        )

    def reorder_column(
        self,
        column_id: str,
        version: Version,
        *,
        after_id: str | None = None,
        before_id: str | None = None,
        position: int | None = None,
    ) -> Column:
        """Moves a column to another place on its board; to the end when no place is given.

        Args:
            column_id: Its id.
            version: The version you have seen, or `ANY`.
            after_id: Right behind this column of the same board.
            before_id: Right before this column of the same board.
            position: Zero-based place on the board; the end when it has fewer columns.

        Raises:
            NotFound: There is no such column.
            VersionConflict: It has another version by now.
            Invalid: The neighbour is not another column of the board, or several places are given.
            Conflict: The board is archived.

        Example:
            >>> done = board.columns[2]
            >>> (kanban.reorder_column(done.id, done.version, position=0)).position
            0
        """
        return self._call(
            "reorder_column",
            column_id=column_id,
            version=version,
            after_id=after_id,
            before_id=before_id,
            position=position,
        )

    def delete_column(self, column_id: str, version: Version, *, move_cards_to: str | None = None) -> Column:
        """Deletes a column. Its cards go to the end of another one, at once and in their order.

        Args:
            column_id: Its id.
            version: The version you have seen, or `ANY`.
            move_cards_to: The column of the same board to whose end its cards go. It may hold none when this is None.

        Raises:
            NotFound: There is no such column.
            VersionConflict: It has another version by now.
            Invalid: The target is not another column of the board.
            Conflict: It holds cards and there is no target, or more than 200; the board is archived.
            WipLimit: The target has no room for all of them.
            Claimed: Another agent works on one of the cards, and you are an agent.

        Example:
            >>> todo, doing, done = board.columns
            >>> gone = kanban.delete_column(todo.id, todo.version, move_cards_to=doing.id)
            >>> (kanban.get_card("AB-1")).status
            'doing'
        """
        return self._call("delete_column", column_id=column_id, version=version, move_cards_to=move_cards_to)
