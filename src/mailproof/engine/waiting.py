"""Callers who wait for the first attempt of their mail. They hold no connection to the store."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import structlog

from mailproof.clock import Clock, first_of
from mailproof.engine.receipts import Receipt
from mailproof.mail.events import EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import Database, NewEvent
from mailproof.store.mails.accept import standing
from mailproof.store.shapes import Submitted

__all__ = ["ON_ITS_WAY", "Waiting"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

# On its way: there is something to wait for.
ON_ITS_WAY: Final = frozenset({State.QUEUED, State.SENDING})
_ASK_EVERY_S: Final = 0.025
# Ends that no attempt leads to, so that nobody else tells of them.
_ENDED_BESIDE: Final[Mapping[EventType, State]] = {
    EventType.EMAIL_EXPIRED: State.EXPIRED,
    EventType.EMAIL_SUPERSEDED: State.SUPERSEDED,
    EventType.EMAIL_SUPPRESSED: State.SUPPRESSED,
}


async def _all(futures: Sequence[asyncio.Future[Receipt]]) -> None:
    await asyncio.wait(futures)


class Waiting:
    """Who waits for which mail. A result of this process comes at once; where others may send too,
    one query for all that is waited for asks every 25 ms."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._waiters: dict[str, set[asyncio.Future[Receipt]]] = {}
        self._added = asyncio.Event()
        self.others_send = False
        self._is_blind = False

    def __len__(self) -> int:
        return len(self._waiters)

    def is_waited_for(self, email_id: str) -> bool:
        return email_id in self._waiters

    async def wait(
        self, mails: Sequence[Receipt], until: float, for_: Collection[State] = ON_ITS_WAY
    ) -> tuple[Receipt, ...]:
        """The same mails once each has had its first attempt, or as they are at `until`. `for_`:
        only those in these states are waited for."""
        waiting = {mail.id: self._add(mail.id) for mail in mails if mail.state in for_}
        if not waiting:
            return tuple(mails)
        try:
            await first_of(self._clock.sleep_until(until), _all(tuple(waiting.values())))
            return tuple(
                future.result() if (future := waiting.get(mail.id)) and future.done() else mail
                for mail in mails
            )
        finally:
            for email_id, future in waiting.items():
                self._remove(email_id, future)

    def tell(self, receipts: Iterable[Receipt]) -> None:
        """These mails have moved; who waits for one hears of it, unless it is still on its way."""
        for receipt in receipts:
            if receipt.state in ON_ITS_WAY:
                continue
            for future in self._waiters.get(receipt.id, ()):
                if not future.done():
                    future.set_result(receipt)

    def heard(self, events: Iterable[NewEvent]) -> None:
        """A commit of this process brought these: a mail may end while it waits to be sent."""
        if not self._waiters:
            return
        for event in events:
            state = _ENDED_BESIDE.get(event.type)
            if state is not None and event.email_id in self._waiters:
                reason = event.data.get("reason")
                self.tell([Receipt(id=event.email_id, state=state, reason=reason)])

    async def run(self) -> None:
        """Ask the store for what other processes did, as long as somebody waits and others send."""
        while True:
            await self._added.wait()
            if not self._waiters:
                self._added.clear()
                continue
            if self.others_send:
                await self._ask()
            await self._clock.sleep_until(self._clock.now() + _ASK_EVERY_S)

    async def _ask(self) -> None:
        try:
            found: Mapping[str, Submitted] = await self._database.read(
                standing, list(self._waiters)
            )
        except Exception as error:  # noqa: BLE001 - the callers wait on, and time out truthfully
            if not self._is_blind:
                self._is_blind = True
                _log.error("waiters.blind", waiting=len(self._waiters), exc_info=error)
            return
        self._is_blind = False
        self.tell(
            Receipt(id=mail.id, state=State(mail.state), reason=mail.reason)
            for mail in found.values()
        )

    def _add(self, email_id: str) -> asyncio.Future[Receipt]:
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(email_id, set()).add(future)
        self._added.set()
        return future

    def _remove(self, email_id: str, future: asyncio.Future[Receipt]) -> None:
        future.cancel()
        waiters = self._waiters.get(email_id)
        if waiters is not None:
            waiters.discard(future)
            if not waiters:
                del self._waiters[email_id]
