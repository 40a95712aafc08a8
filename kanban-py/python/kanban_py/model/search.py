"""What a search finds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from kanban_py._record import Record
from kanban_py._typing import ColumnKind, ExcerptField, FoundIn, Priority
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class ExcerptPart(Record):
    """A part of an excerpt.

    Attributes:
        text: What it says.
        is_hit: Whether this is what was found.
    """

    text: str
    is_hit: bool


@dataclass(frozen=True, slots=True)
class Excerpt(Record):
    """A part of a text with what was found in it. The parts, one behind the other, are the text's own characters.

    Attributes:
        field: What it is taken from.
        parts: At most 240 characters in a row, in parts that were found and parts around them.
        is_cut: Whether the text goes on before or behind it.
    """

    field: ExcerptField
    parts: tuple[ExcerptPart, ...]
    is_cut: bool


@dataclass(frozen=True, slots=True)
class FoundCard(Record):
    """A card that a search has found, in short.

    Attributes:
        id: Its id.
        key: Its key.
        board_id: The board it is on.
        column_id: The column it is in.
        status: The kind of that column.
        title: What is to be done, in one line.
        labels: Its labels.
        assignees: Who may work on it; anybody when empty.
        priority: How urgent it is.
        due_at: When it should be finished.
        updated_at: When it was changed last.
    """

    id: str
    key: str
    board_id: str
    column_id: str
    status: ColumnKind
    title: str
    labels: tuple[str, ...]
    assignees: tuple[str, ...]
    priority: Priority
    due_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class FoundComment(Record):
    """A comment that a search has found, in short.

    Attributes:
        id: Its id.
        author: Who wrote it.
        created_at: When it was written.
    """

    id: str
    author: ActorRef
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SearchHit(Record):
    """Something that a search has found.

    Attributes:
        found_in: Where the words were found.
        is_approximate: Whether some of the words are not as they were asked for: they stand inside another word, or
            differ by a slip.
        card: The card.
        comment: The comment, where the words were found in one.
        excerpts: The texts with what was found in them; title first, description last.
    """

    found_in: FoundIn
    is_approximate: bool
    card: FoundCard
    comment: FoundComment | None
    excerpts: tuple[Excerpt, ...]
