"""What the model of every example would say: claim, update, comment, complete."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Arguments = Callable[[dict[str, Any]], dict[str, Any]]

STEPS: list[tuple[str, Arguments]] = [
    ("claim_task", lambda _: {}),
    ("update_card", lambda card: {"card": card["key"], "version": card["version"], "labels": ["tests"]}),
    ("add_comment", lambda card: {"card": card["key"], "body": "The search endpoint has no test."}),
    ("complete_task", lambda _: {"card": "AB-1", "note": "Found one of them."}),
]
LAST = "AB-1 is done."


def next_call(answers: list[str]) -> tuple[str, dict[str, Any]] | None:
    """The tool to call and its arguments, after these answers of tools; None when all is done."""
    if len(answers) == len(STEPS):
        return None
    name, arguments = STEPS[len(answers)]
    seen = json.loads(answers[-1]) if answers else {}
    assert "error" not in seen, seen
    return name, arguments(seen)
