"""Dependencies, comments and events."""

from __future__ import annotations

from typing import Any

import pytest

from kanban_py import DependencyCycle, Invalid, NotFound


async def test_a_dependency_is_added_seen_from_both_ends_and_removed(kanban: Any) -> None:
    added = await kanban.add_dependency("AB-3", "waits_for", "AB-1")
    assert (added.type, added.is_new) == ("blocks", True)
    again = await kanban.add_dependency("AB-1", "blocks", "AB-3")
    assert (again.id, again.is_new) == (added.id, False)
    (seen,) = [link for link in await kanban.list_dependencies("AB-1") if link.card_key == "AB-3"]
    assert (seen.relation, seen.card_title, seen.resolved) == (
        "blocks",
        "Draft the release note for the tested API",
        False,
    )
    assert "AB-1" in seen.text
    removed = await kanban.remove_dependency("AB-3", "waits_for", "AB-1")
    assert removed.id == added.id
    with pytest.raises(NotFound):
        await kanban.remove_dependency("AB-3", "waits_for", "AB-1")


async def test_a_cycle_is_refused_with_its_path(kanban: Any) -> None:
    with pytest.raises(DependencyCycle) as refused:
        await kanban.add_dependency("AB-1", "waits_for", "AB-3")
    path = refused.value.path
    assert path[0] == path[-1]
    assert set(path) == {"AB-1", "AB-2", "AB-3"}
    with pytest.raises(Invalid, match="the card itself"):
        await kanban.add_dependency("AB-1", "relates_to", "AB-1")


async def test_comments_are_written_and_listed(kanban: Any) -> None:
    first = await kanban.as_agent("claude-1").create_comment("AB-1", "Half — of it.", metadata={"tokens": 12})
    second = await kanban.create_comment("AB-1", "All of it.")
    assert (first.author.kind, first.author.id, first.metadata) == ("agent", "claude-1", {"tokens": 12})
    page = await kanban.list_comments("AB-1", limit=1)
    rest = await kanban.list_comments("AB-1", limit=1, cursor=page.next_cursor)
    assert [*page, *rest] == [first, second]
    with pytest.raises(NotFound):
        await kanban.list_comments("AB-99")


async def test_events_are_numbered_without_a_gap(kanban: Any) -> None:
    await kanban.create_comment("AB-1", "x")
    events = await kanban.list_events("AB")
    assert [event.seq for event in events] == list(range(1, (await kanban.get_board("AB")).seq + 1))
    assert [event.seq for event in await kanban.list_events("AB", since=2, limit=3)] == [3, 4, 5]
    assert events[-1].payload["after"]["body"] == "x"
    with pytest.raises(Invalid, match="since"):
        await kanban.list_events("AB", since=1000)


async def test_the_board_is_examined_and_seeded_once(kanban: Any) -> None:
    diagnosis = await kanban.examine()
    assert (diagnosis.findings, "column counts" in diagnosis.checks) == ((), True)
    assert await kanban.seed_demo() is None
