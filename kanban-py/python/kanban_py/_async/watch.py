"""A board's events as they happen, to be awaited."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any

from kanban_py._kanban import Watcher
from kanban_py._loops import submit
from kanban_py.model import Event


class AsyncWatch:
    """A board's events as they happen, in order, each once: iterate with `async for`.

    Made by `AsyncKanban.watch`. It ends when it or the kanban is closed. A task that is cancelled while it waits loses
    no event: the next one to ask gets it. Only one task may wait at a time.
    """

    __slots__ = ("_come", "_watcher")

    def __init__(self, watcher: Watcher) -> None:
        """For the package itself; use `AsyncKanban.watch`."""
        self._watcher = watcher
        self._come: list[asyncio.Future[Any]] = []

    def __aiter__(self) -> AsyncWatch:
        """Itself."""
        return self

    async def __anext__(self) -> Event:
        """The next event, once there is one.

        Raises:
            HistoryGone: The events asked for are not there any more: read the board again. The stream goes on behind
                the error's `seq`.
        """
        coming = self._come.pop(0) if self._come else submit(self._watcher.next())
        try:
            event: Event | None = await coming
        except asyncio.CancelledError:
            # it had come already, and is for the next one to ask
            if not coming.cancelled():
                self._come.append(coming)
            raise
        if event is None:
            raise StopAsyncIteration
        return event

    async def aclose(self) -> None:
        """Ends the stream, also for a task that waits. Ending it again does nothing."""
        self._watcher.close()

    async def __aenter__(self) -> AsyncWatch:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        await self.aclose()
