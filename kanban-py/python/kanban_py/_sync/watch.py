"""A board's events as they happen, to be waited for."""

from __future__ import annotations

from types import TracebackType

from kanban_py._kanban import Watcher
from kanban_py.model import Event


class Watch:
    """A board's events as they happen, in order, each once: iterate with `for`, which waits for the next.

    Made by `Kanban.watch`. It ends when it or the kanban is closed, which another thread may do. Ctrl-C while it waits
    loses no event: the next one to ask gets it. Only one thread may wait at a time.
    """

    __slots__ = ("_watcher",)

    def __init__(self, watcher: Watcher) -> None:
        """For the package itself; use `Kanban.watch`."""
        self._watcher = watcher

    def __iter__(self) -> Watch:
        """Itself."""
        return self

    def __next__(self) -> Event:
        """The next event, once there is one.

        Raises:
            HistoryGone: The events asked for are not there any more: read the board again. The stream goes on behind
                the error's `seq`.
        """
        event: Event | None = self._watcher.next().run()
        if event is None:
            raise StopIteration
        return event

    def close(self) -> None:
        """Ends the stream, also for a thread that waits. Ending it again does nothing."""
        self._watcher.close()

    def __enter__(self) -> Watch:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it."""
        self.close()
