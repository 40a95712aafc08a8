"""What comes of many changes at once."""

from __future__ import annotations

from dataclasses import dataclass

from kanban_py._record import Record
from kanban_py._typing import BulkAction
from kanban_py.model.card import PartialCard


@dataclass(frozen=True, slots=True)
class BulkItem(Record):
    """What came of one operation of a bulk.

    Attributes:
        action: What it did.
        card: The card as it is behind it. The id and the times of a card that a dry run creates are not those it will
            have.
    """

    action: BulkAction
    card: PartialCard


@dataclass(frozen=True, slots=True)
class BulkOutcome(Record):
    """What came of a bulk, or would come of it.

    Attributes:
        dry_run: Whether nothing has changed, because only the outcome was asked for.
        items: What came of each operation, in their order.
    """

    dry_run: bool
    items: tuple[BulkItem, ...]
