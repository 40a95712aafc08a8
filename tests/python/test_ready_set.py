"""Which cards an agent can work on, and in which order: the board against a count straight from the JSON."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from kanban_py import AsyncKanban, Kanban
from support.beads import FILES, agents_with_work, ready
from support.server import serving


def in_python(kanban: Kanban, agent: str, board: str, limit: int) -> list[str | None]:
    """The list from the sync client, page by page."""
    found: list[str | None] = []
    cursor = None
    while True:
        page = kanban.next_tasks(agent, board=board, limit=limit, cursor=cursor)
        found.extend(card.external_id for card in page)
        cursor = page.next_cursor
        if cursor is None:
            return found


async def in_asyncio(url: str, agent: str, board: str) -> list[str | None]:
    """The list from the async client, in one page."""
    async with AsyncKanban.connect(url) as kanban:
        page = await kanban.next_tasks(agent, board=board, limit=200)
        assert page.next_cursor is None
        return [card.external_id for card in page]


def over_http(base: str, agent: str, board: str, limit: int) -> list[str | None]:
    """The list from the server, page by page."""
    found: list[str | None] = []
    query: dict[str, str | int] = {"board_id": board, "limit": limit}
    with httpx.Client(base_url=base) as client:
        while True:
            answer = client.get(f"/v1/agents/{quote(agent, safe='')}/next_tasks", params=query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found.extend(card["external_id"] for card in page["items"])
            if page["next_cursor"] is None:
                return found
            query["cursor"] = page["next_cursor"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_next_tasks_is_exactly_the_ready_set(url: str, server: Path, file: Path) -> None:
    with Kanban.connect(url) as kanban, serving(server, url) as base:
        board = kanban.import_beads(file, "Beads").board
        for agent in ["somebody-new", *agents_with_work(file)]:
            expected = ready(file, agent)
            assert expected
            assert in_python(kanban, agent, board, 7) == expected
            assert await in_asyncio(url, agent, board) == expected
            assert over_http(base, agent, board, 11) == expected


def test_somebody_has_work_of_their_own() -> None:
    """Or the test above would prove nothing about assigned cards."""
    for file in FILES:
        for_nobody = ready(file, "somebody-new")
        assert any(ready(file, agent)[0] not in for_nobody for agent in agents_with_work(file))
