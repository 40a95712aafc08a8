"""The whole story over MCP, with the official client: over stdio and HTTP, in both eras of the protocol."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from kanban_py import Kanban
from support.mcp import LEGACY, MODERN, call, connected, refused, stdio_command, wired

WAYS = [pytest.param(way, mode, id=f"{way}-{mode}") for way in ("stdio", "http") for mode in ("legacy", "auto")]


@pytest.mark.parametrize(("way", "mode"), WAYS)
async def test_the_whole_story(way: str, mode: str, server: Path, blocking: Kanban, url: str) -> None:
    async with connected(way, mode, server, url) as client:
        assert client.protocol_version == (LEGACY if mode == "legacy" else MODERN)
        assert client.server_info is not None
        assert client.server_info.name == "kanban"
        (board,) = (await call(client, "list_boards"))["boards"]
        assert board["key"] == "AB"
        found = await call(client, "find_cards", board="AB", ready=True)
        assert [card["key"] for card in found["cards"]] == ["AB-1"]
        (task,) = (await call(client, "claim_task", board="AB"))["claimed"]
        assert (task["key"], task["status"], task["epoch"], task["claimed_by"]) == ("AB-1", "doing", 1, "claude-1")
        updated = await call(
            client, "update_card", card="AB-1", version=task["version"], epoch=1, labels=["api"], priority="high"
        )
        commented = await call(client, "add_comment", card="AB-1", body="The search endpoint has no test.")
        assert commented["by"] == "agent claude-1"
        done = await call(
            client, "move_card", card="AB-1", version=updated["version"], column="Done", epoch=task["epoch"]
        )
        assert done["status"] == "done"
        whole = await call(client, "get_card", card="AB-1", detail="full")
        assert (whole["column"], whole["labels"]) == ("Done", ["api"])
        assert [comment["text"] for comment in whole["comments"]] == ["The search endpoint has no test."]
    card = blocking.get_card("AB-1")
    assert (card.status, card.claim, card.priority) == ("done", None, "high")


@pytest.mark.parametrize(("way", "mode"), WAYS)
async def test_prompts_resources_and_completion(way: str, mode: str, server: Path, blocking: Kanban, url: str) -> None:
    async with connected(way, mode, server, url) as client:
        prompts = (await client.list_prompts()).prompts
        assert [prompt.name for prompt in prompts] == ["plan_work", "pick_up_work", "hand_over"]
        prompt = await client.get_prompt("plan_work", {"board": "AB", "goal": "Tests for {board}"})
        assert "on board AB: Tests for {board}" in prompt.messages[0].content.text  # type: ignore[union-attr]
        (resource,) = (await client.list_resources()).resources
        assert str(resource.uri) == "kanban://board/AB"
        for uri in ("kanban://board/AB", "kanban://card/AB-1"):
            (content,) = (await client.read_resource(uri)).contents
            assert '"key":"AB' in content.text  # type: ignore[union-attr]
        templates = (await client.list_resource_templates()).resource_templates
        assert [template.uri_template for template in templates] == ["kanban://board/{id}", "kanban://card/{id}"]


async def test_a_stale_write_is_told_what_changed_and_how_to_go_on(server: Path, blocking: Kanban, url: str) -> None:
    async with connected("stdio", MODERN, server, url) as client:
        seen = (await call(client, "get_card", card="AB-1"))["version"]
        card = blocking.update_card("AB-1", seen, priority="critical", description="x" * 500)
        doing = blocking.get_board("AB").columns[1]
        blocking.move_card("AB-1", card.version, doing.id)
        refusal = await refused(client, "update_card", card="AB-1", version=seen, title="Mine")
        assert refusal["code"] == "version_conflict"
        first, second = refusal["changed"]
        assert first.startswith(f"v{seen + 1} card.updated by human ada: ")
        assert 'priority "medium" → "critical"' in first or '→ "critical"' in first
        assert "xxx" not in first, "long members are named, not shown"
        assert second.startswith(f"v{seen + 2} card.moved by human ada")
        assert 'status "todo" → "doing"' in second
        assert refusal["now"]["version"] == seen + 2
        assert f"version {seen + 2}" in refusal["detail"]
        await call(client, "update_card", card="AB-1", version=seen + 2, title="Mine")


async def test_arguments_that_are_wrong_are_told_by_their_place(server: Path, blocking: Kanban, url: str) -> None:
    async with connected("stdio", MODERN, server, url) as client:
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"card": "AB-1"}, ""),
            ({"card": "AB-1", "version": "one"}, "/version"),
            ({"card": "no key", "version": 1}, "/card"),
            ({"card": "AB-1", "version": 1, "color": "red"}, "/color"),
            ({"card": "AB-1", "version": 1, "title": ""}, "/title"),
            ({"card": "AB-1", "version": 1, "priority": "urgent"}, "/priority"),
        ]
        for arguments, pointer in wrong:
            refusal = await refused(client, "update_card", **arguments)
            assert (refusal["code"], refusal["errors"][0]["pointer"]) == ("invalid", pointer), refusal
        refusal = await refused(client, "move_card", card="AB-1", version=1, column="Nowhere")
        assert "Todo, Doing, Done" in refusal["detail"]
        assert (await refused(client, "get_card", card="AB-99"))["code"] == "not_found"


async def test_a_late_agent_is_refused_by_its_epoch(server: Path, blocking: Kanban, url: str) -> None:
    async with connected("stdio", MODERN, server, url) as client:
        (task,) = (await call(client, "claim_task"))["claimed"]
        blocking.release_card("AB-1", task["epoch"])
        blocking.claim_card("AB-1", "ada")
        for tool in ("heartbeat", "complete_task", "release_task"):
            assert (await refused(client, tool, card="AB-1", epoch=task["epoch"]))["code"] == "stale_claim"
        late = await refused(client, "update_card", card="AB-1", version=task["version"], epoch=1, title="Late")
        assert late["code"] == "stale_claim"


async def test_nothing_to_do_is_told_with_its_reason(server: Path, url: str, blocking: Kanban) -> None:
    async with connected("stdio", MODERN, server, url) as client:
        await call(client, "claim_task")
        empty = await call(client, "claim_task", labels=["nobody has it"])
        assert (empty["claimed"], empty["reason"]["code"]) == ([], "nothing_ready")


def test_several_at_once_on_one_database_and_each_ends_with_its_input(server: Path, blocking: Kanban, url: str) -> None:
    with wired(server, url, "claude-1") as one, wired(server, url, "claude-2") as two:
        (task,) = one.data("claim_task")["claimed"]
        assert two.data("claim_task")["claimed"] == []
        one.data("complete_task", card=task["key"], epoch=task["epoch"], comment="Done and checked.")
        assert two.data("claim_task")["claimed"][0]["key"] == "AB-2"
    assert [comment.author.id for comment in blocking.list_comments("AB-1").items] == ["claude-1"]


def test_a_client_that_says_nothing_is_no_failure(server: Path, url: str) -> None:
    command = stdio_command(server, url)
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")
