"""Results as rows, for pandas, polars and whatever else makes a table of dicts."""

from __future__ import annotations

import dataclasses
import json
import typing
from collections.abc import Iterable
from typing import Any

from kanban_py._record import Record
from kanban_py._sentinels import UNSET


def to_records(items: Iterable[Record]) -> list[dict[str, Any]]:
    """Rows for a data frame: `pandas.DataFrame(to_records(page))`, `polars.DataFrame(to_records(page))`.

    Every row has the same columns with the same types. Moments stay aware `datetime`s and days `date`s; a result inside
    a result becomes columns such as `claim.until`; tuples become lists; free JSON objects become JSON text, for each
    may have members of its own. Members that were not picked are left out.

    Args:
        items: Results of one class: a page, what an iterator goes through, a member such as `metrics.days`.

    Raises:
        TypeError: It is not to be gone through with `for`, or holds something that is no result.

    Example:
        >>> rows = to_records(await kanban.list_cards("AB"))
        >>> rows[0]["key"], rows[0]["claim.agent_id"], rows[0]["labels"]
        ('AB-1', None, ['research'])
    """
    if hasattr(items, "__aiter__"):
        raise TypeError("collect what comes asynchronously first: to_records([item async for item in …])")
    return [_row(item) for item in items]


def _row(item: Record) -> dict[str, Any]:
    if not isinstance(item, Record):
        raise TypeError(f"to_records takes results of kanban_py, not {type(item).__name__}")
    return dict(_cells(item, type(item), ""))


def _cells(item: Record | None, cls: type[Record], prefix: str) -> Iterable[tuple[str, Any]]:
    hints = _hints(cls)
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        value = None if item is None else getattr(item, field.name)
        if value is UNSET:
            continue
        inner = _inner(hints[field.name])
        if inner is not None:
            yield from _cells(value, inner, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, _cell(value)


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_row(part) if isinstance(part, Record) else part for part in value]
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value


_HINTS: dict[type[Record], dict[str, Any]] = {}


def _hints(cls: type[Record]) -> dict[str, Any]:
    # resolved once for each class
    if cls not in _HINTS:
        _HINTS[cls] = typing.get_type_hints(cls)
    return _HINTS[cls]


def _inner(hint: Any) -> type[Record] | None:
    """The class of a result inside a result, be it there or not."""
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and issubclass(part, Record) and typing.get_origin(hint) is not tuple:
            return part
    return None
