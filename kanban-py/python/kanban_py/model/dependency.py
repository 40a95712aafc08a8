"""Links between cards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kanban_py._record import Record
from kanban_py._typing import ColumnKind, DependencyType, Relation
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class Dependency(Record):
    """A dependency as it is stored: "from … to".

    Attributes:
        id: Its id.
        type: What it means. Only `blocks` holds work back.
        from_card_id: Its first end: the card that blocks, is the parent, was discovered, …
        to_card_id: Its second end.
        created_by: Who added it.
        created_at: When it was added.
    """

    id: str
    type: DependencyType
    from_card_id: str
    to_card_id: str
    created_by: ActorRef
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AddedDependency(Dependency):
    """The outcome of adding a dependency.

    Attributes:
        is_new: Whether it was added now; adding it again changes nothing.
    """

    is_new: bool


@dataclass(frozen=True, slots=True)
class DependencyView(Record):
    """One of a card's dependencies, seen from that card.

    Attributes:
        id: Its id.
        relation: How the card stands to the other.
        card_id: The other card's id.
        card_key: The other card's key.
        card_title: The other card's title.
        card_status: The other card's status.
        resolved: Whether the other card is finished, deleted, or on an archived board.
        text: The same as a sentence.
        created_by: Who added it.
        created_at: When it was added.
    """

    id: str
    relation: Relation
    card_id: str
    card_key: str
    card_title: str
    card_status: ColumnKind
    resolved: bool
    text: str
    created_by: ActorRef
    created_at: datetime
