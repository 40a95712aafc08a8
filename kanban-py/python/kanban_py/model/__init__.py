"""The frozen classes that operations answer with."""

from kanban_py.model.actor import Actor, ActorRef
from kanban_py.model.attachment import Attachment
from kanban_py.model.blocker import Blocker, Blockers, CardBrief, Chain, CriticalChain, Unblocks
from kanban_py.model.board import Board, BoardDetail, Column, Workspace
from kanban_py.model.bulk import BulkItem, BulkOutcome
from kanban_py.model.card import Card, Claim, ClaimedCards, FullColumn, Link, NothingClaimed, PartialCard
from kanban_py.model.comment import Comment
from kanban_py.model.dependency import AddedDependency, Dependency, DependencyView
from kanban_py.model.event import Change, Changes, Event
from kanban_py.model.forecast import CardsByDay, Forecast, History, LikelyCards, LikelyDay, UntilDone
from kanban_py.model.metrics import (
    ActorFlow,
    AgingCard,
    BoardMetrics,
    Bottleneck,
    Collisions,
    ColumnFlow,
    FlowDay,
    FlowEfficiency,
    Removed,
    Spread,
    StraightToDone,
    Window,
    WipMetrics,
)
from kanban_py.model.page import Page
from kanban_py.model.search import Excerpt, ExcerptPart, FoundCard, FoundComment, SearchHit
from kanban_py.model.summary import AgentSummary, FinishedDay
from kanban_py.model.task import LeftOut, LeftOutReason, Tasks
from kanban_py.model.token import CreatedTenant, CreatedToken, Tenant, Token
from kanban_py.model.undo import Undone, UndoneThing, UndoReason
from kanban_py.model.upkeep import Diagnosis, Finding, ImportReport

__all__ = [
    "Actor",
    "ActorFlow",
    "ActorRef",
    "AddedDependency",
    "AgentSummary",
    "AgingCard",
    "Attachment",
    "Blocker",
    "Blockers",
    "Board",
    "BoardDetail",
    "BoardMetrics",
    "Bottleneck",
    "BulkItem",
    "BulkOutcome",
    "Card",
    "CardBrief",
    "CardsByDay",
    "Chain",
    "Change",
    "Changes",
    "Claim",
    "ClaimedCards",
    "Collisions",
    "Column",
    "ColumnFlow",
    "Comment",
    "CreatedTenant",
    "CreatedToken",
    "CriticalChain",
    "Dependency",
    "DependencyView",
    "Diagnosis",
    "Event",
    "Excerpt",
    "ExcerptPart",
    "Finding",
    "FinishedDay",
    "FlowDay",
    "FlowEfficiency",
    "Forecast",
    "FoundCard",
    "FoundComment",
    "FullColumn",
    "History",
    "ImportReport",
    "LeftOut",
    "LeftOutReason",
    "LikelyCards",
    "LikelyDay",
    "Link",
    "NothingClaimed",
    "Page",
    "PartialCard",
    "Removed",
    "SearchHit",
    "Spread",
    "StraightToDone",
    "Tasks",
    "Tenant",
    "Token",
    "Unblocks",
    "UndoReason",
    "Undone",
    "UndoneThing",
    "UntilDone",
    "Window",
    "WipMetrics",
    "Workspace",
]
