"""Cards: created, read, listed, changed, placed, deleted, restored."""

from __future__ import annotations

import typing
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from kanban_py import ANY, UNSET, BoardDetail, Card, Invalid, Link, NotFound, VersionConflict
from kanban_py._typing import CardField, CardSort


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
    now = datetime.now(timezone.utc)
    soon = now + timedelta(days=1)
    card = await kanban.create_card(
        board.columns[1].id, "x", labels=["m", "l"], assignees=["a"], priority="lowest", due_at=soon, external_id="e"
    )
    filters: list[dict[str, Any]] = [
        {"column_id": board.columns[1].id},
        {"labels": ["l"]},
        {"labels": ("l", "m")},
        {"assignee": "a"},
        {"priority": "lowest"},
        {"status": "doing"},
        {"due_before": soon + timedelta(seconds=1)},
        {"due_after": soon},
        {"created_after": now - timedelta(minutes=1), "due_after": now},
        {"updated_after": now - timedelta(minutes=1), "created_before": now + timedelta(minutes=1), "status": "doing"},
        {"external_id": "e"},
    ]
    for given in filters:
        assert (await kanban.list_cards("AB", **given)).items == (card,), given
    assert [ready.key for ready in await kanban.list_cards("AB", ready=True)] == ["AB-1"]
    for nothing in ({"due_before": soon}, {"updated_before": now - timedelta(days=1)}, {"labels": ["l", "none"]}):
        assert (await kanban.list_cards("AB", **nothing)).items == (), nothing


@pytest.mark.parametrize("sort", typing.get_args(CardSort))
async def test_pages_of_cards_follow_each_other_in_every_order(kanban: Any, sort: str) -> None:
    seen: list[Card] = []
    cursor = None
    while True:
        page = await kanban.list_cards("AB", limit=2, cursor=cursor, sort=sort)
        assert len(page) <= 2
        seen.extend(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    # high, high, medium: made one after the other
    keys = ["AB-1", "AB-2", "AB-3"]
    assert [card.key for card in seen] == (keys[::-1] if sort.startswith("-") else keys)


async def test_picked_members_are_those_of_the_whole_card(kanban: Any, board: BoardDetail) -> None:
    await kanban.create_card(
        board.columns[0].id, "x", due_at=datetime.now(timezone.utc), links=[Link("https://a.example")]
    )
    whole = (await kanban.list_cards("AB")).items
    picked = (await kanban.pick_cards("AB", typing.get_args(CardField))).items
    assert [card.to_dict() for card in picked] == [card.to_dict() for card in whole]
    card, *_ = await kanban.pick_cards("AB", ["title", "due_at", "labels"], sort="-created_at")
    assert (card.key, card.version, card.title, card.labels) == ("AB-4", 1, "x", ())
    assert (card.due_at, card.description, card.claim) == (whole[-1].due_at, UNSET, UNSET)
    assert card.to_dict().keys() == {"id", "key", "version", "title", "due_at", "labels"}
    assert repr(card).startswith(f"PartialCard(id='{card.id}', key='AB-4', version=1, title='x', labels=(), due_at=")
    assert (await kanban.pick_cards("AB", ["due_at"], limit=1)).items[0].due_at is None, "null is not absent"
    page = await kanban.pick_cards("AB", [], limit=3)
    rest = await kanban.list_cards("AB", limit=3, cursor=page.next_cursor)
    assert [card.key for card in rest] == ["AB-4"], "both go on with the same cursors"
    with pytest.raises(Invalid, match=r"/fields/1 must be one of id, key"):
        await kanban.pick_cards("AB", ["title", "colour"])
    with pytest.raises(TypeError, match="fields must be a list, not str"):
        await kanban.pick_cards("AB", "title")


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
