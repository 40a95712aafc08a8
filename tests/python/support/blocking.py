"""The sync client in the clothes of the async one, so that one test holds for both."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any

from kanban_py import Kanban


class Blocking:
    """Every method of a `Kanban`, to be awaited where `AsyncKanban`'s is."""

    def __init__(self, kanban: Kanban) -> None:
        self._kanban = kanban

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._kanban, name)
        if not inspect.ismethod(member):
            return member
        if name in ("as_agent", "as_human", "under_claim"):
            return lambda *args, **kwargs: Blocking(member(*args, **kwargs))

        if inspect.isgeneratorfunction(member):

            async def each(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
                for item in member(*args, **kwargs):
                    yield item

            return each

        async def call(*args: Any, **kwargs: Any) -> Any:
            return member(*args, **kwargs)

        return call
