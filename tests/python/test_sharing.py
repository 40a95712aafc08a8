"""One folder, many programs: Python processes and the Rust server on the same embedded database."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from kanban_py import Kanban
from support.databases import reachable_folder
from support.server import serving_folder
from test_lifecycle import embedded

WORKER = """
import sys
from kanban_py import Kanban, NothingToClaim

done = []
with Kanban.open(sys.argv[1]) as kanban:
    agent = kanban.as_agent(sys.argv[2])
    while True:
        try:
            with agent.claim_next(sys.argv[2], board="AB") as task:
                done.append(task.key)
        except NothingToClaim:
            break
print(*done)
"""


@embedded
def test_processes_of_both_languages_share_a_folder(server: Path) -> None:
    with reachable_folder() as parent:
        folder = parent / "board"
        with Kanban.open(folder) as kanban:
            board = kanban.seed_demo()
            assert board is not None
            keys = {kanban.create_card(board.columns[0].id, f"card {number}").key for number in range(30)}
            with serving_folder(server, folder) as address:
                workers = [
                    subprocess.Popen(
                        [sys.executable, "-W", "error", "-c", WORKER, str(folder), name], stdout=-1, text=True
                    )
                    for name in ("claude-1", "claude-2")
                ]
                done = [worker.communicate(timeout=120)[0].split() for worker in workers]
                assert [worker.returncode for worker in workers] == [0, 0]
                finished = done[0] + done[1]
                assert len(finished) == len(set(finished))
                assert keys <= set(finished)
                with urllib.request.urlopen(f"{address}/v1/boards/AB/cards?status=done&limit=200") as answer:
                    shown = json.load(answer)
                assert {card["key"] for card in shown["items"]} == set(finished)
            # the server has gone, the rest goes on
            assert kanban.get_card("AB-1").status == "done"
        assert not (folder / "pg" / "postmaster.pid").exists()
