"""What the operations of `AsyncKanban` stand on."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from kanban_py._kanban import Client
from kanban_py._loops import submit


class Handle:
    """A store, and who acts on it."""

    __slots__ = ("__weakref__", "_client")
    _client: Client

    def _call(self, operation: str, /, **arguments: Any) -> Awaitable[Any]:
        return submit(self._client.prepare(operation, arguments))
