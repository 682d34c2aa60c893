"""Live pages: a page is drawn again only when something has happened since it was drawn."""

import asyncio
from typing import Final

from mailproof.gateway.exchange import Request
from mailproof.store.base import Database
from mailproof.store.records.events import newest

__all__ = ["HEADER", "Pulse"]

HEADER: Final = b"console-version"

# One look at the log for all pages of this process within this time.
_LOOK_EVERY_MS: Final = 1_000
# What stands on a page and is no event: checks, refusals, how long it is until something.
_REDRAW_EVERY_MS: Final = 10_000


class Pulse:
    """What has happened last, asked once a second for all pages that are open."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = asyncio.Lock()
        self._newest = 0
        self._looked_at = 0

    async def version(self) -> str:
        """What a page drawn now is marked with: the last event, and when. Raises what the store
        raises."""
        async with self._lock:
            now = self._database.now()
            if not 0 <= now - self._looked_at < _LOOK_EVERY_MS:
                self._newest = await self._database.read(newest)
                self._looked_at = now
        return f"{self._newest}.{now}"

    def is_current(self, request: Request, version: str) -> bool:
        """Is the page that asks as it would be drawn now?"""
        seen, _, drawn_at = (request.header(HEADER) or "").partition(".")
        event, _, now = version.partition(".")
        if seen != event or not drawn_at.isdecimal():
            return False
        return 0 <= int(now) - int(drawn_at) < _REDRAW_EVERY_MS
