"""Waiting for what somebody else does: asked again and again, never slept for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


def until(condition: object, *, seconds: float = 30.0) -> None:
    """Asks until the answer is true."""
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"it did not come true within {seconds} seconds"


class Held:
    """A row that is locked from outside, so that an operation stops in the middle of its statement."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def has_waiter(self) -> bool:
        """Whether somebody waits for the lock by now."""
        query = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
        row = self._connection.execute(query).fetchone()
        return row is not None and row[0] > 0

    def release(self) -> None:
        self._connection.rollback()


@contextmanager
def held(url: str, key: str) -> Iterator[Held]:
    """Holds the row of a card."""
    with psycopg.connect(url.replace("&sslmode=disable", "")) as connection:
        connection.execute("select 1 from kanban.cards where key = %s for update", (key,))
        yield Held(connection)
        connection.rollback()
