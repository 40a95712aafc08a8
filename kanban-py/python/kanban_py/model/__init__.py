"""The frozen classes that operations answer with."""

from kanban_py.model.actor import Actor, ActorRef
from kanban_py.model.attachment import Attachment
from kanban_py.model.board import Board, BoardDetail, Column, Workspace
from kanban_py.model.card import Card, Claim, ClaimedCards, Link, NothingClaimed, PartialCard
from kanban_py.model.comment import Comment
from kanban_py.model.dependency import AddedDependency, Dependency, DependencyView
from kanban_py.model.event import Change, Changes, Event
from kanban_py.model.page import Page
from kanban_py.model.search import Excerpt, ExcerptPart, FoundCard, FoundComment, SearchHit
from kanban_py.model.upkeep import Diagnosis, Finding, ImportReport

__all__ = [
    "Actor",
    "ActorRef",
    "AddedDependency",
    "Attachment",
    "Board",
    "BoardDetail",
    "Card",
    "Change",
    "Changes",
    "Claim",
    "ClaimedCards",
    "Column",
    "Comment",
    "Dependency",
    "DependencyView",
    "Diagnosis",
    "Event",
    "Excerpt",
    "ExcerptPart",
    "Finding",
    "FoundCard",
    "FoundComment",
    "ImportReport",
    "Link",
    "NothingClaimed",
    "Page",
    "PartialCard",
    "SearchHit",
    "Workspace",
]
