"""Who acts, and who acted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kanban_py._record import Record
from kanban_py._typing import ActorKind, JsonObject


@dataclass(frozen=True, slots=True)
class ActorRef(Record):
    """Who created or wrote something.

    Attributes:
        kind: What kind of actor.
        id: Its id.
    """

    kind: ActorKind
    id: str


@dataclass(frozen=True, slots=True)
class Actor(Record):
    """Who acts now, and in what context. It lands on the event of everything it does.

    Agents are kept out of each other's claimed cards; people and the system may override.

    Attributes:
        kind: What kind of actor.
        id: Its id: 1 to 256 characters.
        run_id: The run, session or thread it acts in.
        context: Anything its framework wants to find on the audit trail again.

    Example:
        >>> Actor.agent("claude-1", run_id="run-7").id
        'claude-1'
    """

    kind: ActorKind
    id: str
    run_id: str | None = None
    context: dict[str, Any] | None = field(default=None, hash=False)

    @classmethod
    def agent(cls, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> Actor:
        """A program that works on cards by itself."""
        return cls("agent", id, run_id, None if context is None else dict(context))

    @classmethod
    def human(cls, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> Actor:
        """A person, through whatever client."""
        return cls("human", id, run_id, None if context is None else dict(context))

    @classmethod
    def system(cls, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> Actor:
        """The board's own upkeep, such as an import."""
        return cls("system", id, run_id, None if context is None else dict(context))
