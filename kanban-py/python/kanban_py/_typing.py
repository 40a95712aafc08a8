"""The words and shapes that signatures use."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, Union

from kanban_py._sentinels import AnyVersion

ActorKind: TypeAlias = Literal["agent", "human", "system"]
ColumnKind: TypeAlias = Literal["backlog", "todo", "doing", "done"]
BoardTemplate: TypeAlias = Literal["basic", "review", "empty"]
Priority: TypeAlias = Literal["critical", "high", "medium", "low", "lowest"]
CardSort: TypeAlias = Literal[
    "position",
    "-position",
    "created_at",
    "-created_at",
    "updated_at",
    "-updated_at",
    "priority",
    "-priority",
    "due_at",
    "-due_at",
]
CardField: TypeAlias = Literal[
    "id",
    "key",
    "version",
    "external_id",
    "board_id",
    "column_id",
    "status",
    "title",
    "description",
    "labels",
    "assignees",
    "priority",
    "due_at",
    "fields",
    "links",
    "agent_context",
    "workflow_state",
    "started_at",
    "finished_at",
    "column_since",
    "claim",
    "created_by",
    "created_at",
    "updated_at",
    "deleted_at",
]
DependencyType: TypeAlias = Literal[
    "blocks", "parent", "relates", "duplicates", "discovered_from", "supersedes", "replies_to"
]
Relation: TypeAlias = Literal[
    "waits_for",
    "blocks",
    "child_of",
    "parent_of",
    "relates_to",
    "duplicates",
    "duplicated_by",
    "discovered_from",
    "led_to",
    "supersedes",
    "superseded_by",
    "replies_to",
    "answered_by",
]
FoundIn: TypeAlias = Literal["key", "title", "card", "comment"]
ExcerptField: TypeAlias = Literal["key", "external_id", "title", "label", "description", "comment"]
EntityType: TypeAlias = Literal[
    "workspace", "board", "column", "card", "dependency", "comment", "attachment", "token", "tenant"
]
Action: TypeAlias = Literal[
    "workspace.created",
    "workspace.updated",
    "workspace.deleted",
    "board.created",
    "board.updated",
    "board.reverted",
    "board.deleted",
    "column.created",
    "column.updated",
    "column.reordered",
    "column.reverted",
    "column.deleted",
    "card.created",
    "card.updated",
    "card.moved",
    "card.reordered",
    "card.deleted",
    "card.restored",
    "card.claimed",
    "card.claim_extended",
    "card.released",
    "card.completed",
    "card.reverted",
    "dependency.added",
    "dependency.removed",
    "comment.created",
    "comment.reverted",
    "comment.deleted",
    "attachment.created",
    "attachment.reverted",
    "attachment.deleted",
    "token.created",
    "token.revoked",
    "tenant.created",
    "tenant.suspended",
    "tenant.resumed",
    "tenant.deleted",
]
ChangeKind: TypeAlias = Literal["created", "updated", "moved_here", "moved_away", "deleted", "restored"]
BottleneckSign: TypeAlias = Literal["arrivals_minus_departures", "age", "wip_limit"]
ForecastWarning: TypeAlias = Literal["short_history", "nothing_finished", "beyond_horizon"]
BulkAction: TypeAlias = Literal["create", "update", "move", "add_labels", "remove_labels", "delete", "restore"]
UndoOutcome: TypeAlias = Literal["reverted", "unchanged", "conflict", "impossible"]
UndoReasonCode: TypeAlias = Literal[
    "changed_since",
    "claimed",
    "wip_limit_reached",
    "column_gone",
    "column_not_empty",
    "too_many_columns",
    "board_closed",
    "workspace_gone",
    "dependency_cycle",
    "duplicate",
    "lease_over",
    "board_created",
]
TokenScope: TypeAlias = Literal["read", "write", "admin"]
NothingClaimedCode: TypeAlias = Literal["nothing_ready", "wip_limit", "capacity"]
LeftOutCode: TypeAlias = Literal["archived", "blocked_by", "claimed_by", "not_assigned", "capability", "in_progress"]

Version: TypeAlias = Union[int, AnyVersion]
"""The version a write has seen, or `ANY`."""

JsonObject: TypeAlias = Mapping[str, Any]
"""Anything `json.dumps` writes as an object, at most 16 KiB."""

EMPTY: Final[JsonObject] = MappingProxyType({})
