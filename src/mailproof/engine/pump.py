"""The pump: takes what may go, sends it, records what came of it. One for each provider.

Capacity is counted in mails from the claim to the record, so that memory is bounded and a claim
takes as many as a record has just finished.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

import msgspec
import structlog

from mailproof.clock import first_of
from mailproof.diagnosis.evidence import Evidence, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.engine.context import Context
from mailproof.engine.decide import (
    Tried,
    decide,
    give_up_on,
    is_too_old_to_repeat,
    slows_all,
    unsendable,
)
from mailproof.engine.pace import Pace, told_pace
from mailproof.engine.receipts import Receipt
from mailproof.engine.recorder import Recorder
from mailproof.engine.seldom import Seldom
from mailproof.engine.taking import Taken, Taker, take, take_probe
from mailproof.mail.lifecycle import State
from mailproof.providers.base import Encoded, Outgoing, Provider, Sent
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import StoreError
from mailproof.store.mails.record import hand_back
from mailproof.store.routes.limits import slow_down
from mailproof.store.shapes import Claimed, Content

__all__ = ["Pump"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

# Waits between looks at a store that does not answer.
_STORE_PAUSE_S: Final = 1.0
# A provider that asks for a longer pause is asked once in between: one call may be refused, and a
# header may be wrong. The mail itself waits as long as it was told.
_SLOW_MOST_S: Final = 60.0
# Many calls that were turned away together ask for one pause, which is written once.
_SAME_PAUSE_S: Final = 0.25
_LATE_MAX_S: Final = 5.0
# One place in so many is for critical mail alone, which must not wait behind a bulk that hangs.
# Of very few there is none to spare: other mail would lose a third of its way.
_SPARE_EVERY: Final = 8
_SPARE_FROM: Final = 4


class _Going(msgspec.Struct, frozen=True):
    """`at`: when it may go, by the clock; `until`: when its lease ends, UTC in milliseconds."""

    mail: Claimed
    content: Content | None
    at: float | None
    until: int


class Pump:
    """Sends through one provider. `run` until `stop`, in the engine's task group."""

    def __init__(self, provider: Provider, recorder: Recorder, context: Context) -> None:
        policy = context.policy
        self.provider = provider
        self._recorder = recorder
        self._database = context.database
        self._clock = context.clock
        self._jitter = context.jitter
        self._deadline_s = policy.deadline_s
        self._taker = Taker(
            provider.name,
            context.node.id,
            int(policy.lease_s * 1000),
            policy.rates.get(provider.name),
        )
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        at_once = min(policy.at_once, provider.capabilities.at_once or policy.at_once)
        self._spare = 0 if at_once < _SPARE_FROM else max(1, at_once // _SPARE_EVERY)
        self._calls = asyncio.Semaphore(at_once)
        self._ordinary = asyncio.Semaphore(at_once - self._spare)
        self._capacity = 2 * at_once
        self._busy = 0
        self._timer_set = False
        self._slow_until = self._slow_written = 0.0
        self._pace = Pace(self._taker.rate)
        self._last_accepted_at = 0
        self._failing = Seldom(context.clock)
        # Leased, and not yet with the provider: what may be handed back as if it had never been. By
        # lease: handed back, a mail may be claimed again before its first task has seen it.
        self._unbegun: dict[tuple[str, int], Claimed] = {}
        self._sends: asyncio.TaskGroup | None = None
        # Senders of closed routes that only a live mail can try, while none is held behind them.
        self.wanted_probes: set[str] = set()

    @property
    def busy(self) -> int:
        """Mails that are claimed and not yet recorded."""
        return self._busy

    def wake(self) -> None:
        """Something may be there to claim."""
        self._wake.set()

    def stop(self) -> None:
        """Claim nothing more; what is being sent is finished and recorded."""
        self._stopped.set()
        self._wake.set()

    async def run(self) -> None:
        """Claim and send until stopped. What is under way then is finished first."""
        async with asyncio.TaskGroup() as sends:
            self._sends = sends
            while not self._stopped.is_set():
                await self._wake.wait()
                self._wake.clear()
                # One turn of the loop: what has been recorded together is claimed for together.
                await asyncio.sleep(0)
                try:
                    await self._claim_some(sends)
                    self._failing.over()
                except StoreError as error:
                    if self._failing.may_say():
                        name = self.provider.name
                        _log.error("claim.failed", provider=name, error=str(error))
                except Exception:  # noqa: BLE001 - a bug with what was met; the rest must go on
                    _log.critical("claim.crashed", provider=self.provider.name, exc_info=True)
                else:
                    continue
                await self._until(self._clock.now() + _STORE_PAUSE_S)
                self._wake.set()
            await self._return_unbegun()

    async def probe(self, sender: str) -> bool:
        """Send one held mail of a closed route, and wait for what comes of it. False: none is held
        that would try it."""
        taken = await self._database.write(take_probe, self._paced(), sender, queued=False)
        while taken.more and taken.slots is not None:  # the rate lets nothing go at this moment
            await self._until(self._by_our_clock(taken.slots.first_at_us))
            if self._stopped.is_set():
                return True
            taken = await self._database.write(take_probe, self._paced(), sender, queued=False)
        if not taken.going:
            return False
        if self._sends is None or self._stopped.is_set():
            await self._hand_back(taken.going)
            return True
        # In the pump's group: whoever asked may be cancelled by now, the call goes to its end.
        await asyncio.wait(self._start(self._sends, taken))
        return True

    async def _claim_some(self, sends: asyncio.TaskGroup) -> None:
        for sender in tuple(self.wanted_probes):
            await self._try_probe(sends, sender)
        while not self._stopped.is_set() and (free := self._capacity - self._busy) > 0:
            if self._slow_until > self._clock.now():
                self._wake_at(sends, self._slow_until)
                return
            # The last places are for critical mail: it finds one, whatever else is under way.
            urgent = free <= self._spare
            most = free if urgent else free - self._spare
            taken = await self._database.write(take, self._paced(), most, critical_only=urgent)
            if taken.slots is not None and not taken.slots.count:
                self._wake_at(sends, self._by_our_clock(taken.slots.first_at_us))
                return
            # What is claimed sets out first: nothing that fails below may leave it lying.
            self._start(sends, taken)
            if taken.met:
                # Who waits for a mail that was met in a closed lane need not wait longer.
                self._recorder.tell(
                    [
                        Receipt(id=mail.id, state=State(mail.state), reason=mail.reason)
                        for mail in taken.met
                    ]
                )
            for_critical = self._busy + self._spare >= self._capacity
            if not taken.more or (for_critical and any(not one.critical for one in taken.going)):
                return  # nothing is left, or nothing of the kind for which there is a place

    async def _try_probe(self, sends: asyncio.TaskGroup, sender: str) -> None:
        """A closed route that nothing is held behind, because another provider carries its mail or
        none has come since: the next mail tries it, and goes the other way if that fails."""
        taken = await self._database.write(take_probe, self._paced(), sender, queued=True)
        if taken.going:
            self.wanted_probes.discard(sender)
            self._start(sends, taken)
        elif taken.slots is not None:
            self._wake_at(sends, self._by_our_clock(taken.slots.first_at_us))

    def _start(self, sends: asyncio.TaskGroup, taken: Taken) -> list[asyncio.Task[None]]:
        slots = taken.slots
        tasks = []
        self._busy += len(taken.going)
        for number, mail in enumerate(taken.going):
            at = None
            if slots is not None:
                at = self._by_our_clock(slots.first_at_us + number * slots.gap_us)
            self._unbegun[_lease(mail)] = mail
            going = _Going(mail, taken.contents.get(mail.id), at, taken.until)
            tasks.append(sends.create_task(self._send(going)))
        return tasks

    async def _send(self, going: _Going) -> None:
        mail = going.mail
        try:
            # Of this task alone, whose context ends with it.
            structlog.contextvars.bind_contextvars(email_id=mail.id, purpose=mail.purpose)
            await self._send_one(going)
        except Exception:  # noqa: BLE001 - a bug with one mail must not stop all; its lease ends
            _log.critical("send.crashed", email_id=mail.id, exc_info=True)
        finally:
            self._unbegun.pop(_lease(mail), None)
            self._busy -= 1
            self._wake.set()

    async def _send_one(self, going: _Going) -> None:
        mail = going.mail
        now, capabilities = self._database.now(), self.provider.capabilities
        if is_too_old_to_repeat(mail, capabilities, now):
            await self._recorder.record(give_up_on(mail), None)
            return
        encoded = self._encoded(mail, going.content)
        if encoded is None:
            await self._recorder.record(unsendable(mail, capabilities, now), None)
            return
        if going.at is not None:
            await self._until(going.at)
        async with nullcontext() if mail.critical else self._ordinary, self._calls:
            if _lease(mail) not in self._unbegun or not await self._may_begin(mail):
                return  # it was handed back meanwhile, or somebody else has it
            left_s = (going.until - self._database.now()) / 1000
            if left_s < min(self._deadline_s, self._taker.lease_ms / 2000):
                # We stood still, or others took too long: another node may have it by now.
                _log.warning("lease.too_short", left_s=round(left_s, 1))
                await self._hand_back([mail])
            elif self._stopped.is_set() or (
                self._slow_until > self._clock.now() and not mail.probe
            ):
                await self._return_unbegun()
            else:
                del self._unbegun[_lease(mail)]
                await self._call(going, encoded, min(self._deadline_s, left_s))

    async def _may_begin(self, mail: Claimed) -> bool:
        """Where the provider knows no keys, a mail sets out when it is on disk that it does."""
        if self.provider.capabilities.key_ttl_s is not None:
            return True
        try:
            holds = await self._recorder.begin(_lease(mail))
        except StoreError as error:
            _log.error("beginning.unwritten", email_id=mail.id, error=str(error))
            await self._hand_back([mail])
            return False
        if _lease(mail) not in self._unbegun:
            return False
        if not holds:
            _log.warning("lease.lost", email_id=mail.id, attempt=mail.lease_no)
        return holds

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
                    created_at=mail.created_at,
                    settled=content.settled,
                )
            )
        except ValueError as error:
            _log.critical("content.not_encoded", email_id=mail.id, error=str(error))
            return None

    async def _answer(
        self, going: _Going, encoded: Encoded, key: str, deadline_s: float
    ) -> Sent | Failure:
        """A provider keeps the deadline itself; one that does not must not keep its place for ever,
        and its mail need not wait for the end of its lease."""
        try:
            async with asyncio.timeout(deadline_s + _LATE_MAX_S):
                return await self.provider.send(encoded, key=key, deadline_s=deadline_s)
        except TimeoutError:
            if self._database.now() < going.until:
                _log.critical("send.crashed", email_id=going.mail.id, exc_info=True)
            else:  # we ourselves stood still
                _log.warning("send.overdue", email_id=going.mail.id)
        seen = Raised("TimeoutError", f"no answer in {deadline_s:g} s, and no end of the call")
        failure = diagnose(Evidence(seen, self.provider.capabilities.type))
        return msgspec.structs.replace(failure, ambiguous=True)

    async def _call(self, going: _Going, encoded: Encoded, deadline_s: float) -> None:
        mail = going.mail
        key = f"{mail.id}.{mail.epoch}"
        started_at = self._database.now()
        result = await self._answer(going, encoded, key, deadline_s)
        ended_at = self._database.now()
        if isinstance(result, Sent):
            self._last_accepted_at = ended_at
            self._pace.taken(started_at)
        if logging.root.isEnabledFor(logging.DEBUG):  # or each mail pays for a line nobody hears
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
                node=self._taker.node,
                started_at=started_at,
                ended_at=ended_at,
                body_hash=encoded.hash,
                last_accepted_at=self._last_accepted_at,
                jitter=self._jitter,
            ),
            result,
        )
        failure = result if isinstance(result, Failure) else None
        if failure is not None and slows_all(mail, failure):
            self._pace.turned_away(started_at, told_pace(failure))
            await self._slow_down(outcome.due_at or ended_at)
        await self._recorder.record(outcome, failure)

    async def _slow_down(self, until: int) -> None:
        """Nothing more goes before then, here and on other nodes that know a rate or a pace."""
        until = min(until, self._database.now() + int(_SLOW_MOST_S * 1000))
        at = self._by_our_clock(until * 1000)
        self._slow_until = max(self._slow_until, at)
        if at < self._slow_written + _SAME_PAUSE_S:
            return
        self._slow_written = at
        try:
            await self._database.write(slow_down, self.provider.name, until)
        except StoreError as error:
            # It costs the others' pause; what is known of the mail is recorded yet.
            _log.error("pause.unwritten", provider=self.provider.name, error=str(error))

    def _paced(self) -> Taker:
        """As fast as is configured, and no faster than the provider has been found to take it."""
        rate = self._pace.now(self._database.now())
        return msgspec.structs.replace(self._taker, rate=rate)

    async def _return_unbegun(self) -> None:
        mails = tuple(self._unbegun.values())
        self._unbegun.clear()
        if mails:
            await self._hand_back(mails)

    async def _hand_back(self, mails: Sequence[Claimed]) -> None:
        """As if they had never been claimed. A store that does not answer lets their leases end."""
        try:
            await self._database.write(hand_back, [_lease(mail) for mail in mails])
        except StoreError as error:
            _log.warning("leases.kept", mails=len(mails), error=str(error))

    def _wake_at(self, sends: asyncio.TaskGroup, at: float) -> None:
        if not self._timer_set:
            self._timer_set = True
            sends.create_task(self._ring(at))

    async def _ring(self, at: float) -> None:
        await self._until(at)
        self._timer_set = False
        self._wake.set()

    def _by_our_clock(self, at_us: int) -> float:
        """A moment that the store's clock names, which may be another machine's."""
        return self._clock.now() + (at_us / 1000 - self._database.now()) / 1000

    async def _until(self, at: float) -> None:
        """Wait for the time, but not when we are stopped."""
        if at <= self._clock.now():
            return
        await first_of(self._clock.sleep_until(at), self._stopped.wait())


def _lease(mail: Claimed) -> tuple[str, int]:
    return (mail.id, mail.lease_no)
