"""Writes down what attempts led to, in groups, and tells those who wait."""

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from mailproof.diagnosis.failure import Failure
from mailproof.engine.context import Context
from mailproof.engine.receipts import Receipt
from mailproof.engine.seldom import Seldom
from mailproof.store.base import StoreError
from mailproof.store.flush import Coalescer
from mailproof.store.mails.begin import begin
from mailproof.store.mails.record import record
from mailproof.store.shapes import Outcome, Recorded

__all__ = ["Recorder"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_RECORD_MAX: Final = 500
_RECORD_AGAIN_S: Final = 0.5


class Recorder:
    """Shared by all pumps of a process."""

    def __init__(self, context: Context, tell: Callable[[Sequence[Receipt]], None]) -> None:
        self._database = context.database
        self._routing = context.routing
        self._clock = context.clock
        self._unwritten = Seldom(context.clock)
        self.tell = tell
        self.flush = Coalescer(self._write, batch_max=_RECORD_MAX)
        self.beginnings = Coalescer(self._begin, batch_max=_RECORD_MAX)

    async def record(self, outcome: Outcome, failure: Failure | None) -> Recorded:
        """Until it is written, however long the store is away: an outcome that is known must not
        become unknown. Whoever took the mail over when the lease ended has moved first then."""
        while True:
            try:
                recorded = await self.flush.submit(outcome)
            except StoreError as error:
                if self._unwritten.may_say():
                    _log.error("outcome.unwritten", email_id=outcome.mail.id, error=str(error))
                await self._clock.sleep_until(self._clock.now() + _RECORD_AGAIN_S)
                continue
            break
        self._unwritten.over()
        if recorded.fenced:
            _log.warning(
                "lease.lost",
                email_id=recorded.id,
                state=recorded.state.value,
                attempt=outcome.mail.lease_no,
            )
        self.tell(
            [Receipt(id=recorded.id, state=recorded.state, reason=recorded.reason, failure=failure)]
        )
        return recorded

    async def begin(self, lease: tuple[str, int]) -> bool:
        """On disk that the mail of this lease sets out; False: somebody else has it by now.

        Raises `StoreError`: then it has not set out, and must not.
        """
        return await self.beginnings.submit(lease)

    async def _begin(self, leases: Sequence[tuple[str, int]], again: bool) -> Sequence[bool]:  # noqa: FBT001
        return await self._database.write(begin, leases)

    async def _write(self, outcomes: Sequence[Outcome], again: bool) -> Sequence[Recorded]:  # noqa: FBT001
        return await self._database.write(record, outcomes, self._routing, again=again)
