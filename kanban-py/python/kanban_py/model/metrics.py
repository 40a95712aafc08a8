"""How work flows over a board."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from kanban_py import _html
from kanban_py._record import Record
from kanban_py._typing import ActorKind, BottleneckSign, ColumnKind


@dataclass(frozen=True, slots=True)
class Window(Record):
    """The stretch of time that an answer is about.

    Attributes:
        since: Its first moment.
        until: Its end, which is not part of it.
        time_zone: The time zone in which days are counted.
    """

    since: datetime
    until: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class Spread(Record):
    """How lengths of time are spread. Percentiles are by nearest rank: each is a length that was really there.

    Attributes:
        count: How many there are.
        mean_seconds: Their mean, in seconds; None when there is none.
        p50_seconds: Half of them are no longer.
        p85_seconds: 85 of 100 are no longer.
        p95_seconds: 95 of 100 are no longer.
    """

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p85_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True, slots=True)
class Collisions(Record):
    """Writes that were refused because somebody else had been faster. Counted by the minute in which they were sent.

    Attributes:
        versions: They named a version that had been passed.
        epochs: They named a claim that was over.
    """

    versions: int
    epochs: int


@dataclass(frozen=True, slots=True)
class AgingCard(Record):
    """A card in progress.

    Attributes:
        id: Its id.
        key: Its key.
        title: What is to be done, in one line.
        column: The column in which it was.
        age_seconds: How long it had been in progress at the end of the window.
    """

    id: str
    key: str
    title: str
    column: str
    age_seconds: float


@dataclass(frozen=True, slots=True)
class WipMetrics(Record):
    """Work in progress: started and not finished.

    Attributes:
        at_start: Cards in progress when the window began.
        at_end: Cards in progress at its end.
        average: The mean over the window.
        item_seconds: The time that all cards together were in progress in the window: the area under the line of work
            in progress.
        age: How long the cards in progress at the end of the window had been so.
        oldest: The oldest of them, at most 10.
    """

    at_start: int
    at_end: int
    average: float
    item_seconds: float
    age: Spread
    oldest: tuple[AgingCard, ...]


@dataclass(frozen=True, slots=True)
class StraightToDone(Record):
    """Cards that went from a queue to done without having been worked on.

    Attributes:
        count: How many.
        cards: Keys of those that were finished first, at most 10.
    """

    count: int
    cards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowEfficiency(Record):
    """How much of the time between start and finish was work, for the finished cards.

    Attributes:
        ratio: Time in doing columns over time from start to finish: 0 to 1; None when no time passed.
        doing_seconds: Time in doing columns, of all finished cards together.
        total_seconds: Time from start to finish, of all finished cards together.
    """

    ratio: float | None
    doing_seconds: float
    total_seconds: float


@dataclass(frozen=True, slots=True)
class Removed(Record):
    """Unfinished cards that left the board's flow. They count in no throughput and no cycle time.

    Attributes:
        deleted: Deleted in the window, and still so.
        deleted_in_progress: Those of them that had been started.
        archived: Taken along when the board was archived in the window.
        archived_in_progress: Those of them that had been started.
    """

    deleted: int
    deleted_in_progress: int
    archived: int
    archived_in_progress: int


@dataclass(frozen=True, slots=True)
class ColumnFlow(Record):
    """What went through a column.

    A done column keeps no clock: where work is over, nothing waits. What would need one is None there.

    Attributes:
        id: The column's id.
        name: Its name.
        kind: Its kind.
        wip_limit: Its WIP limit now.
        cards: Cards in it at the end of the window.
        arrivals: Visits of cards to it that began in the window.
        returns: Those of them by cards that had been in it before.
        departures: Visits to it that ended in the window, by whatever way out.
        visits: Visits to it that overlap the window.
        seconds: Time that cards spent in it in the window, all together, in seconds.
        age_p85_seconds: How long 85 of 100 cards in it at the end of the window had been in it at most.
    """

    id: str
    name: str
    kind: ColumnKind
    wip_limit: int | None
    cards: int | None
    arrivals: int
    returns: int
    departures: int | None
    visits: int | None
    seconds: float | None
    age_p85_seconds: float | None


@dataclass(frozen=True, slots=True)
class Bottleneck(Record):
    """The column that holds the flow up most.

    Of the todo and doing columns: the one that fills up most; where none fills up, or several do as much, the one whose
    cards are oldest at the 85th percentile; where that is equal too, the one closest to its WIP limit. What is in a
    backlog nobody has promised, and what is done is done: neither can be a bottleneck.

    Attributes:
        id: The column's id.
        name: Its name.
        sign: What the judgement rests on.
        arrivals_minus_departures: How many more cards arrived than departed in the window.
        age_p85_seconds: How long 85 of 100 of its cards had been in it at most.
        wip_against_limit: Its cards over its WIP limit; None without a limit.
    """

    id: str
    name: str
    sign: BottleneckSign
    arrivals_minus_departures: int
    age_p85_seconds: float | None
    wip_against_limit: float | None


@dataclass(frozen=True, slots=True)
class FlowDay(Record):
    """One day.

    Attributes:
        day: The day, in the window's time zone.
        finished: Cards finished on it.
        wip: Cards in progress at its end, or at the end of the window.
        backlog: Cumulative flow: cards that had ever come to the board by its end, from the board's first day on.
        todo: Cards that had come as far as a todo column, or further.
        doing: Cards that had come as far as a doing column, or further.
        done: Cards that had come as far as a done column, be they there still or not.
    """

    day: date
    finished: int
    wip: int
    backlog: int
    todo: int
    doing: int
    done: int


@dataclass(frozen=True, slots=True)
class ActorFlow(Record):
    """How work flowed through the hands of one kind of actor.

    Attributes:
        kind: The kind of actor.
        finished: Cards it finished: the agent's that held the card, else whoever moved it.
        cycle_time: Their cycle times.
        claims: Its claims that ended in the window.
        reclaims: Those of cards whose claim before was given back or expired.
        released: Those that were given back.
        expired: Those that nobody ended before their lease did.
        queue_wait: How long the cards had been waiting for somebody to take them, until they were claimed.
        lease_time: How long the claims lasted.
        collisions: Its writes that were refused.
    """

    kind: ActorKind
    finished: int
    cycle_time: Spread
    claims: int
    reclaims: int
    released: int
    expired: int
    queue_wait: Spread
    lease_time: Spread
    collisions: Collisions


@dataclass(frozen=True, slots=True)
class BoardMetrics(Record):
    """How work flowed over a board in a stretch of time.

    Attributes:
        board_id: The board's id.
        board: Its key.
        window: The stretch of time.
        age_seconds: How old these figures are. 0 when they were computed for this answer, as they are unless so much
            happened in the window (20,000 visits of columns) that it takes long; then up to 60 seconds, and renewed in
            the background.
        wip: Work in progress: started and not finished.
        finished: Cards finished in the window, each once. One that was reopened since is not finished.
        finished_per_day: Finished cards a day, over all days of the window, those without any too.
        cycle_time: From the first start of a finished card to its last finish.
        lead_time: From the creation of a finished card to its last finish.
        straight_to_done: Finished cards that nobody was seen to work on: they started when they finished, so their
            cycle time is 0.
        flow_efficiency: How much of the time between start and finish was work.
        reopened: How often finished cards were taken up again.
        removed: Unfinished cards that left the board's flow without being finished.
        columns: Each column, in their order.
        bottleneck: The column that holds the flow up most; None when nothing tells one from the others.
        by_actor_kind: The same by the kind of actor whose work it was.
        days: Each day that the window touches.
    """

    board_id: str
    board: str
    window: Window
    age_seconds: float
    wip: WipMetrics
    finished: int
    finished_per_day: float
    cycle_time: Spread
    lead_time: Spread
    straight_to_done: StraightToDone
    flow_efficiency: FlowEfficiency
    reopened: int
    removed: Removed
    columns: tuple[ColumnFlow, ...]
    bottleneck: Bottleneck | None
    by_actor_kind: tuple[ActorFlow, ...]
    days: tuple[FlowDay, ...]

    def _repr_html_(self) -> str:
        """The figures that one looks at first, for notebooks."""
        return _html.metrics(self)
