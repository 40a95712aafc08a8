"""The board as tools for agent frameworks: plain typed async functions with docstrings that models read.

OpenAI Agents SDK, LangChain and PydanticAI take them as they are; docs/python.md shows each. They answer compact JSON
as text. What the board refuses is an answer, too (`{"error": …}`), so that the model reads what to do instead; only
what no model can mend, such as a closed kanban, is raised.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeAlias

from kanban_py._async.client import AsyncKanban
from kanban_py._sentinels import UNSET
from kanban_py._typing import ColumnKind, Priority, Relation
from kanban_py.errors import KanbanError
from kanban_py.model import BoardDetail, Card, Column, Comment

__all__ = ["Tool", "make_tools"]

Tool: TypeAlias = Callable[..., Awaitable[str]]
"""A function that a model may call."""

P = ParamSpec("P")

_PAGE = 20


def make_tools(kanban: AsyncKanban, *, board: str | None = None, ttl_seconds: int = 3600) -> list[Tool]:
    """Makes the tools with which one agent works on the board.

    They remember what the agent has claimed: its writes to such a card name the claim, and the model need not. The
    claim lasts `ttl_seconds` from its beginning or the last `heartbeat`.

    Args:
        kanban: The kanban as the agent: `kanban.as_agent("claude-1")`.
        board: The board the agent works on, by id or key. None lets it claim from any, and create cards only where it
            names the board.
        ttl_seconds: How long a claim lasts without a heartbeat: 1 to 86,400 seconds.

    Raises:
        ValueError: The kanban acts for a person.

    Example:
        >>> from kanban_py.tools import make_tools
        >>> tools = {tool.__name__: tool for tool in make_tools(kanban.as_agent("claude-1"), board="AB")}
        >>> sorted(tools)[:5]
        ['add_comment', 'add_dependency', 'claim_task', 'complete_task', 'create_card']
        >>> task = json.loads(await tools["claim_task"]())
        >>> task["key"], task["status"]
        ('AB-1', 'doing')
        >>> json.loads(await tools["complete_task"]("AB-1", note="It is done."))["status"]
        'done'
    """
    if kanban.actor.kind != "agent":
        raise ValueError('tools act for an agent: give make_tools a kanban.as_agent("its-name")')
    work = _Work(kanban, board, ttl_seconds)
    return [
        work.next_tasks,
        work.claim_task,
        work.get_card,
        work.find_cards,
        work.create_card,
        work.update_card,
        work.move_card,
        work.add_comment,
        work.add_dependency,
        work.heartbeat,
        work.release_task,
        work.complete_task,
    ]


def _told(tool: Callable[P, Coroutine[Any, Any, str]]) -> Callable[P, Coroutine[Any, Any, str]]:
    """The same, with refusals as answers."""

    @functools.wraps(tool)
    async def told(*args: P.args, **kwargs: P.kwargs) -> str:
        try:
            return await tool(*args, **kwargs)
        except KanbanError as error:
            if error.code in ("closed", "forked", "internal"):
                raise
            return _json({"error": error.code, "message": str(error), "retryable": error.retryable})

    return told


class _Work:
    """What an agent does with its tools, and the claims it holds. The docstrings are for models."""

    def __init__(self, kanban: AsyncKanban, board: str | None, ttl_seconds: int) -> None:
        self._kanban = kanban
        self._agent = kanban.actor.id
        self._board = board
        self._ttl_seconds = ttl_seconds
        self._epochs: dict[str, int] = {}

    @_told
    async def next_tasks(self, labels: list[str] | None = None) -> str:
        """Lists the cards you can work on now, the most urgent first. Nothing is claimed by it.

        Args:
            labels: Only cards with all of these labels.
        """
        page = await self._kanban.next_tasks(self._agent, board=self._board, labels=labels or (), limit=_PAGE)
        return _json([_line(card) for card in page])

    @_told
    async def claim_task(self, card: str | None = None, labels: list[str] | None = None) -> str:
        """Claims a card for you and starts it; nobody else gets it. Answers the card with all it says.

        Args:
            card: The key of a certain card, such as AB-42; the next one to do when left out.
            labels: Only a card with all of these labels, where no certain card is named.
        """
        if card is not None:
            return _json(self._claimed(await self._kanban.claim_card(card, self._agent, ttl_seconds=self._ttl_seconds)))
        claimed = await self._kanban.claim_next(
            self._agent, board=self._board, labels=labels or (), ttl_seconds=self._ttl_seconds
        )
        if claimed.reason is not None:
            return _json({"claimed": None, "reason": claimed.reason.to_dict()})
        return _json(self._claimed(claimed.items[0]))

    @_told
    async def get_card(self, card: str) -> str:
        """Reads a card with all it says, its first comments, and how it is linked to other cards.

        Args:
            card: Its key, such as AB-42.
        """
        found = await self._kanban.get_card(card)
        comments = await self._kanban.list_comments(card, limit=_PAGE)
        links = await self._kanban.list_dependencies(card)
        more = {"more_comments": True} if comments.next_cursor else {}
        answer = {
            **_whole(found),
            "comments": [_said(comment) for comment in comments],
            "dependencies": [f"{link.relation} {link.card_key}" for link in links],
            **more,
        }
        return _json(answer)

    @_told
    async def find_cards(self, query: str, status: ColumnKind | None = None) -> str:
        """Searches cards and comments by words; the best come first.

        Args:
            query: Words that have to be there; "words in quotes" stand together, -word must not be there.
            status: Only cards in a column of this kind.
        """
        page = await self._kanban.search(query, board_id=self._board, status=status, limit=_PAGE)
        found = {hit.card.key: hit.card for hit in page}
        return _json([{"key": card.key, "title": card.title, "status": card.status} for card in found.values()])

    @_told
    async def create_card(
        self,
        title: str,
        description: str = "",
        priority: Priority = "medium",
        labels: list[str] | None = None,
        column: str | None = None,
        board: str | None = None,
    ) -> str:
        """Creates a card.

        Args:
            title: What is to be done, in one line of at most 256 characters.
            description: What is to be done, at length.
            priority: How urgent it is.
            labels: Its labels.
            column: Name or kind of the column; the first todo column when left out.
            board: Key of the board; the one you work on when left out.
        """
        where = board or self._board
        if where is None:
            return _json({"error": "invalid", "message": "Name the board: its key, such as AB.", "retryable": False})
        found = await self._kanban.get_board(where)
        to = _column(found, "todo") or _column(found, "backlog") if column is None else _column(found, column)
        if to is None:
            return _json(_no_column(found, column))
        created = await self._kanban.create_card(
            to.id, title, description=description, priority=priority, labels=labels or ()
        )
        return _json(_line(created))

    @_told
    async def update_card(
        self,
        card: str,
        version: int,
        title: str | None = None,
        description: str | None = None,
        priority: Priority | None = None,
        labels: list[str] | None = None,
    ) -> str:
        """Changes what a card says. What is left out stays as it is.

        Args:
            card: Its key, such as AB-42.
            version: Its version as you have read it. A later one of somebody else's is never overwritten.
            title: New title.
            description: New description.
            priority: New priority.
            labels: All labels it has from now on.
        """
        changed = await self._writer(card).update_card(
            card,
            version,
            title=UNSET if title is None else title,
            description=UNSET if description is None else description,
            priority=UNSET if priority is None else priority,
            labels=UNSET if labels is None else labels,
        )
        return _json(_line(changed))

    @_told
    async def move_card(self, card: str, version: int, column: str) -> str:
        """Moves a card to the end of another column of its board.

        Args:
            card: Its key, such as AB-42.
            version: Its version as you have read it.
            column: Name or kind of the column.
        """
        board = await self._kanban.get_board((await self._kanban.get_card(card)).board_id)
        to = _column(board, column)
        if to is None:
            return _json(_no_column(board, column))
        return _json(_line(await self._writer(card).move_card(card, version, to.id)))

    @_told
    async def add_comment(self, card: str, body: str) -> str:
        """Writes a comment on a card: what you found, decided or left open.

        Args:
            card: Its key, such as AB-42.
            body: The comment, at most 8 KiB.
        """
        return _json(_said(await self._writer(card).create_comment(card, body)))

    @_told
    async def add_dependency(self, card: str, relation: Relation, other: str) -> str:
        """Links two cards: AB-2 waits_for AB-1, for example.

        Args:
            card: Key of the first card.
            relation: What the first card is to the other.
            other: Key of the other card.
        """
        added = await self._kanban.add_dependency(card, relation, other)
        return _json({"card": card, "relation": relation, "other": other, "is_new": added.is_new})

    @_told
    async def heartbeat(self, card: str) -> str:
        """Keeps your claim on a card for longer. Use it during long work.

        Args:
            card: Its key, such as AB-42.
        """
        kept = await self._kanban.heartbeat(card, await self._epoch(card), ttl_seconds=self._ttl_seconds)
        assert kept.claim is not None
        return _json({"key": kept.key, "until": kept.to_dict()["claim"]["until"]})

    @_told
    async def release_task(self, card: str, reason: str) -> str:
        """Gives a card back that you have claimed and will not finish.

        Args:
            card: Its key, such as AB-42.
            reason: Why, for whoever takes it next.
        """
        return _json(self._over(await self._kanban.release_card(card, await self._epoch(card), reason=reason)))

    @_told
    async def complete_task(self, card: str, note: str | None = None) -> str:
        """Finishes a card that you have claimed.

        Args:
            card: Its key, such as AB-42.
            note: What was done; it becomes a comment on the card.
        """
        answer = self._over(await self._kanban.complete_card(card, await self._epoch(card)))
        if note:
            # behind it: who is refused leaves no note, and who is not may still write one
            try:
                await self._kanban.create_comment(card, note)
            except KanbanError as error:
                answer["note_refused"] = str(error)
        return _json(answer)

    def _claimed(self, card: Card) -> dict[str, Any]:
        assert card.claim is not None
        self._epochs[card.key] = self._epochs[card.id] = card.claim.epoch
        return _whole(card)

    def _over(self, card: Card) -> dict[str, Any]:
        for name in (card.key, card.id):
            self._epochs.pop(name, None)
        return _line(card)

    def _writer(self, card: str) -> AsyncKanban:
        epoch = self._epochs.get(card)
        return self._kanban if epoch is None else self._kanban.under_claim(epoch)

    async def _epoch(self, card: str) -> int:
        """The epoch of the agent's claim, also of one that an earlier process has made for it."""
        if card in self._epochs:
            return self._epochs[card]
        claim = (await self._kanban.get_card(card)).claim
        if claim is None or claim.agent_id != self._agent:
            raise KanbanError(f"You have not claimed {card}. Claim it first, with claim_task.", code="not_claimed")
        return claim.epoch


def _json(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"))


def _column(board: BoardDetail, name: str) -> Column | None:
    """By name, else the first of that kind."""
    named = [column for column in board.columns if column.name.casefold() == name.casefold()]
    return next(iter(named or [column for column in board.columns if column.kind == name]), None)


def _no_column(board: BoardDetail, name: str | None) -> dict[str, Any]:
    names = ", ".join(column.name for column in board.columns)
    message = f"{board.key} has no column {name or 'for new cards'}. Its columns are: {names}."
    return {"error": "not_found", "message": message, "retryable": False}


def _line(card: Card) -> dict[str, Any]:
    """A card in few words, with the version that a write names."""
    line = card.to_dict()
    names = ("key", "title", "status", "priority", "labels", "version", "due_at")
    return {name: line[name] for name in names if line[name] not in (None, [])}


def _whole(card: Card) -> dict[str, Any]:
    """A card with all it says; nothing that is empty."""
    whole = card.to_dict()
    names = ("description", "assignees", "fields", "links", "agent_context", "workflow_state")
    return {**_line(card), **{name: whole[name] for name in names if whole[name]}}


def _said(comment: Comment) -> dict[str, Any]:
    return {"author": comment.author.id, "body": comment.body, "at": comment.to_dict()["created_at"]}
