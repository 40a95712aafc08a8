"""docs/mcp.md tells the truth: its examples are run in their order, and its set-ups start the server.

`KANBAN_WRITE_DOCS=1` writes the answers into the page instead of comparing them.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from kanban_py import Kanban
from support.mcp import Wire, wired
from support.server import REPO

PAGE = REPO / "docs" / "mcp.md"
EXAMPLE = re.compile(r"^```mcp\n(\w+) (\{[^\n]*\})\n(.*?)^```", re.MULTILINE | re.DOTALL)
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TOKENS = ("confirm", "next_cursor")


def masked(value: Any) -> Any:
    """What differs from run to run, made the same."""
    if isinstance(value, str):
        return MOMENT.sub("2026-01-31T12:00:00Z", value)
    if isinstance(value, list):
        return [masked(item) for item in value]
    if isinstance(value, dict):
        return {name: "…" if name in TOKENS else masked(member) for name, member in value.items()}
    return value


def answers(wire: Wire, page: str) -> list[tuple[str, dict[str, Any], Any, Any]]:
    """Runs the examples: tool, arguments, what the page says, what was answered."""
    tokens: dict[str, str] = {}
    done = []
    for tool, given, said in EXAMPLE.findall(page):
        arguments = json.loads(given)
        sent = {name: tokens.get(name, value) if value == "…" else value for name, value in arguments.items()}
        answer = json.loads(wire.call(tool, **sent)["content"][0]["text"])
        tokens |= {name: answer[name] for name in TOKENS if name in answer}
        done.append((tool, arguments, json.loads(said) if said.strip() else None, masked(answer)))
    return done


def test_every_tool_has_an_example_that_holds(server: Path, blocking: Kanban, url: str) -> None:
    page = PAGE.read_text("utf-8")
    with wired(server, url) as wire:
        tools = {tool["name"] for tool in wire.request("tools/list")["result"]["tools"]}
        ran = answers(wire, page)
    if os.environ.get("KANBAN_WRITE_DOCS"):
        texts = iter(
            f"```mcp\n{tool} {json.dumps(arguments, ensure_ascii=False)}\n"
            f"{json.dumps(answer, indent=2, ensure_ascii=False)}\n```"
            for tool, arguments, _, answer in ran
        )
        PAGE.write_text(EXAMPLE.sub(lambda _: next(texts), page), "utf-8")
        return
    for tool, arguments, said, answer in ran:
        assert answer == said, f"{tool} {arguments}"
    assert {tool for tool, *_ in ran} == tools
    assert set(re.findall(r"^### (\w+)$", page, re.MULTILINE)) >= tools


def test_every_set_up_starts_the_server(server: Path, blocking: Kanban, url: str) -> None:
    page = PAGE.read_text("utf-8")
    commands = [
        (entry["command"], entry["args"])
        for block in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        for group in json.loads(block).values()
        for entry in group.values()
        if "command" in entry
    ]
    commands += [
        (command, json.loads(args))
        for command, args in re.findall(r'"command": "([\w-]+)", "args": (\[.*?\])', page)
        if (command, json.loads(args)) not in commands
    ]
    assert len(commands) == 5
    for command, args in commands:
        assert command == "kanban-server"
        mode, option, agent = args
        assert (mode, option) == ("mcp", "--agent")
        with wired(server, url, agent) as wire:
            commented = wire.data("add_comment", card="AB-1", body=f"Here is {agent}.")
            assert commented["by"] == f"agent {agent}"


def test_what_the_page_says_of_prompts_and_resources(server: Path, url: str) -> None:
    page = PAGE.read_text("utf-8")
    with wired(server, url) as wire:
        prompts = [prompt["name"] for prompt in wire.request("prompts/list")["result"]["prompts"]]
        assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == prompts
        templates = wire.request("resources/templates/list")["result"]["resourceTemplates"]
        for template in templates:
            assert f"`{template['uriTemplate']}`" in page
