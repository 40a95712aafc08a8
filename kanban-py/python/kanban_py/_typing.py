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
NothingClaimedCode: TypeAlias = Literal["nothing_ready", "wip_limit", "capacity"]

Version: TypeAlias = Union[int, AnyVersion]
"""The version a write has seen, or `ANY`."""

JsonObject: TypeAlias = Mapping[str, Any]
"""Anything `json.dumps` writes as an object, at most 16 KiB."""

EMPTY: Final[JsonObject] = MappingProxyType({})
