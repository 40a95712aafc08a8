"""Nothing is deleted unless it was confirmed, in each tier of the guard."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from mcp import types

from kanban_py import Kanban, NotFound
from support.mcp import MODERN, call, connected, refused, said, wired

ASKED = [pytest.param(way, mode, id=f"{way}-{mode}") for way in ("stdio", "http") for mode in ("legacy", MODERN)]


class Person:
    """Answers the questions that a client shows."""

    def __init__(self, action: str, content: dict[str, Any] | None) -> None:
        self.answer = types.ElicitResult(action=action, content=content)  # type: ignore[arg-type]
        self.questions: list[str] = []

    async def __call__(self, _: Any, params: types.ElicitRequestParams) -> types.ElicitResult:
        self.questions.append(params.message)
        return self.answer


@pytest.mark.parametrize(("way", "mode"), ASKED)
async def test_a_person_who_is_asked_decides(way: str, mode: str, server: Path, blocking: Kanban, url: str) -> None:
    for action, content in [
        ("decline", None),
        ("cancel", None),
        ("accept", {"confirm": False}),
        ("accept", {}),
    ]:
        person = Person(action, content)
        async with connected(way, mode, server, url, elicitation_callback=person) as client:
            assert (await refused(client, "delete_card", card="AB-3", version=1))["code"] == "declined"
        assert len(person.questions) == 1
        assert 'AB-3 "' in person.questions[0]
        assert blocking.get_card("AB-3").deleted_at is None
    person = Person("accept", {"confirm": True})
    async with connected(way, mode, server, url, elicitation_callback=person) as client:
        deleted = await call(client, "delete_card", card="AB-3", version=1)
        assert (deleted["deleted"], len(person.questions)) == (True, 1)
        with pytest.raises(NotFound):
            blocking.get_card("AB-3")
        await call(client, "restore_card", card="AB-3", version=deleted["version"])
    assert blocking.get_card("AB-3").deleted_at is None


@pytest.mark.parametrize(("way", "mode"), ASKED)
async def test_without_a_person_a_preview_comes_first(
    way: str, mode: str, server: Path, blocking: Kanban, url: str
) -> None:
    async with connected(way, mode, server, url) as client:
        preview = await call(client, "delete_card", card="AB-3", version=1)
        assert not preview["deleted"]
        assert "Nothing is deleted yet" in preview["next"]
        assert blocking.get_card("AB-3").deleted_at is None
        token = preview["confirm"]
        # another card, another version, another text: each is another action
        for arguments in ({"card": "AB-2", "version": 1}, {"card": "AB-3", "version": 2}):
            assert (await refused(client, "delete_card", confirm=token, **arguments))["code"] == "invalid"
        for altered in (token[:-1] + ("A" if token[-1] != "A" else "B"), token + "A", token[1:], "x", ""):
            assert (await refused(client, "delete_card", card="AB-3", version=1, confirm=altered))["code"] == "invalid"
        assert {card.key for card in blocking.list_cards("AB").items} == {"AB-1", "AB-2", "AB-3"}
        deleted = await call(client, "delete_card", card="AB-3", version=1, confirm=token)
        assert deleted["deleted"]
        await call(client, "restore_card", card="AB-3", version=deleted["version"])
        replayed = await refused(client, "delete_card", card="AB-3", version=1, confirm=token)
        assert replayed["code"] == "confirmation_used"
        assert blocking.get_card("AB-3").deleted_at is None


def test_a_confirmation_is_its_agents_own(server: Path, blocking: Kanban, url: str) -> None:
    with wired(server, url, "claude-1") as one, wired(server, url, "claude-2") as two:
        token = one.data("delete_card", card="AB-3", version=1)["confirm"]
        stolen = two.call("delete_card", card="AB-3", version=1, confirm=token)
        assert stolen["isError"]
        assert '"code":"invalid"' in stolen["content"][0]["text"]
        assert one.data("delete_card", card="AB-3", version=1, confirm=token)["deleted"]


def test_a_preview_is_good_in_another_process_of_the_same_agent_and_only_once(
    server: Path, blocking: Kanban, url: str
) -> None:
    with wired(server, url) as one, wired(server, url) as two:
        token = one.data("delete_card", card="AB-3", version=1)["confirm"]
        assert two.data("delete_card", card="AB-3", version=1, confirm=token)["deleted"]
        assert one.call("delete_card", card="AB-3", version=1, confirm=token)["isError"]


async def test_what_changed_after_the_preview_is_not_deleted(server: Path, blocking: Kanban, url: str) -> None:
    async with connected("stdio", "legacy", server, url) as client:
        preview = await call(client, "delete_card", card="AB-3", version=1)
        blocking.update_card("AB-3", 1, title="Needed after all")
        refusal = await refused(client, "delete_card", card="AB-3", version=1, confirm=preview["confirm"])
        assert refusal["code"] == "version_conflict"
        assert "Needed after all" in refusal["changed"][0]
        assert (await refused(client, "delete_card", card="AB-3", version=1))["code"] == "version_conflict"
    assert blocking.get_card("AB-3").title == "Needed after all"


async def test_the_state_of_a_question_is_bound_and_used_up(server: Path, blocking: Kanban, url: str) -> None:
    """A client of 2026-07-28 that drives the rounds by hand, honestly and not."""
    person = Person("accept", {"confirm": True})
    async with connected("http", MODERN, server, url, elicitation_callback=person) as client:
        arguments: dict[str, Any] = {"card": "AB-3", "version": 1}

        async def send(state: str | None, answers: Any, **changed: Any) -> Any:
            return await client.session.call_tool(
                "delete_card",
                {**arguments, **changed},
                input_responses=answers,
                request_state=state,
                allow_input_required=True,
            )

        question = await send(None, None)
        assert isinstance(question, types.InputRequiredResult)
        state = question.request_state
        assert state
        yes = {"confirm": types.ElicitResult(action="accept", content={"confirm": True})}
        # no answer: asked again; a state that is altered or of another call: refused
        assert isinstance(await send(state, {}), types.InputRequiredResult)
        assert said(await send(state[:-2] + "xx", yes))["code"] == "invalid"
        assert said(await send(state, yes, card="AB-2"))["code"] == "invalid"
        # the state is no confirm token
        assert (await refused(client, "delete_card", **arguments, confirm=state))["code"] == "invalid"
        assert {card.key for card in blocking.list_cards("AB").items} == {"AB-1", "AB-2", "AB-3"}
        deleted = said(await send(state, yes))
        assert deleted["deleted"]
        await call(client, "restore_card", card="AB-3", version=deleted["version"])
        # the card has another version since: that alone would refuse it
        assert said(await send(state, yes))["code"] == "version_conflict"
    assert blocking.get_card("AB-3").deleted_at is None


def test_no_way_of_calling_it_deletes_unconfirmed(server: Path, blocking: Kanban, url: str) -> None:
    keys = {card.key for card in blocking.list_cards("AB").items}
    confirms: list[dict[str, Any]] = [{}, {"confirm": None}, {"confirm": True}, {"confirm": "yes"}, {"confirm": "AB-3"}]
    with wired(server, url) as wire:
        for key, version, confirm in itertools.product(sorted(keys), (1, 2, 0, -1), confirms):
            wire.call("delete_card", card=key, version=version, **confirm)
    assert {card.key for card in blocking.list_cards("AB").items} == keys
