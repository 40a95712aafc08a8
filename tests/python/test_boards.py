"""Workspaces, boards and columns."""

from __future__ import annotations

from typing import Any

import pytest

from kanban_py import ANY, BoardDetail, Conflict, Duplicate, Invalid, NotFound, VersionConflict


async def test_a_workspace_is_created_read_and_listed(kanban: Any) -> None:
    created = await kanban.create_workspace("research", description="Papers", metadata={"floor": 3})
    assert (created.name, created.description, created.metadata) == ("research", "Papers", {"floor": 3})
    assert await kanban.get_workspace(created.id) == created
    assert [workspace.name for workspace in await kanban.list_workspaces()] == ["default", "research"]


async def test_a_workspace_is_changed_and_deleted(kanban: Any, board: BoardDetail) -> None:
    made = await kanban.create_workspace("lab", metadata={"a": 1, "b": 2})
    changed = await kanban.update_workspace(made.id, made.version, name="trial", metadata={"a": None})
    assert (changed.name, changed.description, changed.metadata, changed.version) == ("trial", "", {"b": 2}, 2)
    with pytest.raises(VersionConflict) as refused:
        await kanban.delete_workspace(made.id, made.version)
    assert refused.value.current == changed
    with pytest.raises(Conflict, match="Delete them, or move them to another workspace") as full:
        await kanban.delete_workspace(board.workspace_id, ANY)
    assert full.value.code == "workspace_not_empty"
    moved = await kanban.update_board("AB", ANY, workspace_id=made.id)
    assert moved.workspace_id == made.id
    assert (await kanban.delete_workspace(board.workspace_id, ANY)).deleted_at is not None
    assert [workspace.name for workspace in await kanban.list_workspaces()] == ["trial"]


async def test_a_column_is_reordered_and_deleted_with_its_cards(kanban: Any, board: BoardDetail) -> None:
    todo, doing, done = board.columns
    moved = await kanban.reorder_column(todo.id, todo.version, after_id=done.id)
    assert (moved.position, moved.version) == (2, 2)
    with pytest.raises(Invalid) as several:
        await kanban.reorder_column(todo.id, ANY, before_id=done.id, position=0)
    assert several.value.errors[0]["pointer"] == "/position"
    with pytest.raises(Conflict) as full:
        await kanban.delete_column(todo.id, moved.version)
    assert full.value.code == "column_not_empty"
    with pytest.raises(Invalid, match="move_cards_to"):
        await kanban.delete_column(todo.id, ANY, move_cards_to=todo.id)
    gone = await kanban.delete_column(todo.id, moved.version, move_cards_to=doing.id)
    assert (gone.deleted_at is not None, gone.cards) == (True, 0)
    after = await kanban.get_board("AB")
    assert [(column.name, column.cards) for column in after.columns] == [("Doing", todo.cards), ("Done", 0)]


async def test_a_list_goes_on_behind_its_cursor(kanban: Any) -> None:
    await kanban.create_workspace("b")
    first = await kanban.list_workspaces(limit=1)
    second = await kanban.list_workspaces(limit=1, cursor=first.next_cursor)
    assert [first.items[0].name, second.items[0].name, second.next_cursor] == ["default", "b", None]
    with pytest.raises(Invalid, match="cursor"):
        await kanban.list_boards(cursor=first.next_cursor)


async def test_a_board_is_created_from_a_template(kanban: Any, board: BoardDetail) -> None:
    created = await kanban.create_board(
        "Shop",
        workspace_id=board.workspace_id,
        key="SH",
        description="All of it",
        template="review",
        metadata={"a": None},
        time_zone="Europe/Berlin",
    )
    assert [column.name for column in created.columns] == ["Backlog", "Todo", "Doing", "Review", "Done"]
    assert (created.key, created.time_zone, created.metadata) == ("SH", "Europe/Berlin", {"a": None})
    assert await kanban.get_board("SH") == await kanban.get_board(created.id) == created
    assert [listed.key for listed in await kanban.list_boards(workspace_id=board.workspace_id)] == ["AB", "SH"]
    assert created.column("Doing") == created.columns[2]
    with pytest.raises(KeyError, match="no column 'Nowhere'"):
        created.column("Nowhere")


async def test_a_board_is_changed_archived_and_deleted(kanban: Any, board: BoardDetail) -> None:
    changed = await kanban.update_board("AB", board.version, name="New", metadata={"a": 1}, archived=True)
    assert (changed.name, changed.description, changed.metadata) == ("New", board.description, {"a": 1})
    assert changed.archived_at is not None
    assert [listed.key for listed in await kanban.list_boards(archived=True)] == ["AB"]
    assert (await kanban.list_boards(archived=False)).items == ()
    back = await kanban.update_board("AB", ANY, archived=False, metadata={"a": None})
    assert (back.archived_at, back.metadata) == (None, {})
    with pytest.raises(VersionConflict) as refused:
        await kanban.delete_board("AB", board.version)
    assert refused.value.current == back
    assert (await kanban.delete_board("AB", back.version)).deleted_at is not None
    with pytest.raises(NotFound):
        await kanban.get_board("AB")


async def test_columns_are_created_read_and_changed(kanban: Any, board: BoardDetail) -> None:
    review = await kanban.create_column("AB", "Review", "doing", wip_limit=2, metadata={"who": "grace"})
    assert (review.position, review.wip_limit, review.cards) == (3, 2, 0)
    assert await kanban.get_column(review.id) == review
    changed = await kanban.update_column(review.id, review.version, wip_limit=None)
    assert (changed.wip_limit, changed.name, changed.metadata) == (None, "Review", {"who": "grace"})
    with pytest.raises(VersionConflict) as refused:
        await kanban.update_column(review.id, review.version, name="Check")
    assert refused.value.current == changed
    with pytest.raises(Duplicate):
        await kanban.create_column("AB", "review", "doing")
    todo = board.column("Todo")
    with pytest.raises(Conflict, match="holds 3 cards") as full:
        await kanban.update_column(todo.id, ANY, kind="doing")
    assert full.value.code == "column_not_empty"
