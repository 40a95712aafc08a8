"""The examples in docstrings do what they show, on a demo board, with both clients."""

from __future__ import annotations

import ast
import doctest
import inspect
import json
import sys
import types
from io import StringIO
from typing import Any

import pytest

import kanban_py.tools
from kanban_py import Actor, AsyncKanban, Kanban

FLAGS = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


# these await, so the sync client has nothing to do with them
FUNCTIONS = (kanban_py.to_records, kanban_py.tools.make_tools)


def examples(cls: type) -> list[doctest.DocTest]:
    parser = doctest.DocTestParser()
    texts = {cls.__name__: cls.__doc__ or ""}
    if cls is AsyncKanban:
        texts.update({function.__name__: inspect.getdoc(function) or "" for function in FUNCTIONS})
    for name, member in inspect.getmembers(cls):
        if not name.startswith("_") and getattr(member, "__doc__", None):
            texts[f"{cls.__name__}.{name}"] = inspect.getdoc(member) or ""
    found = [parser.get_doctest(text, {}, name, None, 0) for name, text in texts.items()]
    return [test for test in found if test.examples]


async def run(test: doctest.DocTest, names: dict[str, Any]) -> None:
    """Runs an example as the asyncio prompt would: with `await` allowed."""
    checker = doctest.OutputChecker()
    for example in test.examples:
        code = compile(example.source, test.name, "single", FLAGS)
        printed, sys.stdout = sys.stdout, StringIO()
        try:
            result = eval(code, names)
            if code.co_flags & inspect.CO_COROUTINE:
                await result
            got = sys.stdout.getvalue()
        finally:
            sys.stdout = printed
        shown = checker.output_difference(example, got, 0)
        assert checker.check_output(example.want, got, doctest.ELLIPSIS), f"{example.source}{shown}"


def names(url: str, kanban: Any, board: Any) -> dict[str, Any]:
    return {**vars(kanban_py), "json": json, "url": url, "kanban": kanban, "board": board}


@pytest.mark.parametrize("test", examples(AsyncKanban), ids=lambda test: test.name)
async def test_async_examples(test: doctest.DocTest, url: str) -> None:
    async with AsyncKanban.connect(url, actor=Actor.human("ada")) as kanban:
        await run(test, names(url, kanban, await kanban.seed_demo()))


@pytest.mark.parametrize("test", examples(Kanban), ids=lambda test: test.name)
async def test_sync_examples(test: doctest.DocTest, url: str) -> None:
    with Kanban.connect(url, actor=Actor.human("ada")) as kanban:
        await run(test, names(url, kanban, kanban.seed_demo()))


def test_examples_of_values() -> None:
    for module in {sys.modules[cls.__module__] for cls in vars(kanban_py).values() if isinstance(cls, type)}:
        if isinstance(module, types.ModuleType) and module.__name__.startswith("kanban_py.model"):
            assert doctest.testmod(module).failed == 0
