"""Wrong arguments: each has its own clear exception, and nothing is done."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from kanban_py import Actor, BoardDetail, Invalid, Kanban, KanbanError, NotFound

NAIVE = datetime(2026, 1, 2)
LOOP: dict[str, Any] = {}
LOOP["self"] = LOOP
DEEP: dict[str, Any] = {}
for _ in range(100_000):
    DEEP = {"d": DEEP}

WRONG_TYPES: list[tuple[dict[str, Any], str]] = [
    ({"title": 5}, "title must be str, not int"),
    ({"title": None}, "title must be str, not NoneType"),
    ({"title": b"x"}, "title must be str, not bytes"),
    ({"title": datetime.now(timezone.utc)}, "title must be str, not datetime"),
    ({"labels": "bug"}, "labels must be a list, not str"),
    ({"labels": {"a": 1}}, "labels must be a list, not dict"),
    ({"labels": 3}, "labels must be a list, not int"),
    ({"labels": ["a", 3]}, "labels[1] must be str, not int"),
    ({"priority": 1}, "priority must be str, not int"),
    ({"due_at": "2026-01-02T03:04:05Z"}, "due_at must be an aware datetime, not str"),
    ({"fields": [1]}, "fields must be a dict, not list"),
    ({"fields": None}, "fields must be a dict, not NoneType"),
    ({"links": [{"url": 3}]}, 'links[0]["url"] must be str, not int'),
    ({"links": ["http://a"]}, "links[0] must be a dict, not str"),
    ({"position": True}, "position must be int, not bool"),
    ({"position": 1.0}, "position must be int, not float"),
    ({"after_id": 7}, "after_id must be str, not int"),
]

BROKEN_RULES: list[tuple[dict[str, Any], str, str]] = [
    ({"title": ""}, "/title", "must not be empty"),
    ({"title": "x" * 257}, "/title", "has 257 characters; the most is 256"),
    ({"title": "a\0b"}, "/title", "must not contain the character U+0000"),
    ({"title": "a\ud800b"}, "/title", "lone surrogate"),
    ({"labels": ["ok", "\udfff"]}, "/labels/1", "lone surrogate"),
    ({"labels": ["a", "a"]}, "/labels/1", "is in the list already"),
    ({"priority": "urgent"}, "/priority", "must be one of critical, high, medium, low, lowest"),
    ({"due_at": NAIVE}, "/due_at", "must be an aware datetime"),
    ({"due_at": datetime.min.replace(tzinfo=timezone.max)}, "/due_at", "beyond the years 1 to 9999"),
    ({"fields": {"a": float("nan")}}, "/fields", "cannot be written as JSON"),
    ({"fields": {"a": {1}}}, "/fields", "not JSON serializable"),
    ({"fields": {"a": "\ud800"}}, "/fields", "lone surrogate"),
    ({"fields": {"a": "\0"}}, "/fields", "U+0000"),
    ({"fields": {"a": "x" * 17_000}}, "/fields", "bytes of JSON; the most is 16384"),
    ({"fields": LOOP}, "/fields", "cannot be written as JSON: Circular reference"),
    ({"fields": DEEP}, "/fields", "nested too deeply"),
    ({"links": [{"uri": "x"}]}, "/links/0", 'must not have "uri"'),
    ({"links": [{}]}, "/links/0", "must have url"),
    ({"position": -1}, "/position", "must be from 0"),
    ({"position": 2**80}, "/position", "must be from 0"),
    ({"after_id": "no key"}, "/after_id", "expected the id or key of a card"),
]


@pytest.mark.parametrize(("given", "message"), WRONG_TYPES)
def test_a_wrong_type_is_a_type_error_that_names_it(blocking: Kanban, given: dict[str, Any], message: str) -> None:
    board = blocking.get_board("AB")
    with pytest.raises(TypeError) as refused:
        blocking.create_card(board.columns[0].id, **({"title": "x"} | given))
    assert str(refused.value) == message
    assert blocking.get_board("AB") == board


@pytest.mark.parametrize(("given", "pointer", "detail"), BROKEN_RULES)
def test_a_broken_rule_is_invalid_with_a_pointer(
    blocking: Kanban, given: dict[str, Any], pointer: str, detail: str
) -> None:
    board = blocking.get_board("AB")
    with pytest.raises(Invalid) as refused:
        blocking.create_card(board.columns[0].id, **({"title": "x"} | given))
    (error,) = refused.value.errors
    assert error["pointer"] == pointer
    assert detail in error["detail"]
    assert isinstance(refused.value, ValueError)
    assert blocking.get_board("AB") == board


def test_every_broken_rule_is_told_at_once(blocking: Kanban) -> None:
    with pytest.raises(Invalid) as refused:
        blocking.create_card(blocking.get_board("AB").columns[0].id, "", labels=["", "x"], external_id="")
    assert [error["pointer"] for error in refused.value.errors] == ["/title", "/labels/0", "/external_id"]


@pytest.mark.parametrize("version", [None, "1", 1.0, True])
def test_a_version_is_a_number_or_any(blocking: Kanban, version: Any) -> None:
    with pytest.raises(TypeError, match=r"version must be int or kanban_py\.ANY, not"):
        blocking.update_card("AB-1", version, title="x")


async def test_what_names_nothing_is_not_found(kanban: Any, board: BoardDetail) -> None:
    unknown = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
    for call, what, name in [
        (kanban.get_card("no such"), "card", "no such"),
        (kanban.get_card("AB-99"), "card", "AB-99"),
        (kanban.get_card(""), "card", ""),
        (kanban.get_board(unknown), "board", unknown),
        (kanban.get_column("x"), "column", "x"),
        (kanban.get_workspace(unknown), "workspace", unknown),
        (kanban.create_card(unknown, "x"), "column", unknown),
        (kanban.move_card("AB-1", 1, unknown), "column", unknown),
        (kanban.add_dependency("AB-1", "blocks", "AB-77"), "card", "AB-77"),
        (kanban.claim_next("claude-1", board="NOPE"), "board", "NOPE"),
        (kanban.next_tasks("claude-1", board="NOPE"), "board", "NOPE"),
        (kanban.list_cards("NOPE"), "board", "NOPE"),
        (kanban.list_events("NOPE"), "board", "NOPE"),
    ]:
        with pytest.raises(NotFound) as missing:
            await call
        assert (missing.value.what, missing.value.id) == (what, name)
        assert isinstance(missing.value, LookupError)


async def test_limits_and_leases_have_bounds(kanban: Any) -> None:
    for call in (
        kanban.list_cards("AB", limit=0),
        kanban.list_cards("AB", limit=201),
        kanban.list_events("AB", limit=1001),
        kanban.claim_next("claude-1", limit=51),
        kanban.claim_next("claude-1", ttl_seconds=0),
        kanban.claim_next("claude-1", ttl_seconds=86_401),
        kanban.claim_card("AB-1", "claude-1", ttl_seconds=86_401),
        kanban.claim_next("claude-1", capacity=0),
        kanban.claim_next(""),
        kanban.heartbeat("AB-1", 1, ttl_seconds=86_401),
        kanban.create_comment("AB-1", ""),
        kanban.create_comment("AB-1", "x" * 8193),
        kanban.create_board("x", key="lower"),
        kanban.create_board("x", time_zone="Mars/Olympus"),
        kanban.create_column("AB", "x", "doing", wip_limit=0),
    ):
        with pytest.raises(Invalid):
            await call


def test_actors_are_checked(blocking: Kanban, url: str) -> None:
    with pytest.raises(Invalid, match="/actor/id"):
        blocking.as_agent("")
    with pytest.raises(Invalid, match="/actor/run_id"):
        blocking.as_human("x", run_id="r" * 257)
    with pytest.raises(TypeError, match=r"id must be str, not int"):
        blocking.as_agent(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"actor must be a kanban_py\.Actor or a str, not int"):
        Kanban.connect(url, actor=5)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="/actor/id"):
        Kanban.connect(url, actor=Actor.agent(""))
    with pytest.raises(NotFound, match="tenant"):
        Kanban.connect(url, tenant="No Tenant")
    with pytest.raises(NotFound, match="tenant nobody"), Kanban.connect(url, tenant="nobody") as kanban:
        kanban.create_workspace("x")
    with pytest.raises(Invalid, match="/tenant must not contain a lone surrogate"):
        Kanban.connect(url, tenant="\ud800")
    with pytest.raises(Invalid, match="/url must not contain a lone surrogate"):
        Kanban.connect("\ud800")
    with pytest.raises(TypeError, match="url must be str, not int"):
        Kanban.connect(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="epoch must be int, not str"):
        blocking.under_claim("1")  # type: ignore[arg-type]


def test_errors_never_say_what_python_objects_look_like_inside(blocking: Kanban) -> None:
    with pytest.raises(KanbanError) as refused:
        blocking.create_board("x", template="none")  # type: ignore[arg-type]
    assert str(refused.value) == 'The input is not valid: /template must be one of basic, review, empty, not "none".'
