"""Attachments of cards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py._record import Record
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class Attachment(Record):
    """What describes a file or page elsewhere that belongs to a card. It is never fetched.

    Attributes:
        id: Its id.
        card_id: The card it belongs to.
        version: Its version.
        name: What to call it, such as a file name.
        url: Where it is.
        content_type: Its media type.
        size: Its size in bytes.
        checksum: Its checksum: the algorithm, a colon, lower-case hexadecimal digits.
        metadata: Anything its creator keeps with it.
        created_by: Who created it.
        created_at: When it was created.
        updated_at: When it was changed last.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    card_id: str
    version: int
    name: str
    url: str
    content_type: str | None
    size: int | None
    checksum: str | None
    metadata: dict[str, Any] = field(hash=False)
    created_by: ActorRef
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None
