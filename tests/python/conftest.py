"""Fixtures: a real PostgreSQL, a database for each test, both clients."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from kanban_py import Actor, AsyncKanban, BoardDetail, Kanban
from support.blocking import Blocking
from support.databases import Databases, given_server, own_server
from support.server import binary

SEED = int(os.environ.get("KANBAN_TEST_SEED") or random.SystemRandom().randrange(2**32))


def pytest_report_header() -> str:
    return f"seed: {SEED} (KANBAN_TEST_SEED={SEED} repeats it)"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Chance that can be repeated."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """The embedded server, or the one that KANBAN_TEST_DATABASE_URL names (as a superuser)."""
    url = os.environ.get("KANBAN_TEST_DATABASE_URL")
    with given_server(url) if url else own_server() as databases:
        yield databases


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """A migrated database without boards."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def blocking(url: str) -> Iterator[Kanban]:
    """The sync client, for a person, on the demo board."""
    with Kanban.connect(url, actor=Actor.human("ada")) as kanban:
        kanban.seed_demo()
        yield kanban


@pytest.fixture
async def awaiting(url: str) -> AsyncIterator[AsyncKanban]:
    """The async client, for a person, on the demo board."""
    async with AsyncKanban.connect(url, actor=Actor.human("ada")) as kanban:
        await kanban.seed_demo()
        yield kanban


@pytest.fixture(params=["async", "sync"])
async def kanban(request: pytest.FixtureRequest, url: str) -> AsyncIterator[Any]:
    """Both clients one after the other, for a person, on the demo board: AB-1 is ready, AB-2 and AB-3 wait."""
    if request.param == "async":
        async with AsyncKanban.connect(url, actor=Actor.human("ada")) as kanban:
            await kanban.seed_demo()
            yield kanban
    else:
        with Kanban.connect(url, actor=Actor.human("ada")) as kanban:
            kanban.seed_demo()
            yield Blocking(kanban)


@pytest.fixture
async def board(kanban: Any) -> BoardDetail:
    """The demo board with its columns Todo, Doing and Done."""
    board: BoardDetail = await kanban.get_board("AB")
    return board


@pytest.fixture(scope="session")
def server() -> Path:
    """The server's program."""
    return binary()
