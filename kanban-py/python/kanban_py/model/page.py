"""Pages of lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from kanban_py import _html, _table
from kanban_py._record import Record

T = TypeVar("T", covariant=True)


@dataclass(frozen=True, slots=True)
class Page(Record, Generic[T]):
    """A page of a list; iterating over it gives its items.

    Attributes:
        items: The things on this page.
        next_cursor: Asks for the next page; None on the last one.
    """

    items: tuple[T, ...]
    next_cursor: str | None

    def __iter__(self) -> Iterator[T]:
        """The items, in order."""
        return iter(self.items)

    def __len__(self) -> int:
        """How many items are on this page."""
        return len(self.items)

    def to_records(self) -> list[dict[str, Any]]:
        """Its items as rows for pandas or polars: see `kanban_py.to_records`."""
        return _table.to_records(self.items)  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        """A table, for notebooks."""
        return _html.page(self.items, self.next_cursor is not None)  # type: ignore[arg-type]
