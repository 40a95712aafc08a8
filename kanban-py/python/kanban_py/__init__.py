"""A kanban that AI agents share, at Rust speed in your own process.

`Kanban` blocks, `AsyncKanban` awaits; both have the same methods over one core. `open` starts a database of its own in
a folder, `connect` goes to a PostgreSQL that is there.

Example:
    >>> with Kanban.open("./board") as kanban:  # doctest: +SKIP
    ...     kanban.seed_demo()
    ...     agent = kanban.as_agent("claude-1")
    ...     task = agent.claim_next("claude-1").items[0]
    ...     agent.complete_card(task.id, task.claim.epoch)
"""

import atexit

from kanban_py import _kanban
from kanban_py._async.client import AsyncKanban
from kanban_py._async.watch import AsyncWatch
from kanban_py._sentinels import ANY, UNSET
from kanban_py._sync.client import Kanban
from kanban_py._sync.watch import Watch
from kanban_py.errors import (
    CapacityReached,
    Claimed,
    Conflict,
    DependencyCycle,
    Duplicate,
    HistoryGone,
    Invalid,
    KanbanError,
    NotFound,
    NotReady,
    PermissionDenied,
    RateLimited,
    StaleClaim,
    Unavailable,
    VersionConflict,
    WipLimit,
)
from kanban_py.model import (
    Actor,
    ActorRef,
    AddedDependency,
    Attachment,
    Board,
    BoardDetail,
    Card,
    Change,
    Changes,
    Claim,
    ClaimedCards,
    Column,
    Comment,
    Dependency,
    DependencyView,
    Diagnosis,
    Event,
    Excerpt,
    ExcerptPart,
    Finding,
    FoundCard,
    FoundComment,
    ImportReport,
    Link,
    NothingClaimed,
    Page,
    PartialCard,
    SearchHit,
    Workspace,
)

# whoever forgets to close leaves no PostgreSQL behind; and a database that does not answer holds no exit up for long
atexit.register(_kanban.close_all, 10.0)

__all__ = [
    "ANY",
    "UNSET",
    "Actor",
    "ActorRef",
    "AddedDependency",
    "AsyncKanban",
    "AsyncWatch",
    "Attachment",
    "Board",
    "BoardDetail",
    "CapacityReached",
    "Card",
    "Change",
    "Changes",
    "Claim",
    "Claimed",
    "ClaimedCards",
    "Column",
    "Comment",
    "Conflict",
    "Dependency",
    "DependencyCycle",
    "DependencyView",
    "Diagnosis",
    "Duplicate",
    "Event",
    "Excerpt",
    "ExcerptPart",
    "Finding",
    "FoundCard",
    "FoundComment",
    "HistoryGone",
    "ImportReport",
    "Invalid",
    "Kanban",
    "KanbanError",
    "Link",
    "NotFound",
    "NotReady",
    "NothingClaimed",
    "Page",
    "PartialCard",
    "PermissionDenied",
    "RateLimited",
    "SearchHit",
    "StaleClaim",
    "Unavailable",
    "VersionConflict",
    "Watch",
    "WipLimit",
    "Workspace",
]
