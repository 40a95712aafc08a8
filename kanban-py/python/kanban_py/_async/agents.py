"""What agents do: see what is next, claim it, keep it, give it back or finish it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from kanban_py._typing import Priority
from kanban_py.model import Card, Tasks

from .claims import AsyncCardClaim, AsyncNextClaim, card_claim, next_claim
from .handle import Handle


class Agents(Handle):
    """What agents do."""

    __slots__ = ()

    async def next_tasks(
        self,
        agent: str,
        *,
        board: str | None = None,
        labels: Sequence[str] = (),
        capabilities: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_after: datetime | None = None,
        due_before: datetime | None = None,
        explain: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Tasks:
        """The cards an agent can work on now, in the order in which it should take them.

        Its own unfinished work comes first, then by priority, due date (none last), place and id. A card is ready when
        nothing unresolved blocks it, it is unassigned or assigned to this agent, it needs nothing that the agent cannot
        do, no other agent has a live lease on it, and it is queued, or in progress and this agent's own, or left in
        progress by an agent whose lease has ended.

        Args:
            agent: The agent's id.
            board: Only on this board, by id or key; on every board of the tenant when None.
            labels: Only cards with all of these labels.
            capabilities: What the agent can do: only cards that need nothing else. A card says what it needs with
                labels `needs:…`, such as `needs:rust`. When None, the agent can do anything.
            priority: Only cards of this priority.
            due_after: Only cards that are due at this moment or later; it must name its offset from UTC.
            due_before: Only cards that are due before this moment; it must name its offset from UTC.
            explain: Whether to go on, behind the cards that are ready, with the open ones that are not, and say why:
                each open card that passes the filters is then either among the items or in `left_out`.
            limit: The most on a page: 1 to 200.
            cursor: `next_cursor` of the page before, with the same filters; the first page when None.

        Raises:
            NotFound: There is no such board.
            Invalid: For a bad filter, limit or cursor.

        Example:
            >>> tasks = await kanban.next_tasks("claude-1", explain=True)
            >>> [card.key for card in tasks]
            ['AB-1']
            >>> [(card.key, card.reasons[0].code) for card in tasks.left_out]
            [('AB-2', 'blocked_by'), ('AB-3', 'blocked_by')]
        """
        return await self._call(
            "next_tasks",
            agent=agent,
            board=board,
            labels=labels,
            capabilities=capabilities,
            priority=priority,
            due_after=due_after,
            due_before=due_before,
            explain=explain,
            limit=limit,
            cursor=cursor,
        )

    def claim_next(
        self,
        agent: str,
        *,
        board: str | None = None,
        labels: Sequence[str] = (),
        capabilities: Sequence[str] | None = None,
        priority: Priority | None = None,
        due_after: datetime | None = None,
        due_before: datetime | None = None,
        limit: int = 1,
        ttl_seconds: int = 900,
        start: bool = True,
        capacity: int | None = None,
    ) -> AsyncNextClaim:
        """Claims the next ready cards for an agent, each for nobody else, and starts them. Never more than asked for.

        When nothing can be claimed, the answer's `reason` says why and when to ask again.

        Entered with `async with` it holds one card for the block: see `AsyncHeldCard`.

        Args:
            agent: The agent's id. An agent claims for itself only.
            board: Only on this board, by id or key; on any board of the tenant when None.
            labels: Only cards with all of these labels.
            capabilities: What the agent can do: only cards that need nothing else. A card says what it needs with
                labels `needs:…`, such as `needs:rust`. When None, the agent can do anything.
            priority: Only cards of this priority.
            due_after: Only cards that are due at this moment or later; it must name its offset from UTC.
            due_before: Only cards that are due before this moment; it must name its offset from UTC.
            limit: The most cards to take: 1 to 50.
            ttl_seconds: How long each lease lasts without a heartbeat: 1 to 86,400 seconds.
            start: Whether to move queued work to the board's first doing column.
            capacity: Take no more than keeps the agent at this many live claims.

        Raises:
            NotFound: There is no such board.
            Invalid: A member breaks a rule.
            PermissionDenied: An agent claims for another.
            NothingToClaim: There is nothing to claim, and it was entered.

        Example:
            >>> task = (await kanban.claim_next("claude-1")).items[0]
            >>> task.key, task.status, task.claim.agent_id, task.claim.epoch
            ('AB-1', 'doing', 'claude-1', 1)
            >>> (await kanban.claim_next("claude-2")).reason.code
            'nothing_ready'
            >>> done = await kanban.complete_card("AB-1", task.claim.epoch)
            >>> async with kanban.claim_next("claude-2") as held:
            ...     comment = await held.kanban.create_comment(held.key, "The search endpoint has no test.")
            >>> held.card.key, held.card.status
            ('AB-2', 'done')
        """
        return next_claim(
            self,
            lambda: self._call(
                "claim_next",
                agent=agent,
                board=board,
                labels=labels,
                capabilities=capabilities,
                priority=priority,
                due_after=due_after,
                due_before=due_before,
                limit=limit,
                ttl_seconds=ttl_seconds,
                start=start,
                capacity=capacity,
            ),
            ttl_seconds=ttl_seconds,
            limit=limit,
        )

    def claim_card(
        self,
        card: str,
        agent: str,
        *,
        ttl_seconds: int = 900,
        start: bool = True,
        capacity: int | None = None,
    ) -> AsyncCardClaim:
        """Claims a certain card for an agent and starts it.

        Claiming one's own card again gives a new epoch, which shuts out whoever still works under the old one.

        Entered with `async with` it holds the card for the block: see `AsyncHeldCard`.

        Args:
            card: Its id or key.
            agent: The agent's id. An agent claims for itself only.
            ttl_seconds: How long the lease lasts without a heartbeat: 1 to 86,400 seconds.
            start: Whether to move queued work to the board's first doing column.
            capacity: Take it only if that keeps the agent at this many live claims.

        Raises:
            NotFound: There is no such card.
            Claimed: Another agent works on it.
            NotReady: It is blocked, finished, assigned to others, or a person works on it.
            WipLimit: The doing column is full.
            CapacityReached: The agent holds as many claims as it can.
            PermissionDenied: An agent claims for another.

        Example:
            >>> (await kanban.claim_card("AB-1", "claude-1")).claim.epoch
            1
            >>> async with kanban.claim_card("AB-1", "claude-1", ttl_seconds=60) as held:
            ...     held.epoch
            2
            >>> held.card.status
            'done'
        """
        return card_claim(
            self,
            lambda: self._call(
                "claim_card",
                card=card,
                agent=agent,
                ttl_seconds=ttl_seconds,
                start=start,
                capacity=capacity,
            ),
            ttl_seconds=ttl_seconds,
        )

    async def heartbeat(self, card: str, epoch: int, *, ttl_seconds: int | None = None) -> Card:
        """Extends a claim, counted from now.

        Args:
            card: Its id or key.
            epoch: The claim's epoch.
            ttl_seconds: How long the lease lasts from now without another: 1 to 86,400 seconds, 900 when None; seven
                days in all.

        Raises:
            StaleClaim: The claim has ended or been passed on.
            NotFound: There is no such card.
            Conflict: It has been kept as long as a claim may be.

        Example:
            >>> task = await kanban.claim_card("AB-1", "claude-1", ttl_seconds=60)
            >>> (await kanban.heartbeat("AB-1", task.claim.epoch)).claim.until > task.claim.until
            True
        """
        return await self._call("heartbeat", card=card, epoch=epoch, ttl_seconds=ttl_seconds)

    async def release_card(self, card: str, epoch: int, *, reason: str | None = None) -> Card:
        """Gives a claimed card back. It stays in its column, and work in progress can be claimed by anybody at once.

        Args:
            card: Its id or key.
            epoch: The claim's epoch.
            reason: Why, for the audit trail: at most 8 KiB.

        Raises:
            StaleClaim: The claim has ended or been passed on.
            NotFound: There is no such card.

        Example:
            >>> task = await kanban.claim_card("AB-1", "claude-1")
            >>> (await kanban.release_card("AB-1", task.claim.epoch, reason="needs a person")).claim is None
            True
        """
        return await self._call("release_card", card=card, epoch=epoch, reason=reason)

    async def complete_card(self, card: str, epoch: int) -> Card:
        """Finishes a claimed card: moves it to the board's first done column and ends the claim.

        Args:
            card: Its id or key.
            epoch: The claim's epoch.

        Raises:
            StaleClaim: The claim has ended or been passed on.
            NotFound: There is no such card.
            WipLimit: The done column is full.
            Conflict: The board has no done column.

        Example:
            >>> task = await kanban.claim_card("AB-1", "claude-1")
            >>> (await kanban.complete_card("AB-1", task.claim.epoch)).status
            'done'
        """
        return await self._call("complete_card", card=card, epoch=epoch)
