"""Results in notebooks and data frames."""

from __future__ import annotations

import html
import html.parser
from datetime import date, datetime, timezone
from typing import Any

import pytest

from kanban_py import ANY, BoardDetail, Kanban, Link, to_records


class Page(html.parser.HTMLParser):
    """What HTML shows, and whether every element that begins also ends."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        assert tag not in ("script", "b1")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def shown(result: Any) -> list[str]:
    return Page(result._repr_html_()).texts


def test_a_board_shows_its_columns(blocking: Kanban) -> None:
    board = blocking.get_board("AB")
    assert shown(board) == ["AB", " Agent Backlog", "Todo", "3", "todo", "Doing", "0", "doing", "Done", "0", "done"]
    blocking.update_column(board.columns[0].id, ANY, name="<script>1</script>", wip_limit=3)
    assert shown(blocking.get_board("AB"))[2:5] == ["<script>1</script>", "3 / 3", "todo, full"]
    empty = blocking.create_board("None & such", template="empty", key="NO")
    assert shown(empty) == ["NO", " None & such"]
    assert "(archived)" in blocking.update_board("NO", empty.version, archived=True)._repr_html_()


def test_metrics_show_their_figures(blocking: Kanban) -> None:
    before = shown(blocking.board_metrics("AB"))
    assert before[before.index("flow efficiency") + 1] == "–"
    with blocking.claim_next("claude-1"):
        pass
    texts = shown(blocking.board_metrics("AB"))
    assert texts[0] == "AB"
    assert texts[texts.index("finished") + 1].startswith("1 (")
    assert texts[texts.index("cycle time, half / 85 of 100") + 1].endswith(" s")
    columns = texts[texts.index("departures") + 1 :]
    assert columns[:3] == ["Todo", "todo", "2"]


def test_a_page_shows_a_table(blocking: Kanban) -> None:
    blocking.update_card("AB-1", 1, title="<b1>&")
    texts = shown(blocking.list_cards("AB", limit=2))
    assert texts[:5] == ["key", "title", "status", "priority", "labels"]
    assert texts[texts.index("AB-1") :][:2] == ["AB-1", "<b1>&"]
    assert texts[-1] == "and more: go on with next_cursor"
    assert shown(blocking.list_comments("AB-1")) == ["nothing"]
    assert "AB-2" in shown(blocking.search("AB-2"))
    assert "card.created" in shown(blocking.list_audit())
    assert "priority" not in shown(blocking.pick_cards("AB", ["title"]))


def test_records_are_rows_of_one_shape(blocking: Kanban, board: BoardDetail) -> None:
    blocking.claim_next("claude-1")
    blocking.update_card("AB-2", 1, fields={"é": 3}, links=[Link("https://example.com/x")])
    rows = to_records(blocking.iter_cards("AB", sort="created_at"))
    assert rows == blocking.list_cards("AB", sort="created_at").to_records()
    assert len({tuple(row) for row in rows}) == 1
    first, second, third = rows
    assert (first["claim.agent_id"], first["claim.epoch"], second["claim.epoch"]) == ("claude-1", 1, None)
    assert (first["created_by.kind"], first["created_by.id"]) == ("human", "ada")
    assert (second["fields"], third["fields"]) == ('{"é": 3}', "{}")
    assert second["links"] == [{"url": "https://example.com/x", "title": None}]
    assert isinstance(first["created_at"], datetime)
    assert first["created_at"].tzinfo == timezone.utc
    days = to_records(blocking.board_metrics("AB").days)
    assert {type(row["day"]) for row in days} == {date}
    picked = to_records(blocking.pick_cards("AB", ["title"]))
    assert {tuple(row) for row in picked} == {("id", "key", "version", "title")}
    assert to_records([]) == []


async def test_what_is_no_result_makes_no_row(awaiting: Any) -> None:
    with pytest.raises(TypeError, match="collect what comes asynchronously first"):
        to_records(awaiting.iter_cards("AB"))
    with pytest.raises(TypeError, match="not dict"):
        to_records([{"key": "AB-1"}])  # type: ignore[list-item]
