"""The same endpoints as a good team would write them on FastAPI, Pydantic 2, SQLAlchemy 2 and asyncpg.

What the benchmark holds the product against. It does the same work: versions, events in a gapless sequence for each
board, WIP limits under a lock, claims that skip what others are about to take, the stays in columns that flow metrics
are read from, words for search, and indexes for every order and filter that lists and the audit log offer. What the
product does besides (tenants behind row-level security, tokens and their scopes, rate limits, dependencies) it does
without.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tables import Board, Card, Column, Event, Stay, new_id

engine = create_async_engine(os.environ["BASELINE_DATABASE_URL"], pool_size=8, max_overflow=8)
Session = async_sessionmaker(engine, expire_on_commit=False)

GAP = 1 << 32
ACTOR = {"kind": "human", "id": "bench"}
PRIORITIES = ["critical", "high", "medium", "low", "lowest"]


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


async def session() -> AsyncIterator[AsyncSession]:
    async with Session() as opened:
        yield opened


Db = Annotated[AsyncSession, Depends(session)]


class CardOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    key: str
    version: int
    board_id: str
    column_id: str
    position: int
    status: str
    title: str
    description: str
    labels: list[str]
    assignees: list[str]
    priority: int
    due_at: datetime | None
    fields: dict[str, Any]
    links: list[Any]
    agent_context: dict[str, Any]
    workflow_state: dict[str, Any]
    started_at: datetime | None
    finished_at: datetime | None
    column_since: datetime
    claim_agent: str | None
    claim_epoch: int
    lease_until: datetime | None
    created_by: str
    created_at: datetime
    updated_at: datetime


class Page(BaseModel):
    items: list[CardOut]
    next_cursor: str | None = None


class CardIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1, max_length=256)
    description: str = Field(default="", max_length=16384)
    labels: list[str] = Field(default_factory=list, max_length=64)
    agent_context: dict[str, Any] = Field(default_factory=dict)


class CardPatch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str | None = Field(default=None, min_length=1, max_length=256)
    description: str | None = Field(default=None, max_length=16384)
    priority: str | None = None
    workflow_state: dict[str, Any] | None = None


class MoveIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    column_id: str


class ClaimIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    board_id: str
    limit: int = Field(default=1, ge=1, le=50)
    ttl_seconds: int = Field(default=900, ge=1, le=86400)


def as_seen(card: Card) -> dict[str, Any]:
    return CardOut.model_validate(card).model_dump(mode="json")


async def locked(db: AsyncSession, card_id: str, if_match: str | None) -> Card:
    found = select(Card).where(Card.id == card_id, Card.deleted_at.is_(None)).with_for_update()
    card = (await db.execute(found)).scalar_one_or_none()
    if card is None:
        raise HTTPException(404, "There is no such card.")
    if if_match is None:
        raise HTTPException(428, "Send If-Match with the version that you have seen.")
    if if_match != "*" and if_match.strip('"') != str(card.version):
        raise HTTPException(412, f"The card is at version {card.version}.")
    return card


async def append_event(db: AsyncSession, action: str, card: Card, before: dict[str, Any] | None) -> None:
    bump = update(Board).where(Board.id == card.board_id).values(seq=Board.seq + 1).returning(Board.seq)
    seq = (await db.execute(bump)).scalar_one()
    payload = {"before": before, "after": as_seen(card)}
    db.add(Event(board_id=card.board_id, seq=seq, action=action, entity_id=card.id, actor=ACTOR, payload=payload))


async def columns_locked(db: AsyncSession, board_id: str) -> list[Column]:
    found = select(Column).where(Column.board_id == board_id).order_by(Column.position).with_for_update()
    return list((await db.execute(found)).scalars())


def enter(db: AsyncSession, card: Card, column: Column, now: datetime) -> None:
    stay = Stay(card_id=card.id, visit=card.visit, board_id=card.board_id, entered_at=now)
    stay.column_id, stay.kind = column.id, column.kind
    db.add(stay)


async def put(db: AsyncSession, card: Card, source: Column, target: Column, now: datetime) -> None:
    if source.id != target.id:
        if target.wip_limit is not None and target.cards >= target.wip_limit:
            raise HTTPException(409, f"The column {target.name} is full.")
        source.cards -= 1
        target.cards += 1
        card.column_id, card.status, card.column_since = target.id, target.kind, now
        if target.kind in ("doing", "done"):
            card.started_at = card.started_at or now
        card.finished_at = now if target.kind == "done" else None
        left = update(Stay).where(Stay.card_id == card.id, Stay.visit == card.visit).values(left_at=now)
        await db.execute(left, execution_options={"synchronize_session": False})
        card.visit += 1
        enter(db, card, target, now)
    last = await db.execute(select(func.max(Card.position)).where(Card.column_id == target.id))
    card.position = (last.scalar_one() or 0) + GAP


def answer(card: Card, response: Response) -> Card:
    response.headers["etag"] = f'"{card.version}"'
    return card


@app.get("/v1/cards/{card_id}", response_model=CardOut)
async def get_card(card_id: str, db: Db, response: Response) -> Card:
    card = await db.get(Card, card_id)
    if card is None or card.deleted_at is not None:
        raise HTTPException(404, "There is no such card.")
    return answer(card, response)


@app.get("/v1/boards/{board_id}/cards", response_model=Page)
async def list_cards(board_id: str, db: Db, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
    found = (
        select(Card)
        .join(Column, Column.id == Card.column_id)
        .where(Column.board_id == board_id, Card.deleted_at.is_(None))
        .order_by(Column.position, Card.position)
        .limit(limit + 1)
    )
    cards = list((await db.execute(found)).scalars())
    return {"items": cards[:limit], "next_cursor": cards[limit - 1].id if len(cards) > limit else None}


def ready(board_key: str, agent_id: str, now: datetime) -> Any:
    return (
        select(Card)
        .join(Board, Board.id == Card.board_id)
        .where(
            Board.key == board_key,
            Card.status.in_(["backlog", "todo"]),
            Card.open_blockers == 0,
            Card.deleted_at.is_(None),
            or_(Card.claim_agent.is_(None), Card.lease_until <= now),
            or_(Card.assignees == [], Card.assignees.contains([agent_id])),
        )
        .order_by(Card.priority, Card.due_at.nulls_last(), Card.position, Card.id)
    )


@app.get("/v1/agents/{agent_id}/next_tasks", response_model=Page)
async def next_tasks(
    agent_id: str, board_id: str, db: Db, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    cards = list((await db.execute(ready(board_id, agent_id, datetime.now(UTC)).limit(limit + 1))).scalars())
    return {"items": cards[:limit], "next_cursor": cards[limit - 1].id if len(cards) > limit else None}


@app.patch("/v1/cards/{card_id}", response_model=CardOut)
async def update_card(
    card_id: str, patch: CardPatch, db: Db, response: Response, if_match: Annotated[str | None, Header()] = None
) -> Card:
    async with db.begin():
        card = await locked(db, card_id, if_match)
        before = as_seen(card)
        for name, value in patch.model_dump(exclude_unset=True).items():
            setattr(card, name, PRIORITIES.index(value) if name == "priority" else value)
        card.version += 1
        card.updated_at = datetime.now(UTC)
        await append_event(db, "card.updated", card, before)
    return answer(card, response)


@app.post("/v1/cards/{card_id}/move", response_model=CardOut)
async def move_card(
    card_id: str, to: MoveIn, db: Db, response: Response, if_match: Annotated[str | None, Header()] = None
) -> Card:
    async with db.begin():
        board = (await db.execute(select(Card.board_id).where(Card.id == card_id))).scalar_one_or_none()
        if board is None:
            raise HTTPException(404, "There is no such card.")
        columns = {column.id: column for column in await columns_locked(db, board)}
        card = await locked(db, card_id, if_match)
        if to.column_id not in columns:
            raise HTTPException(404, "There is no such column on the card's board.")
        before, now = as_seen(card), datetime.now(UTC)
        await put(db, card, columns[card.column_id], columns[to.column_id], now)
        card.version += 1
        card.updated_at = now
        await append_event(db, "card.moved", card, before)
    return answer(card, response)


@app.post("/v1/columns/{column_id}/cards", response_model=CardOut, status_code=201)
async def create_card(column_id: str, new: CardIn, db: Db, response: Response) -> Card:
    async with db.begin():
        column = (await db.execute(select(Column).where(Column.id == column_id).with_for_update())).scalar_one_or_none()
        if column is None:
            raise HTTPException(404, "There is no such column.")
        if column.wip_limit is not None and column.cards >= column.wip_limit:
            raise HTTPException(409, f"The column {column.name} is full.")
        number = (
            update(Board)
            .where(Board.id == column.board_id)
            .values(next_number=Board.next_number + 1)
            .returning(Board.key, Board.next_number)
        )
        key, after = (await db.execute(number)).one()
        last = await db.execute(select(func.max(Card.position)).where(Card.column_id == column_id))
        now = datetime.now(UTC)
        card = Card(
            id=new_id(),
            key=f"{key}-{after - 1}",
            board_id=column.board_id,
            column_id=column_id,
            position=(last.scalar_one() or 0) + GAP,
            status=column.kind,
            title=new.title,
            description=new.description,
            labels=new.labels,
            assignees=[],
            priority=2,
            fields={},
            links=[],
            agent_context=new.agent_context,
            workflow_state={},
            column_since=now,
            visit=1,
            created_by="bench",
            created_at=now,
            updated_at=now,
        )
        db.add(card)
        enter(db, card, column, now)
        column.cards += 1
        await db.flush()
        await append_event(db, "card.created", card, None)
    return answer(card, response)


@app.post("/v1/agents/{agent_id}/claim", response_model=Page)
async def claim_next(agent_id: str, wanted: ClaimIn, db: Db) -> dict[str, Any]:
    async with db.begin():
        now = datetime.now(UTC)
        board = (await db.execute(select(Board.id).where(Board.key == wanted.board_id))).scalar_one_or_none()
        if board is None:
            raise HTTPException(404, "There is no such board.")
        columns = await columns_locked(db, board)
        doing = next(column for column in columns if column.kind == "doing")
        by_id = {column.id: column for column in columns}
        found = ready(wanted.board_id, agent_id, now).limit(wanted.limit).with_for_update(of=Card, skip_locked=True)
        cards = list((await db.execute(found)).scalars())
        for card in cards:
            before = as_seen(card)
            await put(db, card, by_id[card.column_id], doing, now)
            card.claim_agent, card.claim_epoch = agent_id, card.claim_epoch + 1
            card.lease_until = now + timedelta(seconds=wanted.ttl_seconds)
            card.version += 1
            card.updated_at = now
            await append_event(db, "card.claimed", card, before)
    return {"items": cards}
