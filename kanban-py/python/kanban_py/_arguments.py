"""Arguments that both clients shape in the same way."""

from __future__ import annotations

import getpass
import os
from typing import Any

from kanban_py.model import Actor


def actor_or_user(actor: Actor | str | None) -> Actor:
    """Who acts: a plain str is a person's id, None the user of this machine."""
    if isinstance(actor, Actor):
        return actor
    if isinstance(actor, str):
        return Actor.human(actor)
    if actor is not None:
        raise TypeError(f"actor must be a kanban_py.Actor or a str, not {type(actor).__name__}")
    try:
        return Actor.human(getpass.getuser())
    except (ImportError, KeyError, OSError):
        # a container may run under a uid without a name
        return Actor.human("python")


def core_actor(actor: Actor) -> dict[str, Any]:
    """The actor as the core takes it."""
    return {"kind": actor.kind, "id": actor.id, "run_id": actor.run_id, "context": actor.context}


def path_or_text(source: str | os.PathLike[str]) -> dict[str, str | None]:
    """Tells a file's path from the text of one: JSON lines begin with a brace, and no sensible path does."""
    if isinstance(source, str) and source.lstrip()[:1] in ("{", ""):
        return {"path": None, "text": source}
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(f"source must be a str or a path, not {type(source).__name__}")
    return {"path": os.fspath(source), "text": None}
