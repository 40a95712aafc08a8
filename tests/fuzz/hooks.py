"""What the fuzzer has to be told about the API beyond its document."""

from __future__ import annotations

import itertools
import os
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoverageScenario

NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
_numbers = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Lets each call mean what the fuzzer means by it."""
    own = os.environ.get("KANBAN_FUZZ_TOKEN_ID")
    if case.operation.method.upper() == "DELETE" and own in (case.path_parameters or {}).values():
        # it would lock itself out
        case.path_parameters["id"] = NOBODY
    headers = case.headers
    if not headers or case.meta is None:
        return
    if getattr(case.meta.phase.data, "scenario", None) == CoverageScenario.MISSING_PARAMETER:
        # the fuzzer takes a case that was touched for whole again, and sends what was to be missing
        return
    if case.meta.generation.mode.is_positive:
        # the generator takes an ETag's quotes for JSON's, and the text for a number
        tag = headers.get("If-Match")
        if tag and tag.isdecimal():
            headers["If-Match"] = f'"{tag}"'
        # a key that stands for another request is refused: each gets a number of its own
        key = headers.get("Idempotency-Key")
        if key and len(key) < 200:
            headers["Idempotency-Key"] = f"{key}-{os.getpid()}-{next(_numbers)}"
    else:
        # where the caller prefers lenience, a text over its limit is cut and no mistake
        headers.pop("Prefer", None)
