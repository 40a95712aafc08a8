"""Cards: created, read, listed, changed, placed, deleted, restored."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from kanban_py import ANY, BoardDetail, Card, Invalid, Link, NotFound, VersionConflict


async def keys(kanban: Any, board: BoardDetail, column: str = "Todo") -> list[str]:
    listed = await kanban.list_cards("AB", column_id=board.column(column).id)
    return [card.key for card in listed]


async def test_a_card_has_every_member_it_was_given(kanban: Any, board: BoardDetail) -> None:
    due = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    card = await kanban.create_card(
        board.columns[0].id,
        "Überprüfe 港 🚢",
        description="line\nline",
        labels=["bug", "größe"],
        assignees=("claude-1",),
        priority="critical",
        due_at=due,
        fields={"n": 1, "f": 1.5, "t": True, "z": None, "l": [1, {"x": "é"}], "big": 2**70},
        links=[Link("https://example.org", "docs"), {"url": "https://example.org/2"}],
        agent_context={"repository": "acme/shop"},
        workflow_state={"step": 2},
        external_id="ext-1",
        position=0,
    )
    assert card.title == "Überprüfe 港 🚢"
    assert (card.labels, card.assignees, card.priority) == (("bug", "größe"), ("claude-1",), "critical")
    assert card.due_at == due
    assert card.due_at.tzinfo is timezone.utc
    assert card.fields == {"n": 1, "f": 1.5, "t": True, "z": None, "l": [1, {"x": "é"}], "big": 2**70}
    assert card.links == (Link("https://example.org", "docs"), Link("https://example.org/2"))
    assert (card.agent_context, card.workflow_state) == ({"repository": "acme/shop"}, {"step": 2})
    assert (card.external_id, card.created_by.id, card.claim) == ("ext-1", "ada", None)
    assert await kanban.get_card(card.key) == await kanban.get_card(card.id) == card
    assert await keys(kanban, board) == ["AB-4", "AB-1", "AB-2", "AB-3"]


async def test_cards_are_found_by_each_filter(kanban: Any, board: BoardDetail) -> None:
    soon = datetime.now(timezone.utc) + timedelta(days=1)
    card = await kanban.create_card(
        board.columns[1].id, "x", labels=["l"], assignees=["a"], priority="lowest", due_at=soon, external_id="e"
    )
    filters: list[dict[str, Any]] = [
        {"column_id": board.columns[1].id},
        {"label": "l"},
        {"assignee": "a"},
        {"priority": "lowest"},
        {"status": "doing"},
        {"due_before": soon + timedelta(seconds=1)},
        {"external_id": "e"},
    ]
    for given in filters:
        assert (await kanban.list_cards("AB", **given)).items == (card,), given
    assert [ready.key for ready in await kanban.list_cards("AB", ready=True)] == ["AB-1"]
    assert (await kanban.list_cards("AB", due_before=soon)).items == ()


async def test_pages_of_cards_follow_each_other(kanban: Any) -> None:
    seen: list[Card] = []
    cursor = None
    while True:
        page = await kanban.list_cards("AB", limit=2, cursor=cursor)
        assert len(page) <= 2
        seen.extend(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [card.key for card in seen] == ["AB-1", "AB-2", "AB-3"]


async def test_an_update_changes_what_is_given_and_none_clears(kanban: Any, board: BoardDetail) -> None:
    due = datetime.now(timezone.utc)
    card = await kanban.create_card(
        board.columns[0].id, "x", due_at=due, external_id="e", fields={"a": 1, "b": {"c": 2}}
    )
    same = await kanban.update_card(card.key, card.version, description="more")
    assert (same.due_at, same.external_id, same.title, same.description) == (due, "e", "x", "more")
    cleared = await kanban.update_card(
        card.key, same.version, due_at=None, external_id=None, labels=[], fields={"a": None, "b": {"d": 3}}
    )
    assert (cleared.due_at, cleared.external_id, cleared.fields) == (None, None, {"b": {"c": 2, "d": 3}})
    assert cleared.version == card.version + 2


async def test_a_stale_version_is_refused_with_what_is_there_and_any_goes_over_it(kanban: Any) -> None:
    first = await kanban.update_card("AB-1", 1, title="first")
    with pytest.raises(VersionConflict) as refused:
        await kanban.update_card("AB-1", 1, title="second")
    assert (refused.value.expected, refused.value.actual) == (1, 2)
    assert refused.value.current == first
    assert (await kanban.update_card("AB-1", ANY, title="second")).title == "second"


async def test_cards_are_placed_by_neighbour_and_by_number(kanban: Any, board: BoardDetail) -> None:
    await kanban.reorder_card("AB-3", 1, before_id="AB-1")
    assert await keys(kanban, board) == ["AB-3", "AB-1", "AB-2"]
    await kanban.reorder_card("AB-3", ANY, after_id="AB-1")
    assert await keys(kanban, board) == ["AB-1", "AB-3", "AB-2"]
    await kanban.reorder_card("AB-1", ANY)
    assert await keys(kanban, board) == ["AB-3", "AB-2", "AB-1"]
    doing = board.column("Doing").id
    moved = await kanban.move_card("AB-2", ANY, doing)
    assert (moved.status, moved.column_id, moved.started_at is not None) == ("doing", doing, True)
    await kanban.move_card("AB-1", ANY, doing, position=0)
    await kanban.move_card("AB-3", ANY, doing, after_id="AB-1")
    assert await keys(kanban, board, "Doing") == ["AB-1", "AB-3", "AB-2"]
    with pytest.raises(Invalid, match="not another live card"):
        await kanban.reorder_card("AB-1", ANY, after_id="AB-1")
    with pytest.raises(Invalid, match="give one of"):
        await kanban.reorder_card("AB-1", ANY, after_id="AB-2", position=0)


async def test_a_deleted_card_is_gone_until_it_is_restored(kanban: Any, board: BoardDetail) -> None:
    deleted = await kanban.delete_card("AB-1", 1)
    assert deleted.deleted_at is not None
    with pytest.raises(NotFound) as missing:
        await kanban.get_card("AB-1")
    assert (missing.value.what, missing.value.id) == ("card", "AB-1")
    assert [card.key for card in await kanban.next_tasks("claude-1")] == ["AB-2"]
    restored = await kanban.restore_card("AB-1", deleted.version)
    assert restored.deleted_at is None
    assert await keys(kanban, board) == ["AB-2", "AB-3", "AB-1"]
