"""What all results have in common."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime, timezone
from typing import Any, TypeVar

from kanban_py._sentinels import UNSET

R = TypeVar("R", bound="Record")

_FORM = "%Y-%m-%dT%H:%M:%S.%fZ"


class Record:
    """A frozen result of the board: compares by value, pickles, matches by position and by name."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values in the shape of the REST answer: times as text, tuples as lists, nothing UNSET."""
        members = ((name, getattr(self, name)) for name in _members(type(self)))
        return {name: _plain(value) for name, value in members if value is not UNSET}

    @classmethod
    def from_dict(cls: type[R], data: Mapping[str, Any]) -> R:
        """The other way round.

        Args:
            data: What `to_dict` or a REST answer gave. Members that are absent there become UNSET where they may, else
                None.
        """
        defaults = {field.name: field.default for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
        members = ((name, read) for name, read in _readers(cls) if name in data or defaults[name] is not UNSET)
        return cls(**{name: read(data.get(name)) for name, read in members})


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, datetime):
        # strftime writes years before 1000 without their zeros
        return f"{value.year:04}{value.astimezone(timezone.utc).strftime(_FORM)[-23:]}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _members(cls: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(cls))


_READERS: dict[type[Any], tuple[tuple[str, Callable[[Any], Any]], ...]] = {}


def _readers(cls: type[Any]) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    # hints are resolved once for each class
    if cls not in _READERS:
        hints = typing.get_type_hints(cls)
        _READERS[cls] = tuple((name, _reader(hints[name])) for name in _members(cls))
    return _READERS[cls]


def _reader(hint: Any) -> Callable[[Any], Any]:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        inner = _reader(next(part for part in typing.get_args(hint) if part is not type(None)))
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        item = _reader(typing.get_args(hint)[0])
        return lambda value: tuple(item(part) for part in value)
    if hint is datetime:
        return lambda text: datetime.fromisoformat(text.replace("Z", "+00:00"))
    if hint is date:
        return date.fromisoformat
    if isinstance(hint, type) and issubclass(hint, Record):
        return hint.from_dict
    return lambda value: value
