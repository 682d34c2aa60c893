"""When the review is taken: once a minute while there is mail, and when a silence would be told.

An hour after the last event nothing more can come of it, and the database is left alone.
"""

from typing import Final

from mailproof.alerts.limits import Limits
from mailproof.alerts.trends import next_silence_at
from mailproof.clock import Clock
from mailproof.store.base import Database
from mailproof.store.records.review import Review, keep_samples, take_review
from mailproof.store.records.tallies import keep_tally, next_tally

__all__ = ["Reviewing"]

_EVERY_S: Final = 60.0
# Reports of providers and the consequences of a mail come later than the mail.
_AFTER_MS: Final = 3_600_000


class Reviewing:
    """The newest review, and when there is to be another. Times by `clock`."""

    def __init__(self, db: Database, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self.next_at: float | None = None
        self._db = db
        self._clock = clock
        self._began = 0
        self._review: Review | None = None
        self._last_event = -1
        self._stirred = False

    def begin(self) -> None:
        """This process looks from now on. What another one saw meanwhile is no knowledge."""
        self._began = self._db.now()
        self._review = None
        self.next_at = None

    def heard(self, last_event: int) -> bool:
        """Something may have happened elsewhere. True: the time of the next review has changed."""
        if last_event == self._last_event:
            return False
        self._last_event = last_event
        return self.stir()

    def stir(self) -> bool:
        """Something has happened. True: the time of the next review has changed."""
        self._stirred = True
        at = self._clock.now() + _EVERY_S
        if self.next_at is not None and self.next_at <= at:
            return False
        self.next_at = at
        return True

    async def latest(self) -> Review:
        """The last one; the first time it is taken now, so that what it has told stays told."""
        if self._review is None:
            self._review = await self._take()
        return self._review

    async def renew(self) -> bool:
        """Take another one if it is time to. False: it is not."""
        if self.next_at is None or self._clock.now() < self.next_at:
            return False
        self._review = await self._take()
        return True

    async def _take(self) -> Review:
        """Where the database fails, it is still due."""
        self._stirred = False
        while (tally := await self._db.read(next_tally)) is not None:
            await self._db.write(keep_tally, tally)
        review = await self._db.read(take_review, self._began)
        if review.samples:
            await self._db.write(keep_samples, review)
        self._plan(review)
        return review

    def _plan(self, review: Review) -> None:
        now = self._clock.now()
        times = [now + _EVERY_S] if self._stirred else []
        if review.last_event_at is not None and review.now - review.last_event_at < _AFTER_MS:
            times.append(now + _EVERY_S)
        if (silence_at := next_silence_at(review, self.limits)) is not None:
            times.append(now + max(0.0, (silence_at - review.now) / 1_000))
        self.next_at = min(times, default=None)
