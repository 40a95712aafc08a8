# made from _async/metrics.py by kanban-py/make-sync; change that one

"""How work flows over a board, what an agent did, and when work will be done."""

from __future__ import annotations

from datetime import date, datetime

from kanban_py.model import AgentSummary, BoardMetrics, Forecast

from .handle import Handle


class Metrics(Handle):
    """How work flows over a board, what an agent did, and when work will be done."""

    __slots__ = ()

    def board_metrics(
        self,
        board: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        time_zone: str | None = None,
    ) -> BoardMetrics:
        """How work flowed over a board in a stretch of time.

        Work in progress, throughput, cycle and lead time, age, flow efficiency, time in columns, the bottleneck,
        cumulative flow by day, and the same by kind of actor. What is finished is what is finished now: a card that was
        reopened has left the throughput until it is finished again.

        Args:
            board: Its id or key.
            since: The first moment; aware. The beginning of the day 30 days before the end when None.
            until: The end; aware. Now when None, and never in the future.
            time_zone: The IANA time zone in which days are counted; the board's when None.

        Raises:
            NotFound: There is no such board.
            Invalid: For a window that is backwards, too long or not over yet, or an unknown time zone.

        Example:
            >>> card = (kanban.claim_next("claude-1")).items[0]
            >>> _ = kanban.complete_card(card.key, card.claim.epoch)
            >>> metrics = kanban.board_metrics("AB")
            >>> metrics.finished, metrics.days[-1].done, metrics.wip.at_end
            (1, 1, 0)
        """
        return self._call("board_metrics", board=board, since=since, until=until, time_zone=time_zone)

    def forecast(
        self,
        board: str,
        *,
        by: date | None = None,
        cards: int | None = None,
        history_days: int | None = None,
        seed: int | None = None,
        time_zone: str | None = None,
    ) -> Forecast:
        """How many cards will be finished by a day, and when a number of cards will be finished, and how likely.

        Drawn 10,000 times from how many were finished on each day until yesterday.

        Args:
            board: Its id or key.
            by: Count the cards finished by the end of this day; in 14 days when None. At most ten years ahead.
            cards: Tell when so many are finished, 1 to 100,000; all of the board that is neither finished nor in a
                backlog when None.
            history_days: How many days before today to draw from: 1 to 731; 90 when None.
            seed: Where the random numbers begin, so that a forecast can be repeated; chosen by chance when None.
            time_zone: The IANA time zone in which days are counted; the board's when None.

        Raises:
            NotFound: There is no such board.
            Invalid: For a day that is not ahead, a number out of range, or an unknown time zone.

        Example:
            >>> forecast = kanban.forecast("AB", seed=1)
            >>> forecast.until_done.cards, forecast.warnings
            (3, ('short_history', 'nothing_finished'))
        """
        return self._call(
            "forecast",
            board=board,
            by=by,
            cards=cards,
            history_days=history_days,
            seed=seed,
            time_zone=time_zone,
        )

    def agent_summary(
        self,
        agent: str,
        *,
        board: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        time_zone: str | None = None,
    ) -> AgentSummary:
        """What an agent did in a stretch of time, and where it collided with others.

        Args:
            agent: The agent's id.
            board: Only on this board, by id or key; on every board when None.
            since: The first moment; aware. The beginning of the day 30 days before the end when None.
            until: The end; aware. Now when None, and never in the future.
            time_zone: The IANA time zone in which days are counted; the board's when None, or UTC without a board.

        Raises:
            NotFound: There is no such board.
            Invalid: For a window that is backwards, too long or not over yet, or an unknown time zone.

        Example:
            >>> card = (kanban.claim_next("claude-1")).items[0]
            >>> _ = kanban.complete_card(card.key, card.claim.epoch)
            >>> summary = kanban.agent_summary("claude-1")
            >>> summary.claimed, summary.finished, summary.cycle_time.count
            (1, 1, 1)
        """
        return self._call(
            "agent_summary",
            agent=agent,
            board=board,
            since=since,
            until=until,
            time_zone=time_zone,
        )
