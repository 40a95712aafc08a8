"""What `bulk` takes: each operation a dict with one member, whose name says what is done.

Example:
    >>> from kanban_py import ANY
    >>> from kanban_py.bulk import BulkOperation
    >>> operations: list[BulkOperation] = [
    ...     {"add_labels": {"card": "AB-1", "labels": ["bug"]}},
    ...     {"delete": {"card": "AB-2", "version": ANY}},
    ... ]
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias, TypedDict

from kanban_py._typing import JsonObject, Priority, Version
from kanban_py.model import Link


class _NamedCard(TypedDict):
    title: str


class NewCard(_NamedCard, total=False):
    """A card to create, as `create_card` takes it."""

    description: str
    labels: Sequence[str]
    assignees: Sequence[str]
    priority: Priority
    due_at: datetime | None
    fields: JsonObject
    links: Sequence[Link]
    agent_context: JsonObject
    workflow_state: JsonObject
    external_id: str | None
    after_id: str | None
    before_id: str | None
    position: int | None


class CardPatch(TypedDict, total=False):
    """Changes to a card's own members, as `update_card` takes them."""

    title: str
    description: str
    labels: Sequence[str]
    assignees: Sequence[str]
    priority: Priority
    due_at: datetime | None
    fields: JsonObject
    links: Sequence[Link]
    agent_context: JsonObject
    workflow_state: JsonObject
    external_id: str | None


class _Claimed(TypedDict, total=False):
    claim_epoch: int | None


class CreateCard(TypedDict):
    """A card to create, and the column of this board to create it in."""

    column_id: str
    card: NewCard


class UpdateCard(_Claimed):
    """Changes to a card."""

    card: str
    version: Version
    patch: CardPatch


class _MovedCard(_Claimed):
    card: str
    version: Version
    column_id: str


class MoveCard(_MovedCard, total=False):
    """A column to move a card to, and where in it; at its end when no place is given. Give at most one."""

    after_id: str | None
    before_id: str | None
    position: int | None


class _LabelledCard(_Claimed):
    card: str
    labels: Sequence[str]


class ChangeLabels(_LabelledCard, total=False):
    """Labels to put on a card, or to take off it."""

    version: Version


class DeleteCard(_Claimed):
    """A card to delete."""

    card: str
    version: Version


class _DeletedCard(TypedDict):
    card: str


class RestoreCard(_DeletedCard, total=False):
    """A deleted card to bring back, at the end of the column it was in."""

    version: Version


class Create(TypedDict):
    """Creates a card."""

    create: CreateCard


class Update(TypedDict):
    """Changes a card's own members."""

    update: UpdateCard


class Move(TypedDict):
    """Moves a card to a column, or within its own."""

    move: MoveCard


class AddLabels(TypedDict):
    """Puts labels on a card, behind those that it has."""

    add_labels: ChangeLabels


class RemoveLabels(TypedDict):
    """Takes labels off a card."""

    remove_labels: ChangeLabels


class Delete(TypedDict):
    """Deletes a card."""

    delete: DeleteCard


class Restore(TypedDict):
    """Brings a deleted card back."""

    restore: RestoreCard


BulkOperation: TypeAlias = Create | Update | Move | AddLabels | RemoveLabels | Delete | Restore
"""One of the changes of a bulk."""
