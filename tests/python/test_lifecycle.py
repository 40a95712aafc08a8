"""Opening, closing, and everything that may happen around a client's life."""

from __future__ import annotations

import asyncio
import gc
import inspect
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import kanban_py
from kanban_py import Actor, AsyncKanban, Conflict, Invalid, Kanban, KanbanError, Unavailable
from support.databases import Databases, reachable_folder
from support.waiting import held, until


def has_embedded() -> bool:
    """Whether this build can start a database of its own."""
    try:
        Kanban.open("/dev/null/x")
    except Unavailable as error:
        return "built without" not in str(error)
    return True


embedded = pytest.mark.skipif(not has_embedded(), reason="built without the embedded database")


async def test_an_async_client_can_be_awaited_and_entered(url: str) -> None:
    kanban = await AsyncKanban.connect(url)
    async with kanban as same:
        assert same is kanban
        assert not kanban.closed
    assert kanban.closed
    async with await AsyncKanban.connect(url) as awaited:
        assert not awaited.closed
    async with AsyncKanban.connect(url) as entered:
        assert not entered.closed
    assert awaited.closed
    assert entered.closed


async def test_a_closed_client_says_so(url: str) -> None:
    kanban = await AsyncKanban.connect(url, actor="ada")
    agent = kanban.as_agent("claude-1")
    await kanban.close()
    await kanban.close()
    for call in (kanban.list_boards, agent.list_boards, kanban.migrate):
        with pytest.raises(KanbanError, match="is closed") as refused:
            await call()
        assert refused.value.code == "closed"
    with pytest.raises(KanbanError, match="is closed"):
        kanban.as_agent("claude-2")
    assert repr(kanban) == "<AsyncKanban of 'default' for human 'ada', closed>"
    blocking = Kanban.connect(url)
    blocking.close()
    with pytest.raises(KanbanError, match="is closed"):
        blocking.get_card("AB-1")


def test_who_acts_is_known(blocking: Kanban) -> None:
    assert (blocking.actor, blocking.tenant) == (Actor.human("ada"), "default")
    assert blocking.as_agent("a", run_id="r", context={"c": 1}).actor == Actor("agent", "a", "r", {"c": 1})
    assert blocking.as_human("b").under_claim(3).actor == Actor.human("b")
    assert repr(blocking) == "<Kanban of 'default' for human 'ada'>"


def test_operations_are_coroutines_that_tasks_take(url: str) -> None:
    async def main() -> list[str]:
        async with AsyncKanban.connect(url) as kanban:
            coroutine = kanban.list_boards()
            assert inspect.iscoroutine(coroutine)
            page = await asyncio.create_task(coroutine)
            return [board.key for board in page]

    assert asyncio.run(main()) == []


def test_a_database_that_is_not_there_is_unavailable(databases: Databases) -> None:
    with pytest.raises(Unavailable) as refused:
        Kanban.connect(databases.url("py_there_is_none"))
    assert refused.value.retryable
    with pytest.raises(Unavailable):
        Kanban.connect("postgres://postgres@127.0.0.1:1/x")
    with pytest.raises(Invalid, match="PostgreSQL URL"):
        Kanban.connect("no url")


def test_a_schema_that_is_missing_is_made_on_demand(databases: Databases) -> None:
    with databases.fresh(migrated=False) as url, Kanban.connect(url) as kanban:
        with pytest.raises(Conflict) as refused:
            kanban.list_boards()
        assert refused.value.code == "schema_missing"
        kanban.migrate()
        kanban.migrate()
        assert kanban.list_boards().items == ()


@embedded
def test_the_embedded_database_keeps_its_cards() -> None:
    with reachable_folder() as folder:
        with Kanban.open(folder / "board") as kanban:
            assert kanban.seed_demo() is not None
            with Kanban.open(str(folder / "board")) as second:
                assert second.get_card("AB-1").key == "AB-1"
            assert kanban.get_card("AB-1").key == "AB-1"

        async def again() -> str:
            async with AsyncKanban.open(folder / "board") as kanban:
                return (await kanban.get_card("AB-1")).key

        assert asyncio.run(again()) == "AB-1"
        assert not (folder / "board" / "pg" / "postmaster.pid").exists()


@embedded
def test_who_forgets_to_close_leaves_no_server_behind() -> None:
    with reachable_folder() as folder:
        program = f"import kanban_py; kanban = kanban_py.Kanban.open({str(folder / 'board')!r}); kanban.seed_demo()"
        subprocess.run([sys.executable, "-c", program], check=True)
        assert not (folder / "board" / "pg" / "postmaster.pid").exists()


@embedded
def test_a_folder_that_cannot_be_is_unavailable(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(Unavailable) as refused:
        Kanban.open(file)
    assert refused.value.code == "embedded_database"
    assert "--data-dir" in str(refused.value)


def test_a_forked_child_is_told_and_its_parent_goes_on(blocking: Kanban, url: str) -> None:
    with warnings.catch_warnings():
        # newer Pythons warn of exactly what is tested here
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        code = 1
        try:
            blocking.get_card("AB-1")
        except KanbanError as error:
            # a client of the child's own works
            with Kanban.connect(url) as own:
                code = 0 if error.code == "forked" and own.get_card("AB-1").key == "AB-1" else 2
            del blocking
            gc.collect()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert blocking.get_card("AB-1").key == "AB-1"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C as at a terminal: a shell starts its background jobs without, and Python leaves that as it is."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_a_call_that_waits_and_the_change_is_whole(blocking: Kanban, url: str) -> None:
    with held(url, "AB-1") as card:

        def interrupt() -> None:
            until(card.has_waiter)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            blocking.update_card("AB-1", 1, title="interrupted")
        thread.join()
        assert blocking.get_card("AB-1").version == 1
    until(lambda: blocking.get_card("AB-1").version == 2)
    assert blocking.get_card("AB-1").title == "interrupted"
    assert blocking.list_events("AB")[-1].action == "card.updated"


def test_other_threads_run_while_one_waits(blocking: Kanban, url: str) -> None:
    with held(url, "AB-1") as card:
        waiting = threading.Thread(target=blocking.update_card, args=("AB-1", 1), kwargs={"title": "later"})
        waiting.start()
        until(card.has_waiter)
        assert blocking.get_card("AB-1").version == 1
        card.release()
        waiting.join()
    assert blocking.get_card("AB-1").title == "later"


def test_many_loops_in_many_threads_share_a_client(url: str) -> None:
    kanban = asyncio.run(open_client(url))
    board = asyncio.run(kanban.seed_demo())
    assert board is not None

    async def create(thread: int) -> None:
        calls = [kanban.create_card(board.columns[0].id, f"{thread}-{i}") for i in range(20)]
        await asyncio.gather(*calls)

    threads = [threading.Thread(target=lambda number=number: asyncio.run(create(number))) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asyncio.run(kanban.list_cards("AB", limit=200))) == 83
    asyncio.run(kanban.close())


async def open_client(url: str) -> AsyncKanban:
    return await AsyncKanban.connect(url)


def test_the_end_of_the_interpreter_is_quiet(url: str) -> None:
    program = f"""
import asyncio, kanban_py
async def main():
    kanban = await kanban_py.AsyncKanban.connect({url!r})
    asyncio.ensure_future(kanban.list_boards())
    asyncio.ensure_future(kanban.examine())
    await asyncio.sleep(0)
asyncio.run(main())
left = kanban_py.Kanban.connect({url!r})
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert kanban_py.__doc__
