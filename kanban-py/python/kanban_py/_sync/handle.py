"""What the operations of `Kanban` stand on."""

from __future__ import annotations

from typing import Any

from kanban_py._kanban import Client


class Handle:
    """A store, and who acts on it."""

    __slots__ = ("__weakref__", "_client")
    _client: Client

    def _call(self, operation: str, /, **arguments: Any) -> Any:
        return self._client.prepare(operation, arguments).run()
