"""Events: the audit log and the change feed in one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py._record import Record
from kanban_py._typing import ActorKind


@dataclass(frozen=True, slots=True)
class Event(Record):
    """One change of one thing on a board.

    Attributes:
        seq: Its number on the board: 1, 2, 3, … without a gap, in the order in which the changes took effect.
        at: When it happened.
        board_id: The board.
        entity_type: What kind of thing changed, such as `card`.
        entity_id: Which one.
        action: What happened, such as `card.moved`.
        actor_kind: What kind of actor did it.
        actor_id: Who did it.
        run_id: In which run of its framework.
        agent_context: The context it gave.
        request_id: The request that carried it.
        payload: `before` and `after` of the members that changed; `after_card_id` is the card it was placed behind.
    """

    seq: int
    at: datetime
    board_id: str
    entity_type: str
    entity_id: str
    action: str
    actor_kind: ActorKind
    actor_id: str
    run_id: str | None
    agent_context: dict[str, Any] | None = field(hash=False)
    request_id: str | None
    payload: dict[str, Any] = field(hash=False)
