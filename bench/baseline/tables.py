"""The baseline's tables, and how they are filled with the product's own cards: ``python tables.py``."""

import asyncio
import os
import secrets
import time
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Computed, DateTime, Index, SmallInteger, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.schema import CreateIndex, CreateTable

DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
Moment = DateTime(timezone=True)


def new_id() -> str:
    """A ULID: 48 bits of time, 80 of chance, in Crockford's base 32."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(DIGITS[number >> shift & 31] for shift in range(125, -1, -5))


class Base(DeclarativeBase):
    pass


class Board(Base):
    __tablename__ = "boards"
    __table_args__ = {"schema": "baseline"}

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    next_number: Mapped[int] = mapped_column(BigInteger, default=1)


class Column(Base):
    __tablename__ = "columns"
    __table_args__ = (Index("columns_board", "board_id", "position"), {"schema": "baseline"})

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    board_id: Mapped[str] = mapped_column(String(26))
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(BigInteger)
    wip_limit: Mapped[int | None]
    cards: Mapped[int] = mapped_column(default=0)


class Card(Base):
    __tablename__ = "cards"
    # the words are not asked back from an insert
    __mapper_args__ = {"eager_defaults": False}

    id: Mapped[str] = mapped_column(String(26), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    version: Mapped[int] = mapped_column(BigInteger, default=1)
    board_id: Mapped[str] = mapped_column(String(26))
    column_id: Mapped[str] = mapped_column(String(26))
    position: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)
    labels: Mapped[list[str]] = mapped_column(ARRAY(Text))
    assignees: Mapped[list[str]] = mapped_column(ARRAY(Text))
    priority: Mapped[int] = mapped_column(SmallInteger)
    due_at: Mapped[datetime | None] = mapped_column(Moment)
    fields: Mapped[dict[str, Any]] = mapped_column(JSONB)
    links: Mapped[list[Any]] = mapped_column(JSONB)
    agent_context: Mapped[dict[str, Any]] = mapped_column(JSONB)
    workflow_state: Mapped[dict[str, Any]] = mapped_column(JSONB)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    column_since: Mapped[datetime] = mapped_column(Moment)
    visit: Mapped[int] = mapped_column(default=1)
    open_blockers: Mapped[int] = mapped_column(default=0)
    claim_agent: Mapped[str | None] = mapped_column(Text)
    claim_epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    created_by: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    # what search reads; never loaded with a card
    words: Mapped[str] = mapped_column(
        TSVECTOR, Computed("to_tsvector('simple', title || ' ' || description)", persisted=True), deferred=True
    )

    __table_args__ = (
        Index("cards_position", "column_id", "position"),
        # the orders in which lists are offered
        Index("cards_created", "board_id", "created_at", "id"),
        Index("cards_updated", "board_id", "updated_at", "id"),
        Index("cards_priority", "board_id", "priority", "id"),
        Index("cards_due", "board_id", "due_at", "id"),
        Index("cards_words", "words", postgresql_using="gin"),
        Index("cards_claimed", "claim_agent", postgresql_where=text("claim_agent is not null")),
        Index(
            "cards_ready",
            "board_id",
            "priority",
            "due_at",
            "position",
            "id",
            postgresql_where=text("status in ('backlog', 'todo') and open_blockers = 0 and deleted_at is null"),
        ),
        {"schema": "baseline"},
    )


class Stay(Base):
    """A card's time in a column: what cycle times and flow are read from."""

    __tablename__ = "stays"
    __table_args__ = (Index("stays_board", "board_id", "entered_at"), {"schema": "baseline"})

    card_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    visit: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[str] = mapped_column(String(26))
    column_id: Mapped[str] = mapped_column(String(26))
    kind: Mapped[str] = mapped_column(Text)
    entered_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)


class Event(Base):
    __tablename__ = "events"
    __table_args__ = (
        # what the audit log is asked for
        Index("events_time", "at"),
        Index("events_entity", "entity_id", "at"),
        Index("events_actor", text("(actor ->> 'id')"), "at"),
        Index("events_action", "action", "at"),
        {"schema": "baseline"},
    )

    board_id: Mapped[str] = mapped_column(String(26), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    action: Mapped[str] = mapped_column(Text)
    entity_id: Mapped[str] = mapped_column(String(26))
    actor: Mapped[dict[str, Any]] = mapped_column(JSONB)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(Moment, server_default=text("now()"))


# the benchmark's ids are small numbers, so that nine digits hold them
ULID = """
    create or replace function baseline.ulid(p_id uuid) returns text language sql immutable parallel safe as $$
        select lpad(string_agg(substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (n.number >> shift & 31)::integer + 1, 1), ''
                               order by shift desc), 26, '0')
        from (select ('x' || right(replace(p_id::text, '-', ''), 16))::bit(64)::bigint) as n (number),
            generate_series(0, 40, 5) as shift
    $$
"""

FILL = [
    "insert into baseline.boards (id, key, name, seq, next_number)"
    " select baseline.ulid(id), key, name, 0, next_number from kanban.boards where key like 'B_%' and key <> 'BIG'",
    "insert into baseline.columns (id, board_id, name, kind, position, wip_limit, cards)"
    " select baseline.ulid(c.id), b.id, c.name, c.kind, c.position, c.wip_limit, 0"
    " from kanban.columns as c join baseline.boards as b on b.id = baseline.ulid(c.board_id)",
    """
    insert into baseline.cards (
        id, key, version, board_id, column_id, position, status, title, description, labels, assignees, priority,
        due_at, fields, links, agent_context, workflow_state, started_at, finished_at, column_since, visit,
        open_blockers, claim_epoch, created_by, created_at, updated_at)
    select baseline.ulid(c.id), c.key, 1, b.id, o.id, c.position, c.status, c.title, c.description, c.labels,
        c.assignees, c.priority, c.due_at, c.fields, c.links, c.agent_context, c.workflow_state, c.started_at,
        c.finished_at, c.column_since, 1, 0, 0, c.created_by_id, c.created_at, c.updated_at
    from kanban.cards as c
    join baseline.boards as b on b.key = split_part(c.key, '-', 1)
    join baseline.columns as o on o.board_id = b.id and o.kind = c.status
    """,
    "insert into baseline.stays (card_id, visit, board_id, column_id, kind, entered_at)"
    " select id, 1, board_id, column_id, status, column_since from baseline.cards",
    "update baseline.columns as o set cards = n.cards"
    " from (select column_id, count(*) as cards from baseline.cards group by column_id) as n where n.column_id = o.id",
]


async def fill() -> None:
    engine = create_async_engine(os.environ["BASELINE_DATABASE_URL"], isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text("drop schema if exists baseline cascade"))
        await connection.execute(text("create schema baseline"))
        await connection.execute(text(ULID))
        tables = Base.metadata.sorted_tables
        for table in tables:
            await connection.execute(CreateTable(table))
        for statement in FILL:
            await connection.execute(text(statement))
        # when all is there, for that is much faster
        await connection.execute(text("set maintenance_work_mem = '512MB'"))
        for index in (index for table in tables for index in table.indexes):
            await connection.execute(CreateIndex(index))
        await connection.execute(text("vacuum analyze"))
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(fill())
