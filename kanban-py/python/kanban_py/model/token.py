"""Service tokens and tenants."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from kanban_py._record import Record
from kanban_py._typing import TokenScope
from kanban_py.model.actor import ActorRef


@dataclass(frozen=True, slots=True)
class Token(Record):
    """A service token, without its text: that is shown once, when it is created.

    Attributes:
        id: Its id.
        name: What it is for.
        prefix: How its text begins behind `kfa_`.
        scopes: What it may do; `write` includes `read`, and `admin` both.
        actor: Who acts with it: a person, who may act as any agent, or one agent and no other.
        expires_at: When it stops being accepted; None for never.
        last_used_at: When it was used last, to the minute.
        revoked_at: When it was revoked, if it was.
        created_by: Who created it.
        created_at: When it was created.
    """

    id: str
    name: str
    prefix: str
    scopes: tuple[TokenScope, ...]
    actor: ActorRef
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    created_by: ActorRef
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CreatedToken(Token):
    """A token that has just been created, with its text.

    Attributes:
        token: What to send as `Authorization: Bearer …`; shown here and never again.
    """

    token: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tenant(Record):
    """A tenant: boards, agents and tokens that no other tenant sees.

    Attributes:
        id: Its name.
        created_at: When it was created.
        suspended_at: Since when its tokens are refused and nothing of it is changed; None while it works.
        deleted_at: Since when it is being deleted.
    """

    id: str
    created_at: datetime
    suspended_at: datetime | None
    deleted_at: datetime | None


@dataclass(frozen=True, slots=True)
class CreatedTenant(Record):
    """A tenant that was asked for.

    Attributes:
        tenant: The tenant.
        is_new: Whether it was created now.
    """

    tenant: Tenant
    is_new: bool
