"""Sixteen agents drain a board together: eight over HTTP, eight in Python, in different processes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from kanban_py import ANY, AsyncKanban, Event
from support.beads import FILES, Issue, agents_with_work, issues
from support.server import serving

AGENTS = 16
PATIENCE = 300.0


class Work:
    """What is left to do, and a way to wait until somebody has done something."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.done = 0
        self._changed = asyncio.Condition()

    async def finish_one(self) -> None:
        async with self._changed:
            self.left -= 1
            self.done += 1
            self._changed.notify_all()

    async def wait_beyond(self, done: int) -> None:
        """Until more is done than that: finishing a card may make others ready."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.done > done or self.left == 0)


async def drain(work: Work, one: Callable[[], Coroutine[Any, Any, bool]]) -> None:
    """An agent's life: take a card and finish it, or wait until others have."""
    while work.left:
        done = work.done
        if await one():
            await work.finish_one()
        else:
            await work.wait_beyond(done)


async def in_python(kanban: AsyncKanban, agent: str, board: str) -> bool:
    claimed = await kanban.claim_next(agent, board=board)
    for task in claimed.items:
        assert task.claim is not None
        await asyncio.sleep(0)
        await kanban.heartbeat(task.id, task.claim.epoch)
        done = await kanban.under_claim(task.claim.epoch).complete_card(task.key, task.claim.epoch)
        assert done.status == "done"
    return bool(claimed.items)


async def over_http(client: httpx.AsyncClient, agent: str, board: str) -> bool:
    answer = await client.post(f"/v1/agents/{quote(agent, safe='')}/claim", json={"board_id": board})
    assert answer.status_code == 200, answer.text
    tasks = answer.json()["items"]
    for task in tasks:
        # a name may have letters that httpx takes for ASCII only as bytes
        claim = {b"X-Claim-Epoch": str(task["claim"]["epoch"]).encode(), b"X-Agent-Id": agent.encode()}
        for step in ("heartbeat", "complete"):
            answer = await client.post(f"/v1/cards/{task['id']}/{step}", json={}, headers=claim)
            assert answer.status_code == 200, answer.text
    return bool(tasks)


async def prepare(planner: AsyncKanban, board: str, unfinished: dict[str, Issue]) -> dict[str, str]:
    """Puts what people left in progress back into the queue: agents leave that alone. Answers ids by the file's ids."""
    todo = (await planner.get_board(board)).column("Todo")
    ids: dict[str, str] = {}
    cursor = None
    while True:
        page = await planner.list_cards(board, limit=200, cursor=cursor)
        for card in page:
            ids[card.external_id or ""] = card.id
            if card.status == "doing" and not card.assignees:
                await planner.move_card(card.id, ANY, todo.id)
        cursor = page.next_cursor
        if cursor is None:
            return {name: ids[name] for name in unfinished}


async def all_events(kanban: AsyncKanban, board: str) -> list[Event]:
    events: list[Event] = []
    while True:
        more = await kanban.list_events(board, since=len(events), limit=1000)
        if not more:
            return events
        events.extend(more)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_sixteen_agents_drain_the_board(url: str, server: Path, file: Path, rng: random.Random) -> None:
    unfinished = {issue.id: issue for issue in issues(file).values() if not issue.resolved}
    names = agents_with_work(file)
    names += [f"agent-{number}" for number in range(AGENTS - len(names))]
    assert len(names) == AGENTS
    rng.shuffle(names)
    with serving(server, url) as base:
        async with AsyncKanban.connect(url) as planner, httpx.AsyncClient(base_url=base, timeout=30) as client:
            board = (await planner.import_beads(file, "Beads")).board
            ids = await prepare(planner, board, unfinished)
            before = (await planner.get_board(board)).seq
            work = Work(len(unfinished))
            half = AGENTS // 2
            lives = [drain(work, partial(over_http, client, name, board)) for name in names[:half]]
            lives += [drain(work, partial(in_python, planner.as_agent(name), name, board)) for name in names[half:]]
            await asyncio.wait_for(asyncio.gather(*lives), PATIENCE)
            assert (work.left, work.done) == (0, len(unfinished))
            assert (await planner.examine()).findings == ()
            events = await all_events(planner, board)
            assert [event.seq for event in events] == list(range(1, (await planner.get_board(board)).seq + 1))
            check(events[before:], unfinished, ids, set(names))
            for name in names:
                assert (await planner.next_tasks(name, board=board)).items == ()


def check(events: list[Event], unfinished: dict[str, Issue], ids: dict[str, str], names: set[str]) -> None:
    """Every card claimed and finished once, by the same agent, and not before what it waits for."""
    claimed: dict[str, Event] = {}
    finished: dict[str, Event] = {}
    for event in events:
        if event.action == "card.claimed":
            assert event.entity_id not in claimed
            claimed[event.entity_id] = event
        elif event.action == "card.completed":
            assert event.entity_id not in finished
            assert event.actor_id == claimed[event.entity_id].actor_id
            finished[event.entity_id] = event
        else:
            assert event.action == "card.claim_extended"
    assert finished.keys() == claimed.keys() == set(ids.values())
    assert {event.actor_id for event in finished.values()} <= names
    for issue in unfinished.values():
        if issue.assignee:
            assert finished[ids[issue.id]].actor_id == issue.assignee
        for blocker in issue.waits_for & unfinished.keys():
            assert finished[ids[blocker]].seq < claimed[ids[issue.id]].seq
