"""What an agent can work on, and why it cannot work on the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kanban_py._record import Record
from kanban_py._typing import ColumnKind, LeftOutCode
from kanban_py.model.card import Card, FullColumn
from kanban_py.model.page import Page


@dataclass(frozen=True, slots=True)
class LeftOutReason(Record):
    """One thing that stands in the way of work on a card.

    Attributes:
        code: What it is.
        ids: What or who it is about: keys of cards or of a board, ids of agents, capabilities. At most 20.
        count: How many there are.
        until: When it ends by itself: a lease that is not extended. None for the rest.
    """

    code: LeftOutCode
    ids: tuple[str, ...]
    count: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LeftOut(Record):
    """A card that an agent cannot work on, and why.

    Attributes:
        card_id: The card.
        key: Its short key.
        title: What it is called.
        board_id: The board it is on.
        status: The kind of the column it is in.
        reasons: Everything that stands in the way.
    """

    card_id: str
    key: str
    title: str
    board_id: str
    status: ColumnKind
    reasons: tuple[LeftOutReason, ...]


@dataclass(frozen=True, slots=True)
class Tasks(Page[Card]):
    """A page of what an agent can work on now, in the order in which it should be taken.

    Attributes:
        left_out: The cards on this page that are open and not ready, oldest first, behind all that are; None unless
            asked for.
        full_columns: The full columns that work would go to when it is started, at most 50; None unless asked for.
    """

    left_out: tuple[LeftOut, ...] | None
    full_columns: tuple[FullColumn, ...] | None
