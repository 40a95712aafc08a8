"""Bringing a board in from beads, from the sample and, where it is shared, from the real tracker."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kanban_py import ANY, Card, DependencyCycle, Invalid, Kanban
from support.beads import COLUMN, FILES, PRIORITY, SAMPLE, counts, moment, raw

LINE = {"id": "x-1", "title": "Sweep", "status": "open", "priority": 2, "created_at": "2026-01-02T03:04:05Z"}


def cards(kanban: Kanban, board: str) -> dict[str, Card]:
    """All cards of a board by their id in the file."""
    found: dict[str, Card] = {}
    cursor = None
    while True:
        page = kanban.list_cards(board, limit=200, cursor=cursor)
        found.update({card.external_id or "": card for card in page})
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_import_reports_what_is_in_the_file_and_a_second_changes_nothing(blocking: Kanban, file: Path) -> None:
    report = blocking.import_beads(file, "Beads")
    counted = counts(file)
    assert {name: getattr(report, name) for name in counted} == counted
    links = sum(counted["by_dependency"].values())
    assert (report.cards_created, report.comments_created) == (counted["cards"], counted["comments"])
    assert report.dependencies_created == links
    assert report.changes == counted["cards"] + links + counted["comments"]
    seq = blocking.get_board(report.board).seq
    again = blocking.import_beads(str(file), report.board)
    assert (again.changes, again.cards_created, again.dependencies_created, again.comments_created) == (0, 0, 0, 0)
    assert {name: getattr(again, name) for name in counted} == counted
    assert blocking.get_board(report.board).seq == seq
    assert blocking.examine().findings == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_issue_becomes_the_card_it_should(blocking: Kanban, file: Path) -> None:
    board = blocking.get_board(blocking.import_beads(file, "Beads").board)
    names = {column.id: column.name for column in board.columns}
    found = cards(blocking, board.key)
    lines = {line["id"]: line for line in raw(file)}
    assert found.keys() == {name for name, line in lines.items() if line["status"] != "tombstone"}
    for name, card in found.items():
        line = lines[name]
        assert names[card.column_id] == COLUMN[line["status"]]
        assert (card.title, card.description) == (line["title"], line.get("description", ""))
        assert card.priority == PRIORITY[line["priority"]]
        assert card.assignees == tuple(filter(None, [line.get("assignee")]))
        assert card.labels[0] == f"type:{line['issue_type']}"
        assert card.labels[1:] == tuple(line.get("labels", []))
        assert card.created_at == moment(line["created_at"])
        assert card.updated_at == moment(line["updated_at"])
        assert card.due_at == (moment(line["due_at"]) if "due_at" in line else None)
        if line["status"] == "closed":
            # clocks there did not always agree
            assert card.finished_at == max(moment(line["closed_at"]), card.created_at)
        for member in ("design", "acceptance_criteria", "notes", "estimated_minutes", "external_ref", "close_reason"):
            assert card.fields.get(member) == line.get(member)
        if "comments" in line:
            written = [(comment.author.id, comment.body) for comment in blocking.list_comments(card.id, limit=200)]
            assert sorted(written) == sorted((comment["author"], comment["text"]) for comment in line["comments"])
    # every link is there once, seen from whichever end
    links = {link.id for card in found.values() for link in blocking.list_dependencies(card.id)}
    deleted = {name for name, line in lines.items() if line["status"] == "tombstone"}
    ends = [link for line in lines.values() for link in line.get("dependencies", [])]
    assert len(links) == sum(not {link["issue_id"], link["depends_on_id"]} <= deleted for link in ends)


def test_a_deleted_issue_can_be_restored(blocking: Kanban) -> None:
    gone = {**LINE, "id": "x-2", "status": "tombstone"}
    report = blocking.import_beads("\n".join(map(json.dumps, (LINE, gone))), "Beads")
    assert set(cards(blocking, report.board)) == {"x-1"}
    assert blocking.restore_card(f"{report.board}-2", ANY).external_id == "x-2"


BROKEN: list[tuple[str, str]] = [
    ("{", "is not an issue"),
    ('"text"', "is not an issue"),
    (json.dumps({**LINE, "id": "x-9", "title": ""}), "/title must not be empty"),
    (json.dumps({**LINE, "id": "x-9", "title": "x" * 300}), "/title has 300 characters"),
    (json.dumps({**LINE, "id": "x-9", "title": "\0"}), "U+0000"),
    (json.dumps({**LINE, "id": "x-9", "status": "unheard"}), 'unknown status "unheard"'),
    (json.dumps({**LINE, "id": "x-9", "priority": 5}), "priority 5"),
    (json.dumps({**LINE, "id": "x-9", "created_at": "yesterday"}), "expected an RFC 3339 time"),
    (json.dumps({key: value for key, value in LINE.items() if key != "id"}), "missing field `id`"),
    (json.dumps(LINE), "repeats the id x-1 of line 1"),
]


def link(issue: str, other: str, kind: str) -> dict[str, Any]:
    return {"issue_id": issue, "depends_on_id": other, "type": kind, "created_at": LINE["created_at"]}


@pytest.mark.parametrize(("line", "why"), BROKEN)
def test_a_broken_line_is_named_and_nothing_is_imported(blocking: Kanban, line: str, why: str) -> None:
    text = f"{json.dumps(LINE)}\n\n{line}\n"
    with pytest.raises(Invalid) as refused:
        blocking.import_beads(text, "Beads")
    (error,) = refused.value.errors
    assert error["pointer"] == "line 3"
    assert why in error["detail"]
    assert error["detail"].endswith("Nothing was imported")
    for board in blocking.list_boards():
        assert board.key == "AB" or not cards(blocking, board.key)


@pytest.mark.parametrize(
    ("issue", "why"),
    [
        ({"dependencies": [link("x-9", "x-0", "blocks")]}, "x-0, which is not in the file"),
        ({"dependencies": [link("x-9", "x-1", "needs")]}, 'unknown type "needs"'),
        ({"dependencies": [link("x-9", "x-9", "blocks")]}, "on itself"),
        ({"comments": [{"id": 1, "author": "a", "text": "", "created_at": LINE["created_at"]}]}, "must not be empty"),
    ],
)
def test_a_broken_link_or_comment_is_named_too(blocking: Kanban, issue: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid, match=f"line 2 .*{why}"):
        blocking.import_beads(f"{json.dumps(LINE)}\n{json.dumps({**LINE, 'id': 'x-9', **issue})}", "Beads")
    for board in blocking.list_boards():
        assert board.key == "AB" or not cards(blocking, board.key)


def test_issues_that_wait_for_each_other_are_refused(blocking: Kanban) -> None:
    first = {**LINE, "dependencies": [link("x-1", "x-2", "blocks")]}
    second = {**LINE, "id": "x-2", "dependencies": [link("x-2", "x-1", "blocks")]}
    with pytest.raises(DependencyCycle) as refused:
        blocking.import_beads("\n".join(map(json.dumps, (first, second))), "Beads")
    assert set(refused.value.path) == {"x-1", "x-2"}


async def test_a_source_is_a_path_or_a_text(kanban: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as missing:
        await kanban.import_beads(tmp_path / "none.jsonl", "Beads")
    assert missing.value.filename == str(tmp_path / "none.jsonl")
    with pytest.raises(IsADirectoryError):
        await kanban.import_beads(tmp_path, "Beads")
    with pytest.raises(TypeError, match="source must be a str or a path, not bytes"):
        await kanban.import_beads(b"{}", "Beads")
    with pytest.raises(Invalid, match="holds no issues"):
        await kanban.import_beads("", "Beads")
    text = await kanban.import_beads(SAMPLE.read_text("utf-8"), "Beads")
    path = await kanban.import_beads(SAMPLE, "Beads")
    assert (text.cards_created, path.changes) == (400, 0)
