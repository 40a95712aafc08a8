"""The client that awaits: how it is opened, closed and handed to other actors."""

from __future__ import annotations

import os
from collections.abc import Generator
from types import TracebackType
from typing import Any, Final

from kanban_py import _kanban
from kanban_py._arguments import actor_or_user, core_actor
from kanban_py._async.agents import Agents
from kanban_py._async.attachments import Attachments
from kanban_py._async.blockers import Waiting
from kanban_py._async.boards import Boards
from kanban_py._async.bulk import Bulk
from kanban_py._async.cards import Cards
from kanban_py._async.columns import Columns
from kanban_py._async.comments import Comments
from kanban_py._async.dependencies import Dependencies
from kanban_py._async.events import Events
from kanban_py._async.iterators import Iterators
from kanban_py._async.metrics import Metrics
from kanban_py._async.search import Search
from kanban_py._async.tenants import Tenants
from kanban_py._async.tokens import Tokens
from kanban_py._async.undo import Undo
from kanban_py._async.upkeep import Upkeep
from kanban_py._async.workspaces import Workspaces
from kanban_py._kanban import Client, Job
from kanban_py._loops import submit
from kanban_py._typing import JsonObject
from kanban_py.model import Actor


class AsyncKanban(
    Workspaces,
    Boards,
    Columns,
    Cards,
    Bulk,
    Agents,
    Dependencies,
    Waiting,
    Comments,
    Attachments,
    Search,
    Metrics,
    Events,
    Iterators,
    Undo,
    Tokens,
    Tenants,
    Upkeep,
):
    """One tenant's boards as one actor sees and changes them. Every operation is a coroutine.

    Make one with `open` or `connect`, and one for each further actor with `as_agent` and `as_human`; all of them share
    the same connections, and work on any number of event loops and threads. Cancelling a task that awaits an operation
    releases the task at once; the operation itself runs to its end, so a change is made whole or not at all.

    Attributes:
        actor: Who acts.
        tenant: The tenant whose boards these are.

    Example:
        >>> async with AsyncKanban.connect(url, actor=Actor.human("ada")) as other:
        ...     print((await other.get_card("AB-1")).title)
        Find the API endpoints without tests
    """

    __slots__ = ("actor", "tenant")
    actor: Final[Actor]
    tenant: Final[str]

    def __init__(self, client: Client, actor: Actor, tenant: str) -> None:
        """For the package itself; use `open` or `connect`."""
        self._client = client
        self.actor = actor
        self.tenant = tenant

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, actor: Actor | str | None = None, tenant: str = "default"
    ) -> Opening:
        """Opens the embedded database in a folder; await it, or enter it with `async with`.

        Starts a PostgreSQL of our own there, or joins the one that another process has started, and brings the schema
        up to date. The folder is created when it is missing. The last user that closes stops the PostgreSQL.

        Args:
            path: The folder.
            actor: Who acts; a plain str is a person's id, None the user of this machine.
            tenant: The tenant whose boards to work on.

        Raises:
            Unavailable: No PostgreSQL can be found, fetched or started there; the message says what mends it.
            NotFound: No tenant can have that name.
            Invalid: The actor has no usable id.
        """
        actor = actor_or_user(actor)
        return Opening(_kanban.open(path, tenant, core_actor(actor)), actor, tenant)

    @classmethod
    def connect(
        cls, url: str, *, migrate: bool = False, actor: Actor | str | None = None, tenant: str = "default"
    ) -> Opening:
        """Connects to a PostgreSQL (15 or later); await it, or enter it with `async with`.

        Args:
            url: Such as `postgres://user:password@host:5432/database`.
            migrate: Whether to bring the schema up to date first; it must be there otherwise.
            actor: Who acts; a plain str is a person's id, None the user of this machine.
            tenant: The tenant whose boards to work on.

        Raises:
            Unavailable: The database cannot be reached.
            NotFound: No tenant can have that name.
            Invalid: The text is no database URL, or the actor has no usable id.
        """
        actor = actor_or_user(actor)
        return Opening(_kanban.connect(url, migrate, tenant, core_actor(actor)), actor, tenant)

    async def migrate(self) -> None:
        """Brings the schema up to date. Safe to call from many processes at once and at every start.

        Raises:
            Conflict: The schema is newer than this package, or the database's locale cannot search letters beyond
                ASCII.
        """
        await submit(self._client.migrate())

    async def close(self) -> None:
        """Closes the connections of every handle on this store. Closing again does nothing.

        The last user of an embedded database stops its PostgreSQL.

        Raises:
            Unavailable: The embedded PostgreSQL does not stop.
        """
        await submit(self._client.close())

    @property
    def closed(self) -> bool:
        """Whether it was closed, by whatever handle."""
        return self._client.closed

    def as_agent(self, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> AsyncKanban:
        """The same store for an agent.

        Args:
            id: Its id: 1 to 256 characters.
            run_id: The run, session or thread it acts in.
            context: Anything its framework wants to find on the audit trail again, at most 16 KiB of JSON.

        Raises:
            Invalid: It is no usable id.

        Example:
            >>> kanban.as_agent("claude-1", run_id="run-7").actor.kind
            'agent'
        """
        return self._as(Actor.agent(id, run_id=run_id, context=context))

    def as_human(self, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> AsyncKanban:
        """The same store for a person.

        Args:
            id: Their id: 1 to 256 characters.
            run_id: The session they act in.
            context: Anything to find on the audit trail again, at most 16 KiB of JSON.

        Raises:
            Invalid: It is no usable id.

        Example:
            >>> kanban.as_human("grace").actor.id
            'grace'
        """
        return self._as(Actor.human(id, run_id=run_id, context=context))

    def under_claim(self, epoch: int) -> AsyncKanban:
        """The same handle, naming a claim: each write to a card under it is refused once that claim has been passed on.

        Args:
            epoch: The claim's epoch.

        Example:
            >>> agent = kanban.as_agent("claude-1")
            >>> task = (await agent.claim_next("claude-1")).items[0]
            >>> mine = agent.under_claim(task.claim.epoch)
            >>> (await mine.update_card(task.id, task.version, labels=["started"])).labels
            ('started',)
        """
        return AsyncKanban(self._client.under_claim({"epoch": epoch}), self.actor, self.tenant)

    def _as(self, actor: Actor) -> AsyncKanban:
        return AsyncKanban(self._client.with_actor(core_actor(actor)), actor, self.tenant)

    async def __aenter__(self) -> AsyncKanban:
        """Itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        await self.close()

    def __repr__(self) -> str:
        """Who acts on which tenant."""
        state = ", closed" if self.closed else ""
        return f"<AsyncKanban of {self.tenant!r} for {self.actor.kind} {self.actor.id!r}{state}>"


class Opening:
    """A kanban that is about to open: `await` it for the kanban, or enter it with `async with`, which closes it too."""

    __slots__ = ("_actor", "_job", "_kanban", "_tenant")

    def __init__(self, job: Job, actor: Actor, tenant: str) -> None:
        """For the package itself."""
        self._job = job
        self._actor = actor
        self._tenant = tenant

    def __await__(self) -> Generator[Any, None, AsyncKanban]:
        """The open kanban."""
        client = yield from submit(self._job)
        return AsyncKanban(client, self._actor, self._tenant)

    async def __aenter__(self) -> AsyncKanban:
        """The open kanban."""
        self._kanban = await self
        return self._kanban

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        await self._kanban.close()
