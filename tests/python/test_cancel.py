"""Cancelled tasks: the caller is free at once, and a change is whole or was never made."""

from __future__ import annotations

import asyncio
import random

import pytest

from kanban_py import ANY, AsyncKanban, Event, Kanban
from support.waiting import held, turns_until, until, watching


async def test_a_cancelled_write_is_made_whole_behind_the_caller(awaiting: AsyncKanban, url: str) -> None:
    with held(url, "AB-1") as card:
        task = asyncio.create_task(awaiting.update_card("AB-1", 1, title="cancelled", labels=["x"]))
        await turns_until(card.has_waiter)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await awaiting.get_card("AB-1")).version == 1
    with watching(url) as watch:
        await turns_until(lambda: watch.count("state <> 'idle'") == 0)
    now = await awaiting.get_card("AB-1")
    assert (now.version, now.title, now.labels) == (2, "cancelled", ("x",))
    assert [event.action for event in await awaiting.list_events("AB", since=9)] == ["card.updated"]


async def test_cancelling_at_random_moments_leaves_nothing_half_done(
    awaiting: AsyncKanban, url: str, rng: random.Random
) -> None:
    board = await awaiting.get_board("AB")
    agent = awaiting.as_agent("claude-1")

    async def life(number: int) -> None:
        card = await awaiting.create_card(board.columns[0].id, f"card {number}", labels=["x"])
        await awaiting.add_dependency("AB-3", "waits_for", card.key)
        task = await agent.claim_card(card.key, "claude-1")
        assert task.claim is not None
        await agent.heartbeat(card.key, task.claim.epoch)
        await agent.complete_card(card.key, task.claim.epoch)

    for first in range(0, 200, 20):
        tasks = [asyncio.create_task(life(first + i)) for i in range(20)]
        for task in rng.sample(tasks, 15):
            for _ in range(rng.randrange(40)):
                await asyncio.sleep(0)
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
    # what was cancelled may still be on its way
    with watching(url) as watch:
        await turns_until(lambda: watch.count("state <> 'idle'") == 0)
    assert (await awaiting.examine()).findings == ()
    seq = (await awaiting.get_board("AB")).seq
    events: list[Event] = []
    while len(events) < seq:
        events.extend(await awaiting.list_events("AB", since=len(events), limit=1000))
    assert [event.seq for event in events] == list(range(1, seq + 1))


async def test_an_opening_that_is_cancelled_leaves_no_connection(url: str) -> None:
    async def connect() -> None:
        await AsyncKanban.connect(url)

    for turns in range(20):
        task = asyncio.create_task(connect())
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    with watching(url) as watch:
        await turns_until(lambda: watch.count("true") == 0)


def test_a_loop_that_ends_with_calls_in_flight_hangs_nobody(blocking: Kanban, url: str) -> None:
    async def leave(title: str) -> None:
        kanban = await AsyncKanban.connect(url)
        task = asyncio.ensure_future(kanban.update_card("AB-1", ANY, title=title))
        await turns_until(card.has_waiter)
        assert not task.done()

    for title in ("left behind", "and once more"):
        with held(url, "AB-1") as card:
            asyncio.run(leave(title))
        until(lambda: blocking.get_card("AB-1").title == title)  # noqa: B023 (it is called at once)
