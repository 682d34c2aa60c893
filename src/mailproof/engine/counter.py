"""The counter: takes mail in, and waits with those who want to know."""

import time
from collections.abc import Callable, Sequence
from typing import Final, Literal

import msgspec
import structlog

from mailproof.engine.attachments import fetched, has_urls
from mailproof.engine.context import Context
from mailproof.engine.intake import Intake, Placing
from mailproof.engine.measures import Spread
from mailproof.engine.receipts import (
    Caller,
    Closed,
    KeyConflict,
    Overloaded,
    Receipt,
    Receipts,
)
from mailproof.engine.waiting import ON_ITS_WAY, Waiting
from mailproof.mail.lifecycle import State
from mailproof.mail.message import SIZE_MAX, Email
from mailproof.providers.fetch import Fetch
from mailproof.store.base import CommitUnknown, StoreError
from mailproof.store.flush import Coalescer
from mailproof.store.mails.accept import (
    Answer,
    accept,
    is_known,
    standing,
    stop_waiting,
    store_content,
)
from mailproof.store.mails.attempts import last_failure
from mailproof.store.mails.failures import failure_from_json
from mailproof.store.shapes import Accepted, Conflict, Submission

__all__ = ["Counter"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

# Larger contents go to the disk before the flush that accepts their mail, so that it stays short.
_LARGE_BYTES: Final = 256 * 1024
_BATCH_MAX: Final = 500
# States whose answer says what the provider said.
_TELLING: Final = frozenset({State.FAILED, State.CANCELED})
# States that a hold may follow, and of which the caller hears as "it is ours".
_GOES_ON: Final = frozenset(
    {
        State.SCHEDULED,
        State.QUEUED,
        State.SENDING,
        State.DEFERRED,
        State.HELD,
        State.UNCONFIRMED,
    }
)
_RETRY_AFTER_S: Final = 1.0


class Counter:
    """The engine's `Mailroom`. `accepted` is called after each flush that brought mail to send."""

    def __init__(
        self,
        context: Context,
        intake: Intake,
        waiting: Waiting,
        accepted: Callable[[], None],
        fetch: Fetch | None = None,
    ) -> None:
        self._database = context.database
        self._intake = intake
        self._waiting = waiting
        self._in_flight_max = context.policy.in_flight_max
        self._routing = context.routing
        self._clock = context.clock
        self._accepted = accepted
        self._fetch = fetch
        self._in_flight = 0
        self.accepting = Spread()
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
        placing = Placing(endpoint, on_hold, None)
        size = sum(email.size for email in emails)
        is_fetching = self._fetch is not None and has_urls(emails)
        if is_fetching:  # how large the files are, shows only when they are here
            size += SIZE_MAX * len(emails)
        if self._in_flight + size > self._in_flight_max and self._in_flight:
            return Overloaded(_RETRY_AFTER_S)
        self._in_flight += size
        try:
            whole = await self._with_files(caller, emails, endpoint) if is_fetching else emails
            answer, strict = await self._submit(caller, emails, whole, placing, wait_s)
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
                    # Who wants no promise and yet was taken where the way is closed, tries it.
                    tries = strict and not answer.repeated
                    states = ON_ITS_WAY | {State.HELD} if tries else ON_ITS_WAY
                    until = self._clock.now() + wait_s
                    waited = await self._waiting.wait(receipts, until, states)
                    receipts = await self._settle(waited, strict=strict)
                return Receipts(receipts, answer.repeated)
            case _:
                return Closed(answer.sender, answer.reason, failure_from_json(answer.failure))

    @property
    def in_flight_bytes(self) -> int:
        return self._in_flight

    async def _with_files(
        self, caller: Caller, emails: Sequence[Email], endpoint: str
    ) -> Sequence[Email]:
        """A repeat needs no files, and its URLs may give none any more."""
        key = emails[0].idempotency_key
        if self._fetch is None or (
            key is not None and await self._database.read(is_known, caller.app, endpoint, key)
        ):
            return emails
        return await fetched(emails, self._fetch)

    async def _submit(
        self,
        caller: Caller,
        asked: Sequence[Email],
        whole: Sequence[Email],
        placing: Placing,
        wait_s: float,
    ) -> tuple[Answer, bool]:
        now, began = self._database.now(), time.monotonic()
        if wait_s > 0:
            placing = msgspec.structs.replace(placing, wait_until=now + int(wait_s * 1000))
        submission = self._intake.submission(caller, asked, whole, placing, now)
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
        answer = await self.flush.submit(submission)
        self.accepting.add(time.monotonic() - began)
        return answer, strict

    async def _settle(self, waited: tuple[Receipt, ...], *, strict: bool) -> tuple[Receipt, ...]:
        if not strict:
            waited = await self._as_they_are(waited)
        return tuple([await self._settled(receipt, strict=strict) for receipt in waited])

    async def _as_they_are(self, receipts: tuple[Receipt, ...]) -> tuple[Receipt, ...]:
        """Those that nobody told of may have gone another step since they were accepted."""
        late = [receipt.id for receipt in receipts if receipt.state in ON_ITS_WAY]
        if not late:
            return receipts
        try:
            found = await self._database.read(standing, late)
        except StoreError as error:  # that it was accepted stays true
            _log.warning("mails.unread", mails=len(late), error=str(error))
            return receipts
        return tuple(
            Receipt(id=row.id, state=row.state, reason=row.reason)
            if (row := found.get(receipt.id)) is not None
            else receipt
            for receipt in receipts
        )

    async def _settled(self, receipt: Receipt, *, strict: bool) -> Receipt:
        """Time is up: tell the store so, lest a hold cancels what we have answered "yours" to."""
        if strict and receipt.state in _GOES_ON:
            try:
                row = await self._database.write(stop_waiting, receipt.id)
            except StoreError as error:
                # It is on disk, and a hold may still cancel it: "yours" would be a guess, and so
                # would be "nothing was accepted".
                raise CommitUnknown(f"{receipt.id} was accepted, and then: {error}") from error
            if row is not None and row.state is not receipt.state:
                receipt = Receipt(id=row.id, state=row.state, reason=row.reason)
        if receipt.failure is None and receipt.state in _TELLING:
            try:
                kept = await self._database.read(last_failure, receipt.id)
            except StoreError as error:  # how it ended is known, and that is the answer
                _log.warning("failure.unread", email_id=receipt.id, error=str(error))
                return receipt
            failure = failure_from_json(kept)
            receipt = msgspec.structs.replace(receipt, failure=failure)
        return receipt

    async def _write(self, submissions: Sequence[Submission], again: bool) -> Sequence[Answer]:  # noqa: FBT001
        answers = await self._database.write(accept, submissions, self._routing, again=again)
        self._accepted()
        return answers
