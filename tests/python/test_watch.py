"""Following a board: every event once, whatever becomes of who waits for it."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any

import pytest

from kanban_py import ANY, AsyncKanban, HistoryGone, Invalid, Kanban, NotFound
from kanban_py._loops import submit
from support.waiting import turns_until


async def test_changes_tell_what_became_of_each_card(kanban: Any, board: Any) -> None:
    await kanban.update_card("AB-1", 1, priority="low")
    await kanban.move_card("AB-1", 2, board.columns[1].id)
    await kanban.delete_card("AB-2", ANY)
    changes = await kanban.list_changes("AB", since=board.seq)
    assert [(c.key, c.what, c.actors) for c in changes] == [
        ("AB-1", "updated", ("ada",)),
        ("AB-2", "deleted", ("ada",)),
    ]
    assert changes.items[0].after["status"] == "doing"
    assert (changes.next_since, changes.seq, len(changes)) == (board.seq + 3, board.seq + 3, 2)
    with pytest.raises(Invalid):
        await kanban.list_changes("AB", since=board.seq + 4)
    with pytest.raises(NotFound):
        await kanban.watch("NOPE")
    with pytest.raises(Invalid):
        await kanban.watch("AB", since=-1)


async def test_a_stream_is_iterated_as_things_happen(awaiting: AsyncKanban) -> None:
    seq = (await awaiting.get_board("AB")).seq
    seen = []
    async with await awaiting.watch("AB", since=0) as events:
        async for event in events:
            seen.append(event.seq)
            if event.seq == seq:
                await awaiting.update_card("AB-1", ANY, title="on")
            if event.seq == seq + 1:
                break
    assert seen == list(range(1, seq + 2))
    assert [event.seq async for event in events] == []


def test_a_blocking_stream_is_iterated_as_things_happen(blocking: Kanban) -> None:
    seq = blocking.get_board("AB").seq
    with blocking.watch("AB") as events:
        writer = threading.Thread(target=blocking.update_card, args=("AB-1", ANY), kwargs={"title": "on"})
        writer.start()
        assert next(events).seq == seq + 1
        writer.join()
    assert list(events) == []


async def test_a_task_that_stops_waiting_loses_no_event(awaiting: AsyncKanban, rng: random.Random) -> None:
    events = await awaiting.watch("AB", since=0)
    seq = (await awaiting.get_board("AB")).seq

    async def write() -> None:
        for number in range(60):
            await awaiting.update_card("AB-1", ANY, title=f"title {number}")

    writer = asyncio.create_task(write())
    seen: list[int] = []
    while len(seen) < seq + 60:
        waiter = asyncio.ensure_future(anext(events))
        for _ in range(rng.randrange(30)):
            await asyncio.sleep(0)
        if rng.random() < 0.7:
            waiter.cancel()
        result = (await asyncio.gather(waiter, return_exceptions=True))[0]
        if not isinstance(result, BaseException):
            seen.append(result.seq)
    await writer
    assert seen == list(range(1, seq + 61))
    await events.aclose()


@pytest.mark.parametrize("since", [0, 10**6])
async def test_what_had_come_when_its_task_was_cancelled_is_for_the_next(
    awaiting: AsyncKanban, monkeypatch: pytest.MonkeyPatch, since: int
) -> None:
    events = await awaiting.watch("AB", since=since)

    def cancelling(job: Any) -> asyncio.Future[Any]:
        # between the moment when the event is there and the one when the task is told
        coming = submit(job)
        coming.add_done_callback(lambda _: waiter.cancel())
        return coming

    monkeypatch.setattr("kanban_py._async.watch.submit", cancelling)
    waiter = asyncio.ensure_future(anext(events))
    with pytest.raises(asyncio.CancelledError):
        await waiter
    monkeypatch.undo()
    if since:
        with pytest.raises(HistoryGone):
            await anext(events)
    else:
        assert (await anext(events)).seq == 1
    await events.aclose()


async def test_a_stream_ends_for_who_waits_when_it_or_the_kanban_is_closed(awaiting: AsyncKanban, url: str) -> None:
    async with AsyncKanban.connect(url) as other:
        one, two = await other.watch("AB"), await other.watch("AB")
        waiters = [asyncio.ensure_future(anext(events, None)) for events in (one, two)]
        for _ in range(100):
            await asyncio.sleep(0)
        await one.aclose()
        assert await waiters[0] is None
        assert not waiters[1].done()
    assert await waiters[1] is None
    # the other kanban's streams go on
    mine = await awaiting.watch("AB")
    await awaiting.update_card("AB-1", ANY, title="on")
    assert (await anext(mine)).action == "card.updated"


def test_a_blocking_stream_ends_for_the_thread_that_waits(blocking: Kanban) -> None:
    events = blocking.watch("AB")
    ended: list[object] = []
    reader = threading.Thread(target=lambda: ended.append(next(events, "ended")))
    reader.start()
    events.close()
    reader.join(30)
    assert ended == ["ended"]


async def test_a_gap_in_history_is_an_exception_and_the_stream_goes_on(awaiting: AsyncKanban) -> None:
    seq = (await awaiting.get_board("AB")).seq
    events = await awaiting.watch("AB", since=99)
    with pytest.raises(HistoryGone) as gone:
        await anext(events)
    assert (gone.value.since, gone.value.seq, gone.value.code) == (99, seq, "history_gone")
    await awaiting.update_card("AB-1", ANY, title="on")
    assert (await anext(events)).seq == seq + 1


async def test_two_who_wait_for_one_stream_get_each_event_once(awaiting: AsyncKanban) -> None:
    events = await awaiting.watch("AB")
    waiters = [asyncio.ensure_future(anext(events)) for _ in range(2)]
    await awaiting.update_card("AB-1", ANY, title="on")
    await turns_until(lambda: any(waiter.done() for waiter in waiters))
    done = [waiter for waiter in waiters if waiter.done()]
    results = await asyncio.gather(*done, return_exceptions=True)
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    await events.aclose()
    await asyncio.gather(*waiters, return_exceptions=True)
