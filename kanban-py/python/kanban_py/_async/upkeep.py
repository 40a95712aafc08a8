"""Bringing boards in, seeding one, examining all."""

from __future__ import annotations

import os

from kanban_py._arguments import path_or_text
from kanban_py.model import BoardDetail, Diagnosis, ImportReport

from .handle import Handle


class Upkeep(Handle):
    """Bringing boards in, seeding one, examining all."""

    __slots__ = ()

    async def import_beads(self, source: str | os.PathLike[str], board: str) -> ImportReport:
        """Brings in the issues of the tracker "beads" (JSONL), all or nothing.

        Cards that are on the board already (by their external id) stay as they are; dependencies and comments that are
        missing are added. So a second import of the same file changes nothing.

        Args:
            source: Path of the file, or its text: a str that begins with a brace is text.
            board: Name or key of the board to import onto; it is created if there is none.

        Raises:
            Invalid: A line is wrong; `errors[0]["pointer"]` names it. Nothing was imported.
            DependencyCycle: Issues wait for each other in a ring; `path` has their ids there.
            Conflict: Several boards have the name.
            OSError: The file cannot be read.

        Example:
            >>> issue = {"id": "x-1", "title": "Sweep", "status": "open", "priority": 2}
            >>> issue["created_at"] = "2026-01-02T03:04:05Z"
            >>> report = await kanban.import_beads(json.dumps(issue), "Chores")
            >>> report.cards_created, report.by_status
            (1, {'open': 1})
        """
        return await self._call("import_beads", board=board, **path_or_text(source))

    async def seed_demo(self) -> BoardDetail | None:
        """Gives a tenant without workspaces the workspace "default" and the board "Agent Backlog" with a few cards.

        Returns:
            The board, or None when the tenant has a workspace already.

        Example:
            >>> await kanban.seed_demo() is None
            True
        """
        return await self._call("seed_demo")

    async def examine(self) -> Diagnosis:
        """Recomputes the tenant's counters, positions, sequences and visits from the rows they stand for, and compares.

        Changes nothing.

        Example:
            >>> (await kanban.examine()).findings
            ()
        """
        return await self._call("examine")
