"""The counter: takes mail in, and waits with those who want to know."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec

from mailproof.engine.context import Context
from mailproof.engine.intake import Intake, Placing
from mailproof.engine.receipts import (
    Caller,
    Closed,
    KeyConflict,
    Overloaded,
    Receipt,
    Receipts,
)
from mailproof.engine.waiting import Waiting
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.store.flush import Coalescer
from mailproof.store.mails.accept import Answer, accept, stop_waiting, store_content
from mailproof.store.mails.attempts import last_failure
from mailproof.store.mails.failures import failure_from_json
from mailproof.store.shapes import Accepted, Conflict, Submission

__all__ = ["Counter"]

# Larger contents go to the disk before the flush that accepts their mail, so that it stays short.
_LARGE_BYTES: Final = 256 * 1024
_BATCH_MAX: Final = 500
# States whose answer says what the provider said.
_TELLING: Final = frozenset({State.FAILED, State.CANCELED})
_RETRY_AFTER_S: Final = 1.0


class Counter:
    """The engine's `Mailroom`. `accepted` is called after each flush that brought mail to send."""

    def __init__(
        self, context: Context, intake: Intake, waiting: Waiting, accepted: Callable[[], None]
    ) -> None:
        self._database = context.database
        self._intake = intake
        self._waiting = waiting
        self._in_flight_max = context.policy.in_flight_max
        self._routing = context.routing
        self._clock = context.clock
        self._accepted = accepted
        self._in_flight = 0
        self.flush = Coalescer(self._write, batch_max=_BATCH_MAX)

    async def accept(
        self,
        caller: Caller,
        emails: Sequence[Email],
        *,
        endpoint: str,
        wait_s: float,
        on_hold: Literal["promise", "refuse"] | None = None,
    ) -> Receipts | KeyConflict | Closed | Overloaded:
        """See `Mailroom.accept`."""
        size = sum(email.size for email in emails)
        if self._in_flight + size > self._in_flight_max and self._in_flight:
            return Overloaded(_RETRY_AFTER_S)
        self._in_flight += size
        try:
            answer, strict = await self._submit(
                caller, emails, Placing(endpoint, on_hold, None), wait_s
            )
        finally:
            self._in_flight -= size
        match answer:
            case Conflict():
                return KeyConflict()
            case Accepted():
                receipts = tuple(
                    Receipt(id=mail.id, state=mail.state, reason=mail.reason)
                    for mail in answer.mails
                )
                if wait_s > 0:
                    receipts = await self._waited(receipts, wait_s, strict=strict)
                return Receipts(receipts, answer.repeated)
            case _:
                return Closed(answer.sender, answer.reason, failure_from_json(answer.failure))

    async def _submit(
        self, caller: Caller, emails: Sequence[Email], placing: Placing, wait_s: float
    ) -> tuple[Answer, bool]:
        now = self._database.now()
        if wait_s > 0:
            placing = msgspec.structs.replace(placing, wait_until=now + int(wait_s * 1000))
        submission = self._intake.submission(caller, emails, placing, now)
        mails = submission.mails
        if any(len(mail.payload) > _LARGE_BYTES for mail in mails):
            stored = []
            for mail in mails:
                if len(mail.payload) > _LARGE_BYTES:
                    await self._database.write(store_content, mail.id, mail.payload)
                    mail = msgspec.structs.replace(mail, content_stored=True, payload=b"")
                stored.append(mail)
            submission = msgspec.structs.replace(submission, mails=tuple(stored))
        strict = any(mail.on_hold == "refuse" for mail in mails)
        return await self.flush.submit(submission), strict

    async def _waited(
        self, receipts: tuple[Receipt, ...], wait_s: float, *, strict: bool
    ) -> tuple[Receipt, ...]:
        waited = await self._waiting.wait(receipts, self._clock.now() + wait_s)
        return tuple([await self._settled(receipt, strict=strict) for receipt in waited])

    async def _settled(self, receipt: Receipt, *, strict: bool) -> Receipt:
        """Time is up: tell the store so, lest a hold cancels what we have answered "yours" to."""
        if strict and receipt.state in {State.QUEUED, State.SENDING}:
            row = await self._database.write(stop_waiting, receipt.id)
            if row is not None:
                receipt = Receipt(id=row.id, state=row.state, reason=row.reason)
        if receipt.failure is None and receipt.state in _TELLING:
            failure = failure_from_json(await self._database.read(last_failure, receipt.id))
            receipt = msgspec.structs.replace(receipt, failure=failure)
        return receipt

    async def _write(self, submissions: Sequence[Submission], again: bool) -> Sequence[Answer]:  # noqa: FBT001
        answers = await self._database.write(accept, submissions, self._routing, again=again)
        self._accepted()
        return answers
