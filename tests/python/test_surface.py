"""Both clients have the same surface, and it is the core's."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import kanban_py
from kanban_py import AsyncCardClaim, AsyncKanban, AsyncNextClaim, Kanban

REPO = Path(__file__).resolve().parents[2]

# these differ for good: `open` and `connect` answer something to await
OPENING = {"open", "connect"}


def members(cls: type) -> dict[str, Any]:
    return {name: member for name, member in inspect.getmembers(cls) if not name.startswith("_")}


def operations() -> set[str]:
    """The table of all operations in the Rust half."""
    source = (REPO / "kanban-py" / "src" / "client.rs").read_text("utf-8")
    return set(re.findall(r'^ +"(\w+)" => ', source, re.MULTILINE))


def blocking_text(text: str) -> str:
    for awaiting, waiting in (
        ("async with", "with"),
        ("async for", "for"),
        ("await anext(", "next("),
        ("await ", ""),
    ):
        text = text.replace(awaiting, waiting)
    return re.sub(r"\bAsync(?=[A-Z])", "", text)


def test_both_clients_have_the_same_methods_with_the_same_signatures() -> None:
    awaiting, blocking = members(AsyncKanban), members(Kanban)
    assert awaiting.keys() == blocking.keys()
    for name in awaiting.keys() - OPENING:
        if isinstance(awaiting[name], (property,)) or not callable(awaiting[name]):
            continue
        signatures = [str(inspect.signature(method)) for method in (awaiting[name], blocking[name])]
        assert blocking_text(signatures[0]) == signatures[1], name
        assert blocking_text(inspect.getdoc(awaiting[name]) or "") == inspect.getdoc(blocking[name]), name
    for name in OPENING:
        parameters = [inspect.signature(cls[name]).parameters for cls in (awaiting, blocking)]
        assert parameters[0] == parameters[1], name


def test_every_operation_of_the_rust_half_is_a_method_and_a_coroutine() -> None:
    assert operations()
    coroutines = {name for name, member in members(AsyncKanban).items() if inspect.iscoroutinefunction(member)}
    # a claim can be entered, too
    assert coroutines == (operations() | {"migrate", "close"}) - {"claim_next", "claim_card"}
    for claim in (AsyncCardClaim, AsyncNextClaim):
        assert issubclass(claim, Coroutine)
    assert not [name for name, member in members(Kanban).items() if inspect.iscoroutinefunction(member)]


def test_every_operation_of_the_core_is_there() -> None:
    declared: set[str] = set()
    for file in (REPO / "kanban-core" / "src").glob("*.rs"):
        text = file.read_text("utf-8")
        if "impl Kanban {" in text:
            declared |= set(re.findall(r"^    pub async fn (\w+)", text, re.MULTILINE))
    # a file goes in by its format, and what wraps operations takes Rust closures
    assert len(declared) > 40
    assert declared <= operations() | {"import", "transaction", "once", "ask_to_confirm", "confirmed"}


def test_every_list_can_be_gone_through() -> None:
    paged = {name for name in operations() if "cursor" in inspect.signature(getattr(AsyncKanban, name)).parameters}
    iterators = {name for name, member in members(AsyncKanban).items() if inspect.isasyncgenfunction(member)}
    assert {name for name, member in members(Kanban).items() if inspect.isgeneratorfunction(member)} == iterators
    assert len(paged) > 7
    assert len(iterators) == len(paged) + 1
    assert iterators >= {name.replace("list_", "iter_") for name in paged if name.startswith("list_")}


def test_every_operation_is_documented_with_an_example() -> None:
    iterators = {name for name, member in members(AsyncKanban).items() if inspect.isasyncgenfunction(member)}
    for name in operations() | iterators:
        text = inspect.getdoc(getattr(AsyncKanban, name)) or ""
        assert ">>> " in text, name
        parameters = list(inspect.signature(getattr(AsyncKanban, name)).parameters)[1:]
        documented = re.findall(r"^    (\w+): ", text.partition("Args:")[2].partition("\n\n")[0], re.MULTILINE)
        assert documented == parameters, name


def test_the_sync_operations_are_made_from_the_async_ones() -> None:
    done = subprocess.run(
        [sys.executable, REPO / "kanban-py" / "make-sync", "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"run kanban-py/make-sync: {done.stdout}"


def test_the_package_shows_what_it_says() -> None:
    assert len(set(kanban_py.__all__)) == len(kanban_py.__all__)
    for name in kanban_py.__all__:
        assert getattr(kanban_py, name) is not None
    assert (Path(kanban_py.__file__).parent / "py.typed").exists()
