"""Who follow their mails share one look at the store: one query a second, however many they are."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Final

import structlog

from mailproof.clock import Clock
from mailproof.store.base import Database, StoreError
from mailproof.store.mails.status import Moved, what_moved

__all__ = ["Following", "Watch"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

_LOOK_EVERY_S: Final = 1.0


class Watch:
    """What one stream follows: the lanes, and perhaps a mail, and mail to an address.

    `stirred` is set when one of them has changed, and when streams are to end.
    """

    def __init__(self, email_id: str | None, mac: bytes | None) -> None:
        self.email_id = email_id
        self.mac = mac
        self.stirred = asyncio.Event()
        self._seen: tuple[int | None, ...] | None = None

    def compare(self, moved: Moved) -> None:
        """Against what was seen before. The first look stirs too: what was told may be older."""
        seen = (
            moved.lanes,
            None if self.email_id is None else moved.mails.get(self.email_id),
            None if self.mac is None else moved.addresses.get(self.mac),
        )
        if self._seen != seen:
            self._seen = seen
            self.stirred.set()


class Following:
    """All streams of this process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._watches: set[Watch] = set()
        self._some = asyncio.Event()
        self._is_blind = False
        self.closed = False

    @contextlib.contextmanager
    def watching(self, email_id: str | None, mac: bytes | None) -> Iterator[Watch]:
        """A watch for as long as this is entered."""
        watch = Watch(email_id, mac)
        self._watches.add(watch)
        self._some.set()
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            if not self._watches:
                self._some.clear()

    async def run(self) -> None:
        """Look each second while somebody follows; until canceled."""
        while True:
            await self._some.wait()
            await self._look()
            await self._clock.sleep_until(self._clock.now() + _LOOK_EVERY_S)

    def close(self) -> None:
        """Streams end, so that the server can."""
        self.closed = True
        for watch in self._watches:
            watch.stirred.set()

    async def _look(self) -> None:
        watches = tuple(self._watches)
        ids = sorted({each.email_id for each in watches if each.email_id is not None})
        macs = sorted({each.mac for each in watches if each.mac is not None})
        try:
            moved = await self._db.read(what_moved, ids, macs)
        except StoreError as error:
            if not self._is_blind:
                self._is_blind = True
                _log.warning("status.blind", streams=len(watches), error=str(error))
            return
        except Exception:  # noqa: BLE001 - a bug here must not stop the gateway
            _log.critical("status.crashed", streams=len(watches), exc_info=True)
            return
        self._is_blind = False
        for watch in watches:
            watch.compare(moved)
