# made from _async/iterators.py by kanban-py/make-sync; change that one

# made from the lists beside it by kanban-py/make-sync; change that or those

"""Lists as iterators: all there is, fetched page by page as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from kanban_py._typing import Action, CardField, CardSort, ColumnKind, EntityType, Priority
from kanban_py.model import (
    Attachment,
    Board,
    Card,
    Comment,
    Event,
    Page,
    PartialCard,
    SearchHit,
    Tasks,
    Tenant,
    Token,
    Workspace,
)

from .handle import Handle


class Iterators(Handle):
    """Lists as iterators."""

    __slots__ = ()

    def iter_attachments(
        self,
        card: str,
        *,
        limit: int = 50,
    ) -> Iterator[Attachment]:
        """Goes through all that `list_attachments` lists, page by page; see there.

        Args:
            card: Id or key of the card.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such card.
            Invalid: For a bad limit.

        Example:
            >>> [item.name for item in kanban.iter_attachments("AB-1")]
            []
        """
        cursor: str | None = None
        while True:
            page: Page[Attachment] = self._call(
                "list_attachments",
                card=card,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_audit(
        self,
        *,
        board_id: str | None = None,
        entity_type: EntityType | None = None,
        entity_id: str | None = None,
        actor: str | None = None,
        action: Action | None = None,
        at_after: datetime | None = None,
        at_before: datetime | None = None,
        limit: int = 50,
    ) -> Iterator[Event]:
        """Goes through all that `list_audit` lists, page by page; see there.

        Args:
            board_id: In the history of this board, by id or key; also after it was deleted.
            entity_type: About things of this kind.
            entity_id: About this thing, by id, or for a card or board by key.
            actor: What this actor did, by its id.
            action: Of this kind.
            at_after: At this moment or later; aware.
            at_before: Before this moment.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such board, card or key.
            Invalid: For a bad filter or limit.

        Example:
            >>> [item.action for item in kanban.iter_audit(entity_id="AB-1")]
            ['card.created']
        """
        cursor: str | None = None
        while True:
            page: Page[Event] = self._call(
                "list_audit",
                board_id=board_id,
                entity_type=entity_type,
                entity_id=entity_id,
                actor=actor,
                action=action,
                at_after=at_after,
                at_before=at_before,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_boards(
        self,
        *,
        workspace_id: str | None = None,
        archived: bool | None = None,
        limit: int = 50,
    ) -> Iterator[Board]:
        """Goes through all that `list_boards` lists, page by page; see there.

        Args:
            workspace_id: Only those in this workspace.
            archived: Only archived ones, or only the others; all when None.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            Invalid: For a bad limit.

        Example:
            >>> [item.key for item in kanban.iter_boards()]
            ['AB']
        """
        cursor: str | None = None
        while True:
            page: Page[Board] = self._call(
                "list_boards",
                workspace_id=workspace_id,
                archived=archived,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_cards(
        self,
        board: str,
        *,
        column_id: str | None = None,
        labels: Sequence[str] = (),
        assignee: str | None = None,
        priority: Priority | None = None,
        status: ColumnKind | None = None,
        due_before: datetime | None = None,
        due_after: datetime | None = None,
        created_before: datetime | None = None,
        created_after: datetime | None = None,
        updated_before: datetime | None = None,
        updated_after: datetime | None = None,
        ready: bool | None = None,
        external_id: str | None = None,
        sort: CardSort = "position",
        limit: int = 50,
    ) -> Iterator[Card]:
        """Goes through all that `list_cards` lists, page by page; see there.

        Args:
            board: The board's id or key.
            column_id: In this column.
            labels: With all of these labels.
            assignee: Assigned to this agent or person.
            priority: Of this priority.
            status: In a column of this kind.
            due_before: Due before this moment; aware.
            due_after: Due at this moment or later.
            created_before: Created before this moment.
            created_after: Created at this moment or later.
            updated_before: Changed last before this moment.
            updated_after: Changed last at this moment or later.
            ready: Whether it can be started now: queued, not blocked, not under a live lease.
            external_id: With this id in another system.
            sort: In what order: `position` (as they stand on the board), `created_at`, `updated_at`, `priority` (most
                urgent first) or `due_at` (those without a due date last); the reverse with `-` in front.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad filter or limit.

        Example:
            >>> [item.key for item in kanban.iter_cards("AB", limit=2)]
            ['AB-1', 'AB-2', 'AB-3']
        """
        cursor: str | None = None
        while True:
            page: Page[Card] = self._call(
                "list_cards",
                board=board,
                column_id=column_id,
                labels=labels,
                assignee=assignee,
                priority=priority,
                status=status,
                due_before=due_before,
                due_after=due_after,
                created_before=created_before,
                created_after=created_after,
                updated_before=updated_before,
                updated_after=updated_after,
                ready=ready,
                external_id=external_id,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_comments(
        self,
        card: str,
        *,
        limit: int = 50,
    ) -> Iterator[Comment]:
        """Goes through all that `list_comments` lists, page by page; see there.

        Args:
            card: Id or key of the card.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such card.
            Invalid: For a bad limit.

        Example:
            >>> [item.body for item in kanban.iter_comments("AB-1")]
            []
        """
        cursor: str | None = None
        while True:
            page: Page[Comment] = self._call(
                "list_comments",
                card=card,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_next_tasks(
        self,
        agent: str,
        *,
        board: str | None = None,
        labels: Sequence[str] = (),
        capabilities: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_after: datetime | None = None,
        due_before: datetime | None = None,
        limit: int = 50,
    ) -> Iterator[Card]:
        """Goes through all that `next_tasks` lists, page by page; see there.

        Args:
            agent: The agent's id.
            board: Only on this board, by id or key; on every board of the tenant when None.
            labels: Only cards with all of these labels.
            capabilities: What the agent can do: only cards that need nothing else. A card says what it needs with
                labels `needs:…`, such as `needs:rust`. When None, the agent can do anything.
            priority: Only cards of this priority.
            due_after: Only cards that are due at this moment or later; it must name its offset from UTC.
            due_before: Only cards that are due before this moment; it must name its offset from UTC.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad filter or limit.

        Example:
            >>> [item.key for item in kanban.iter_next_tasks("claude-1")]
            ['AB-1']
        """
        cursor: str | None = None
        while True:
            page: Tasks = self._call(
                "next_tasks",
                agent=agent,
                board=board,
                labels=labels,
                capabilities=capabilities,
                priority=priority,
                due_after=due_after,
                due_before=due_before,
                explain=False,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_picked_cards(
        self,
        board: str,
        fields: Sequence[CardField],
        *,
        column_id: str | None = None,
        labels: Sequence[str] = (),
        assignee: str | None = None,
        priority: Priority | None = None,
        status: ColumnKind | None = None,
        due_before: datetime | None = None,
        due_after: datetime | None = None,
        created_before: datetime | None = None,
        created_after: datetime | None = None,
        updated_before: datetime | None = None,
        updated_after: datetime | None = None,
        ready: bool | None = None,
        external_id: str | None = None,
        sort: CardSort = "position",
        limit: int = 50,
    ) -> Iterator[PartialCard]:
        """Goes through all that `pick_cards` lists, page by page; see there.

        Args:
            board: The board's id or key.
            fields: The members to have; the id, key and version are always there, the others are `UNSET`.
            column_id: In this column.
            labels: With all of these labels.
            assignee: Assigned to this agent or person.
            priority: Of this priority.
            status: In a column of this kind.
            due_before: Due before this moment; aware.
            due_after: Due at this moment or later.
            created_before: Created before this moment.
            created_after: Created at this moment or later.
            updated_before: Changed last before this moment.
            updated_after: Changed last at this moment or later.
            ready: Whether it can be started now: queued, not blocked, not under a live lease.
            external_id: With this id in another system.
            sort: In what order: `position` (as they stand on the board), `created_at`, `updated_at`, `priority` (most
                urgent first) or `due_at` (those without a due date last); the reverse with `-` in front.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad field, filter or limit.

        Example:
            >>> [item.title for item in kanban.iter_picked_cards("AB", ["title"], ready=True)]
            ['Find the API endpoints without tests']
        """
        cursor: str | None = None
        while True:
            page: Page[PartialCard] = self._call(
                "pick_cards",
                board=board,
                fields=fields,
                column_id=column_id,
                labels=labels,
                assignee=assignee,
                priority=priority,
                status=status,
                due_before=due_before,
                due_after=due_after,
                created_before=created_before,
                created_after=created_after,
                updated_before=updated_before,
                updated_after=updated_after,
                ready=ready,
                external_id=external_id,
                sort=sort,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_search(
        self,
        q: str,
        *,
        board_id: str | None = None,
        archived: bool | None = None,
        column_id: str | None = None,
        labels: Sequence[str] = (),
        assignee: str | None = None,
        priority: Priority | None = None,
        status: ColumnKind | None = None,
        due_before: datetime | None = None,
        due_after: datetime | None = None,
        created_before: datetime | None = None,
        created_after: datetime | None = None,
        updated_before: datetime | None = None,
        updated_after: datetime | None = None,
        ready: bool | None = None,
        external_id: str | None = None,
        limit: int = 50,
    ) -> Iterator[SearchHit]:
        """Goes through all that `search` lists, page by page; see there.

        Args:
            q: Words that have to be there: 1 to 256 characters. `"words in quotes"` stand behind each other, `-word`
                must not be there, and `or` between words lets either side do.
            board_id: Id or key of the only board to search; all when None.
            archived: Whether archived boards are searched too.
            column_id: Only cards in this column.
            labels: Only cards with all of these labels.
            assignee: Only cards assigned to this agent or person.
            priority: Only cards of this priority.
            status: Only cards in a column of this kind.
            due_before: Due before this moment; aware.
            due_after: Due at this moment or later.
            created_before: Created before this moment.
            created_after: Created at this moment or later.
            updated_before: Changed last before this moment.
            updated_after: Changed last at this moment or later.
            ready: Only cards that can be started now, or only others.
            external_id: Only cards with this id in another system.
            limit: The most to fetch at once: 1 to 200.

        Raises:
            NotFound: There is no such board.
            Invalid: There is no word to look for, or a filter or limit is bad.

        Example:
            >>> [item.card.key for item in kanban.iter_search("endpoints")]
            ['AB-1', 'AB-2']
        """
        cursor: str | None = None
        while True:
            page: Page[SearchHit] = self._call(
                "search",
                q=q,
                board_id=board_id,
                archived=archived,
                column_id=column_id,
                labels=labels,
                assignee=assignee,
                priority=priority,
                status=status,
                due_before=due_before,
                due_after=due_after,
                created_before=created_before,
                created_after=created_after,
                updated_before=updated_before,
                updated_after=updated_after,
                ready=ready,
                external_id=external_id,
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_tenants(
        self,
        *,
        limit: int = 50,
    ) -> Iterator[Tenant]:
        """Goes through all that `list_tenants` lists, page by page; see there.

        Args:
            limit: The most to fetch at once: 1 to 200.

        Raises:
            Invalid: For a bad limit.
            PermissionDenied: This handle is not of the tenant `default`.

        Example:
            >>> [item.id for item in kanban.iter_tenants()]
            ['default']
        """
        cursor: str | None = None
        while True:
            page: Page[Tenant] = self._call(
                "list_tenants",
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_tokens(
        self,
        *,
        limit: int = 50,
    ) -> Iterator[Token]:
        """Goes through all that `list_tokens` lists, page by page; see there.

        Args:
            limit: The most to fetch at once: 1 to 200.

        Raises:
            Invalid: For a bad limit.
            PermissionDenied: This handle is a token's without the scope `admin`.

        Example:
            >>> [item.name for item in kanban.iter_tokens()]
            []
        """
        cursor: str | None = None
        while True:
            page: Page[Token] = self._call(
                "list_tokens",
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def iter_workspaces(
        self,
        *,
        limit: int = 50,
    ) -> Iterator[Workspace]:
        """Goes through all that `list_workspaces` lists, page by page; see there.

        Args:
            limit: The most to fetch at once: 1 to 200.

        Raises:
            Invalid: For a bad limit.

        Example:
            >>> [item.name for item in kanban.iter_workspaces()]
            ['default']
        """
        cursor: str | None = None
        while True:
            page: Page[Workspace] = self._call(
                "list_workspaces",
                limit=limit,
                cursor=cursor,
            )
            for item in page:
                yield item
            if page.next_cursor is None:
                return
            cursor = page.next_cursor
