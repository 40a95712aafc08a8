"""The audit log."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from kanban_py import BoardDetail, Invalid, NotFound


async def test_the_audit_says_who_did_what(kanban: Any, board: BoardDetail) -> None:
    agent = kanban.as_agent("claude-1", run_id="run-7", context={"model": "m"})
    await agent.create_comment("AB-1", "so")
    await kanban.create_workspace("lab")
    events = (await kanban.list_audit(limit=2)).items
    assert [event.action for event in events] == ["workspace.created", "comment.created"]
    assert [event.board_id for event in events] == [None, board.id]
    written = events[1]
    assert (written.actor_id, written.run_id, written.agent_context) == ("claude-1", "run-7", {"model": "m"})
    assert written.payload["after"]["body"] == "so"


async def test_each_filter_narrows_it(kanban: Any, board: BoardDetail) -> None:
    await kanban.as_agent("claude-1").move_card("AB-1", 1, board.columns[1].id)

    async def actions(**filters: Any) -> list[str]:
        return [event.action for event in await kanban.list_audit(**filters)]

    assert await actions(entity_id="AB-1") == ["card.moved", "card.created"]
    assert await actions(actor="claude-1") == ["card.moved"]
    assert await actions(board_id="AB", entity_type="board") == ["board.created"]
    assert await actions(action="workspace.created") == ["workspace.created"]
    now = datetime.now(timezone.utc)
    assert await actions(at_before=now - timedelta(days=1)) == []
    assert (await actions(at_after=now - timedelta(days=1), at_before=now + timedelta(days=1)))[0] == "card.moved"
    first = await kanban.list_audit(limit=1)
    second = await kanban.list_audit(limit=1, cursor=first.next_cursor)
    assert second.items[0].action == "dependency.added"
    with pytest.raises(Invalid, match="cursor"):
        await kanban.list_audit(actor="ada", cursor=first.next_cursor)
    with pytest.raises(NotFound):
        await kanban.list_audit(board_id="NO")
    with pytest.raises(Invalid, match=r"card\.moved"):
        await kanban.list_audit(action="card.flown")
