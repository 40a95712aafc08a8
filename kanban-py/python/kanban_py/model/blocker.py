"""What stands in the way of work, and what work makes way for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kanban_py._record import Record
from kanban_py._typing import ColumnKind


@dataclass(frozen=True, slots=True)
class CardBrief(Record):
    """A card in few words.

    Attributes:
        id: Its id.
        key: Its key.
        title: What is to be done, in one line.
        status: The kind of its column.
        claimed_by: The agent that works on it under a live claim.
        assignees: Who may work on it; anybody when empty.
        started_at: When work on it began.
    """

    id: str
    key: str
    title: str
    status: ColumnKind
    claimed_by: str | None
    assignees: tuple[str, ...]
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Chain(Record):
    """A chain of cards of which each waits for the one before, or the other way round.

    Attributes:
        length: How many cards it has.
        cards: Their keys, the nearest first; at most 10 of them.
    """

    length: int
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blocker(Record):
    """An unresolved blocker of one of an agent's cards.

    Attributes:
        blocks: Key of the agent's card that waits.
        card: The card that it waits for, with who holds it.
        since: Since when it has blocked: the link was made then, or the blocker was reopened or restored.
        blocked_seconds: How long that is.
        in_front: The longest chain of unresolved cards that the blocker itself waits for.
        behind: The longest chain of cards that wait for the blocker.
    """

    blocks: str
    card: CardBrief
    since: datetime
    blocked_seconds: float
    in_front: Chain
    behind: Chain


@dataclass(frozen=True, slots=True)
class Blockers(Record):
    """What stands in the way of an agent's work.

    Attributes:
        agent_id: The agent.
        items: The blockers of its open cards, those that have blocked longest first.
        total: How many there are in all.
        hint: How to see those that the list leaves out; None when it has all.
    """

    agent_id: str
    items: tuple[Blocker, ...]
    total: int
    hint: str | None


@dataclass(frozen=True, slots=True)
class Unblocks(Record):
    """What finishing a card makes way for.

    Attributes:
        card: Key of the card.
        frees: Cards that wait for this one and for nothing else, oldest first.
        frees_total: How many these are in all.
        waiting_total: How many unfinished cards wait for it in all, directly or through others.
        behind: The longest chain of cards that wait for it.
        hint: How to see those that the list leaves out; None when it has all.
    """

    card: str
    frees: tuple[CardBrief, ...]
    frees_total: int
    waiting_total: int
    behind: Chain
    hint: str | None


@dataclass(frozen=True, slots=True)
class CriticalChain(Record):
    """The longest chain of unresolved blockers.

    Attributes:
        card: Key of the card that waits at its end; None when nothing waits.
        length: How many cards have to be finished, one after the other, before that card can be worked on.
        cards: These cards in the order in which they can be worked on: the first waits for nothing.
        hint: How to see those that the list leaves out; None when it has all.
    """

    card: str | None
    length: int
    cards: tuple[CardBrief, ...]
    hint: str | None
