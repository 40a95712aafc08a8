"""The same under uvloop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
import uvloop

from kanban_py import ANY, AsyncKanban, Kanban
from support.waiting import held, turns_until, until

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    loop = uvloop.new_event_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


def test_operations_streams_and_claims(blocking: Kanban, url: str) -> None:
    async def main() -> None:
        assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
        async with AsyncKanban.connect(url) as kanban:
            events = await kanban.watch("AB")
            async with kanban.claim_next("claude-1") as task:
                comments = [task.kanban.create_comment(task.key, f"{number}") for number in range(50)]
                await asyncio.gather(*comments)
            actions = [(await anext(events)).action for _ in range(52)]
            assert (actions[0], actions[-1]) == ("card.claimed", "card.completed")
            assert len({comment.body async for comment in kanban.iter_comments("AB-1", limit=7)}) == 50

    run(main())
    assert blocking.get_card("AB-1").status == "done"


def test_cancelled_tasks(blocking: Kanban, url: str) -> None:
    async def main() -> None:
        async with AsyncKanban.connect(url) as kanban:
            with held(url, "AB-1") as card:
                task = asyncio.ensure_future(kanban.update_card("AB-1", 1, title="cancelled"))
                await turns_until(card.has_waiter)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            assert (await kanban.get_card("AB-2")).key == "AB-2"

    run(main())
    until(lambda: blocking.get_card("AB-1").title == "cancelled")


def test_a_loop_that_ends_with_a_call_in_flight(blocking: Kanban, url: str) -> None:
    async def leave() -> None:
        kanban = await AsyncKanban.connect(url)
        task = asyncio.ensure_future(kanban.update_card("AB-1", ANY, title="left behind"))
        await turns_until(card.has_waiter)
        assert not task.done()
        task.cancel()

    with held(url, "AB-1") as card:
        run(leave())
    until(lambda: blocking.get_card("AB-1").title == "left behind")


def test_loops_of_both_kinds_in_threads_share_a_client(url: str) -> None:
    async def begin() -> AsyncKanban:
        kanban = await AsyncKanban.connect(url)
        await kanban.seed_demo()
        return kanban

    async def work(number: int) -> None:
        await asyncio.gather(*(kanban.create_comment("AB-1", f"{number}-{i}") for i in range(25)))

    kanban = run(begin())
    runners: list[Any] = [run, asyncio.run, run, asyncio.run]
    threads = [
        threading.Thread(target=lambda number=number, runner=runner: runner(work(number)))
        for number, runner in enumerate(runners)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    async def end() -> int:
        count = len([comment async for comment in kanban.iter_comments("AB-1")])
        await kanban.close()
        return count

    assert run(end()) == 100
