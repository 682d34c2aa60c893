"""The pump: claims what may go, sends it, records what came of it. One for each provider.

Capacity is counted in mails from the claim to the record, so that memory is bounded and a claim
takes as many as a record has just finished.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.engine.context import Context
from mailproof.engine.decide import Tried, decide, give_up_on, is_too_old_to_repeat
from mailproof.engine.receipts import Receipt
from mailproof.mail.lifecycle import State
from mailproof.providers.base import Encoded, Outgoing, Provider, Sent
from mailproof.store.base import StoreError
from mailproof.store.flush import Coalescer
from mailproof.store.mails.claim import claim, claim_probe, claim_queued_probe, contents
from mailproof.store.mails.record import hand_back, record
from mailproof.store.routes.limits import Reserved, give_back, reserve, slow_down
from mailproof.store.shapes import Claimed, Content, Outcome, Recorded

__all__ = ["Pump", "Recorder"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_RECORD_MAX: Final = 500
# Waits between looks at a store that does not answer.
_STORE_PAUSE_S: Final = 1.0
_RECORD_AGAIN_S: Final = 0.5


class Recorder:
    """Writes outcomes in groups, and tells those who wait. Shared by all pumps of a process."""

    def __init__(self, context: Context, tell: Callable[[Sequence[Receipt]], None]) -> None:
        self._database = context.database
        self._routing = context.routing
        self._clock = context.clock
        self.tell = tell
        self.flush = Coalescer(self._write, batch_max=_RECORD_MAX)

    async def record(self, outcome: Outcome, failure: Failure | None) -> Recorded:
        """Until it is written: an outcome that is known must not become unknown.

        As long as the lease lasts; after that somebody else asks the provider under the same key.
        """
        while True:
            try:
                recorded = await self.flush.submit(outcome)
            except StoreError as error:
                _log.error("outcome.unwritten", email_id=outcome.mail.id, error=str(error))
                await self._clock.sleep_until(self._clock.now() + _RECORD_AGAIN_S)
                continue
            break
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

    async def _write(self, outcomes: Sequence[Outcome], again: bool) -> Sequence[Recorded]:  # noqa: FBT001
        return await self._database.write(record, outcomes, self._routing, again=again)


class Pump:
    """Sends through one provider. `run` until `stop`, in the engine's task group."""

    def __init__(self, provider: Provider, recorder: Recorder, context: Context) -> None:
        policy = context.policy
        self.provider = provider
        self._recorder = recorder
        self._database = context.database
        self._clock = context.clock
        self._node = context.node.id
        self._jitter = context.jitter
        self._deadline_s = policy.deadline_s
        self._wake = asyncio.Event()
        self._calls = asyncio.Semaphore(policy.at_once)
        self._capacity = 2 * policy.at_once
        self._busy = 0
        self._stopping = False
        self._timer_set = False
        self._last_accepted_at = 0
        self._rate = policy.rates.get(provider.name)
        self._lease_ms = int(policy.lease_s * 1000)
        self.wanted_probe: str | None = None

    def wake(self) -> None:
        """Something may be there to claim."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; what is being sent is finished and recorded."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Claim and send until stopped. What is under way then is finished first."""
        async with asyncio.TaskGroup() as sends:
            while not self._stopping:
                await self._wake.wait()
                self._wake.clear()
                # One turn of the loop: what has been recorded together is claimed for together.
                await asyncio.sleep(0)
                try:
                    await self._claim_some(sends)
                except StoreError as error:
                    _log.error("claim.failed", provider=self.provider.name, error=str(error))
                    await self._clock.sleep_until(self._clock.now() + _STORE_PAUSE_S)
                    self._wake.set()

    async def probe(self, sender: str) -> bool:
        """Send one held mail of a closed route. False: none is held that would try it."""
        mail = await self._database.write(
            claim_probe,
            provider=self.provider.name,
            sender=sender,
            node=self._node,
            lease_ms=self._lease_ms,
        )
        if mail is None:
            return False
        await self._send_one(mail, (await self._contents([mail])).get(mail.id), None)
        return True

    async def _claim_some(self, sends: asyncio.TaskGroup) -> None:
        await self._try_probe(sends)
        while not self._stopping and (free := self._capacity - self._busy) > 0:
            slots = await self._reserve(free)
            if slots and not slots.count:
                if not self._timer_set:
                    self._timer_set = True
                    sends.create_task(self._wake_at(slots.first_at_us / 1_000_000))
                return
            claimed = await self._database.write(
                claim,
                provider=self.provider.name,
                most=slots.count if slots else free,
                node=self._node,
                lease_ms=self._lease_ms,
            )
            going = [mail for mail in claimed if mail.state == State.SENDING]
            # Who waits for a mail that was met in a closed lane need not wait longer.
            self._recorder.tell(
                [
                    Receipt(id=mail.id, state=State(mail.state), reason=mail.reason)
                    for mail in claimed
                    if mail.state != State.SENDING
                ]
            )
            if slots and len(going) < slots.count:
                unused = slots.count - len(going)
                await self._database.write(give_back, self.provider.name, unused, slots.gap_us)
            await self._start(sends, going, slots)
            if len(claimed) < (slots.count if slots else free):
                return

    async def _reserve(self, free: int) -> Reserved | None:
        """What may go within the next second; None: this provider has no limit."""
        if self._rate is None:
            return None
        return await self._database.write(reserve, self.provider.name, free, self._rate)

    async def _try_probe(self, sends: asyncio.TaskGroup) -> None:
        """A closed route that nothing is held behind, because another provider carries its mail:
        the next mail tries it, and goes the other way if that fails."""
        if self.wanted_probe is None:
            return
        mail = await self._database.write(
            claim_queued_probe,
            provider=self.provider.name,
            sender=self.wanted_probe,
            node=self._node,
            lease_ms=self._lease_ms,
        )
        if mail is not None:
            self.wanted_probe = None
            await self._start(sends, [mail], None)

    async def _wake_at(self, at: float) -> None:
        await self._clock.sleep_until(at)
        self._timer_set = False
        self._wake.set()

    async def _start(
        self, sends: asyncio.TaskGroup, going: Sequence[Claimed], slots: Reserved | None
    ) -> None:
        if not going:
            return
        self._busy += len(going)
        held = await self._contents(going)
        for number, mail in enumerate(going):
            at = None
            if slots is not None:
                at = (slots.first_at_us + number * slots.gap_us) / 1_000_000
            sends.create_task(self._send(mail, held.get(mail.id), at))

    async def _contents(self, mails: Sequence[Claimed]) -> dict[str, Content]:
        return await self._database.read(contents, [mail.id for mail in mails])

    async def _send(self, mail: Claimed, content: Content | None, at: float | None) -> None:
        try:
            await self._send_one(mail, content, at)
        except Exception:  # noqa: BLE001 - a bug with one mail must not stop all; its lease ends
            _log.critical("send.crashed", email_id=mail.id, exc_info=True)
        finally:
            self._busy -= 1
            self._wake.set()

    async def _send_one(self, mail: Claimed, content: Content | None, at: float | None) -> None:
        with structlog.contextvars.bound_contextvars(email_id=mail.id, purpose=mail.purpose):
            if is_too_old_to_repeat(mail, self.provider.capabilities, self._database.now()):
                await self._recorder.record(give_up_on(mail), None)
                return
            encoded = self._encoded(mail, content)
            if encoded is None:
                await self._recorder.record(give_up_on(mail), None)
                return
            if at is not None:
                await self._clock.sleep_until(at)
            async with self._calls:
                if self._stopping and not mail.probe:
                    await self._database.write(hand_back, [(mail.id, mail.lease_no)])
                    return
                await self._call(mail, encoded)

    def _encoded(self, mail: Claimed, content: Content | None) -> Encoded | None:
        """None: these bytes cannot be made any more, so nothing else may go out under this key."""
        if content is None:
            _log.critical("content.missing", email_id=mail.id)
            return None
        try:
            return self.provider.encode(
                Outgoing(
                    email_id=mail.id,
                    payload=content.payload,
                    stamp=mail.id,
                    encoder=mail.encoder,
                    settled=content.settled,
                )
            )
        except ValueError as error:
            _log.critical("content.not_encoded", email_id=mail.id, error=str(error))
            return None

    async def _call(self, mail: Claimed, encoded: Encoded) -> None:
        key = f"{mail.id}.{mail.epoch}"
        started_at = self._database.now()
        result = await self.provider.send(encoded, key=key, deadline_s=self._deadline_s)
        ended_at = self._database.now()
        if isinstance(result, Sent):
            self._last_accepted_at = ended_at
        _log.debug(
            "provider.called",
            provider=self.provider.name,
            took_ms=ended_at - started_at,
            outcome="accepted" if isinstance(result, Sent) else result.reason.value,
        )
        outcome = decide(
            Tried(
                mail=mail,
                capabilities=self.provider.capabilities,
                key=key,
                node=self._node,
                started_at=started_at,
                ended_at=ended_at,
                body_hash=encoded.hash,
                last_accepted_at=self._last_accepted_at,
                jitter=self._jitter,
            ),
            result,
        )
        failure = result if isinstance(result, Failure) else None
        if failure is not None and failure.reason is Reason.RATE_LIMITED and outcome.due_at:
            await self._database.write(slow_down, self.provider.name, outcome.due_at)
        await self._recorder.record(outcome, failure)
