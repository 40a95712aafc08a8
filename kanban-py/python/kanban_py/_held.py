"""What both kinds of held cards have in common: when to extend a lease, and what is told when one ends."""

from __future__ import annotations

from typing import Any, Final

from kanban_py.errors import Invalid, KanbanError, NothingToClaim
from kanban_py.model import Card, ClaimedCards

REASON_BYTES: Final = 8192
"""The most that the board takes as a reason."""

_CUT: Final = "…"


def interval(ttl_seconds: int) -> float:
    """Seconds between two heartbeats: two may fail before the lease ends."""
    return ttl_seconds / 3


def retry_interval(ttl_seconds: int) -> float:
    """Seconds after which a heartbeat that did not get through is sent again."""
    return min(ttl_seconds / 10, 5.0)


def one_at_a_time(limit: int) -> None:
    """Refuses to hold several cards by one claim: one of them could fail and the others not."""
    if isinstance(limit, int) and limit == 1:
        return
    detail = "must be 1 where the claim is entered: each card is held, completed and released by itself"
    details = {"errors": [{"pointer": "/limit", "detail": detail}]}
    raise Invalid(f"The input is not valid: /limit {detail}.", code="invalid", details=details)


def the_one(claimed: ClaimedCards) -> Card:
    """The card that was claimed.

    Raises:
        NothingToClaim: There is none.
    """
    if claimed.items:
        return claimed.items[0]
    assert claimed.reason is not None
    reason = claimed.reason.to_dict()
    raise NothingToClaim(claimed.reason.detail, code=claimed.reason.code, details=reason, retryable=True)


def epoch(card: Card) -> int:
    """The epoch of the claim under which a card was just claimed."""
    assert card.claim is not None
    return card.claim.epoch


def reason(error: BaseException) -> str:
    """What an error says, as the board takes it: without what no text on it may hold, and not too long for it."""
    text = str(error)
    said = f"{type(error).__name__}: {text}" if text else type(error).__name__
    whole = said.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace")
    if len(whole) <= REASON_BYTES:
        return whole.decode()
    return whole[: REASON_BYTES - len(_CUT.encode())].decode("utf-8", "ignore") + _CUT


def note(error: BaseException, failure: KanbanError, key: str) -> None:
    """Tells beside an error that its card could not be given back; the error itself is what matters."""
    # what `add_note` does, which Python has since 3.11
    notes: list[Any] = getattr(error, "__notes__", [])
    error.__notes__ = [*notes, f"{key} could not be released, its lease runs out by itself: {failure}"]  # type: ignore[attr-defined]
