"""Attachments."""

from __future__ import annotations

from typing import Any

import pytest

from kanban_py import ANY, Invalid, NotFound, VersionConflict


async def test_an_attachment_is_noted_read_listed_and_taken_off(kanban: Any) -> None:
    checksum = f"sha256:{'0a' * 32}"
    log = await kanban.create_attachment(
        "AB-1",
        "Grüße.log",
        "https://example.org/a%20b.log",
        content_type="text/plain; charset=utf-8",
        size=2**53 - 1,
        checksum=checksum,
        metadata={"lines": 812},
    )
    assert (log.name, log.url, log.size) == ("Grüße.log", "https://example.org/a%20b.log", 2**53 - 1)
    assert (log.content_type, log.checksum, log.metadata) == ("text/plain; charset=utf-8", checksum, {"lines": 812})
    assert await kanban.get_attachment(log.id) == log
    plan = await kanban.create_attachment("AB-1", "plan", "s3://bucket/plan")
    assert (plan.content_type, plan.size, plan.checksum, plan.metadata) == (None, None, None, {})
    first = await kanban.list_attachments("AB-1", limit=1)
    second = await kanban.list_attachments("AB-1", limit=1, cursor=first.next_cursor)
    assert first.items + second.items == (log, plan)
    with pytest.raises(VersionConflict) as refused:
        await kanban.delete_attachment(log.id, 7)
    assert refused.value.current == log
    assert (await kanban.delete_attachment(log.id, log.version)).deleted_at is not None
    with pytest.raises(NotFound):
        await kanban.delete_attachment(log.id, ANY)


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"url": "javascript:alert(1)"}, "/url"),
        ({"url": "https://ada:secret@example.org"}, "/url"),
        ({"content_type": "pdf"}, "/content_type"),
        ({"size": -1}, "/size"),
        ({"checksum": "sha256:0"}, "/checksum"),
    ],
)
async def test_what_cannot_be_is_refused(kanban: Any, wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        await kanban.create_attachment(**{"card": "AB-1", "name": "a", "url": "https://example.org", **wrong})
    assert refused.value.errors[0]["pointer"] == pointer
