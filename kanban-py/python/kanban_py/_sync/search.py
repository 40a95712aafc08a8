# made from _async/search.py by kanban-py/make-sync; change that one

"""Search for cards and comments by what they say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kanban_py._typing import ColumnKind, Priority
from kanban_py.model import Page, SearchHit

from .handle import Handle


class Search(Handle):
    """Search for cards and comments by what they say."""

    __slots__ = ()

    def search(
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
        cursor: str | None = None,
    ) -> Page[SearchHit]:
        """Searches cards (title, key, external id, labels, description) and comments.

        The words may stand in any order, and case and accents do not matter. Best hits come first, the newest of those
        that are alike: the card whose key, id or external id is the query; then cards with all words in the title,
        cards with all anywhere, comments; and then, in the same order, what holds the words inside others, or words
        that differ by a slip.

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
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before, with the same query and filters; the first page when None.

        Raises:
            NotFound: There is no such board.
            Invalid: There is no word to look for, or a filter, limit or cursor is bad.

        Example:
            >>> hit = (kanban.search("endpionts", status="todo")).items[0]
            >>> hit.card.key, hit.found_in, hit.is_approximate
            ('AB-1', 'title', True)
            >>> [part.text for part in hit.excerpts[0].parts if part.is_hit]
            ['endpoints']
        """
        return self._call(
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
