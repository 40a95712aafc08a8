"""What comes of an undo."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kanban_py._record import Record
from kanban_py._typing import Action, EntityType, UndoOutcome, UndoReasonCode
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class UndoReason(Record):
    """Why something was not undone.

    Attributes:
        code: What it is.
        detail: The same as a sentence.
        ids: What it is about: members that were changed, keys of cards or of a board, a column's name, the agent.
        actor: Who changed it since; None for the rest.
        action: What that was; None for the rest.
        at: When that was; None for the rest.
        until: When the lease ends unless it is extended; None for the rest.
    """

    code: UndoReasonCode
    detail: str
    ids: tuple[str, ...]
    actor: ActorRef | None
    action: Action | None
    at: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class UndoneThing(Record):
    """What came of undoing the changes of one thing.

    Attributes:
        entity_type: What kind of thing it is.
        entity_id: Which one.
        name: What it is called: a card's key, a column's name, a board's key; for a comment or attachment the key of
            its card, for a link both keys and its type.
        actions: What was done to it, by the names of the events.
        seq: The number of the last of these events.
        outcome: What came of it.
        members: What was put back, or would have been where something stood against it: names of members, `position`
            for the place among the others, `claim` for a claim that ended, `deleted_at` for a thing that came back or
            went.
        reason: Why it was not undone; None where it was.
    """

    entity_type: EntityType
    entity_id: str
    name: str
    actions: tuple[str, ...]
    seq: int
    outcome: UndoOutcome
    members: tuple[str, ...]
    reason: UndoReason | None


@dataclass(frozen=True, slots=True)
class Undone(Record):
    """What came of an undo, or would come of it.

    Attributes:
        dry_run: Whether nothing has changed, because only the outcome was asked for.
        items: Every thing that was changed, the one that was changed last first; at most 200.
        next_before_seq: Where there are more: call again with this as `before_seq`. None when these are all.
    """

    dry_run: bool
    items: tuple[UndoneThing, ...]
    next_before_seq: int | None
