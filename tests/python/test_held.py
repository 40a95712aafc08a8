"""Claims as context managers: held, completed, released, lost."""

from __future__ import annotations

import asyncio
import copy
import dataclasses
import inspect
import pickle
import threading
from typing import Any

import pytest

from kanban_py import (
    ANY,
    AsyncKanban,
    Card,
    ClaimedCards,
    Event,
    Invalid,
    Kanban,
    KanbanError,
    NothingToClaim,
    StaleClaim,
    WipLimit,
)
from support.waiting import held, turns_until, until, watching


class Broken(Exception):
    pass


def actions(events: tuple[Event, ...]) -> list[str]:
    return [event.action for event in events]


async def test_a_block_that_ends_completes_its_card(awaiting: AsyncKanban) -> None:
    agent = awaiting.as_agent("claude-1")
    async with agent.claim_next("claude-1", board="AB") as task:
        assert (task.key, task.id, task.epoch, task.card.status) == ("AB-1", task.card.id, 1, "doing")
        card = await task.kanban.update_card(task.id, task.card.version, labels=["done soon"])
        await task.kanban.create_comment(task.key, "half of it")
        assert card.claim is not None
    assert (task.card.status, task.card.labels, task.card.claim) == ("done", ("done soon",), None)
    assert actions(await awaiting.list_events("AB", since=9))[-1] == "card.completed"
    async with agent.claim_card("AB-2", "claude-1") as other:
        pass
    assert (other.card.key, other.card.status) == ("AB-2", "done")


def test_a_block_of_the_sync_client_completes_its_card(blocking: Kanban) -> None:
    agent = blocking.as_agent("claude-1")
    with agent.claim_next("claude-1") as task:
        task.check()
        task.kanban.update_card(task.key, task.card.version, priority="low")
    assert (task.card.status, task.card.priority) == ("done", "low")
    with agent.claim_card("AB-2", "claude-1") as other:
        assert other.epoch == 1
    assert blocking.get_card("AB-2").status == "done"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("heartbeat")]


async def test_a_block_that_fails_releases_its_card_with_the_error(awaiting: AsyncKanban) -> None:
    with pytest.raises(Broken) as broken:
        async with awaiting.claim_next("claude-1"):
            raise Broken("the disk\0 is \ud800 full")
    assert getattr(broken.value, "__notes__", []) == []
    event = (await awaiting.list_events("AB"))[-1]
    assert event.action == "card.released"
    assert event.payload["reason"] == "Broken: the disk\N{REPLACEMENT CHARACTER} is ? full"
    assert (await awaiting.get_card("AB-1")).claim is None
    with pytest.raises(Broken):
        async with awaiting.claim_next("claude-1"):
            raise Broken("ж" * 10_000)
    reason = (await awaiting.list_events("AB"))[-1].payload["reason"]
    assert reason.startswith("Broken: жж")
    assert reason.endswith("ж…")
    assert 8180 < len(reason.encode()) <= 8192


def test_a_block_of_the_sync_client_that_fails_releases_its_card(blocking: Kanban) -> None:
    with pytest.raises(KeyboardInterrupt), blocking.claim_card("AB-1", "claude-1"):
        raise KeyboardInterrupt
    event = blocking.list_events("AB")[-1]
    assert (event.action, event.payload["reason"]) == ("card.released", "KeyboardInterrupt")


async def test_a_block_that_is_cancelled_releases_its_card(awaiting: AsyncKanban) -> None:
    inside = asyncio.Event()

    async def work() -> None:
        async with awaiting.claim_next("claude-1"):
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    event = (await awaiting.list_events("AB"))[-1]
    assert (event.action, event.payload["reason"]) == ("card.released", "CancelledError")


async def test_a_claim_that_is_cancelled_while_it_is_made_is_given_back(awaiting: AsyncKanban, url: str) -> None:
    entered = False

    async def work() -> None:
        nonlocal entered
        async with awaiting.claim_card("AB-1", "claude-1"):
            entered = True

    with held(url, "AB-1") as card:
        task = asyncio.create_task(work())
        await turns_until(card.has_waiter)
        task.cancel()
        await asyncio.sleep(0)
        card.release()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not entered
    assert actions(await awaiting.list_events("AB"))[-2:] == ["card.claimed", "card.released"]


async def test_nothing_to_claim_is_an_error_that_says_when_to_ask_again(awaiting: AsyncKanban) -> None:
    await awaiting.claim_next("claude-1")
    with pytest.raises(NothingToClaim, match="ready") as refused:
        async with awaiting.claim_next("claude-2"):
            pytest.fail("there is nothing to hold")
    error = refused.value
    assert (error.code, error.retryable, error.details["claimed"]) == ("nothing_ready", True, 1)
    assert error.retry_after is not None
    assert 0 < error.retry_after <= 900
    assert pickle.loads(pickle.dumps(error)).retry_after == error.retry_after


def test_nothing_to_claim_for_the_sync_client(blocking: Kanban) -> None:
    blocking.claim_next("claude-1")
    with pytest.raises(NothingToClaim), blocking.claim_next("claude-2"):
        pytest.fail("there is nothing to hold")


async def test_only_one_card_can_be_held_by_one_claim(awaiting: AsyncKanban, url: str) -> None:
    with pytest.raises(Invalid, match="/limit must be 1"):
        async with awaiting.claim_next("claude-1", limit=2):
            pytest.fail("it is refused")
    assert (await awaiting.get_card("AB-1")).claim is None
    with Kanban.connect(url) as blocking:
        with pytest.raises(Invalid, match="/limit must be 1"), blocking.claim_next("claude-1", limit=2):
            pytest.fail("it is refused")
        assert blocking.get_card("AB-1").claim is None


async def test_a_lease_is_extended_as_long_as_the_block_runs(awaiting: AsyncKanban, url: str) -> None:
    def extended() -> bool:
        with Kanban.connect(url) as other:
            return actions(other.list_events("AB", since=9)).count("card.claim_extended") >= 4

    # four times a third of a second is longer than the lease was
    async with awaiting.claim_next("claude-1", ttl_seconds=1) as task:
        first = task.card.claim
        while not await asyncio.to_thread(extended):
            await asyncio.sleep(0)
        claim = (await awaiting.get_card("AB-1")).claim
        assert first is not None
        assert claim is not None
        assert claim.epoch == first.epoch
        assert (claim.until - first.until).total_seconds() > 1
    assert task.card.status == "done"


def test_the_sync_client_extends_its_lease(blocking: Kanban) -> None:
    with blocking.claim_next("claude-1", ttl_seconds=1) as task:
        until(lambda: actions(blocking.list_events("AB", since=9)).count("card.claim_extended") >= 4)
    assert task.card.status == "done"


async def test_a_lost_claim_cancels_the_block_and_says_why(awaiting: AsyncKanban) -> None:
    with pytest.raises(StaleClaim) as lost:
        async with awaiting.claim_card("AB-1", "claude-1", ttl_seconds=1):
            # a second runner of the same agent takes over
            await awaiting.claim_card("AB-1", "claude-1")
            await asyncio.Event().wait()
    assert (lost.value.expected, lost.value.actual) == (1, 2)
    task = asyncio.current_task()
    assert task is not None
    # nothing of the cancelling is left
    await asyncio.sleep(0)
    assert not hasattr(task, "cancelling") or task.cancelling() == 0
    claim = (await awaiting.get_card("AB-1")).claim
    assert claim is not None
    assert claim.epoch == 2


async def test_a_block_that_does_not_listen_learns_of_its_lost_claim_at_its_end(awaiting: AsyncKanban) -> None:
    with pytest.raises(StaleClaim):
        async with awaiting.claim_card("AB-1", "claude-1", ttl_seconds=1):
            await awaiting.claim_card("AB-1", "claude-1")
            with pytest.raises(asyncio.CancelledError):
                await asyncio.Event().wait()
    with pytest.raises(Broken):
        async with awaiting.claim_card("AB-1", "claude-1", ttl_seconds=1):
            await awaiting.claim_card("AB-1", "claude-1")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                raise Broken from None
    await asyncio.sleep(0)


async def test_who_cancels_a_block_whose_claim_is_lost_is_heard(awaiting: AsyncKanban) -> None:
    async def work() -> None:
        async with awaiting.claim_card("AB-1", "claude-1", ttl_seconds=1):
            await awaiting.claim_card("AB-1", "claude-1")
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                # the claim is lost; and now somebody cancels, too
                task.cancel()
                raise

    task = asyncio.create_task(work())
    with pytest.raises((asyncio.CancelledError, StaleClaim)) as ended:
        await task
    if hasattr(task, "cancelling"):
        assert ended.type is asyncio.CancelledError


def test_the_sync_client_tells_of_a_lost_claim(blocking: Kanban) -> None:
    def is_lost() -> bool:
        try:
            task.check()
        except StaleClaim:
            return True
        return False

    with pytest.raises(StaleClaim), blocking.claim_card("AB-1", "claude-1", ttl_seconds=1) as task:
        blocking.claim_card("AB-1", "claude-1")
        until(is_lost)
        with pytest.raises(StaleClaim):
            task.kanban.update_card("AB-1", ANY, title="too late")


async def test_a_block_may_end_its_claim_itself(awaiting: AsyncKanban) -> None:
    async with awaiting.claim_next("claude-1") as task:
        assert (await task.release("needs a person")).claim is None
    async with awaiting.claim_next("claude-1") as task:
        assert (await task.complete()).status == "done"
    with pytest.raises(Broken):
        async with awaiting.claim_next("claude-1") as task:
            await task.complete()
            raise Broken
    assert (await awaiting.get_card(task.key)).status == "done"
    assert actions(await awaiting.list_events("AB"))[-1] == "card.completed"


def test_a_block_of_the_sync_client_may_end_its_claim_itself(blocking: Kanban) -> None:
    with blocking.claim_next("claude-1") as task:
        task.release("needs a person")
    with blocking.claim_next("claude-1") as task:
        task.complete()
    assert blocking.get_card("AB-1").status == "done"


async def test_a_card_that_cannot_be_completed_is_given_back(awaiting: AsyncKanban, blocking: Kanban) -> None:
    board = await awaiting.get_board("AB")
    done = board.column("Done")
    await awaiting.update_column(done.id, ANY, wip_limit=1)
    await awaiting.create_card(done.id, "fills it")
    for _ in range(2):
        with pytest.raises(WipLimit):
            async with awaiting.claim_next("claude-1"):
                pass
    with pytest.raises(WipLimit), blocking.claim_next("claude-1"):
        pass
    event = (await awaiting.list_events("AB"))[-1]
    assert event.action == "card.released"
    assert event.payload["reason"].startswith("WipLimit: ")


async def test_what_cannot_be_given_back_is_noted_beside_the_error(awaiting: AsyncKanban) -> None:
    with pytest.raises(Broken) as broken:
        async with awaiting.claim_next("claude-1"):
            await awaiting.close()
            raise Broken
    (note,) = getattr(broken.value, "__notes__", [])
    assert note.startswith("AB-1 could not be released, its lease runs out by itself: This kanban is closed.")


async def test_a_claim_is_a_coroutine_for_everybody(awaiting: AsyncKanban) -> None:
    first = await asyncio.create_task(awaiting.claim_next("claude-1"))
    assert [card.key for card in first.items] == ["AB-1"]
    (again,) = await asyncio.gather(awaiting.claim_card("AB-1", "claude-1"))
    card = await asyncio.wait_for(awaiting.claim_card("AB-1", "claude-1"), 30)
    assert type(card) is Card
    unused = awaiting.claim_next("claude-1")
    assert inspect.isawaitable(unused)
    unused.close()
    assert again.claim is not None
    forgotten = [awaiting.claim_next("claude-1")]
    with pytest.warns(RuntimeWarning, match="never awaited"):
        forgotten.clear()


def test_a_claim_of_the_sync_client_is_the_result(blocking: Kanban) -> None:
    claimed = blocking.claim_next("claude-1")
    plain = ClaimedCards(claimed.items, None)
    assert (claimed == plain, plain == claimed, hash(claimed) == hash(plain)) == (True, True, True)
    assert repr(claimed) == repr(plain)
    assert claimed.to_dict() == plain.to_dict()
    card = blocking.claim_card("AB-1", "claude-1")
    plain_card: Any = blocking.get_card("AB-1")
    assert (card == plain_card, plain_card == card, card != claimed.items[0]) == (True, True, True)
    assert card in {plain_card}
    for copied in (pickle.loads(pickle.dumps(card)), copy.copy(card), copy.deepcopy(card)):
        assert (type(copied), copied) == (Card, card)
    match card:
        case Card(key="AB-1", title=title):
            assert title == plain_card.title
    with pytest.raises(TypeError, match="a copy of a claim"), dataclasses.replace(card, title="x"):
        pytest.fail("it holds nothing")


def test_a_loop_that_ends_with_a_held_card_gives_it_back(blocking: Kanban, url: str) -> None:
    async def work() -> None:
        kanban = await AsyncKanban.connect(url)

        async def hold() -> None:
            async with kanban.claim_next("claude-1"):
                inside.set()
                await asyncio.Event().wait()

        inside = asyncio.Event()
        task = asyncio.create_task(hold())
        await inside.wait()
        assert not task.done()

    asyncio.run(work())
    with watching(url) as watch:
        until(lambda: watch.count("state = 'active'") == 0)
    assert blocking.list_events("AB")[-1].action == "card.released"


async def test_a_closed_kanban_ends_the_block(awaiting: AsyncKanban) -> None:
    with pytest.raises(KanbanError, match="is closed") as lost:
        async with awaiting.claim_next("claude-1", ttl_seconds=1):
            await awaiting.close()
            await asyncio.Event().wait()
    assert lost.value.code == "closed"
