"""Claims as context managers: the card is held as long as the block runs, then completed or released."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from kanban_py import _held
from kanban_py._record import Record
from kanban_py.errors import Invalid, KanbanError, StaleClaim
from kanban_py.model import Card, ClaimedCards

if TYPE_CHECKING:
    from kanban_py._sync.client import Kanban
    from kanban_py._sync.handle import Handle


class HeldCard:
    """A card that is held while its block runs. A heartbeat, on a thread of its own, extends the lease meanwhile.

    When the block ends, the card is completed; when it fails or Ctrl-C ends it, the card is released with the error's
    text, and the error goes on. When the claim is lost on the way, because it was passed on or kept as long as a claim
    may be, every further write under it is refused, and `check` raises the error that says so, as the block's end does.

    Attributes:
        card: The card as it was claimed, or as `complete` or `release` left it.
        kanban: The handle that works under this claim: use it for every write of the block.
        epoch: The claim's epoch.
    """

    __slots__ = ("_beating", "_is_ending", "_lost", "_over", "_ttl_seconds", "card", "epoch", "kanban")

    def __init__(self, kanban: Kanban, card: Card, ttl_seconds: int) -> None:
        """For the package itself; enter `claim_next` or `claim_card`."""
        self.card: Card = card
        self.epoch: int = _held.epoch(card)
        self.kanban: Kanban = kanban.under_claim(self.epoch)
        self._ttl_seconds = ttl_seconds
        self._is_ending = False
        self._lost: KanbanError | None = None
        self._over = threading.Event()
        self._beating = threading.Thread(target=self._beat, name=f"heartbeat of {card.key}", daemon=True)
        self._beating.start()

    @property
    def id(self) -> str:
        """The card's id."""
        return self.card.id

    @property
    def key(self) -> str:
        """The card's key."""
        return self.card.key

    def check(self) -> None:
        """Raises the error by which the claim was lost, if it was: call it between the steps of long work.

        Raises:
            StaleClaim: The claim has ended or been passed on.
            Conflict: It has been kept as long as a claim may be.
        """
        if self._lost is not None:
            raise self._lost

    def complete(self) -> Card:
        """Completes the card now; the end of the block has nothing left to do then.

        Raises:
            StaleClaim: The claim has ended or been passed on.
            WipLimit: The done column is full.
            Conflict: The board has no done column.
        """
        return self._end(lambda: self.kanban.complete_card(self.id, self.epoch))

    def release(self, reason: str | None = None) -> Card:
        """Gives the card back now; the end of the block has nothing left to do then.

        Args:
            reason: Why, for the audit trail: at most 8 KiB.

        Raises:
            StaleClaim: The claim has ended or been passed on.
        """
        return self._end(lambda: self.kanban.release_card(self.id, self.epoch, reason=reason))

    def _end(self, ending: Callable[[], Card]) -> Card:
        # a heartbeat that is refused from here on tells nothing new
        self._is_ending = True
        try:
            self.card = ending()
        finally:
            self._is_ending = False
        self._stop()
        return self.card

    def _beat(self) -> None:
        wait = _held.interval(self._ttl_seconds)
        while not self._over.wait(wait):
            try:
                self.kanban.heartbeat(self.id, self.epoch, ttl_seconds=self._ttl_seconds)
                wait = _held.interval(self._ttl_seconds)
            except KanbanError as error:
                if not (error.retryable or self._is_ending or self._over.is_set()):
                    self._lost = error
                    return
                # should the lease end meanwhile and another take the card, the next one is refused
                wait = _held.retry_interval(self._ttl_seconds)

    def _stop(self) -> bool:
        """Ends the heartbeat; whether nobody had. From here on the claim cannot be found lost."""
        was_open = not self._over.is_set()
        self._over.set()
        self._beating.join()
        return was_open

    def _leave(self, error: BaseException | None) -> None:
        if not self._stop():
            return
        cause = error or self._lost
        if cause is None:
            try:
                self.complete()
            except KanbanError as failure:
                cause = failure
            else:
                return
        try:
            self.release(_held.reason(cause))
        except StaleClaim:
            # it is somebody else's, or finished
            pass
        except KanbanError as failure:
            _held.note(cause, failure, self.key)
        if cause is not error:
            raise cause from None


class _Holding:
    """A result that can be entered; in everything else it is that result."""

    __slots__ = ()
    _class: ClassVar[type[Record]]
    _holding: HeldCard
    # a Kanban, whose module imports this one
    _kanban: Any
    _ttl_seconds: int

    def _hold(self, card: Card) -> HeldCard:
        held = HeldCard(self._kanban, card, self._ttl_seconds)
        object.__setattr__(self, "_holding", held)
        return held

    def _check(self) -> None:
        if not hasattr(self, "_kanban"):
            raise TypeError("a copy of a claim cannot be entered; enter what claim_next or claim_card answers")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Completes the card, or releases it with the error's text."""
        self._holding._leave(error)

    def __eq__(self, other: object) -> bool:
        """By value, as results are."""
        return _plain(self) == (_plain(other) if isinstance(other, _Holding) else other)

    def __hash__(self) -> int:
        """By value, as results are."""
        return hash(_plain(self))

    def __repr__(self) -> str:
        """As of the result."""
        return repr(_plain(self))

    def __reduce__(self) -> tuple[Any, ...]:
        """It travels as the result alone: elsewhere there is nothing to hold the card by."""
        return type(self)._class, _members(self)


class NextClaim(_Holding, ClaimedCards):
    """What a claim of the next cards brought; enter it to hold the card with `with`."""

    __slots__ = ("_holding", "_kanban", "_limit", "_ttl_seconds")
    _class = ClaimedCards
    _limit: int

    def __enter__(self) -> HeldCard:
        """Holds the card.

        Raises:
            NothingToClaim: Nothing was claimed; the error says why and when to ask again.
        """
        self._check()
        try:
            _held.one_at_a_time(self._limit)
        except Invalid as error:
            for card in self.items:
                self._kanban.release_card(card.id, _held.epoch(card), reason=_held.reason(error))
            raise
        return self._hold(_held.the_one(self))


class CardClaim(_Holding, Card):
    """A card as it was claimed; enter it to hold it with `with`."""

    __slots__ = ("_holding", "_kanban", "_ttl_seconds")
    _class = Card

    def __enter__(self) -> HeldCard:
        """Holds the card."""
        self._check()
        return self._hold(self)


def next_claim(handle: Handle, call: Callable[[], ClaimedCards], *, ttl_seconds: int, limit: int) -> NextClaim:
    """Makes the claim."""
    claim = NextClaim(*_members(call()))
    for name, value in (("_kanban", handle), ("_ttl_seconds", ttl_seconds), ("_limit", limit)):
        object.__setattr__(claim, name, value)
    return claim


def card_claim(handle: Handle, call: Callable[[], Card], *, ttl_seconds: int) -> CardClaim:
    """Makes the claim."""
    claim = CardClaim(*_members(call()))
    for name, value in (("_kanban", handle), ("_ttl_seconds", ttl_seconds)):
        object.__setattr__(claim, name, value)
    return claim


def _members(result: Any) -> tuple[Any, ...]:
    return tuple(getattr(result, field.name) for field in dataclasses.fields(result))


def _plain(holding: _Holding) -> Record:
    return type(holding)._class(*_members(holding))
