"""The package against asyncpg with the same SQL, in turns: ``python calls.py SETTINGS``, where SETTINGS is JSON.

Prints JSON: for each operation and contestant how many calls a second were made in each round.
"""

import asyncio
import json
import random
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from kanban_py import ANY, AsyncKanban, Kanban

CLIENTS = 8
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Rounds = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Card:
    """What a program that runs the SQL itself would make of a row."""

    id: UUID
    key: str
    external_id: str | None
    version: int
    board_id: UUID
    column_id: UUID
    position: int
    status: str
    title: str
    description: str
    labels: list[str]
    assignees: list[str]
    priority: int
    due_at: datetime | None
    fields: dict[str, Any]
    links: list[Any]
    agent_context: dict[str, Any]
    workflow_state: dict[str, Any]
    started_at: datetime | None
    finished_at: datetime | None
    column_since: datetime
    claim_agent: str | None
    claim_epoch: int
    lease_until: datetime | None
    created_by_kind: str
    created_by_id: str
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None


def shown(number: int) -> str:
    """An id as callers name it: 26 characters of Crockford's base 32."""
    return "".join(DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


class Contest:
    """Lets contestants take turns, for as long and as often as the settings say."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.cards: int = settings["cards"]
        self.seconds: float = settings["seconds"]
        self.rounds: Rounds = {"get": {}, "update": {}}

    def chance(self, client: int, turn: int) -> random.Random:
        return random.Random(self.settings["seed"] * 1000 + turn * CLIENTS + client)

    async def tasks(self, call: Callable[[int, random.Random], Awaitable[object]], turn: int) -> float:
        """Calls a second of so many tasks."""
        end = time.perf_counter() + self.seconds

        async def work(client: int) -> int:
            rng, done = self.chance(client, turn), 0
            while time.perf_counter() < end:
                await call(rng.randint(1, self.cards), rng)
                done += 1
            return done

        start = time.perf_counter()
        done = sum(await asyncio.gather(*(work(client) for client in range(CLIENTS))))
        return done / (time.perf_counter() - start)

    def threads(self, call: Callable[[int, random.Random], object], turn: int) -> float:
        """Calls a second of so many threads."""
        end = time.perf_counter() + self.seconds
        counts = [0] * CLIENTS

        def work(client: int) -> None:
            rng = self.chance(client, turn)
            while time.perf_counter() < end:
                call(rng.randint(1, self.cards), rng)
                counts[client] += 1

        threads = [threading.Thread(target=work, args=(client,)) for client in range(CLIENTS)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(counts) / (time.perf_counter() - start)

    async def hold(self) -> Rounds:
        settings = self.settings
        pool = await asyncpg.create_pool(
            host=settings["socket"],
            port=settings["port"],
            user="kanban",
            database="kanban",
            min_size=CLIENTS,
            max_size=CLIENTS,
            init=decode_json,
            server_settings={"role": settings["role"], "kanban.tenant_id": "default"},
        )
        url = f"postgres://kanban@localhost/kanban?host={settings['socket']}&port={settings['port']}&sslmode=disable"
        actor = {"kind": "human", "id": "bench"}

        async def get_row(n: int, _rng: random.Random) -> Card:
            row = await pool.fetchrow(settings["get"], "default", UUID(int=n))
            return Card(*row)

        async def update_row(n: int, rng: random.Random) -> Card:
            patch = {"priority": rng.choice(["high", "low"]), "workflow_state": {"step": rng.randint(1, 1_000_000)}}
            row = await pool.fetchrow(settings["update"], "default", actor, UUID(int=n), None, None, None, patch)
            return Card(*row)

        async with AsyncKanban.connect(url, actor="bench") as kanban:
            with Kanban.connect(url, actor="bench") as blocking:

                def changes(rng: random.Random) -> dict[str, Any]:
                    return {
                        "priority": rng.choice(["high", "low"]),
                        "workflow_state": {"step": rng.randint(1, 1_000_000)},
                    }

                contestants: dict[str, tuple[Any, Any, bool]] = {
                    "asyncpg": (get_row, update_row, True),
                    "kanban_py async": (
                        lambda n, _rng: kanban.get_card(shown(n)),
                        lambda n, rng: kanban.update_card(shown(n), ANY, **changes(rng)),
                        True,
                    ),
                    "kanban_py sync": (
                        lambda n, _rng: blocking.get_card(shown(n)),
                        lambda n, rng: blocking.update_card(shown(n), ANY, **changes(rng)),
                        False,
                    ),
                }
                # the first round warms up
                for turn in range(settings["rounds"] + 1):
                    for place, operation in enumerate(self.rounds):
                        for name, calls in contestants.items():
                            call, is_async = calls[place], calls[2]
                            if is_async:
                                rate = await self.tasks(call, turn)
                            else:
                                rate = await asyncio.to_thread(self.threads, call, turn)
                            if turn > 0:
                                self.rounds[operation].setdefault(name, []).append(rate)
        await pool.close()
        return self.rounds


async def decode_json(connection: asyncpg.Connection) -> None:
    """Lets JSON be what it stands for, as in the package's results."""
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


if __name__ == "__main__":
    print(json.dumps(asyncio.run(Contest(json.loads(sys.argv[1])).hold())))
