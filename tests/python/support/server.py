"""The real server, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]


def binary() -> Path:
    """The server program: the one that is named, the one that was built, or one built now."""
    named = os.environ.get("KANBAN_SERVER_BIN")
    if named:
        return Path(named)
    target = Path(os.environ.get("CARGO_TARGET_DIR") or REPO / "target")
    for profile in ("debug", "release"):
        if (target / profile / "kanban-server").exists():
            return target / profile / "kanban-server"
    subprocess.run(["cargo", "build", "--quiet", "--package", "kanban-server"], cwd=REPO, check=True)
    return target / "debug" / "kanban-server"


@contextmanager
def serving(program: Path, url: str, *, demo: bool = False) -> Iterator[str]:
    """Serves a database; answers where."""
    with _serving(program, "--database-url", url, *([] if demo else ["--no-demo"])) as address:
        yield address


@contextmanager
def serving_folder(program: Path, folder: Path) -> Iterator[str]:
    """Serves the embedded database of a folder; answers where."""
    with _serving(program, "--data-dir", str(folder), "--no-demo") as address:
        yield address


@contextmanager
def _serving(program: Path, *where: str) -> Iterator[str]:
    command = [str(program), "serve", "--bind", "127.0.0.1:0", *where]
    # a pipe that nobody reads would stop the server once its log has filled it
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        assert server.stdout is not None
        for line in server.stdout:
            if line.startswith("listening on "):
                break
        else:
            log.seek(0)
            raise AssertionError(f"the server did not start: {log.read()}")
        try:
            yield line.removeprefix("listening on ").strip()
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=30)
    assert server.returncode == 0
