"""The client that blocks: how it is opened, closed and handed to other actors."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Final

from kanban_py import _kanban
from kanban_py._arguments import actor_or_user, core_actor
from kanban_py._kanban import Client
from kanban_py._sync.agents import Agents
from kanban_py._sync.attachments import Attachments
from kanban_py._sync.blockers import Waiting
from kanban_py._sync.boards import Boards
from kanban_py._sync.bulk import Bulk
from kanban_py._sync.cards import Cards
from kanban_py._sync.columns import Columns
from kanban_py._sync.comments import Comments
from kanban_py._sync.dependencies import Dependencies
from kanban_py._sync.events import Events
from kanban_py._sync.iterators import Iterators
from kanban_py._sync.metrics import Metrics
from kanban_py._sync.search import Search
from kanban_py._sync.tenants import Tenants
from kanban_py._sync.tokens import Tokens
from kanban_py._sync.undo import Undo
from kanban_py._sync.upkeep import Upkeep
from kanban_py._sync.workspaces import Workspaces
from kanban_py._typing import JsonObject
from kanban_py.model import Actor


class Kanban(
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
    """One tenant's boards as one actor sees and changes them. Every operation blocks.

    Make one with `open` or `connect`, and one for each further actor with `as_agent` and `as_human`; all of them share
    the same connections, and any number of threads may use them: while one waits, the others run. Ctrl-C releases the
    caller at once; the operation itself runs to its end, so a change is made whole or not at all.

    Attributes:
        actor: Who acts.
        tenant: The tenant whose boards these are.

    Example:
        >>> with Kanban.connect(url, actor=Actor.human("ada")) as other:
        ...     print((other.get_card("AB-1")).title)
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
    def open(cls, path: str | os.PathLike[str], *, actor: Actor | str | None = None, tenant: str = "default") -> Kanban:
        """Opens the embedded database in a folder.

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
        return cls(_kanban.open(path, tenant, core_actor(actor)).run(), actor, tenant)

    @classmethod
    def connect(
        cls, url: str, *, migrate: bool = False, actor: Actor | str | None = None, tenant: str = "default"
    ) -> Kanban:
        """Connects to a PostgreSQL (15 or later).

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
        return cls(_kanban.connect(url, migrate, tenant, core_actor(actor)).run(), actor, tenant)

    def migrate(self) -> None:
        """Brings the schema up to date. Safe to call from many processes at once and at every start.

        Raises:
            Conflict: The schema is newer than this package, or the database's locale cannot search letters beyond
                ASCII.
        """
        self._client.migrate().run()

    def close(self) -> None:
        """Closes the connections of every handle on this store. Closing again does nothing.

        The last user of an embedded database stops its PostgreSQL.

        Raises:
            Unavailable: The embedded PostgreSQL does not stop.
        """
        self._client.close().run()

    @property
    def closed(self) -> bool:
        """Whether it was closed, by whatever handle."""
        return self._client.closed

    def as_agent(self, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> Kanban:
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

    def as_human(self, id: str, *, run_id: str | None = None, context: JsonObject | None = None) -> Kanban:
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

    def under_claim(self, epoch: int) -> Kanban:
        """The same handle, naming a claim: each write to a card under it is refused once that claim has been passed on.

        Args:
            epoch: The claim's epoch.

        Example:
            >>> agent = kanban.as_agent("claude-1")
            >>> task = (agent.claim_next("claude-1")).items[0]
            >>> mine = agent.under_claim(task.claim.epoch)
            >>> (mine.update_card(task.id, task.version, labels=["started"])).labels
            ('started',)
        """
        return Kanban(self._client.under_claim({"epoch": epoch}), self.actor, self.tenant)

    def _as(self, actor: Actor) -> Kanban:
        return Kanban(self._client.with_actor(core_actor(actor)), actor, self.tenant)

    def __enter__(self) -> Kanban:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    def __repr__(self) -> str:
        """Who acts on which tenant."""
        state = ", closed" if self.closed else ""
        return f"<Kanban of {self.tenant!r} for {self.actor.kind} {self.actor.id!r}{state}>"
