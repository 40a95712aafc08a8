"""Waiting for what somebody else does: asked again and again, never slept for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from typing_extensions import LiteralString

SECONDS = 30.0


def until(condition: Callable[[], object]) -> None:
    """Asks until the answer is true."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"it did not come true within {SECONDS} seconds"


async def turns_until(condition: Callable[[], object]) -> None:
    """The same, while the event loop goes on."""
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"it did not come true within {SECONDS} seconds"
        await asyncio.sleep(0)


class Watch:
    """Looks at a database's connections from outside."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)

    def count(self, condition: LiteralString) -> int:
        """How many of the board's connections are so."""
        query = (
            "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'kanban'"
        )
        row = self.connection.execute(f"{query} and {condition}").fetchone()
        assert row is not None
        return int(row[0])

    def waiters(self) -> int:
        """How many wait for a lock."""
        return self.count("wait_event_type = 'Lock'")


@contextmanager
def watching(url: str) -> Iterator[Watch]:
    watch = Watch(url)
    with watch.connection:
        yield watch


class Held:
    """A row that is locked from outside, so that an operation stops in the middle of its statement."""

    def __init__(self, connection: psycopg.Connection, watch: Watch) -> None:
        self._connection = connection
        self._watch = watch

    def has_waiter(self) -> bool:
        """Whether somebody waits for the lock by now."""
        return self._watch.waiters() > 0

    def release(self) -> None:
        self._connection.rollback()


@contextmanager
def held(url: str, key: str) -> Iterator[Held]:
    """Holds the row of a card."""
    with watching(url) as watch, psycopg.connect(url) as connection:
        # behind the wall between tenants only what is of the session's own can be locked
        connection.execute("select set_config('kanban.tenant_id', 'default', true)")
        connection.execute("select 1 from kanban.cards where key = %s for update", (key,))
        yield Held(connection, watch)
        connection.rollback()
