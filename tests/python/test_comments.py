"""Comments."""

from __future__ import annotations

from typing import Any

import pytest

from kanban_py import ANY, BoardDetail, NotFound, PermissionDenied, VersionConflict


async def test_a_comment_is_read_and_deleted_by_those_who_may(kanban: Any, board: BoardDetail) -> None:
    agent, other = kanban.as_agent("a"), kanban.as_agent("b")
    written = await agent.create_comment("AB-1", "so", metadata={"confidence": 0.5})
    assert await other.get_comment(written.id) == written
    with pytest.raises(PermissionDenied, match="Only a, who wrote the comment"):
        await other.delete_comment(written.id, ANY)
    with pytest.raises(VersionConflict) as refused:
        await agent.delete_comment(written.id, 7)
    assert refused.value.current == written
    gone = await agent.delete_comment(written.id, written.version)
    assert (gone.version, gone.deleted_at, gone.metadata) == (2, gone.updated_at, {"confidence": 0.5})
    with pytest.raises(NotFound) as missing:
        await kanban.get_comment(written.id)
    assert (missing.value.what, missing.value.id) == ("comment", written.id)
    assert (await kanban.list_comments("AB-1")).items == ()
