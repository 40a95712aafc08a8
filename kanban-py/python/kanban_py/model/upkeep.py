"""Reports: what an examination found, what an import did."""

from __future__ import annotations

from dataclasses import dataclass, field

from kanban_py._record import Record


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """Something that does not agree.

    Attributes:
        check: The check that found it.
        place: Key or id of what it is about.
        finding: What was found, in a sentence.
    """

    check: str
    place: str
    finding: str


@dataclass(frozen=True, slots=True)
class Diagnosis(Record):
    """The outcome of an examination.

    Attributes:
        checks: The checks that were made.
        findings: All that does not agree; empty when the boards are sound.
    """

    checks: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class ImportReport(Record):
    """What an import found and what it changed.

    Attributes:
        board: Key of the board.
        cards: Cards in the file.
        cards_created: Those that are new on the board; the others are left as they are.
        by_status: Cards in the file by their status there.
        by_priority: Cards in the file by priority.
        by_dependency: Dependencies in the file by their type there.
        dependencies_created: Dependencies that are new.
        comments: Comments in the file.
        comments_created: Comments that are new.
        cards_with_comments: Cards in the file that carry comments.
        changes: Everything created, cards, dependencies and comments together.
    """

    board: str
    cards: int
    cards_created: int
    by_status: dict[str, int] = field(hash=False)
    by_priority: dict[str, int] = field(hash=False)
    by_dependency: dict[str, int] = field(hash=False)
    dependencies_created: int
    comments: int
    comments_created: int
    cards_with_comments: int
    changes: int
