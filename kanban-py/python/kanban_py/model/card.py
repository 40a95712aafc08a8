"""Cards and the leases on them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from kanban_py._record import Record
from kanban_py._sentinels import UNSET, Unset
from kanban_py._typing import ColumnKind, NothingClaimedCode, Priority
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class Link(Record):
    """A link from a card to something elsewhere.

    Attributes:
        url: Where it leads.
        title: What to show for it.
    """

    url: str
    title: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; without a title it has no such member."""
        return {"url": self.url} if self.title is None else {"url": self.url, "title": self.title}


@dataclass(frozen=True, slots=True)
class Claim(Record):
    """An agent's hold on a card.

    Attributes:
        agent_id: Who holds it.
        epoch: Fencing token: names this claim in every write under it.
        until: When the lease ends unless it is extended; from then on anybody may claim the card.
    """

    agent_id: str
    epoch: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Card(Record):
    """A card. Its place is its place in its column's list.

    Attributes:
        id: Its id.
        key: Its short key, such as `AB-42`, kept for life.
        external_id: Its id in another system, unique on its board.
        version: What a guarded write names.
        board_id: The board it is on.
        column_id: The column it is in.
        status: The kind of that column.
        title: What is to be done, in one line.
        description: What is to be done, at length.
        labels: Labels, in the order they were given.
        assignees: Who may work on it: ids of agents and people; anybody when empty.
        priority: How urgent it is.
        due_at: When it should be finished.
        fields: Fields of the users' own.
        links: Links to elsewhere.
        agent_context: What agents need to know to work on it.
        workflow_state: State of the agent framework's workflow.
        started_at: When work on it began: its first entry into a doing or done column.
        finished_at: When it was finished; None again if it left the done columns.
        column_since: When it entered its present column.
        claim: Which agent works on it, if one has claimed it.
        created_by: Who created it.
        created_at: When it was created.
        updated_at: When it was changed last; extending a lease is not a change.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    key: str
    external_id: str | None
    version: int
    board_id: str
    column_id: str
    status: ColumnKind
    title: str
    description: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    priority: Priority
    due_at: datetime | None
    fields: dict[str, Any] = field(hash=False)
    links: tuple[Link, ...]
    agent_context: dict[str, Any] = field(hash=False)
    workflow_state: dict[str, Any] = field(hash=False)
    started_at: datetime | None
    finished_at: datetime | None
    column_since: datetime
    claim: Claim | None
    created_by: ActorRef
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class PartialCard(Record):
    """A card of which some members were picked; the others are `UNSET`. None means that a member is empty.

    Attributes:
        id: Its id.
        key: Its short key, such as `AB-42`, kept for life.
        version: What a guarded write names.
        external_id: Its id in another system, unique on its board.
        board_id: The board it is on.
        column_id: The column it is in.
        status: The kind of that column.
        title: What is to be done, in one line.
        description: What is to be done, at length.
        labels: Labels, in the order they were given.
        assignees: Who may work on it: ids of agents and people; anybody when empty.
        priority: How urgent it is.
        due_at: When it should be finished.
        fields: Fields of the users' own.
        links: Links to elsewhere.
        agent_context: What agents need to know to work on it.
        workflow_state: State of the agent framework's workflow.
        started_at: When work on it began: its first entry into a doing or done column.
        finished_at: When it was finished; None again if it left the done columns.
        column_since: When it entered its present column.
        claim: Which agent works on it, if one has claimed it.
        created_by: Who created it.
        created_at: When it was created.
        updated_at: When it was changed last; extending a lease is not a change.
        deleted_at: When it was deleted, if it was.
    """

    id: str
    key: str
    version: int
    external_id: str | Unset | None = UNSET
    board_id: str | Unset = UNSET
    column_id: str | Unset = UNSET
    status: ColumnKind | Unset = UNSET
    title: str | Unset = UNSET
    description: str | Unset = UNSET
    labels: tuple[str, ...] | Unset = UNSET
    assignees: tuple[str, ...] | Unset = UNSET
    priority: Priority | Unset = UNSET
    due_at: datetime | Unset | None = UNSET
    fields: dict[str, Any] | Unset = field(default=UNSET, hash=False)
    links: tuple[Link, ...] | Unset = UNSET
    agent_context: dict[str, Any] | Unset = field(default=UNSET, hash=False)
    workflow_state: dict[str, Any] | Unset = field(default=UNSET, hash=False)
    started_at: datetime | Unset | None = UNSET
    finished_at: datetime | Unset | None = UNSET
    column_since: datetime | Unset = UNSET
    claim: Claim | Unset | None = UNSET
    created_by: ActorRef | Unset = UNSET
    created_at: datetime | Unset = UNSET
    updated_at: datetime | Unset = UNSET
    deleted_at: datetime | Unset | None = UNSET

    def __repr__(self) -> str:
        """Only what was picked."""
        members = ((member.name, getattr(self, member.name)) for member in dataclasses.fields(self))
        return f"PartialCard({', '.join(f'{name}={value!r}' for name, value in members if value is not UNSET)})"


@dataclass(frozen=True, slots=True)
class FullColumn(Record):
    """A doing column that has no room: ready cards of its board can be claimed without being started only.

    Attributes:
        column_id: The column.
        name: What it is called.
        board_key: The key of its board.
        cards: How many cards are in it.
        wip_limit: How many may be.
    """

    column_id: str
    name: str
    board_key: str
    cards: int
    wip_limit: int


@dataclass(frozen=True, slots=True)
class NothingClaimed(Record):
    """Why nothing could be claimed, and when to ask again.

    Attributes:
        code: The reason.
        detail: The reason in a sentence, with what to do.
        blocked: Unfinished cards that wait for another card.
        claimed: Cards under a live lease.
        full_columns: Where ready cards wait for room, the full columns that they would go to, at most 50.
        retry_after: In how many seconds to ask again: when the next lease ends, or in 60 where none does so before, for
            work comes and is freed at any time.
    """

    code: NothingClaimedCode
    detail: str
    blocked: int
    claimed: int
    full_columns: tuple[FullColumn, ...]
    retry_after: int


@dataclass(frozen=True, slots=True)
class ClaimedCards(Record):
    """What a claim of the next cards brought.

    Attributes:
        items: The claimed cards, most urgent first.
        reason: Why nothing was claimed; None when something was.
    """

    items: tuple[Card, ...]
    reason: NothingClaimed | None
