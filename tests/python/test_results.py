"""What operations answer with: frozen values."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import typing
from datetime import date, datetime, timezone
from typing import Any

import pytest

import kanban_py
from kanban_py import (
    ANY,
    Actor,
    ActorRef,
    BoardDetail,
    Card,
    Claim,
    Invalid,
    Kanban,
    Link,
    Page,
    VersionConflict,
    _typing,
    errors,
)
from kanban_py._record import Record
from kanban_py._records import BY_CORE_NAME


def one_of_each(kanban: Kanban) -> list[Record]:
    """A result of every class, from real operations."""
    board = kanban.get_board("AB")
    card = kanban.create_card(
        board.columns[0].id,
        "x",
        labels=["a"],
        links=[Link("https://a.example", "a"), Link("https://b.example")],
        due_at=datetime(987, 6, 5, tzinfo=timezone.utc),
        fields={"a": [1, {"b": None}]},
    )
    deleted = kanban.create_board("Other")
    kanban.update_card("AB-2", ANY, assignees=["claude-1"])
    return [
        kanban.actor,
        kanban.blockers("claude-1"),
        kanban.agent_summary("claude-1"),
        kanban.unblocks("AB-1"),
        kanban.board_critical_chain("AB"),
        kanban.bulk("AB", [{"restore": {"card": "AB-1"}}]),
        kanban.add_dependency("AB-4", "relates_to", "AB-1"),
        # as results, not as what can be entered
        copy.copy(kanban.claim_next("claude-1")),
        copy.copy(kanban.claim_next("claude-2", labels=["none"])),
        kanban.release_card("AB-1", 1),
        kanban.create_attachment("AB-1", "x", "https://example.org/x"),
        kanban.create_comment("AB-1", "a remark"),
        kanban.create_tenant("acme"),
        kanban.create_token("ci", ["read"]),
        kanban.delete_board(deleted.id, 1),
        kanban.examine(),
        kanban.get_workspace(board.workspace_id),
        kanban.forecast("AB", by=date(2030, 1, 2)),
        kanban.board_metrics("AB", since=datetime(2026, 1, 1, tzinfo=timezone.utc)),
        kanban.import_beads(BEADS, "Beads"),
        kanban.list_boards(),
        kanban.list_cards("AB"),
        kanban.list_changes("AB"),
        kanban.list_tokens(),
        *kanban.pick_cards("AB", ["title", "due_at", "claim"]),
        *kanban.list_dependencies("AB-2"),
        *kanban.list_events("AB"),
        kanban.search("test"),
        kanban.search("remark"),
        kanban.update_column(board.columns[1].id, ANY, wip_limit=1),
        kanban.next_tasks("claude-3", explain=True),
        kanban.remove_dependency("AB-4", "relates_to", "AB-1"),
        # what made the board cannot be undone
        kanban.undo("AB", actor="ada", since=board.created_at, dry_run=True),
        board,
        card,
    ]


BEADS = '{"id":"x-1","title":"Sweep","status":"open","priority":2,"created_at":"2026-01-02T03:04:05Z"}'


def parts(value: Any) -> list[Record]:
    """A result and all results inside it."""
    if isinstance(value, tuple):
        return [part for item in value for part in parts(item)]
    if not isinstance(value, Record):
        return []
    members = [getattr(value, field.name) for field in dataclasses.fields(value)]  # type: ignore[arg-type]
    return [value, *parts(tuple(members))]


def test_results_are_values(blocking: Kanban) -> None:
    results = parts(tuple(one_of_each(blocking)))
    # a sound board has no findings to show
    never = {"Finding"}
    assert {type(result).__name__ for result in results} >= {cls.__name__ for cls in BY_CORE_NAME.values()} - never
    for result in results:
        assert pickle.loads(pickle.dumps(result)) == result
        assert copy.deepcopy(result) == result
        assert type(result).from_dict(result.to_dict()) == result or isinstance(result, Page)
        assert repr(result).startswith(f"{type(result).__name__}(")
        assert result != dataclasses.replace(result, **{member(result): "other"})  # type: ignore[type-var]
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, member(result), "other")
        with pytest.raises((AttributeError, TypeError)):
            result.unknown = 1  # type: ignore[attr-defined]
        assert hash(result) == hash(copy.deepcopy(result))


def member(result: Record) -> str:
    return dataclasses.fields(result)[0].name  # type: ignore[arg-type]


def test_members_have_the_types_they_are_declared_with(blocking: Kanban) -> None:
    for result in parts(tuple(one_of_each(blocking))):
        hints = typing.get_type_hints(type(result))
        for field in dataclasses.fields(result):  # type: ignore[arg-type]
            value = getattr(result, field.name)
            assert fits(value, hints[field.name]), (type(result), field.name, value)


def fits(value: Any, hint: Any) -> bool:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return value in arguments
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(item, arguments[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict)
    if origin is not None:
        return any(fits(value, argument) for argument in arguments)
    if isinstance(hint, typing.TypeVar):
        return isinstance(value, Record)
    if hint is datetime:
        return isinstance(value, datetime) and value.tzinfo is timezone.utc
    return type(value) is hint


def test_results_match_patterns(blocking: Kanban) -> None:
    task = blocking.claim_card("AB-1", "claude-1")
    match task:
        case Card(key=key, status="doing", claim=Claim(agent_id=agent, epoch=epoch)):
            assert (key, agent, epoch) == ("AB-1", "claude-1", 1)
        case _:
            pytest.fail("it is a claimed card")
    match task.created_by:
        case ActorRef(kind, name):
            assert (kind, name) == ("human", "ada")


def test_moments_and_json_are_written_as_the_server_writes_them() -> None:
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=timezone.utc)
    assert Claim("a", 1, at).to_dict() == {"agent_id": "a", "epoch": 1, "until": "2026-01-02T03:04:05.000006Z"}
    assert Link("https://a.example").to_dict() == {"url": "https://a.example"}
    assert Actor.agent("a", context={"b": 1}).to_dict() == {
        "kind": "agent",
        "id": "a",
        "run_id": None,
        "context": {"b": 1},
    }


def test_a_page_is_its_items(blocking: Kanban) -> None:
    page = blocking.list_cards("AB")
    assert (len(page), [card.key for card in page]) == (3, ["AB-1", "AB-2", "AB-3"])


def test_a_board_detail_is_a_board(blocking: Kanban) -> None:
    board = blocking.get_board("AB")
    (listed,) = blocking.list_boards()
    assert isinstance(board, BoardDetail)
    assert isinstance(board, kanban_py.Board)
    assert {**listed.to_dict(), "columns": [column.to_dict() for column in board.columns]} == board.to_dict()


@pytest.mark.parametrize(
    ("words", "call"),
    [
        (_typing.Priority, lambda kanban: kanban.list_cards("AB", priority="?")),
        (_typing.ColumnKind, lambda kanban: kanban.list_cards("AB", status="?")),
        (_typing.CardSort, lambda kanban: kanban.list_cards("AB", sort="?")),
        (_typing.CardField, lambda kanban: kanban.pick_cards("AB", ["?"])),
        (_typing.BoardTemplate, lambda kanban: kanban.create_board("x", template="?")),
        (_typing.Relation, lambda kanban: kanban.add_dependency("AB-1", "?", "AB-2")),
    ],
)
def test_the_words_of_signatures_are_the_cores(blocking: Kanban, words: Any, call: Any) -> None:
    with pytest.raises(Invalid) as refused:
        call(blocking)
    detail = refused.value.errors[0]["detail"]
    assert detail == f'must be one of {", ".join(typing.get_args(words))}, not "?"'


def test_errors_travel_between_processes(blocking: Kanban) -> None:
    with pytest.raises(VersionConflict) as refused:
        blocking.update_card("AB-1", 9, title="x")
    again = pickle.loads(pickle.dumps(refused.value))
    assert (type(again), str(again), again.code, again.details, again.retryable) == (
        VersionConflict,
        str(refused.value),
        "version_conflict",
        refused.value.details,
        False,
    )


def test_every_error_has_its_place_in_the_tree() -> None:
    for name in ("Invalid", "NotFound", "Conflict", "PermissionDenied", "RateLimited", "Unavailable"):
        assert getattr(kanban_py, name).__mro__[1] is kanban_py.KanbanError
    for name in (
        "VersionConflict",
        "WipLimit",
        "Claimed",
        "StaleClaim",
        "NotReady",
        "CapacityReached",
        "DependencyCycle",
    ):
        assert getattr(kanban_py, name).__mro__[1] is kanban_py.Conflict
    limited = errors.from_core("RateLimited", "rate_limited", "Slow down.", '{"retry_after": 7}', True)
    assert isinstance(limited, errors.RateLimited)
    assert (limited.code, limited.retry_after, limited.retryable) == ("rate_limited", 7, True)
