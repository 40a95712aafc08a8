"""Undo, for operators."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from kanban_py import ANY, BoardDetail, Invalid, NotFound, Undone


async def test_what_a_run_did_goes_back(kanban: Any, board: BoardDetail) -> None:
    since = board.created_at
    agent = kanban.as_agent("claude-1", run_id="night")
    await agent.update_card("AB-1", ANY, title="other")
    await agent.create_card(board.columns[0].id, "made")
    await agent.delete_card("AB-2", ANY)
    other = await kanban.as_agent("claude-2").update_card("AB-3", ANY, title="b")
    await agent.update_card("AB-3", ANY, title="a")
    await kanban.update_card("AB-3", ANY, title="a person's")
    tried = await kanban.undo("AB", run_id="night", since=since, dry_run=True)
    assert tried.dry_run
    assert (await kanban.get_card("AB-1")).title == "other"
    undone = await kanban.undo("AB", run_id="night", since=since)
    assert isinstance(undone, Undone)
    assert (undone.items, undone.next_before_seq) == (tried.items, None)
    outcomes = {thing.name: (thing.outcome, thing.members) for thing in undone.items}
    (made,) = outcomes.keys() - {"AB-1", "AB-2", "AB-3"}
    assert outcomes == {
        "AB-1": ("reverted", ("title",)),
        made: ("reverted", ("deleted_at",)),
        "AB-2": ("reverted", ("deleted_at", "position")),
        "AB-3": ("conflict", ("title",)),
    }
    reason = next(thing.reason for thing in undone.items if thing.name == "AB-3")
    assert reason is not None
    assert (reason.code, reason.ids, reason.action, reason.until) == ("changed_since", ("title",), "card.updated", None)
    assert reason.actor is not None
    assert reason.actor.id == kanban.actor.id
    assert reason.at is not None
    assert reason.at > other.updated_at
    assert (await kanban.get_card("AB-1")).title != "other"
    again = await kanban.undo("AB", actor="claude-1", run_id="night", since=since, before_seq=undone.items[-1].seq + 1)
    assert {thing.outcome for thing in again.items} <= {"unchanged", "conflict"}


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({"since": datetime(2026, 1, 1, tzinfo=timezone.utc)}, "/actor"),
        ({"actor": "a", "since": datetime(2999, 1, 1, tzinfo=timezone.utc)}, "/since"),
        (
            {
                "actor": "a",
                "since": datetime(2026, 1, 2, tzinfo=timezone.utc),
                "until": datetime(2026, 1, 1, tzinfo=timezone.utc),
            },
            "/since",
        ),
        ({"actor": "a", "since": datetime(2026, 1, 1)}, "/since"),
        ({"run_id": "", "since": datetime(2026, 1, 1, tzinfo=timezone.utc)}, "/run_id"),
    ],
)
async def test_what_cannot_be_undone_is_refused(kanban: Any, arguments: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        await kanban.undo("AB", **arguments)
    assert [field["pointer"] for field in refused.value.errors] == [pointer]
    with pytest.raises(NotFound):
        await kanban.undo("NOPE", actor="a", since=datetime(2026, 1, 1, tzinfo=timezone.utc))
