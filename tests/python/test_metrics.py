"""Metrics, forecasts and summaries: how their days and windows are asked for and answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest

from kanban_py import Invalid, Kanban, VersionConflict


def test_days_are_dates_and_lengths_are_seconds(blocking: Kanban) -> None:
    before = datetime.now(timezone.utc) - timedelta(minutes=1)
    agent = blocking.as_agent("claude-1")
    task = agent.claim_next("claude-1").items[0]
    assert task.claim is not None
    agent.complete_card(task.key, task.claim.epoch)
    metrics = blocking.board_metrics("AB", since=before, time_zone="UTC")
    assert metrics.window.since == before
    assert metrics.window.until > before
    assert metrics.age_seconds == 0.0
    assert {type(day.day) for day in metrics.days} == {date}
    assert sum(day.finished for day in metrics.days) == metrics.finished == 1
    assert metrics.cycle_time.p50_seconds is not None
    assert 0.0 < metrics.cycle_time.p50_seconds < 60.0
    assert [flow.kind for flow in metrics.by_actor_kind if flow.claims] == ["agent"]


def test_a_forecast_repeats_itself_with_its_seed(blocking: Kanban) -> None:
    forecast = blocking.forecast("AB", cards=5)
    by = forecast.today + timedelta(days=3)
    again = blocking.forecast("AB", by=by, cards=5, seed=forecast.seed)
    assert again.by_day.day == by
    assert again.until_done == forecast.until_done
    assert forecast.warnings == ("short_history", "nothing_finished")


def test_a_summary_counts_what_was_refused(blocking: Kanban) -> None:
    with pytest.raises(VersionConflict):
        blocking.as_agent("claude-1").update_card("AB-1", 9, title="x")
    collisions = blocking.agent_summary("claude-1", board="AB").collisions
    assert (collisions.versions, collisions.epochs) == (1, 0)


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        (
            {"since": datetime(2026, 2, 1, tzinfo=timezone.utc), "until": datetime(2026, 1, 1, tzinfo=timezone.utc)},
            "/since",
        ),
        ({"until": datetime(2999, 1, 1, tzinfo=timezone.utc)}, "/until"),
        ({"since": datetime(2026, 2, 1)}, "/since"),
        ({"time_zone": "Mars/Olympus"}, "/time_zone"),
    ],
)
def test_a_window_that_is_none_is_refused_by_the_name_it_has_here(
    blocking: Kanban, arguments: dict[str, Any], pointer: str
) -> None:
    for ask in (lambda: blocking.board_metrics("AB", **arguments), lambda: blocking.agent_summary("a", **arguments)):
        with pytest.raises(Invalid) as refused:
            ask()
        assert [field["pointer"] for field in refused.value.errors] == [pointer]


def test_a_day_is_no_moment(blocking: Kanban) -> None:
    for wrong in (datetime(2030, 1, 1, tzinfo=timezone.utc), "2030-01-01"):
        with pytest.raises(TypeError, match="by must be a date"):
            blocking.forecast("AB", by=wrong)  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        blocking.forecast("AB", by=date(2020, 1, 1))
    assert refused.value.errors[0]["pointer"] == "/by"
