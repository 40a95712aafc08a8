# made from _async/workspaces.py by kanban-py/make-sync; change that one

"""Operations on workspaces."""

from __future__ import annotations

from kanban_py._sentinels import UNSET, Unset
from kanban_py._typing import EMPTY, JsonObject, Version
from kanban_py.model import Page, Workspace

from .handle import Handle


class Workspaces(Handle):
    """Operations on workspaces."""

    __slots__ = ()

    def create_workspace(self, name: str, *, description: str = "", metadata: JsonObject = EMPTY) -> Workspace:
        """Creates a workspace.

        Args:
            name: Its name: 1 to 256 characters, unique among the tenant's workspaces.
            description: What it is for, at most 16 KiB.
            metadata: Anything to keep with it, at most 16 KiB of JSON.

        Raises:
            Invalid: A member breaks a rule.
            Duplicate: The tenant has one of that name.

        Example:
            >>> workspace = kanban.create_workspace("research")
            >>> workspace.name
            'research'
        """
        return self._call("create_workspace", name=name, description=description, metadata=metadata)

    def get_workspace(self, workspace_id: str) -> Workspace:
        """Reads a workspace.

        Args:
            workspace_id: Its id.

        Raises:
            NotFound: There is none with this id.

        Example:
            >>> (kanban.get_workspace(board.workspace_id)).name
            'default'
        """
        return self._call("get_workspace", workspace_id=workspace_id)

    def list_workspaces(self, *, limit: int = 50, cursor: str | None = None) -> Page[Workspace]:
        """Lists the tenant's workspaces, oldest first.

        Args:
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before; the first page when None.

        Raises:
            Invalid: For a bad limit or cursor.

        Example:
            >>> [workspace.name for workspace in kanban.list_workspaces()]
            ['default']
        """
        return self._call("list_workspaces", limit=limit, cursor=cursor)

    def update_workspace(
        self,
        workspace_id: str,
        version: Version,
        *,
        name: str | Unset = UNSET,
        description: str | Unset = UNSET,
        metadata: JsonObject | Unset = UNSET,
    ) -> Workspace:
        """Changes a workspace's name, description or metadata. What is not given stays.

        Args:
            workspace_id: Its id.
            version: The version you have seen, or `ANY`.
            name: New name.
            description: New description.
            metadata: Merged into the metadata (RFC 7396): None removes a member.

        Raises:
            NotFound: There is no such workspace.
            VersionConflict: It has another version by now.
            Invalid: A member breaks a rule.
            Duplicate: The tenant has one of that name.

        Example:
            >>> (kanban.update_workspace(board.workspace_id, 1, metadata={"team": "platform"})).metadata
            {'team': 'platform'}
        """
        return self._call(
            "update_workspace",
            workspace_id=workspace_id,
            version=version,
            name=name,
            description=description,
            metadata=metadata,
        )

    def delete_workspace(self, workspace_id: str, version: Version) -> Workspace:
        """Deletes a workspace that no board is in any more; an archived board is still in it.

        Args:
            workspace_id: Its id.
            version: The version you have seen, or `ANY`.

        Raises:
            NotFound: There is no such workspace.
            VersionConflict: It has another version by now.
            Conflict: Boards are in it.

        Example:
            >>> workspace = kanban.create_workspace("trial")
            >>> (kanban.delete_workspace(workspace.id, workspace.version)).deleted_at is not None
            True
        """
        return self._call("delete_workspace", workspace_id=workspace_id, version=version)
