"""The set-up for the Claude Agent SDK in docs/python.md, with the official MCP client in its place."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters

from kanban_py import Kanban
from support.databases import reachable_folder
from support.server import REPO
from test_lifecycle import embedded


def settings() -> dict[str, Any]:
    """What the page gives the SDK as the server to start."""
    section = (REPO / "docs" / "python.md").read_text("utf-8").partition("### Claude Agent SDK")[2]
    found = re.search(r"^BOARD = (\{.*\})$", section, re.MULTILINE)
    assert found is not None
    board: dict[str, Any] = ast.literal_eval(found[1])
    return board


@embedded
async def test_the_server_of_the_page_works(server: Path) -> None:
    board = settings()
    assert board["command"] == "kanban-server"
    with reachable_folder() as folder:
        with Kanban.open(folder / "board") as kanban:
            kanban.seed_demo()
        parameters = StdioServerParameters(command=str(server), args=board["args"], cwd=folder)
        async with Client(parameters) as client:
            for tool, arguments in (
                ("claim_task", {}),
                ("update_card", {"card": "AB-1", "version": 2, "labels": ["tests"]}),
                ("add_comment", {"card": "AB-1", "body": "The search endpoint has no test."}),
                ("complete_task", {"card": "AB-1", "epoch": 1}),
            ):
                answer = await client.call_tool(tool, arguments)
                assert not answer.is_error, (tool, answer)
        with Kanban.open(folder / "board") as kanban:
            card = kanban.get_card("AB-1")
            assert (card.status, card.labels) == ("done", ("tests",))
            assert [comment.author.id for comment in kanban.iter_comments("AB-1")] == ["claude-1"]
