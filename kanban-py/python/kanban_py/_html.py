"""How results look in a notebook: plain HTML in its own colours, without scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any, Final

from kanban_py._record import Record
from kanban_py._table import to_records

if TYPE_CHECKING:
    from kanban_py.model import BoardDetail, BoardMetrics, Column

_EDGE: Final = "border:1px solid rgba(128,128,128,.4)"
_TABLE_NAMES: Final = (
    "key",
    "card.key",
    "name",
    "title",
    "card.title",
    "found_in",
    "status",
    "priority",
    "labels",
    "assignees",
    "seq",
    "action",
    "actor_id",
    "body",
    "content_type",
    "size",
    "at",
    "updated_at",
)


def board(board: BoardDetail) -> str:
    """Its columns side by side, each with its count against its limit."""
    columns = "".join(
        f'<div style="{_EDGE};border-radius:6px;padding:6px 12px;min-width:7em">'
        f"<div><b>{escape(column.name)}</b></div>"
        f'<div style="font-size:1.6em">{_count(column)}</div>'
        f'<div style="opacity:.7">{escape(column.kind)}{_full(column)}</div>'
        "</div>"
        for column in board.columns
    )
    archived = "" if board.archived_at is None else " (archived)"
    return (
        f"<div><div><b>{escape(board.key)}</b> {escape(board.name)}{archived}</div>"
        f'<div style="display:flex;gap:8px;margin-top:6px">{columns}</div></div>'
    )


def _count(column: Column) -> str:
    return str(column.cards) if column.wip_limit is None else f"{column.cards} / {column.wip_limit}"


def _full(column: Column) -> str:
    return "" if column.wip_limit is None or column.cards < column.wip_limit else ", full"


def metrics(metrics: BoardMetrics) -> str:
    """The figures that one looks at first, and the columns."""
    window = metrics.window
    efficiency = metrics.flow_efficiency.ratio
    figures = table(
        ("figure", "value"),
        (
            ("finished", f"{metrics.finished} ({metrics.finished_per_day:.2f} a day)"),
            ("in progress", f"{metrics.wip.at_end} (on average {metrics.wip.average:.2f})"),
            ("cycle time, half / 85 of 100", _two(metrics.cycle_time.p50_seconds, metrics.cycle_time.p85_seconds)),
            ("lead time, half / 85 of 100", _two(metrics.lead_time.p50_seconds, metrics.lead_time.p85_seconds)),
            ("flow efficiency", "–" if efficiency is None else f"{efficiency:.0%}"),
            ("reopened", metrics.reopened),
            ("bottleneck", "–" if metrics.bottleneck is None else metrics.bottleneck.name),
        ),
    )
    columns = table(
        ("column", "kind", "cards", "arrivals", "departures"),
        ((flow.name, flow.kind, flow.cards, flow.arrivals, flow.departures) for flow in metrics.columns),
    )
    span = f"{window.since:%Y-%m-%d %H:%M} to {window.until:%Y-%m-%d %H:%M} UTC"
    return f"<div><div><b>{escape(metrics.board)}</b> {span}</div>{figures}{columns}</div>"


def _two(half: float | None, most: float | None) -> str:
    return f"{duration(half)} / {duration(most)}"


def duration(seconds: float | None) -> str:
    """A length of time in the largest unit of which it has one."""
    if seconds is None:
        return "–"
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.1f} s"


def page(items: Sequence[Record], has_more: bool) -> str:
    """What a page lists, one a row, by what people know things by."""
    if not items:
        return "<div>nothing</div>"
    rows = to_records(items)
    names = [name for name in _TABLE_NAMES if name in rows[0]]
    more = "<div>and more: go on with next_cursor</div>" if has_more else ""
    return table(names, ([row[name] for name in names] for row in rows)) + more


def table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table; everything in it is text."""
    heads = "".join(f"<th>{escape(name)}</th>" for name in head)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(value)}</td>' for value in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return escape(", ".join(map(str, value)))
    if isinstance(value, datetime):
        return escape(f"{value:%Y-%m-%d %H:%M}")
    return escape(str(value))
