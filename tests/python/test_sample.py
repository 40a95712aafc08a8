"""The sample board in tests/data."""

from __future__ import annotations

import subprocess
import sys

from support.beads import COLUMN, REPO, SAMPLE, counts, issues


def make(*arguments: str) -> bytes:
    program = REPO / "scripts" / "make-beads-sample"
    return subprocess.run(
        [sys.executable, program, "--out", "-", *arguments], stdout=subprocess.PIPE, check=True
    ).stdout


def test_the_sample_is_what_its_generator_makes() -> None:
    assert make() == SAMPLE.read_bytes(), "run scripts/make-beads-sample"
    assert make("--seed", "1") != SAMPLE.read_bytes()


def test_the_sample_shows_everything_the_format_has() -> None:
    counted = counts(SAMPLE)
    assert counted["by_status"].keys() == COLUMN.keys() | {"tombstone"}
    assert len(counted["by_priority"]) == 5
    assert counted["by_dependency"].keys() == {
        "blocks",
        "parent-child",
        "parent_child",
        "discovered-from",
        "discovered_from",
        "related",
        "relates-to",
        "relates_to",
        "duplicates",
        "supersedes",
        "replies-to",
        "replies_to",
    }
    board = issues(SAMPLE)
    for issue in board.values():
        # older ones only: nothing dangles and nothing goes round in a circle
        assert all((board[other].created, other) != (issue.created, issue.id) for other in issue.waits_for)
        assert all(board[other].created <= issue.created for other in issue.waits_for)
