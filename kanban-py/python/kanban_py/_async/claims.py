"""Claims as context managers: the card is held as long as the block runs, then completed or released."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from kanban_py import _held
from kanban_py.errors import Invalid, KanbanError, StaleClaim
from kanban_py.model import Card, ClaimedCards

if TYPE_CHECKING:
    from kanban_py._async.client import AsyncKanban
    from kanban_py._async.handle import Handle

A = TypeVar("A")


class AsyncHeldCard:
    """A card that is held while its block runs. A heartbeat extends the lease as long as that takes.

    When the block ends, the card is completed; when it fails or is cancelled, the card is released with the error's
    text, and the error goes on. When the claim is lost on the way, because it was passed on or kept as long as a claim
    may be, the block is cancelled and the error that says so comes out of it.

    Attributes:
        card: The card as it was claimed, or as `complete` or `release` left it.
        kanban: The handle that works under this claim: use it for every write of the block.
        epoch: The claim's epoch.
    """

    __slots__ = ("_beating", "_cancelling", "_is_ending", "_lost", "_owner", "_ttl_seconds", "card", "epoch", "kanban")

    def __init__(self, kanban: AsyncKanban, card: Card, ttl_seconds: int) -> None:
        """For the package itself; enter `claim_next` or `claim_card`."""
        self.card: Card = card
        self.epoch: int = _held.epoch(card)
        self.kanban: AsyncKanban = kanban.under_claim(self.epoch)
        self._ttl_seconds = ttl_seconds
        self._is_ending = False
        self._lost: KanbanError | None = None
        owner = asyncio.current_task()
        assert owner is not None
        self._owner = owner
        self._cancelling = _cancelling(owner)
        self._beating: asyncio.Task[None] | None = asyncio.create_task(self._beat(), name=f"heartbeat of {card.key}")

    @property
    def id(self) -> str:
        """The card's id."""
        return self.card.id

    @property
    def key(self) -> str:
        """The card's key."""
        return self.card.key

    async def complete(self) -> Card:
        """Completes the card now; the end of the block has nothing left to do then.

        Raises:
            StaleClaim: The claim has ended or been passed on.
            WipLimit: The done column is full.
            Conflict: The board has no done column.
        """
        return await self._end(self.kanban.complete_card(self.id, self.epoch))

    async def release(self, reason: str | None = None) -> Card:
        """Gives the card back now; the end of the block has nothing left to do then.

        Args:
            reason: Why, for the audit trail: at most 8 KiB.

        Raises:
            StaleClaim: The claim has ended or been passed on.
        """
        return await self._end(self.kanban.release_card(self.id, self.epoch, reason=reason))

    async def _end(self, ending: Awaitable[Card]) -> Card:
        # a heartbeat that is refused from here on tells nothing new
        self._is_ending = True
        try:
            self.card = await ending
        finally:
            self._is_ending = False
        self._stop()
        return self.card

    async def _beat(self) -> None:
        wait = _held.interval(self._ttl_seconds)
        while True:
            await asyncio.sleep(wait)
            try:
                await self.kanban.heartbeat(self.id, self.epoch, ttl_seconds=self._ttl_seconds)
                wait = _held.interval(self._ttl_seconds)
            except KanbanError as error:
                if not (error.retryable or self._is_ending):
                    self._lost = error
                    self._owner.cancel()
                    return
                # should the lease end meanwhile and another take the card, the next one is refused
                wait = _held.retry_interval(self._ttl_seconds)

    def _stop(self) -> bool:
        """Ends the heartbeat; whether there was one. From here on the claim cannot be found lost."""
        beating, self._beating = self._beating, None
        if beating is not None:
            beating.cancel()
        return beating is not None

    async def _leave(self, error: BaseException | None) -> None:
        if not self._stop():
            return
        cause = error if self._lost is None else await self._cause(error, self._lost)
        if cause is None:
            try:
                await self.complete()
            except KanbanError as failure:
                cause = failure
            else:
                return
        try:
            await self.release(_held.reason(cause))
        except StaleClaim:
            # it is somebody else's, or finished
            pass
        except KanbanError as failure:
            _held.note(cause, failure, self.key)
        if cause is not error:
            raise cause from None

    async def _cause(self, error: BaseException | None, lost: KanbanError) -> BaseException:
        """What a block ended by whose claim was lost: takes back the cancelling that told it, and that only."""
        if not isinstance(error, asyncio.CancelledError):
            # it was over before it heard of it
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        if _uncancel(self._owner) > self._cancelling:
            # somebody else has cancelled it, too
            return error if isinstance(error, asyncio.CancelledError) else asyncio.CancelledError()
        return lost if error is None or isinstance(error, asyncio.CancelledError) else error


if sys.version_info >= (3, 11):

    def _cancelling(task: asyncio.Task[Any]) -> int:
        return task.cancelling()

    def _uncancel(task: asyncio.Task[Any]) -> int:
        return task.uncancel()

else:
    # nobody counts there: ours is the only one there can be

    def _cancelling(task: asyncio.Task[Any]) -> int:
        return 0

    def _uncancel(task: asyncio.Task[Any]) -> int:
        return 0


class _Claiming(Coroutine[Any, Any, A], Generic[A]):
    """A claim that is about to be made: a coroutine, and a context manager."""

    __slots__ = ("_coroutine", "_held", "_kanban", "_ttl_seconds")

    def __init__(self, handle: Handle, call: Callable[[], Awaitable[A]], ttl_seconds: int) -> None:
        """For the package itself."""
        self._kanban = cast("AsyncKanban", handle)
        self._ttl_seconds = ttl_seconds
        self._coroutine = _calling(call)
        self._held: AsyncHeldCard | None = None

    def __await__(self) -> Generator[Any, Any, A]:
        """What was claimed, to be looked after by the caller."""
        return self._coroutine.__await__()

    def send(self, value: Any) -> Any:
        """As of every coroutine."""
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """As of every coroutine."""
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """As of every coroutine."""
        self._coroutine.close()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Completes the card, or releases it with the error's text."""
        assert self._held is not None
        await self._held._leave(error)

    async def _hold(self, card_of: Callable[[A], Card]) -> AsyncHeldCard:
        claiming = asyncio.ensure_future(self._coroutine)
        try:
            answer = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await self._give_back(claiming, card_of)
            raise
        self._held = AsyncHeldCard(self._kanban, card_of(answer), self._ttl_seconds)
        return self._held

    async def _give_back(self, claiming: asyncio.Future[A], card_of: Callable[[A], Card]) -> None:
        """The claim is made though its caller was cancelled; nobody else would give it back before the lease ends."""
        try:
            card = card_of(await claiming)
            await self._kanban.release_card(card.id, _held.epoch(card), reason="cancelled while it was claimed")
        except KanbanError:
            # there is nothing to give back, or it cannot be: then the lease ends by itself
            pass


class AsyncNextClaim(_Claiming[ClaimedCards]):
    """A claim of the next cards: await it for them, or enter it to hold one with `async with`."""

    __slots__ = ("_limit",)

    def __init__(
        self, handle: Handle, call: Callable[[], Awaitable[ClaimedCards]], ttl_seconds: int, limit: int
    ) -> None:
        """For the package itself; use `claim_next`."""
        super().__init__(handle, call, ttl_seconds)
        self._limit = limit

    async def __aenter__(self) -> AsyncHeldCard:
        """Claims the next card and holds it.

        Raises:
            NothingToClaim: There is nothing to claim; the error says why and when to ask again.
        """
        try:
            _held.one_at_a_time(self._limit)
        except Invalid:
            self.close()
            raise
        return await self._hold(_held.the_one)


class AsyncCardClaim(_Claiming[Card]):
    """A claim of a certain card: await it for the card, or enter it to hold it with `async with`."""

    __slots__ = ()

    async def __aenter__(self) -> AsyncHeldCard:
        """Claims the card and holds it."""
        return await self._hold(lambda card: card)


def next_claim(
    handle: Handle, call: Callable[[], Awaitable[ClaimedCards]], *, ttl_seconds: int, limit: int
) -> AsyncNextClaim:
    """Prepares the claim."""
    return AsyncNextClaim(handle, call, ttl_seconds, limit)


def card_claim(handle: Handle, call: Callable[[], Awaitable[Card]], *, ttl_seconds: int) -> AsyncCardClaim:
    """Prepares the claim."""
    return AsyncCardClaim(handle, call, ttl_seconds)


async def _calling(call: Callable[[], Awaitable[A]]) -> A:
    return await call()
