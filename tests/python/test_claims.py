"""Agents: ready work, claims, leases, and what keeps them apart."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from kanban_py import (
    ANY,
    BoardDetail,
    CapacityReached,
    Claimed,
    Conflict,
    Invalid,
    NotReady,
    PermissionDenied,
    StaleClaim,
    WipLimit,
)


async def test_an_agent_claims_keeps_and_finishes(kanban: Any) -> None:
    agent = kanban.as_agent("claude-1", run_id="run-7", context={"step": 1})
    claimed = await agent.claim_next("claude-1", board="AB", labels=["research"], ttl_seconds=60)
    (task,) = claimed.items
    assert claimed.reason is None
    assert (task.key, task.status, task.claim.agent_id, task.claim.epoch) == ("AB-1", "doing", "claude-1", 1)
    kept = await agent.heartbeat(task.key, task.claim.epoch, ttl_seconds=600)
    assert kept.claim.until > task.claim.until
    assert kept.version == task.version
    done = await agent.complete_card(task.key, task.claim.epoch)
    assert (done.status, done.claim, done.finished_at is not None) == ("done", None, True)
    assert [card.key for card in await agent.next_tasks("claude-1")] == ["AB-2"]
    events = await kanban.list_events("AB", since=9)
    assert [event.action for event in events] == ["card.claimed", "card.claim_extended", "card.completed"]
    assert {(event.actor_id, event.run_id, str(event.agent_context)) for event in events} == {
        ("claude-1", "run-7", "{'step': 1}")
    }


async def test_nothing_to_claim_says_why(kanban: Any, board: BoardDetail) -> None:
    agent = kanban.as_agent("claude-1")
    (task,) = (await agent.claim_next("claude-1", limit=5)).items
    nothing = await kanban.as_agent("claude-2").claim_next("claude-2")
    assert nothing.items == ()
    assert (nothing.reason.code, nothing.reason.blocked, nothing.reason.claimed) == ("nothing_ready", 2, 1)
    assert 0 < nothing.reason.retry_after <= 900
    await kanban.create_card(board.columns[0].id, "one more")
    assert (await agent.claim_next("claude-1", capacity=1)).reason.code == "capacity"
    await kanban.update_column(board.columns[1].id, ANY, wip_limit=1)
    assert (await kanban.claim_next("claude-2")).reason.code == "wip_limit"
    assert task.claim is not None


async def test_tasks_are_filtered_and_the_rest_is_explained(kanban: Any, board: BoardDetail) -> None:
    todo = board.columns[0].id
    due = datetime(2027, 1, 2, tzinfo=timezone.utc)
    card = await kanban.create_card(todo, "rare", labels=["needs:gpu"], priority="lowest", due_at=due)
    tasks = await kanban.next_tasks("claude-1", priority="lowest", due_after=due, capabilities=["gpu"])
    assert ([task.key for task in tasks], tasks.left_out, tasks.full_columns) == ([card.key], None, None)
    assert len(await kanban.next_tasks("claude-1", due_before=due)) == 0
    none = await kanban.next_tasks("claude-1", priority="lowest", capabilities=[], explain=True)
    (left_out,) = none.left_out
    assert (left_out.key, [(reason.code, reason.ids) for reason in left_out.reasons]) == (
        card.key,
        [("capability", ("gpu",))],
    )
    everything = await kanban.next_tasks("claude-1", board="AB", explain=True)
    assert ("AB-2", "blocked_by", ("AB-1",)) in [
        (card.key, reason.code, reason.ids) for card in everything.left_out for reason in card.reasons
    ]
    claimed = await kanban.claim_next(
        "claude-1", priority="lowest", due_before=datetime(2028, 1, 1, tzinfo=timezone.utc)
    )
    assert [task.key for task in claimed.items] == [card.key]
    with pytest.raises(Invalid):
        await kanban.next_tasks("claude-1", due_after=due, due_before=due)


async def test_a_released_card_can_be_claimed_by_the_next(kanban: Any) -> None:
    first = await kanban.claim_card("AB-1", "claude-1", ttl_seconds=60, start=False)
    assert first.status == "todo"
    released = await kanban.release_card("AB-1", first.claim.epoch, reason="needs the network")
    assert released.claim is None
    second = await kanban.claim_card("AB-1", "claude-2", capacity=3)
    assert (second.status, second.claim.epoch) == ("doing", first.claim.epoch + 1)
    released_event = (await kanban.list_events("AB", since=10))[0]
    assert (released_event.action, released_event.payload["reason"]) == ("card.released", "needs the network")


async def test_a_late_agent_is_recognised_and_refused(kanban: Any) -> None:
    late, next_one = kanban.as_agent("claude-1"), kanban.as_agent("claude-2")
    old = await late.claim_card("AB-1", "claude-1")
    await late.release_card("AB-1", old.claim.epoch)
    new = await next_one.claim_card("AB-1", "claude-2")
    for call in (
        late.heartbeat("AB-1", old.claim.epoch),
        late.complete_card("AB-1", old.claim.epoch),
        late.release_card("AB-1", old.claim.epoch),
        late.under_claim(old.claim.epoch).update_card("AB-1", ANY, title="late"),
        late.under_claim(old.claim.epoch).move_card("AB-1", ANY, new.column_id),
        late.under_claim(old.claim.epoch).reorder_card("AB-1", ANY),
        late.under_claim(old.claim.epoch).delete_card("AB-1", ANY),
        late.under_claim(old.claim.epoch).create_comment("AB-1", "late"),
        late.under_claim(old.claim.epoch).add_dependency("AB-1", "relates_to", "AB-3"),
    ):
        with pytest.raises(StaleClaim) as refused:
            await call
        assert (refused.value.expected, refused.value.actual) == (old.claim.epoch, new.claim.epoch)
        assert (refused.value.ended, refused.value.agent_id) == ("released", "claude-2")
        assert refused.value.until == new.claim.until
    current = next_one.under_claim(new.claim.epoch)
    assert (await current.update_card("AB-1", new.version, title="mine")).title == "mine"


async def test_agents_are_kept_out_of_each_others_cards_and_people_are_not(kanban: Any) -> None:
    task = await kanban.claim_card("AB-1", "claude-1")
    other = kanban.as_agent("claude-2")
    with pytest.raises(Claimed) as refused:
        await other.update_card("AB-1", task.version, title="not mine")
    assert (refused.value.agent_id, refused.value.until) == ("claude-1", task.claim.until)
    assert refused.value.retryable
    # under the holder's epoch, too, and under one that never was
    for epoch in (task.claim.epoch, 7):
        with pytest.raises(Claimed) as refused:
            await other.complete_card("AB-1", epoch)
        assert refused.value.agent_id == "claude-1"
    with pytest.raises(StaleClaim, match="The epoch 7 is of no claim") as wrong:
        await kanban.as_agent("claude-1").heartbeat("AB-1", 7)
    assert wrong.value.ended is None
    with pytest.raises(Claimed):
        await other.claim_card("AB-1", "claude-2")
    with pytest.raises(PermissionDenied, match="claims for itself"):
        await other.claim_next("claude-1")
    person = kanban.as_human("grace")
    assert (await person.update_card("AB-1", task.version, title="stop")).title == "stop"


async def test_what_cannot_be_claimed_says_why(kanban: Any, board: BoardDetail) -> None:
    with pytest.raises(NotReady) as blocked:
        await kanban.claim_card("AB-2", "claude-1")
    assert (blocked.value.reason, blocked.value.retryable) == ("blocked", True)
    await kanban.claim_card("AB-1", "claude-1")
    card = await kanban.create_card(board.columns[0].id, "x")
    with pytest.raises(CapacityReached):
        await kanban.claim_card(card.key, "claude-1", capacity=1)
    await kanban.update_column(board.columns[1].id, ANY, wip_limit=1)
    with pytest.raises(WipLimit) as full:
        await kanban.claim_card(card.key, "claude-2")
    assert (full.value.column, full.value.limit, full.value.retryable) == ("Doing", 1, True)


async def test_a_board_without_a_done_column_cannot_complete(kanban: Any) -> None:
    board = await kanban.create_board("Loose", template="empty")
    column = await kanban.create_column(board.key, "Doing", "doing")
    card = await kanban.create_card(column.id, "x", assignees=["claude-1"])
    task = await kanban.claim_card(card.key, "claude-1")
    with pytest.raises(Conflict) as refused:
        await kanban.complete_card(card.key, task.claim.epoch)
    assert (type(refused.value), refused.value.code) == (Conflict, "no_done_column")
