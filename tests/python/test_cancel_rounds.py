"""Two hundred tasks, cancelled at random moments, round after round: nothing is half done, left behind or growing.

KANBAN_CANCEL_ROUNDS says how many rounds; scripts/cancel runs a thousand of them.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest

from kanban_py import ANY, AsyncKanban, Conflict, Unavailable
from support.waiting import turns_until, watching

ROUNDS = int(os.environ.get("KANBAN_CANCEL_ROUNDS") or 12)
TASKS = 200
# what is measured is compared with what it was after the first rounds, when caches and pools are full
WARM = max(2, ROUNDS // 20)

pytestmark = pytest.mark.timeout(180 + 20 * ROUNDS)


def memory() -> int:
    """Bytes of this process that are in memory."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def objects() -> int:
    """Python objects that are alive."""
    gc.collect()
    return len(gc.get_objects())


class Life:
    """What a task does, over and over; wherever it is cancelled, its card tells one story."""

    def __init__(self, kanban: AsyncKanban, keys: list[str], columns: list[str]) -> None:
        self._kanban = kanban
        self._agent = kanban.as_agent("claude-1")
        self._keys = keys
        self._columns = columns

    def of(self, task: int, turn: int) -> Awaitable[None]:
        kinds: list[Callable[[str, str], Awaitable[None]]] = [self.write, self.claim, self.hold, self.bring]
        # imports take the board's locks for long: a few of them
        kind = kinds[3] if task % 40 == 0 else kinds[task % 3]
        return kind(self._keys[task], f"{turn}-{task}")

    async def write(self, key: str, text: str) -> None:
        await self._kanban.update_card(key, ANY, title=text, labels=[text], fields={"text": text})
        await self._kanban.move_card(key, ANY, self._columns[sum(text.encode()) % len(self._columns)])
        await self._kanban.create_comment(key, text)

    async def claim(self, key: str, text: str) -> None:
        card = await self._agent.claim_card(key, "claude-1", start=False)
        assert card.claim is not None
        mine = self._agent.under_claim(card.claim.epoch)
        await mine.update_card(key, ANY, title=text, labels=[text], fields={"text": text})
        await mine.release_card(key, card.claim.epoch)

    async def hold(self, key: str, text: str) -> None:
        async with self._agent.claim_card(key, "claude-1", start=False) as held:
            await held.kanban.update_card(key, ANY, title=text, labels=[text], fields={"text": text})
            await held.release()

    async def bring(self, key: str, text: str) -> None:
        line = {"title": text, "status": "open", "priority": 2, "created_at": "2026-01-02T03:04:05Z"}
        lines = [json.dumps({**line, "id": f"{text}-{half}"}) for half in ("a", "b")]
        await self._kanban.import_beads("\n".join(lines), "BB")


async def test_two_hundred_tasks_that_are_cancelled_at_random_moments(
    awaiting: AsyncKanban, url: str, rng: random.Random, record_property: Callable[[str, object], None]
) -> None:
    board = await awaiting.create_board("Cancelled", key="CC")
    await awaiting.create_board("Brought", key="BB")
    columns = [column.id for column in board.columns[:2]]
    cards = [
        await awaiting.create_card(columns[0], "new", labels=["new"], fields={"text": "new"}) for _ in range(TASKS)
    ]
    life = Life(awaiting, [card.key for card in cards], columns)
    # the first import also makes its columns
    await life.bring("", "first")
    span = await in_full(life)
    cancelled = finished = 0
    connections: list[int] = []
    sizes: list[tuple[int, int]] = []
    with watching(url) as watch:
        for turn in range(1, ROUNDS + 1):
            tasks = [asyncio.ensure_future(life.of(task, turn)) for task in range(TASKS)]
            loop = asyncio.get_running_loop()
            for task in tasks:
                loop.call_later(rng.uniform(0, span), task.cancel)
            results = await asyncio.gather(*tasks, return_exceptions=True)
            cancelled += sum(isinstance(result, asyncio.CancelledError) for result in results)
            finished += sum(result is None for result in results)
            failures = [result for result in results if result and not isinstance(result, asyncio.CancelledError)]
            # a claim of the round before may still be on, where its task was cancelled behind it; and a slow machine
            # may have no connection left for somebody within the time for it
            assert all(isinstance(failure, Conflict) or is_busy(failure) for failure in failures), failures
            # what was cancelled runs to its end behind its caller; a connection left in a transaction never gets idle
            await turns_until(lambda: watch.count("state <> 'idle'") == 0)
            connections.append(watch.count("true"))
            await check_whole(awaiting, turn)
            sizes.append((memory(), objects()))
    assert cancelled > TASKS * ROUNDS / 10
    assert finished > TASKS * ROUNDS / 10
    assert (await awaiting.examine()).findings == ()
    for key in ("CC", "BB"):
        seqs = [event.seq async for event in awaiting.iter_events(key, limit=1000)]
        assert seqs == list(range(1, (await awaiting.get_board(key)).seq + 1))
    assert max(connections) <= max(4, 2 * (os.cpu_count() or 1)) + 1, connections
    (bytes_before, objects_before), (bytes_after, objects_after) = sizes[WARM - 1], sizes[-1]
    told = f"{cancelled} cancelled, {finished} finished, at most {max(connections)} connections, "
    told += f"{bytes_before / 2**20:.1f} to {bytes_after / 2**20:.1f} MiB, {objects_before} to {objects_after} objects"
    record_property("rounds", told)
    print(f"\n{ROUNDS} rounds of {TASKS}: {told}")
    assert objects_after - objects_before < 2_000, told
    assert bytes_after - bytes_before < 24 * 2**20, told


def is_busy(failure: object) -> bool:
    """Whether that is the word for it that no connection got free in time."""
    return isinstance(failure, Unavailable) and "connections are busy" in str(failure)


async def in_full(life: Life) -> float:
    """How long a round takes that nobody cancels, in seconds."""
    begin = time.monotonic()
    results = await asyncio.gather(*(life.of(task, 0) for task in range(TASKS)), return_exceptions=True)
    assert [result for result in results if result is not None] == []
    return time.monotonic() - begin


async def check_whole(kanban: AsyncKanban, turn: int) -> None:
    """Each write put the same text into three members, and each import brought two cards or none."""
    for card in await kanban.list_cards("CC", limit=TASKS):
        assert (card.title, card.labels[0]) == (card.fields["text"], card.fields["text"])
    for task in range(0, TASKS, 40):
        pages = [await kanban.list_cards("BB", external_id=f"{turn}-{task}-{half}") for half in ("a", "b")]
        assert len(pages[0]) == len(pages[1]), f"{turn}-{task}"


async def test_a_connection_left_in_a_transaction_would_be_seen(url: str) -> None:
    with watching(url) as watch, psycopg.connect(url, application_name="kanban") as left:
        left.execute("select 1")
        assert watch.count("state <> 'idle'") == 1
        left.rollback()
        assert watch.count("state <> 'idle'") == 0
