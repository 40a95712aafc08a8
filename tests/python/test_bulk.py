"""Many changes at once, all or nothing."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from kanban_py import ANY, UNSET, BoardDetail, BulkOutcome, Invalid, KanbanError, NotFound, VersionConflict, WipLimit
from kanban_py.bulk import BulkOperation


async def everything(kanban: Any) -> tuple[Any, Any]:
    """The board with the number of its last event, and its cards."""
    return await kanban.get_board("AB"), await kanban.list_cards("AB", limit=200)


def every_kind(board: BoardDetail) -> list[BulkOperation]:
    todo, doing = board.columns[0].id, board.columns[1].id
    due = datetime(2026, 12, 24, 12, tzinfo=timezone.utc)
    return [
        {"create": {"column_id": todo, "card": {"title": "new", "due_at": due, "fields": {"a": [1]}, "position": 0}}},
        {"update": {"card": "AB-1", "version": 1, "patch": {"title": "first", "due_at": None}}},
        {"move": {"card": "AB-1", "version": 1, "column_id": doing, "after_id": None}},
        {"add_labels": {"card": "AB-2", "labels": ("bug", "old")}},
        {"remove_labels": {"card": "AB-2", "version": 1, "labels": ["old"]}},
        {"delete": {"card": "AB-3", "version": ANY}},
        {"restore": {"card": "AB-3"}},
    ]


async def test_operations_of_every_kind_take_effect_together(kanban: Any, board: BoardDetail) -> None:
    before = await everything(kanban)
    tried = await kanban.bulk("AB", every_kind(board), dry_run=True, fields=["title", "due_at", "column_id"])
    assert tried.dry_run
    assert await everything(kanban) == before
    done = await kanban.bulk("AB", every_kind(board), fields=["title", "due_at", "column_id"])
    assert not done.dry_run
    assert [item.action for item in done.items] == [next(iter(operation)) for operation in every_kind(board)]
    assert [item.card for item in done.items[1:]] == [item.card for item in tried.items[1:]]
    new = await kanban.get_card("AB-4")
    assert (done.items[0].card.id, done.items[0].card.title, done.items[0].card.due_at) == (new.id, "new", new.due_at)
    assert done.items[0].card.labels is UNSET
    assert (await kanban.get_card("AB-2")).labels[-1] == "bug"
    assert (await kanban.get_board("AB")).seq == before[0].seq + 7
    assert BulkOutcome.from_dict(done.to_dict()) == done


@pytest.mark.parametrize("place", [0, 249, 499])
async def test_a_fault_in_one_of_500_changes_nothing_and_is_named(kanban: Any, place: int) -> None:
    operations: list[BulkOperation] = [
        {"update": {"card": f"AB-{1 + i % 3}", "version": ANY, "patch": {"title": f"renamed {i}"}}} for i in range(500)
    ]
    before = await everything(kanban)
    operations[place] = {"delete": {"card": "AB-3", "version": 1077}}
    with pytest.raises(VersionConflict) as conflict:
        await kanban.bulk("AB", operations)
    assert (conflict.value.index, conflict.value.expected) == (place, 1077)
    assert conflict.value.current in before[1].items
    operations[place] = {"add_labels": {"card": "AB-3", "labels": []}}
    with pytest.raises(Invalid) as invalid:
        await kanban.bulk("AB", operations)
    assert [error["pointer"] for error in invalid.value.errors] == [f"/operations/{place}/add_labels/labels"]
    assert await everything(kanban) == before


async def test_an_operation_is_refused_with_the_error_of_its_own_method(kanban: Any, board: BoardDetail) -> None:
    doing = board.columns[1]
    await kanban.update_column(doing.id, doing.version, wip_limit=1)
    move: list[BulkOperation] = [
        {"move": {"card": f"AB-{i}", "version": ANY, "column_id": doing.id}} for i in range(1, 4)
    ]
    with pytest.raises(WipLimit) as full:
        await kanban.bulk("AB", move)
    assert (full.value.index, full.value.limit) == (1, 1)
    with pytest.raises(NotFound) as missing:
        await kanban.bulk("AB", [{"restore": {"card": "AB-9"}}])
    assert (missing.value.index, missing.value.id) == (0, "AB-9")
    with pytest.raises(NotFound) as nowhere:
        await kanban.bulk("ZZ", move)
    assert (nowhere.value.index, nowhere.value.what) == (None, "board")
    assert isinstance(full.value, KanbanError)


@pytest.mark.parametrize(
    ("operations", "pointer"),
    [
        ([], "/operations"),
        ([{}], "/operations/0"),
        ([{"restore": {"card": "AB-1"}, "delete": {"card": "AB-1", "version": 1}}], "/operations/0"),
        ([{"archive": {"card": "AB-1"}}], "/operations/0"),
        ([{"delete": {"card": "AB-1"}}], "/operations/0/delete"),
        ([{"delete": {"card": "AB-1", "version": "1"}}], "/operations/0/delete/version"),
        ([{"create": {"column_id": "x", "card": {"title": "x"}}}], "/operations/0/create/column_id"),
    ],
)
async def test_what_is_no_operation_is_refused(kanban: Any, operations: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        await kanban.bulk("AB", operations)
    assert refused.value.errors[0]["pointer"] == pointer


@pytest.mark.parametrize("operations", ["restore", {"restore": {"card": "AB-1"}}, [["restore"]], None, [{"delete": 3}]])
async def test_what_has_another_type_is_a_type_error(kanban: Any, operations: Any) -> None:
    with pytest.raises(TypeError, match="operations"):
        await kanban.bulk("AB", operations)
