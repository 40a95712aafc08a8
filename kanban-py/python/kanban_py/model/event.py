"""Events: the audit log and the change feed in one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py._record import Record
from kanban_py._typing import ActorKind


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
    payload: dict[str, Any] = field(hash=False)
