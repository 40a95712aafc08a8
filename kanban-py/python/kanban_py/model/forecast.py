"""When work will be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kanban_py._record import Record
from kanban_py._typing import ForecastWarning


@dataclass(frozen=True, slots=True)
class History(Record):
    """The days that a forecast was drawn from.

    Attributes:
        first_day: The first of them; None when there is none.
        days: How many: up to yesterday.
        days_with_finishes: Those on which something was finished.
        finished: Cards finished on them.
    """

    first_day: date | None
    days: int
    days_with_finishes: int
    finished: int


@dataclass(frozen=True, slots=True)
class LikelyCards(Record):
    """So many cards or more, with this likelihood.

    Attributes:
        percent: In so many of 100 runs at least.
        cards: So many cards or more were finished.
    """

    percent: int
    cards: int


@dataclass(frozen=True, slots=True)
class CardsByDay(Record):
    """How many cards will be finished by the end of a day.

    Attributes:
        day: The day.
        days: Whole days from tomorrow up to it.
        likely: How many at least, and how likely that is.
    """

    day: date
    days: int
    likely: tuple[LikelyCards, ...]


@dataclass(frozen=True, slots=True)
class LikelyDay(Record):
    """On this day or before, with this likelihood.

    Attributes:
        percent: In so many of 100 runs at least.
        day: They were finished by the end of this day; None when it is more than ten years ahead.
        days: Whole days from tomorrow up to it.
    """

    percent: int
    day: date | None
    days: int | None


@dataclass(frozen=True, slots=True)
class UntilDone(Record):
    """When a number of cards will be finished.

    Attributes:
        cards: How many cards.
        likely: By when, and how likely that is.
    """

    cards: int
    likely: tuple[LikelyDay, ...]


@dataclass(frozen=True, slots=True)
class Forecast(Record):
    """How much will be done by a day, and when a number of cards will be done.

    Each of 10,000 runs draws the finished cards of each coming day, from tomorrow on, from the days of the history,
    those without any too. Today is left out on both sides, for it is not over.

    Attributes:
        board_id: The board's id.
        board: Its key.
        today: Today, in the time zone.
        time_zone: The time zone in which days are counted.
        seed: Where the random numbers began; give it again for the same forecast.
        runs: How often the future was drawn.
        history: What it was drawn from.
        warnings: Why to trust it less; empty when there is nothing against it.
        by_day: How many cards will be finished by a day.
        until_done: When a number of cards will be finished; None when there is none to finish.
    """

    board_id: str
    board: str
    today: date
    time_zone: str
    seed: int
    runs: int
    history: History
    warnings: tuple[ForecastWarning, ...]
    by_day: CardsByDay
    until_done: UntilDone | None
