"""What one agent did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kanban_py._record import Record
from kanban_py.model.metrics import Collisions, Spread, Window


@dataclass(frozen=True, slots=True)
class FinishedDay(Record):
    """What was finished on one day.

    Attributes:
        day: The day, in the window's time zone.
        finished: Cards finished on it.
    """

    day: date
    finished: int


@dataclass(frozen=True, slots=True)
class AgentSummary(Record):
    """What an agent did in a stretch of time.

    Attributes:
        agent_id: The agent.
        board: Key of the board, if only one was asked about.
        window: The stretch of time.
        finished: Cards that it finished: under its claim, or moved to done itself where nobody held them. One that was
            reopened since is not finished.
        finished_per_day: The same a day, over all days of the window, those without any too.
        cycle_time: From start to finish of these cards.
        in_progress: Cards in progress now that it holds or is assigned to.
        held: Live claims that it holds now.
        claimed: Claims that it was given in the window.
        released: Claims that it gave back in the window.
        expired: Its leases that ended in the window before it had finished the card or given it back.
        reopened: How often a card that it had finished was taken up again in the window, by whomever.
        comments: Comments that it wrote in the window.
        collisions: Its writes that were refused in the window.
        queue_wait: How long cards waited until it claimed them, for its claims that ended in the window.
        lease_time: How long these claims lasted.
        days: Each day that the window touches.
    """

    agent_id: str
    board: str | None
    window: Window
    finished: int
    finished_per_day: float
    cycle_time: Spread
    in_progress: int
    held: int
    claimed: int
    released: int
    expired: int
    reopened: int
    comments: int
    collisions: Collisions
    queue_wait: Spread
    lease_time: Spread
    days: tuple[FinishedDay, ...]
