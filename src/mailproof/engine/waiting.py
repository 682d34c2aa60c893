"""Callers who wait for the first attempt of their mail. They hold no connection to the store."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mailproof.clock import Clock, first_of
from mailproof.engine.receipts import Receipt
from mailproof.mail.lifecycle import State
from mailproof.store.base import Database, StoreError
from mailproof.store.mails.accept import standing
from mailproof.store.shapes import Submitted

__all__ = ["Waiting"]

# On its way: there is something to wait for.
_ON_ITS_WAY: Final = frozenset({State.QUEUED, State.SENDING})
_ASK_EVERY_S: Final = 0.025


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

    def __len__(self) -> int:
        return len(self._waiters)

    def is_waited_for(self, email_id: str) -> bool:
        return email_id in self._waiters

    async def wait(self, mails: Sequence[Receipt], until: float) -> tuple[Receipt, ...]:
        """The same mails once each has had its first attempt, or as they are at `until`."""
        waiting = {mail.id: self._add(mail.id) for mail in mails if mail.state in _ON_ITS_WAY}
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
            if receipt.state in _ON_ITS_WAY:
                continue
            for future in self._waiters.get(receipt.id, ()):
                if not future.done():
                    future.set_result(receipt)

    async def run(self) -> None:
        """Ask the store for what other processes did, as long as somebody waits and others send."""
        while True:
            await self._added.wait()
            if not self._waiters:
                self._added.clear()
                continue
            if self.others_send:
                await self._ask()
            await asyncio.sleep(_ASK_EVERY_S)

    async def _ask(self) -> None:
        try:
            found: Mapping[str, Submitted] = await self._database.read(
                standing, list(self._waiters)
            )
        except StoreError:
            return  # whoever writes next hears of it; the callers wait on, and time out truthfully
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
