"""Events: the audit log and the change feed in one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py._record import Record
from kanban_py._typing import ActorKind, ChangeKind


@dataclass(frozen=True, slots=True)
class Event(Record):
    """One change of one thing.

    Attributes:
        seq: Its number in its stream, a board's or the tenant's own: 1, 2, 3, … without a gap, in the order in which
            the changes took effect.
        at: When it happened.
        board_id: The board in whose history it is; None for what belongs to no board, such as a workspace.
        entity_type: What kind of thing changed, such as `card`.
        entity_id: Which one.
        action: What happened, such as `card.moved`.
        actor_kind: What kind of actor did it.
        actor_id: Who did it.
        run_id: In which run of its framework.
        agent_context: The context it gave.
        request_id: The request that carried it.
        token_id: The service token it was done with.
        payload: `before` and `after` of the members that changed; `after_card_id` is the card that it was placed
            behind, and `after_column_id` the column, None for the first place.
    """

    seq: int
    at: datetime
    board_id: str | None
    entity_type: str
    entity_id: str
    action: str
    actor_kind: ActorKind
    actor_id: str
    run_id: str | None
    agent_context: dict[str, Any] | None = field(hash=False)
    request_id: str | None
    token_id: str | None
    payload: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Change(Record):
    """What became of one thing on a board, all steps taken together.

    Attributes:
        seq: Number of the last event about it.
        entity_type: What kind of thing it is, such as `card`.
        entity_id: Which one.
        key: The card's short key; None for other things.
        title: What the card is called now; None for other things.
        what: What became of it.
        actions: What was done, such as `card.moved`: each once, in order.
        actors: Ids of those who did it: each once, in order.
        after: The members that are not what they were, as they are now. All members where `what` is `created` or
            `moved_here`, none where the thing itself is no more.
    """

    seq: int
    entity_type: str
    entity_id: str
    key: str | None
    title: str | None
    what: ChangeKind
    actions: tuple[str, ...]
    actors: tuple[str, ...]
    after: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Changes(Record):
    """What became of the things on a board behind an event; iterating over it gives its items.

    Attributes:
        items: One entry for each thing, in the order of the last events about them.
        next_since: What `since` is to be next time. Everything is told once it is `seq`.
        seq: Number of the board's last event.
    """

    items: tuple[Change, ...]
    next_since: int
    seq: int

    def __iter__(self) -> Iterator[Change]:
        """The items, in order."""
        return iter(self.items)

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.items)
