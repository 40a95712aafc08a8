"""Everything that can go wrong, as exceptions with data.

`except` clauses catch a class; programs that need to be exact match on `code`. The message says what to do next.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final, TypeAlias

from kanban_py.model import Attachment, BoardDetail, Card, Column, Comment, Workspace

Versioned: TypeAlias = Attachment | BoardDetail | Card | Column | Comment | Workspace
"""What is written at a version."""

_VERSIONED: Final[dict[str, type[Versioned]]] = {
    "attachment": Attachment,
    "board": BoardDetail,
    "card": Card,
    "column": Column,
    "comment": Comment,
    "workspace": Workspace,
}


class KanbanError(Exception):
    """What all errors of the board have in common; itself a defect, or a kanban that is closed or was forked.

    Attributes:
        code: A stable name for exactly this error, such as `wip_limit_reached`.
        details: The error's data, as JSON values.
        retryable: Whether the very same call may succeed later.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "internal",
        details: dict[str, Any] | None = None,
        retryable: bool = False,
    ) -> None:
        """Makes the error from its sentence and its data."""
        super().__init__(message)
        self.code = code
        self.details: dict[str, Any] = {} if details is None else details
        self.retryable = retryable

    @property
    def index(self) -> int | None:
        """Place of the operation of a bulk that was refused; None where there was no bulk, or its input is invalid."""
        index: int | None = self.details.get("index")
        return index

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors travel between processes with their data."""
        return (_again, (type(self), str(self), self.code, self.details, self.retryable))


class Invalid(KanbanError, ValueError):
    """The input breaks a rule; the same call can never succeed."""

    @property
    def errors(self) -> list[dict[str, str]]:
        """Every broken rule: `pointer` (RFC 6901) to the member, and `detail`."""
        errors: list[dict[str, str]] = self.details.get("errors", [])
        return errors


class NotFound(KanbanError, LookupError):
    """The thing does not exist, or not for this tenant."""

    @property
    def what(self) -> str:
        """What was looked for, such as `card`."""
        return str(self.details["what"])

    @property
    def id(self) -> str:
        """The id or key that was given."""
        return str(self.details["id"])


class Conflict(KanbanError):
    """The board's state does not allow it now."""


class VersionConflict(Conflict):
    """The version that the write names is not the current one: read again, decide again."""

    @property
    def expected(self) -> int:
        """The version the caller named."""
        return int(self.details["expected"])

    @property
    def actual(self) -> int:
        """The version the thing has."""
        return int(self.details["actual"])

    @property
    def current(self) -> Versioned | None:
        """The thing as it is now; None if it could not be read again."""
        current = self.details.get("current")
        return None if current is None else _VERSIONED[self.details["what"]].from_dict(current)


class WipLimit(Conflict):
    """The target column holds as many cards as its WIP limit allows."""

    @property
    def column(self) -> str:
        """Name of the column."""
        return str(self.details["column"])

    @property
    def limit(self) -> int:
        """Its limit, in cards."""
        return int(self.details["limit"])


class Claimed(Conflict):
    """Another agent works on the card under a live lease."""

    @property
    def agent_id(self) -> str:
        """Who holds it."""
        return str(self.details["agent_id"])

    @property
    def until(self) -> datetime:
        """When the lease ends unless it is extended."""
        return datetime.fromisoformat(self.details["until"].replace("Z", "+00:00"))


class StaleClaim(Conflict):
    """The write names a claim of the caller's that has ended or been passed on: stop working on the card."""

    @property
    def expected(self) -> int:
        """The epoch the caller named."""
        return int(self.details["expected"])

    @property
    def actual(self) -> int:
        """The epoch of the card's last claim."""
        return int(self.details["actual"])

    @property
    def ended(self) -> str | None:
        """How the named claim ended: expired, released, completed, deleted (with the card), or renewed by its agent.

        None where the caller never had a claim with that epoch.
        """
        ended = self.details["ended"]
        return None if ended is None else str(ended)

    @property
    def agent_id(self) -> str | None:
        """Who holds the card now; None if nobody does."""
        agent_id = self.details["agent_id"]
        return None if agent_id is None else str(agent_id)

    @property
    def until(self) -> datetime | None:
        """When that lease ends unless it is extended; None if nobody holds the card."""
        until = self.details["until"]
        return None if until is None else datetime.fromisoformat(until.replace("Z", "+00:00"))


class NotReady(Conflict):
    """The card cannot be claimed now."""

    @property
    def reason(self) -> str:
        """Why: `blocked`, `finished`, `assigned`, `in_progress` or `archived`."""
        return str(self.details["reason"])


class CapacityReached(Conflict):
    """The agent holds as many live claims as it said it can work on."""


class NothingToClaim(Conflict):
    """There is nothing to claim for somebody who wants to hold a card; the code is the reason's.

    `details` is the reason's data: see `NothingClaimed`.
    """

    @property
    def retry_after(self) -> int | None:
        """Seconds until the next lease ends unless it is extended; None when there is none."""
        seconds: int | None = self.details["retry_after"]
        return seconds


class DependencyCycle(Conflict):
    """The new dependency would make a card wait for itself."""

    @property
    def path(self) -> list[str]:
        """Keys of the cards on the cycle, each waiting for the next; the first is repeated at the end."""
        path: list[str] = self.details["path"]
        return path


class Duplicate(Conflict):
    """Something with that unique value exists already."""


class HistoryGone(Conflict):
    """The events behind a number are not there: not kept that far back, or the number is of another history."""

    @property
    def since(self) -> int:
        """The number the caller named."""
        return int(self.details["since"])

    @property
    def seq(self) -> int:
        """Number of the board's last event: read the board again, then go on behind it."""
        return int(self.details["seq"])


class Unauthenticated(KanbanError):
    """Nobody knows who calls: the token is missing, wrong, expired or revoked. It is not said which."""


class PermissionDenied(KanbanError):
    """The actor may not do this."""


class RateLimited(KanbanError):
    """Too many calls; try again after a while."""

    @property
    def retry_after(self) -> int:
        """Seconds after which calls are let in again."""
        return int(self.details["retry_after"])


class Unavailable(KanbanError):
    """The database cannot answer now, or the embedded one cannot be started."""

    @property
    def retry_after(self) -> int | None:
        """Seconds after which trying again makes sense; None when something has to be mended first."""
        seconds: int | None = self.details.get("retry_after")
        return seconds


_BY_KIND: dict[str, type[KanbanError]] = {
    cls.__name__: cls
    for cls in (
        KanbanError,
        Invalid,
        NotFound,
        Conflict,
        VersionConflict,
        Unauthenticated,
        PermissionDenied,
        RateLimited,
        Unavailable,
    )
}

_BY_CODE: dict[str, type[KanbanError]] = {
    "wip_limit_reached": WipLimit,
    "claimed": Claimed,
    "stale_claim": StaleClaim,
    "not_ready": NotReady,
    "capacity_reached": CapacityReached,
    "dependency_cycle": DependencyCycle,
    "duplicate": Duplicate,
    "history_gone": HistoryGone,
}


def from_core(kind: str, code: str, message: str, details: str, retryable: bool) -> KanbanError:
    """The exception for an error of the core: by its code where that has a class of its own, else by its kind."""
    cls = _BY_CODE.get(code, _BY_KIND[kind])
    return cls(message, code=code, details=json.loads(details), retryable=retryable)


def _again(cls: type[KanbanError], message: str, code: str, details: dict[str, Any], retryable: bool) -> KanbanError:
    return cls(message, code=code, details=details, retryable=retryable)
