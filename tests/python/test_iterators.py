"""Lists, gone through page by page."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kanban_py import UNSET, AsyncKanban, BoardDetail, Card, Invalid, NotFound


async def test_every_page_is_gone_through_once(kanban: Any, board: BoardDetail, rng: random.Random) -> None:
    titles = [f"card {number}" for number in range(rng.randrange(30, 60))]
    for title in titles:
        await kanban.create_card(board.columns[0].id, title, labels=["x"])
    for limit in (1, 7, len(titles), 200):
        assert [card.title async for card in kanban.iter_cards("AB", labels=["x"], limit=limit)] == titles
    assert [card.title async for card in kanban.iter_cards("AB", labels=["y"])] == []
    picked = [card async for card in kanban.iter_picked_cards("AB", ["labels"], labels=["x"], limit=7)]
    assert {(card.labels, card.title) for card in picked} == {(("x",), UNSET)}
    assert len(picked) == len(titles)
    ready = [card.key async for card in kanban.iter_next_tasks("claude-1", limit=11)]
    assert ready[0] == "AB-1"
    assert len(ready) == len(titles) + 1


@pytest.mark.parametrize("limit", [1, 2, 200])
async def test_the_other_lists(kanban: Any, limit: int) -> None:
    for number in range(3):
        await kanban.create_comment("AB-1", f"comment {number}")
        await kanban.create_attachment("AB-1", f"file {number}", "https://example.com/x")
        await kanban.create_workspace(f"workspace {number}")
    bodies = [comment.body async for comment in kanban.iter_comments("AB-1", limit=limit)]
    assert bodies == ["comment 0", "comment 1", "comment 2"]
    names = [file.name async for file in kanban.iter_attachments("AB-1", limit=limit)]
    assert sorted(names) == ["file 0", "file 1", "file 2"]
    assert len([space async for space in kanban.iter_workspaces(limit=limit)]) == 4
    assert [board.key async for board in kanban.iter_boards(limit=limit)] == ["AB"]
    # the card and its comments
    assert len([hit async for hit in kanban.iter_search("comment", limit=limit)]) == 4
    seq = (await kanban.get_board("AB")).seq
    assert [event.seq async for event in kanban.iter_events("AB", limit=limit)] == list(range(1, seq + 1))
    audit = [event.action async for event in kanban.iter_audit(board_id="AB", limit=limit)]
    assert len(audit) == seq


async def test_nothing_is_fetched_that_is_not_asked_for(awaiting: AsyncKanban) -> None:
    cards = awaiting.iter_cards("AB", limit=1)
    first = await anext(cards)
    assert isinstance(first, Card)
    await awaiting.delete_card("AB-3", 1)
    assert [card.key async for card in cards] == ["AB-2"]


async def test_what_is_wrong_is_said_at_the_first_step(kanban: Any) -> None:
    with pytest.raises(NotFound):
        [card async for card in kanban.iter_cards("NO")]
    with pytest.raises(Invalid, match="limit"):
        [card async for card in kanban.iter_cards("AB", limit=0)]
