"""What the tools cost: `tools/list`, every tool's answer on a real board, an agent's working day."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_py import Actor, Kanban, Link
from support.beads import FILES, SAMPLE
from support.databases import Databases
from support.mcp import Wire, wired
from support.server import REPO

LIST, NORMAL, MOST, BOARD = 12_000, 8_000, 32_000, 8_000


@pytest.fixture(scope="module")
def beads(databases: Databases) -> Iterator[str]:
    """The beads board, or the sample where it is not there, with the longest texts that a board can hold."""
    with databases.fresh() as url:
        with Kanban.connect(url, actor=Actor.human("ada")) as kanban:
            kanban.import_beads(FILES[-1], "Beads")
            board = kanban.get_board("BEAD")
            todo = board.columns[0]
            # U+0001 grows when it is shown, quotes when they are escaped twice
            for text in ("ж" * 8192, '"' * 16384, "\u0001" * 16384, "a\n" * 8192):
                card = kanban.create_card(
                    todo.id,
                    text[:256].replace("\n", " "),
                    description=text,
                    labels=["monster", *(f"{i} {text[:200]}" for i in range(63))],
                    assignees=["claude-1", *(f"{i} {text[:200]}" for i in range(63))],
                    fields={"long": text[:2000]},
                    agent_context={"long": text[:2000]},
                    workflow_state={"long": text[:2000]},
                    links=[Link(url=f"https://example.org/{i}", title="x" * 200) for i in range(64)],
                    priority="critical",
                )
                for _ in range(3):
                    kanban.create_comment(card.key, text.encode()[:8192].decode(errors="ignore"))
            for i in range(40):
                kanban.create_column(board.id, f"{i} " + "Spalte " * 15, "backlog")
        yield url


def sized(wire: Wire, most: int, tool: str, **arguments: Any) -> dict[str, Any]:
    data = wire.data(tool, **arguments)
    assert wire.bytes[-1] <= most, f"{tool} {arguments}: {wire.bytes[-1]} bytes"
    return data


def test_the_list_of_tools(server: Path, url: str) -> None:
    with wired(server, url) as wire:
        tools = wire.request("tools/list")["result"]["tools"]
        assert wire.bytes[-1] <= LIST, f"{wire.bytes[-1]} bytes"
    assert len(tools) <= 20
    for tool in tools:
        assert tool["title"]
        assert tool["description"].endswith(".")
        assert tool["inputSchema"]["additionalProperties"] is False
        assert set(tool["inputSchema"].get("required", [])) <= tool["inputSchema"]["properties"].keys()
        hints = tool["annotations"]
        assert hints["openWorldHint"] is False
        reads = tool["name"].split("_")[0] in ("list", "get", "find", "next", "board")
        assert hints.get("readOnlyHint", False) is reads


def test_every_answer_stays_in_its_limit(server: Path, beads: str) -> None:
    with wired(server, beads) as wire:
        sized(wire, NORMAL, "list_boards")
        sized(wire, BOARD, "get_board", board="BEAD")
        sized(wire, MOST, "get_board", board="BEAD", detail="full")
        for status in ("backlog", "todo", "doing", "done"):
            sized(wire, NORMAL, "find_cards", board="BEAD", status=status, limit=100)
            sized(wire, MOST, "find_cards", board="BEAD", status=status, limit=100, detail="full")
        sized(wire, NORMAL, "next_tasks", limit=100)
        keys = [card["key"] for card in sized(wire, NORMAL, "find_cards", board="BEAD", priority="critical")["cards"]]
        for key in keys:
            sized(wire, NORMAL, "get_card", card=key)
        for _ in range(4):
            (task,) = sized(wire, NORMAL, "claim_task", board="BEAD", labels=["monster"])["claimed"]
            key, epoch = task["key"], task["epoch"]
            sized(wire, NORMAL, "heartbeat", card=key, epoch=epoch)
            sized(wire, NORMAL, "update_card", card=key, version=task["version"], epoch=epoch, priority="low")
            sized(wire, NORMAL, "add_comment", card=key, body="x" * 8000)
            preview = sized(wire, NORMAL, "delete_card", card=key, version=task["version"] + 1)
            assert not preview["deleted"]
            stale = wire.call("update_card", card=key, version=1, title="x")
            assert stale["isError"]
            assert wire.bytes[-1] <= NORMAL
            sized(wire, NORMAL, "complete_task", card=key, epoch=epoch, comment="y" * 8000)
        assert len(sized(wire, NORMAL, "claim_task", board="BEAD", limit=10)["claimed"]) == 10
        for uri in ("kanban://board/BEAD", f"kanban://card/{keys[0]}"):
            wire.request("resources/read", uri=uri)
            assert wire.bytes[-1] <= MOST
        wire.request("resources/list")
        assert wire.bytes[-1] <= NORMAL


def test_a_list_that_is_cut_goes_on_behind_its_cursor(server: Path, beads: str) -> None:
    with wired(server, beads) as wire:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = sized(wire, NORMAL, "find_cards", board="BEAD", status="todo", limit=100, **cursor)
            seen += [card["key"] for card in page["cards"]]
            if "next_cursor" not in page:
                break
            cursor = {"cursor": page["next_cursor"]}
        board = wire.data("get_board", board="BEAD", detail="full")
        todo = sum(column["cards"] for column in board["columns"] if column["kind"] == "todo")
        assert len(seen) == len(set(seen)) == todo


def test_a_card_that_is_cut_goes_on_behind_its_cursor(server: Path, beads: str) -> None:
    with Kanban.connect(beads, actor=Actor.human("ada")) as kanban:
        board = kanban.get_board("BEAD")
        card = kanban.create_card(
            board.columns[0].id,
            "Long",
            description="".join(f"{i} «слово»\n" for i in range(800)),
            fields={"numbers": list(range(3000))},
            agent_context={"text": "\\" * 8000},
        )
        bodies = [f"{i} " + '"quoted" ' * 900 for i in range(7)]
        for body in bodies:
            kanban.create_comment(card.key, body)
    with wired(server, beads) as wire:
        pages = []
        cursor: dict[str, str] = {}
        while True:
            pages.append(sized(wire, MOST, "get_card", card=card.key, detail="full", **cursor))
            if "next_cursor" not in pages[-1]:
                break
            assert "get_card again" in pages[-1]["hint"]
            cursor = {"cursor": pages[-1]["next_cursor"]}
        assert len(pages) > 2

        def whole(member: str) -> Any:
            parts = [page[member] for page in pages if member in page]
            return parts[0] if isinstance(parts[0], dict) else "".join(parts)

        def value(member: str) -> Any:
            found = whole(member)
            return json.loads(found) if isinstance(found, str) else found

        assert whole("description") == card.description
        assert value("fields") == card.fields
        assert value("agent_context") == card.agent_context
        texts: list[str] = []
        for page in pages:
            for i, comment in enumerate(page.get("comments", [])):
                # one that was torn goes on at the top of the next page
                if i == 0 and texts and not comment["text"][:1].isdigit():
                    texts[-1] += comment["text"]
                else:
                    texts.append(comment["text"])
        assert texts == bodies
        changed = wire.data("update_card", card=card.key, version=pages[0]["version"], title="Longer")
        stale = wire.call("get_card", card=card.key, detail="full", cursor=pages[0]["next_cursor"])
        assert stale["isError"], changed


def test_a_working_day(server: Path, databases: Databases) -> None:
    with databases.fresh() as url:
        with Kanban.connect(url, actor=Actor.human("ada")) as kanban:
            kanban.import_beads(FILES[-1], "Beads")
        command = [sys.executable, str(REPO / "scripts" / "agent-loop"), "--database-url", url, "--board", "BEAD"]
        environment = {**os.environ, "KANBAN_SERVER_BIN": str(server)}
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    tasks = int(done.stdout.splitlines()[-1].split(" ")[0])
    assert tasks == 50 or (FILES[-1] == SAMPLE and tasks >= 20)
