# made from _async/cards.py by kanban-py/make-sync; change that one

"""Operations on cards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kanban_py._sentinels import UNSET, Unset
from kanban_py._typing import EMPTY, CardField, CardSort, ColumnKind, JsonObject, Priority, Version
from kanban_py.model import Card, Link, Page, PartialCard

from .handle import Handle


class Cards(Handle):
    """Operations on cards."""

    __slots__ = ()

    def create_card(
        self,
        column_id: str,
        title: str,
        *,
        description: str = "",
        labels: Sequence[str] = (),
        assignees: Sequence[str] = (),
        priority: Priority = "medium",
        due_at: datetime | None = None,
        fields: JsonObject = EMPTY,
        links: Sequence[Link] = (),
        agent_context: JsonObject = EMPTY,
        workflow_state: JsonObject = EMPTY,
        external_id: str | None = None,
        after_id: str | None = None,
        before_id: str | None = None,
        position: int | None = None,
    ) -> Card:
        """Creates a card in a column, at its end unless a place is given.

        Args:
            column_id: The column's id.
            title: What is to be done, in one line: 1 to 256 characters.
            description: What is to be done, at length: at most 16 KiB.
            labels: At most 64 labels of at most 256 characters.
            assignees: Ids of the agents and people who may work on it, at most 64; anybody when empty.
            priority: How urgent it is.
            due_at: When it should be finished; aware.
            fields: Fields of your own, at most 16 KiB of JSON.
            links: Links to elsewhere, at most 64 and 16 KiB.
            agent_context: What agents need to know to work on it, at most 16 KiB of JSON.
            workflow_state: State of the agent framework's workflow, at most 16 KiB of JSON.
            external_id: Its id in another system, unique on its board: 1 to 256 characters.
            after_id: Right behind this card of the same column, by id or key. Give at most one place.
            before_id: Right before this card of the same column, by id or key.
            position: Zero-based place in the column.

        Raises:
            Invalid: A member breaks a rule, or the neighbour is not in that column.
            NotFound: There is no such column.
            WipLimit: The column is full.
            Duplicate: The board has a card with that external id.

        Example:
            >>> card = kanban.create_card(board.columns[0].id, "Fix the login", priority="high", labels=["bug"])
            >>> card.key, card.status, card.labels
            ('AB-4', 'todo', ('bug',))
        """
        return self._call(
            "create_card",
            column_id=column_id,
            title=title,
            description=description,
            labels=labels,
            assignees=assignees,
            priority=priority,
            due_at=due_at,
            fields=fields,
            links=links,
            agent_context=agent_context,
            workflow_state=workflow_state,
            external_id=external_id,
            after_id=after_id,
            before_id=before_id,
            position=position,
        )

    def get_card(self, card: str) -> Card:
        """Reads a card.

        Args:
            card: Its id or key.

        Raises:
            NotFound: There is none with this id or key, or it is deleted.

        Example:
            >>> (kanban.get_card("AB-1")).priority
            'high'
        """
        return self._call("get_card", card=card)

    def list_cards(
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
        cursor: str | None = None,
    ) -> Page[Card]:
        """Lists a board's cards: those that pass every filter, as they stand on the board unless sorted otherwise.

        Pages follow each other by a cursor: cards that nobody touches meanwhile come exactly once, also while others
        are created, moved and changed.

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
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before, with the same filters and order; the first page when None.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad filter, limit or cursor.

        Example:
            >>> [card.key for card in kanban.list_cards("AB", ready=True)]
            ['AB-1']
            >>> [card.key for card in kanban.list_cards("AB", sort="-created_at")]
            ['AB-3', 'AB-2', 'AB-1']
        """
        return self._call(
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

    def pick_cards(
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
        cursor: str | None = None,
    ) -> Page[PartialCard]:
        """Lists cards as `list_cards` does, with only the members that are picked: the others are not read at all.

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
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before, with the same filters and order; the first page when None.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad field, filter, limit or cursor.

        Example:
            >>> page = kanban.pick_cards("AB", ["title", "priority"], ready=True)
            >>> [(card.key, card.priority, card.description) for card in page]
            [('AB-1', 'high', UNSET)]
        """
        return self._call(
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

    def update_card(
        self,
        card: str,
        version: Version,
        *,
        title: str | Unset = UNSET,
        description: str | Unset = UNSET,
        labels: Sequence[str] | Unset = UNSET,
        assignees: Sequence[str] | Unset = UNSET,
        priority: Priority | Unset = UNSET,
        due_at: datetime | Unset | None = UNSET,
        fields: JsonObject | Unset = UNSET,
        links: Sequence[Link] | Unset = UNSET,
        agent_context: JsonObject | Unset = UNSET,
        workflow_state: JsonObject | Unset = UNSET,
        external_id: str | Unset | None = UNSET,
    ) -> Card:
        """Changes what a card says. What is not given stays; None clears.

        Args:
            card: Its id or key.
            version: The version you have seen, or `ANY`.
            title: New title.
            description: New description.
            labels: The labels to have from now on.
            assignees: The assignees to have from now on.
            priority: New priority.
            due_at: New due date, aware; None removes it.
            fields: Merged into the fields (RFC 7396): None removes a member.
            links: The links to have from now on.
            agent_context: Merged into the agent context.
            workflow_state: Merged into the workflow state.
            external_id: New id in another system; None removes it.

        Raises:
            NotFound: There is no such card.
            VersionConflict: It has another version by now; `current` is the card as it is.
            Invalid: A member breaks a rule.
            Claimed: Another agent works on it, and you are an agent.
            StaleClaim: The claim this handle works under is over.

        Example:
            >>> card = kanban.get_card("AB-1")
            >>> card = kanban.update_card("AB-1", card.version, fields={"estimate": 3})
            >>> card.fields, card.version
            ({'estimate': 3}, 2)
        """
        return self._call(
            "update_card",
            card=card,
            version=version,
            title=title,
            description=description,
            labels=labels,
            assignees=assignees,
            priority=priority,
            due_at=due_at,
            fields=fields,
            links=links,
            agent_context=agent_context,
            workflow_state=workflow_state,
            external_id=external_id,
        )

    def move_card(
        self,
        card: str,
        version: Version,
        column_id: str,
        *,
        after_id: str | None = None,
        before_id: str | None = None,
        position: int | None = None,
    ) -> Card:
        """Moves a card to a column, of its own board or another; to its end unless a place is given. It keeps its key.

        Args:
            card: Its id or key.
            version: The version you have seen, or `ANY`.
            column_id: The column's id.
            after_id: Right behind this card of that column, by id or key. Give at most one place.
            before_id: Right before this card of that column, by id or key.
            position: Zero-based place in that column.

        Raises:
            NotFound: There is no such card or column.
            VersionConflict: The card has another version by now; `current` is the card as it is.
            WipLimit: The column is full.
            Invalid: The neighbour is not in that column.
            Claimed: Another agent works on it, and you are an agent.
            StaleClaim: The claim this handle works under is over.

        Example:
            >>> (kanban.move_card("AB-1", 1, board.columns[1].id)).status
            'doing'
        """
        return self._call(
            "move_card",
            card=card,
            version=version,
            column_id=column_id,
            after_id=after_id,
            before_id=before_id,
            position=position,
        )

    def reorder_card(
        self,
        card: str,
        version: Version,
        *,
        after_id: str | None = None,
        before_id: str | None = None,
        position: int | None = None,
    ) -> Card:
        """Moves a card within its column; to its end unless a place is given.

        Args:
            card: Its id or key.
            version: The version you have seen, or `ANY`.
            after_id: Right behind this card of its column, by id or key. Give at most one place.
            before_id: Right before this card of its column, by id or key.
            position: Zero-based place in its column.

        Raises:
            NotFound: There is no such card.
            VersionConflict: It has another version by now; `current` is the card as it is.
            Invalid: The neighbour is not in its column.
            Claimed: Another agent works on it, and you are an agent.
            StaleClaim: The claim this handle works under is over.

        Example:
            >>> card = kanban.reorder_card("AB-3", ANY, position=0)
            >>> [card.key for card in kanban.list_cards("AB")]
            ['AB-3', 'AB-1', 'AB-2']
        """
        return self._call(
            "reorder_card",
            card=card,
            version=version,
            after_id=after_id,
            before_id=before_id,
            position=position,
        )

    def delete_card(self, card: str, version: Version) -> Card:
        """Deletes a card: it leaves every list, holds nothing back any more, and can be restored.

        Args:
            card: Its id or key.
            version: The version you have seen, or `ANY`.

        Raises:
            NotFound: There is no such card.
            VersionConflict: It has another version by now; `current` is the card as it is.
            Claimed: Another agent works on it, and you are an agent.
            StaleClaim: The claim this handle works under is over.

        Example:
            >>> (kanban.delete_card("AB-1", 1)).deleted_at is not None
            True
        """
        return self._call("delete_card", card=card, version=version)

    def restore_card(self, card: str, version: Version) -> Card:
        """Brings a deleted card back, to the end of the column it was in. A card that is not deleted stays as it is.

        Args:
            card: Its id or key.
            version: The version you have seen, or `ANY`.

        Raises:
            NotFound: There never was such a card.
            VersionConflict: It has another version by now.
            WipLimit: The column is full.

        Example:
            >>> deleted = kanban.delete_card("AB-1", 1)
            >>> (kanban.restore_card("AB-1", deleted.version)).deleted_at is None
            True
        """
        return self._call("restore_card", card=card, version=version)
