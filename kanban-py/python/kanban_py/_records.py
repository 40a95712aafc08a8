"""Which class a result of the core becomes."""

from __future__ import annotations

from typing import Final

from kanban_py import model
from kanban_py._record import Record

BY_CORE_NAME: Final[dict[str, type[Record]]] = {
    "ActorRef": model.ActorRef,
    "Added": model.AddedDependency,
    "Attachment": model.Attachment,
    "Board": model.Board,
    "BoardDetail": model.BoardDetail,
    "Card": model.Card,
    "Change": model.Change,
    "Changes": model.Changes,
    "Claim": model.Claim,
    # here the name `Claimed` is the error's
    "Claimed": model.ClaimedCards,
    "Column": model.Column,
    "Comment": model.Comment,
    "Dependency": model.Dependency,
    "DependencyView": model.DependencyView,
    "Diagnosis": model.Diagnosis,
    "Event": model.Event,
    "Excerpt": model.Excerpt,
    "ExcerptPart": model.ExcerptPart,
    "Finding": model.Finding,
    "FoundCard": model.FoundCard,
    "FoundComment": model.FoundComment,
    "ImportReport": model.ImportReport,
    "Link": model.Link,
    "NothingClaimed": model.NothingClaimed,
    "Page": model.Page,
    "PartialCard": model.PartialCard,
    "SearchHit": model.SearchHit,
    "Workspace": model.Workspace,
}
