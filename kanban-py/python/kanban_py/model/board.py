"""Workspaces, boards and columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py import _html
from kanban_py._record import Record
from kanban_py._typing import BoardTemplate, ColumnKind


@dataclass(frozen=True, slots=True)
class Workspace(Record):
    """A workspace groups boards.

    Attributes:
        id: Its id.
        version: Its version.
        name: Its name, unique among the tenant's workspaces.
        description: What it is for.
        metadata: Anything the users keep with it.
        created_at: When it was created.
        updated_at: When it was changed last.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    version: int
    name: str
    description: str
    metadata: dict[str, Any] = field(hash=False)
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Column(Record):
    """A column of a board.

    Attributes:
        id: Its id.
        board_id: The board it is on.
        version: Its version.
        name: Its name, unique on the board.
        kind: What it means for the cards in it.
        position: Zero-based place on the board.
        wip_limit: The most live cards it may hold; None for no limit.
        cards: Live cards in it.
        metadata: Anything the users keep with it.
        created_at: When it was created.
        updated_at: When its own members were changed last.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    board_id: str
    version: int
    name: str
    kind: ColumnKind
    position: int
    wip_limit: int | None
    cards: int
    metadata: dict[str, Any] = field(hash=False)
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Board(Record):
    """A board. Its columns come with `BoardDetail`.

    Attributes:
        id: Its id.
        key: Its short key, unique in the tenant and kept for life; it starts the keys of the board's cards.
        version: Its version.
        workspace_id: The workspace it belongs to.
        name: Its name.
        description: What it is for.
        template: What its columns were made from.
        metadata: Anything the users keep with it.
        time_zone: IANA time zone in which its days are counted.
        seq: Number of its last event: it goes up by one with every change of anything on the board.
        archived_at: When it was archived, if it was. An archived board can be read but not changed.
        created_at: When it was created.
        updated_at: When its own members were changed last.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    key: str
    version: int
    workspace_id: str
    name: str
    description: str
    template: BoardTemplate
    metadata: dict[str, Any] = field(hash=False)
    time_zone: str
    seq: int
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class BoardDetail(Board):
    """A board with its columns in order.

    Attributes:
        columns: Its columns in order, with their counts of cards.
    """

    columns: tuple[Column, ...]

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: The board has none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"the board {self.key} has no column {name!r}")

    def _repr_html_(self) -> str:
        """Its columns side by side, for notebooks."""
        return _html.board(self)
