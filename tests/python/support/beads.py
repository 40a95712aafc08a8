"""The beads files, and what the board must make of them, worked out straight from the JSON."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[3]
SAMPLE = REPO / "tests" / "data" / "beads-sample.jsonl"
REAL = Path(os.environ.get("KANBAN_SHARED_DATA") or REPO.parent / "shared" / "data") / "beads-issues.jsonl"

# the made-up board is always there, the real one where it is shared
FILES = [file for file in (SAMPLE, REAL) if file.exists()]

COLUMN = {
    "open": "Todo",
    "in_progress": "Doing",
    "hooked": "Doing",
    "blocked": "Blocked",
    "deferred": "Backlog",
    "closed": "Done",
}
PRIORITY = ["critical", "high", "medium", "low", "lowest"]
NEVER = datetime.max.replace(tzinfo=timezone.utc)


@dataclass(frozen=True)
class Issue:
    """An issue, as far as its order and readiness go."""

    id: str
    status: str
    priority: int
    assignee: str | None
    created: datetime
    due: datetime
    waits_for: frozenset[str]

    @property
    def resolved(self) -> bool:
        return self.status in ("closed", "tombstone")

    @property
    def queued(self) -> bool:
        return self.status in ("open", "deferred")


def raw(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]


def moment(text: str) -> datetime:
    # before 3.11 only three or six decimals were read
    whole, fraction, zone = re.fullmatch(r"([^.]*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text).groups("")  # type: ignore[union-attr]
    return datetime.fromisoformat(f"{whole}.{fraction:0<6.6}{zone.replace('Z', '+00:00')}")


def issues(file: Path) -> dict[str, Issue]:
    """Every issue by its id."""
    lines = raw(file)
    links = [link for line in lines for link in line.get("dependencies", [])]
    return {
        line["id"]: Issue(
            id=line["id"],
            status=line["status"],
            priority=line["priority"],
            assignee=line.get("assignee") or None,
            created=moment(line["created_at"]),
            due=moment(line["due_at"]) if line.get("due_at") else NEVER,
            # `issue_id` depends on `depends_on_id`
            waits_for=frozenset(
                link["depends_on_id"] for link in links if link["issue_id"] == line["id"] and link["type"] == "blocks"
            ),
        )
        for line in lines
    }


def ready(file: Path, agent: str) -> list[str]:
    """Ids of the issues that an agent can work on, in the order in which it should take them."""
    board = issues(file)
    places = {
        name: place
        for column in COLUMN.values()
        for place, name in enumerate(
            issue.id
            for issue in sorted(board.values(), key=lambda issue: (issue.created, issue.id))
            if issue.status != "tombstone" and COLUMN[issue.status] == column
        )
    }

    def order(issue: Issue) -> tuple[int, int, datetime, int, int]:
        own = 1 if issue.queued else 0
        # an id begins with the milliseconds of its card's creation
        created = int(issue.created.timestamp() * 1000)
        return (own, issue.priority, issue.due, places[issue.id], created)

    free = [
        issue
        for issue in board.values()
        if not issue.resolved
        and all(board[other].resolved for other in issue.waits_for)
        and (issue.assignee == agent or (issue.queued and issue.assignee is None))
    ]
    ordered = sorted(free, key=order)
    assert len({order(issue) for issue in ordered}) == len(ordered), "the file leaves the order to chance"
    return [issue.id for issue in ordered]


def agents_with_work(file: Path) -> list[str]:
    """Everybody an unfinished issue is assigned to."""
    return sorted({issue.assignee for issue in issues(file).values() if issue.assignee and not issue.resolved})


def counts(file: Path) -> dict[str, Any]:
    """What an import must report, counted from the JSON."""
    lines = raw(file)
    links = [link for line in lines for link in line.get("dependencies", [])]
    comments = [len(line.get("comments", [])) for line in lines]
    return {
        "cards": len(lines),
        "by_status": dict(Counter(line["status"] for line in lines)),
        "by_priority": dict(Counter(PRIORITY[line["priority"]] for line in lines)),
        "by_dependency": dict(Counter(link["type"] for link in links)),
        "comments": sum(comments),
        "cards_with_comments": sum(count > 0 for count in comments),
    }
