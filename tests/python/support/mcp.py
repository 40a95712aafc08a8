"""MCP clients of the server: the official one in each of its modes, and one that sees the bytes."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters, types

from support.server import serving

LEGACY, MODERN = "2025-11-25", "2026-07-28"


def stdio_command(program: Path, url: str, *more: str) -> list[str]:
    return [str(program), "mcp", "--database-url", url, "--no-demo", *more]


def environment() -> dict[str, str]:
    """The settings of a process that logs little."""
    return {**os.environ, "KANBAN_LOG": "warn"}


@asynccontextmanager
async def connected(way: str, mode: str, program: Path, url: str, **options: Any) -> AsyncIterator[Client]:
    """The official client, by `stdio` or `http`, in the mode `legacy` or of a protocol version."""
    client_info = types.Implementation(name="claude-1", version="1")
    if way == "stdio":
        command, *args = stdio_command(program, url)
        server: Any = StdioServerParameters(command=command, args=args, env=environment())
        async with Client(server, mode=mode, client_info=client_info, **options) as client:
            yield client
    else:
        with serving(program, url) as address:
            async with Client(f"{address}/mcp", mode=mode, client_info=client_info, **options) as client:
                yield client


async def call(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Calls a tool that must succeed; answers what it answered as data."""
    result = await client.call_tool(tool, arguments)
    data = said(result)
    assert not result.is_error, data
    assert result.structured_content in (None, data), "text and data say the same"
    return data


def said(result: types.CallToolResult) -> dict[str, Any]:
    """The JSON in the one text of an answer."""
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    data: dict[str, Any] = json.loads(block.text)
    return data


async def refused(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Calls a tool that must be refused; answers the refusal."""
    result = await client.call_tool(tool, arguments)
    data = said(result)
    assert result.is_error, data
    return data


class Wire:
    """A client of the older lifecycle that speaks JSON-RPC by hand and measures what comes back."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self.bytes: list[int] = []

    def request(self, method: str, **params: Any) -> dict[str, Any]:
        """Sends a request; answers the response and notes the bytes of its result."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        message = {"jsonrpc": "2.0", "id": next(self._ids), "method": method, "params": params}
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        response: dict[str, Any] = json.loads(line)
        assert response["id"] == message["id"], response
        frame = len(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": 0}, separators=(",", ":"))) - 1
        self.bytes.append(len(line.rstrip("\n").encode()) - frame)
        return response

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Calls a tool; answers its result."""
        response = self.request("tools/call", name=tool, arguments=arguments)
        assert "result" in response, response
        result: dict[str, Any] = response["result"]
        return result

    def data(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Calls a tool that must succeed; answers what it answered as data."""
        result = self.call(tool, **arguments)
        data: dict[str, Any] = json.loads(result["content"][0]["text"])
        assert not result.get("isError"), data
        return data

    def notify(self, method: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", "method": method}) + "\n")
        self._process.stdin.flush()


@contextmanager
def wired(program: Path, url: str, agent: str = "claude-1") -> Iterator[Wire]:
    """A process of the server for one client, past its handshake. It must end well when its input ends."""
    command = stdio_command(program, url, "--agent", agent)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment()
    ) as process:
        try:
            wire = Wire(process)
            client = {"name": "wire", "version": "1"}
            wire.request("initialize", protocolVersion=LEGACY, capabilities={}, clientInfo=client)
            wire.notify("notifications/initialized")
            yield wire
            rest, _ = process.communicate(timeout=30)
            assert (process.returncode, rest) == (0, "")
        finally:
            process.kill()
