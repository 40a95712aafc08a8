"""Comments on cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py._record import Record
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class Comment(Record):
    """A comment on a card.

    Attributes:
        id: Its id.
        card_id: The card it is on.
        version: Its version.
        author: Who wrote it.
        body: What it says.
        metadata: Anything its author keeps with it.
        created_at: When it was written.
        updated_at: When it was changed last.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    card_id: str
    version: int
    author: ActorRef
    body: str
    metadata: dict[str, Any] = field(hash=False)
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
