"""The tools for agent frameworks."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kanban_py import ANY, AsyncKanban, KanbanError
from kanban_py.tools import make_tools


class Tools:
    """Calls the tools as a framework would: by name, with JSON, for text."""

    def __init__(self, kanban: AsyncKanban, **options: Any) -> None:
        self.all: dict[str, Callable[..., Awaitable[str]]] = {
            getattr(tool, "__name__", ""): tool for tool in make_tools(kanban, **options)
        }

    async def __call__(self, name: str, **arguments: Any) -> Any:
        answer = await self.all[name](**arguments)
        assert isinstance(answer, str)
        return json.loads(answer)


@pytest.fixture
def tools(awaiting: AsyncKanban) -> Tools:
    return Tools(awaiting.as_agent("claude-1"), board="AB")


async def test_an_agent_works_with_them(tools: Tools, awaiting: AsyncKanban) -> None:
    assert [card["key"] for card in await tools("next_tasks")] == ["AB-1"]
    card = await tools("claim_task")
    assert (card["key"], card["status"], card["version"]) == ("AB-1", "doing", 2)
    assert "agent_context" in card
    changed = await tools("update_card", card="AB-1", version=2, priority="critical", labels=[])
    assert (changed["priority"], changed["version"], "labels" in changed) == ("critical", 3, False)
    said = await tools("add_comment", card="AB-1", body="half of it")
    assert (said["author"], said["body"]) == ("claude-1", "half of it")
    assert "until" in await tools("heartbeat", card="AB-1")
    created = await tools("create_card", title="Follow up", priority="low")
    assert (created["key"], created["status"]) == ("AB-4", "todo")
    assert (await tools("create_card", title="Later", column="done"))["status"] == "done"
    linked = await tools("add_dependency", card="AB-4", relation="waits_for", other="AB-1")
    assert linked["is_new"]
    assert not (await tools("add_dependency", card="AB-4", relation="waits_for", other="AB-1"))["is_new"]
    assert (await tools("move_card", card="AB-4", version=1, column="Doing"))["status"] == "doing"
    whole = await tools("get_card", card="AB-1")
    assert [comment["body"] for comment in whole["comments"]] == ["half of it"]
    assert "blocks AB-4" in whole["dependencies"]
    assert "more_comments" not in whole
    assert {"key": "AB-1", "title": whole["title"], "status": "doing"} in await tools("find_cards", query="endpoints")
    assert (await tools("complete_task", card="AB-1", note="all of it"))["status"] == "done"
    await tools("claim_task", card="AB-2")
    too_long = await tools("complete_task", card="AB-2", note="x" * 9000)
    assert (too_long["status"], "/body" in too_long["note_refused"]) == ("done", True)
    events = [event async for event in awaiting.iter_events("AB") if event.entity_type == "comment"]
    assert [event.payload["after"]["body"] for event in events] == ["half of it", "all of it"]
    assert {event.actor_id for event in events} == {"claude-1"}


async def test_a_refusal_is_an_answer(tools: Tools, awaiting: AsyncKanban) -> None:
    assert (await tools("get_card", card="AB-99"))["error"] == "not_found"
    stale = await tools("update_card", card="AB-1", version=7, title="x")
    assert (stale["error"], stale["retryable"]) == ("version_conflict", False)
    assert "read" in stale["message"].lower()
    assert (await tools("update_card", card="AB-1", version=1, title=""))["error"] == "invalid"
    no_column = await tools("move_card", card="AB-1", version=1, column="Nowhere")
    assert no_column["message"] == "AB has no column Nowhere. Its columns are: Todo, Doing, Done."
    for name in ("heartbeat", "complete_task"):
        refused = await tools(name, card="AB-1")
        assert (refused["error"], "claim_task" in refused["message"]) == ("not_claimed", True)
    await tools("claim_task")
    nothing = await tools("claim_task")
    assert (nothing["claimed"], nothing["reason"]["code"]) == (None, "nothing_ready")
    other = Tools(awaiting.as_agent("claude-2"))
    assert (await other("claim_task", card="AB-1"))["error"] == "claimed"
    assert (await other("create_card", title="x"))["message"] == "Name the board: its key, such as AB."
    assert (await other("create_card", title="x", board="AB"))["key"].startswith("AB-")


async def test_writes_name_the_claim(tools: Tools, awaiting: AsyncKanban) -> None:
    await tools("claim_task")
    # a second runner of the same agent has taken over
    await awaiting.claim_card("AB-1", "claude-1")
    for name, arguments in (
        ("update_card", {"version": 2, "title": "too late"}),
        ("heartbeat", {}),
        ("release_task", {"reason": "too late"}),
        ("complete_task", {"note": "too late"}),
    ):
        assert (await tools(name, card="AB-1", **arguments))["error"] == "stale_claim", name
    assert (await awaiting.list_comments("AB-1")).items == ()


async def test_a_claim_of_an_earlier_process_goes_on(tools: Tools, awaiting: AsyncKanban) -> None:
    await tools("claim_task", card="AB-1")
    later = Tools(awaiting.as_agent("claude-1"), board="AB")
    assert "until" in await later("heartbeat", card="AB-1")
    released = await later("release_task", card="AB-1", reason="no network")
    assert released["key"] == "AB-1"
    assert (await awaiting.get_card("AB-1")).claim is None
    assert (await awaiting.list_events("AB"))[-1].payload["reason"] == "no network"


async def test_what_no_model_can_mend_is_raised(tools: Tools, awaiting: AsyncKanban) -> None:
    with pytest.raises(ValueError, match="as_agent"):
        make_tools(awaiting)
    await awaiting.update_column((await awaiting.get_board("AB")).columns[1].id, ANY, wip_limit=1)
    await awaiting.close()
    with pytest.raises(KanbanError, match="is closed"):
        await tools("next_tasks")


def test_models_are_told_everything(tools: Tools) -> None:
    assert len(tools.all) == 12
    for name, tool in tools.all.items():
        assert inspect.iscoroutinefunction(tool), name
        hints = typing.get_type_hints(tool)
        parameters = inspect.signature(tool).parameters
        assert hints.pop("return") is str
        assert hints.keys() == parameters.keys()
        documentation = inspect.getdoc(tool) or ""
        for parameter in parameters:
            assert f"    {parameter}: " in documentation, (name, parameter)
