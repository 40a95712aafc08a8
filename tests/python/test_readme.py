"""The README's stories do what they tell, word for word."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kanban_py import Kanban
from support.server import REPO, binary, serving

README = (REPO / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_curl_story(blocking: Kanban, url: str) -> None:
    stories = "".join(block for block in blocks("sh") if "curl" in block)
    with serving(binary(), url) as address:
        story = stories.replace("http://127.0.0.1:8080", address)
        done = subprocess.run(["bash", "-e"], input=story, capture_output=True, text=True, check=True, timeout=60)
    assert '"title":"Find the API endpoints without tests"' in done.stdout
    assert '"epoch":1' in done.stdout
    assert '"status":"done"' in done.stdout
    assert 'etag: "1"' in done.stdout.lower()
    assert '"priority":"high"' in done.stdout
    assert '"code":"version_conflict"' in done.stdout
    assert '"flow_efficiency"' in done.stdout
    assert '"until_done":{"cards":20,' in done.stdout
    assert '"finished":1,' in done.stdout
    assert '"agent_id":"claude-1","items":' in done.stdout
    assert '{"dry_run":true,"items":[{"action":"update"' in done.stdout
    assert blocking.get_card("AB-2").priority == "high"


@pytest.mark.filterwarnings("default")
def test_the_python_story() -> None:
    (story,) = blocks("python")
    with tempfile.TemporaryDirectory(prefix="kanban-readme-", dir="/tmp") as folder:
        # the user that runs PostgreSQL must reach it, also when the tests run as root
        Path(folder).chmod(0o755)
        command = [sys.executable, "-W", "error", "-c", story]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "AB-1 done\n", "")


def test_the_two_commands_are_there() -> None:
    (commands,) = (block for block in blocks("sh") if "scripts/test" in block)
    assert "cargo run --release -p kanban-server" in commands
    assert (REPO / "scripts" / "test").stat().st_mode & 0o111
