"""The engine of one process: pumps, probes and upkeep, started and stopped in order."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, Protocol

import msgspec
import structlog

from mailproof.clock import Clock, first_of
from mailproof.engine.confirming import Confirming
from mailproof.engine.context import Context
from mailproof.engine.counter import Counter
from mailproof.engine.feedback import Feedback
from mailproof.engine.intake import Intake
from mailproof.engine.measures import Measures, measured
from mailproof.engine.policy import Policy
from mailproof.engine.probing import Prober
from mailproof.engine.pump import Pump
from mailproof.engine.recorder import Recorder
from mailproof.engine.seldom import Seldom
from mailproof.engine.upkeep import Upkeep
from mailproof.engine.waiting import Waiting
from mailproof.mail.events import EventType
from mailproof.mail.ids import Ids
from mailproof.providers.base import Provider
from mailproof.providers.fetch import Fetch
from mailproof.store.base import Database, NewEvent, StoreError, Tx
from mailproof.store.mails.claim import any_queued
from mailproof.store.nodes.installation import Installation
from mailproof.store.nodes.nodes import Node, Tick, enter, leave
from mailproof.store.routes.breakers import start_routes
from mailproof.store.shapes import Routing

__all__ = ["Engine", "Lock", "Parts"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_TRY_LOCK_EVERY_S: Final = 0.5
_PROBE_EVERY_S: Final = 0.5
# Between looks for what other processes brought: SQLite tells in microseconds, others are asked.
_LOOK_EVERY_S: Final = {"sqlite": 0.01}
_ASK_EVERY_S: Final = 0.025
_AFTER_CRASH_S: Final = 5.0
# Of these, mail may go that could not before, or that went another way.
_SETS_FREE: Final = frozenset(
    {
        EventType.EMAIL_QUEUED,
        EventType.ROUTE_CLOSED,
        EventType.ROUTE_OPENED,
        EventType.ROUTE_PAUSED,
        EventType.LANE_RELEASING,
    }
)
_NAMES_MAX: Final = 1_000


class Lock(Protocol):
    """Who may send. On one file there is one sender, whoever holds this; the kernel frees it with
    the process. On many machines everybody holds theirs."""

    def acquire(self) -> bool:
        """True: it is ours (already)."""
        ...

    def holder(self) -> str:
        """Who has it, in words for the operator."""
        ...

    def release(self) -> None: ...


class _Stopped(Exception):
    """Ends the group of what runs in the background."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine is made of, handed over by whoever composes the program.

    `duties_leased`: what must be done once is leased in the store, as on many machines. `fetch`
    gets attachments that are given as URLs; None: they go on to the provider as URLs.
    """

    database: Database
    providers: tuple[Provider, ...]
    policy: Policy
    installation: Installation
    node: Node
    lock: Lock
    clock: Clock
    ids: Ids
    duties_leased: bool
    jitter: Callable[[], float] = random.random
    fetch: Fetch | None = None


class Engine:
    """`run` until `stop`. `counter` takes mail in from the start, also while another process sends.

    `sends`: False for a process that only accepts.
    """

    def __init__(self, parts: Parts, *, sends: bool = True) -> None:
        self._parts = parts
        self._sends = sends
        self.routing = Routing(
            order=tuple(provider.name for provider in parts.providers),
            probe_interval_ms=int(parts.policy.probe_interval_s * 1000),
            key_ttl_ms={each.name: _key_ttl_ms(each) for each in parts.providers},
        )
        context = Context(
            parts.database, parts.policy, self.routing, parts.clock, parts.node, parts.jitter
        )
        self._unknown_purposes: set[tuple[str, str]] = set()
        self.waiting = Waiting(parts.database, parts.clock)
        self.recorder = Recorder(context, self.waiting.tell)
        self.pumps = [Pump(provider, self.recorder, context) for provider in parts.providers]
        self._probers = [Prober(pump, context) for pump in self.pumps]
        intake = Intake(
            parts.policy, parts.providers, parts.installation, parts.ids, self._unknown_purpose
        )
        self.counter = Counter(context, intake, self.waiting, self.wake, parts.fetch)
        parts.database.listen(self.waiting.heard)
        self.upkeep = Upkeep(context, self._heard, self.wake, leased=parts.duties_leased)
        self.feedback = Feedback(context, parts.providers, parts.installation)
        self._confirming = Confirming(
            context, parts.providers, parts.installation, lambda: self.upkeep.last
        )
        parts.database.listen(self._wake_for)
        self._listeners: list[Callable[[Tick], None]] = []
        self._stopping = asyncio.Event()
        self.started = asyncio.Event()

    @property
    def is_engine(self) -> bool:
        """Does this process send?"""
        return self.upkeep.is_engine

    @property
    def stands_by(self) -> bool:
        """Would this process send, if another one did not?"""
        return self._sends and not self.upkeep.is_engine

    def measures(self) -> Measures:
        """How this process fares."""
        return Measures(
            flushes={
                "accept": measured(self.counter.flush),
                "record": measured(self.recorder.flush),
            },
            accepting=self.counter.accepting,
            in_flight={pump.provider.name: pump.busy for pump in self.pumps},
            in_flight_bytes=self.counter.in_flight_bytes,
        )

    def on_tick(self, listener: Callable[[Tick], None]) -> None:
        """Call `listener` once a second with what has changed."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Mail has come, or a lane has opened."""
        if self.upkeep.is_engine:
            for pump in self.pumps:
                pump.wake()

    async def check(self, provider: str) -> None:
        """Have this provider asked now, because a person wants to know; a route that it does not
        find bad is probed at once, wherever the duty is. Unknown names are nobody's."""
        for pump, prober in zip(self.pumps, self._probers, strict=True):
            if pump.provider.name == provider:
                await prober.check_by_hand()
                self.upkeep.poke()

    def stop(self) -> None:
        """Claim no more; `run` ends when what is under way is recorded, at most after `drain_s`."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped. Raises what a part of it died of, and `StoreError` when the store
        does not answer at the start."""
        await self._parts.database.write(enter, self._parts.node)
        try:
            await self._run()
        finally:
            # Nothing of ours sends any more, however it ended: the next one may start.
            self._parts.lock.release()
        try:
            await self._parts.database.write(self._leave)
        except StoreError as error:
            _log.warning("node.not_left", error=str(error))

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            flushes = {
                group.create_task(self.recorder.flush.run()),
                group.create_task(self.recorder.beginnings.run()),
                group.create_task(self.counter.flush.run()),
                group.create_task(self.feedback.flush.run()),
            }
            try:
                async with asyncio.TaskGroup() as background:
                    background.create_task(self.upkeep.run())
                    background.create_task(self.waiting.run())
                    background.create_task(self.feedback.run())
                    sending = background.create_task(self._send_when_ours(background))
                    self.started.set()
                    await self._stopping.wait()
                    await self._drain(sending)
                    raise _Stopped  # noqa: TRY301
            except* _Stopped:
                pass  # the group has cancelled what only watched
            self.counter.flush.close()
            self.feedback.flush.close()
            self.recorder.flush.close()
            self.recorder.beginnings.close()
            await asyncio.wait(flushes)

    async def _send_when_ours(self, group: asyncio.TaskGroup) -> None:
        """Stand by until the lock is ours, take over what the one before us left, then send."""
        self.waiting.others_send = True
        if not self._sends:
            return
        clock = self._parts.clock
        standing_by, failing = Seldom(clock), Seldom(clock)
        while not self._has_lock(standing_by, failing):
            await clock.sleep_until(clock.now() + _TRY_LOCK_EVERY_S)
        while not await self._taken_over(failing):
            await clock.sleep_until(clock.now() + _TRY_LOCK_EVERY_S)
        self.upkeep.is_engine = True
        self.waiting.others_send = self._parts.duties_leased
        self.upkeep.poke()
        for prober in self._probers:
            group.create_task(self._steadily("check.crashed", prober.watch_once))
            group.create_task(self._steadily("probe.crashed", partial(self._probe, prober)))
        group.create_task(self._steadily("confirming.crashed", self._confirming.once))
        group.create_task(self._look_around())
        self.wake()
        async with asyncio.TaskGroup() as pumping:
            for pump in self.pumps:
                pumping.create_task(pump.run())

    def _has_lock(self, standing_by: Seldom, failing: Seldom) -> bool:
        lock = self._parts.lock
        try:
            if lock.acquire():
                return True
        except StoreError as error:
            if failing.may_say():
                _log.critical("engine.not_started", error=str(error))
            return False
        if standing_by.may_say():
            _log.warning("engine.standing_by", holder=lock.holder())
        return False

    async def _taken_over(self, failing: Seldom) -> bool:
        parts = self._parts
        fingerprints = {provider.name: provider.fingerprint for provider in parts.providers}
        try:
            await parts.database.write(start_routes, fingerprints, self.routing)
            recovered = 0
            if not parts.duties_leased:  # we alone send: whatever is leased was left by the dead
                recovered = await self.upkeep.recover([])
            await parts.database.write(self._say_started, recovered)
        except StoreError as error:
            if failing.may_say():
                _log.critical("engine.not_started", error=str(error))
            return False
        return True

    async def _say_started(self, tx: Tx, recovered: int) -> None:
        data = {"node": self._parts.node.id, "recovered": recovered}
        tx.tell(NewEvent(EventType.ENGINE_STARTED, data=data))

    async def _leave(self, tx: Tx) -> None:
        await leave(tx, self._parts.node.id)
        if self.is_engine:
            tx.tell(NewEvent(EventType.ENGINE_STOPPED, data={"node": self._parts.node.id}))

    async def _probe(self, prober: Prober) -> float:
        """The last tick knows whether something is due: an idle engine asks nobody."""
        last = self.upkeep.last
        is_due = last is not None and (
            last.next_probe_at is not None and last.next_probe_at <= self._parts.database.now()
        )
        if await prober.notice_new_key() or is_due:
            await prober.probe()
        return _PROBE_EVERY_S

    async def _steadily(self, crashed: str, do: Callable[[], Awaitable[float]]) -> None:
        """Do it again and again where the duties are, each time after what it returns, in seconds.

        A crash is ours to mend, and said at once; the next round comes all the same, and the other
        providers' rounds too.
        """
        clock = self._parts.clock
        while True:
            pause_s = _PROBE_EVERY_S
            if self.upkeep.has_duties:
                try:
                    pause_s = await do()
                except StoreError as error:
                    pause_s = _AFTER_CRASH_S
                    _log.error(crashed, error=str(error))
                except Exception:  # noqa: BLE001 - a bug in one duty; the others must go on
                    pause_s = _AFTER_CRASH_S
                    _log.critical(crashed, exc_info=True)
            await clock.sleep_until(clock.now() + pause_s)

    async def _look_around(self) -> None:
        """Notice what other processes did: at once while there are some, else with the next tick.

        A lane that releases lets more go from moment to moment, without anything happening.
        """
        clock = self._parts.clock
        every_s = _LOOK_EVERY_S.get(self._parts.database.name, _ASK_EVERY_S)
        while True:
            last = self.upkeep.last
            pause_s = every_s if last and last.others else _PROBE_EVERY_S
            await clock.sleep_until(clock.now() + pause_s)
            try:
                if last and (last.releasing or (last.others and await self._others_brought_mail())):
                    self.wake()
            except StoreError as error:
                _log.error("look.failed", error=str(error))
            except Exception:  # noqa: BLE001 - a bug here must not stop what sends
                _log.critical("look.crashed", exc_info=True)
            else:
                continue
            await clock.sleep_until(clock.now() + _AFTER_CRASH_S)

    async def _others_brought_mail(self) -> bool:
        database = self._parts.database
        return await database.changed() and await database.read(any_queued)

    async def _drain(self, sending: asyncio.Task[None]) -> None:
        """Let what is under way come to its end; what has not begun is handed back."""
        for pump in self.pumps:
            pump.stop()
        if not self.upkeep.is_engine:
            sending.cancel()
        clock, drain_s = self._parts.clock, self._parts.policy.drain_s
        await first_of(clock.sleep_until(clock.now() + drain_s), _end_of(sending))
        if not sending.done():
            _log.warning("drain.cut_short", drain_s=drain_s)
            sending.cancel()
            await asyncio.wait({sending})

    def _wake_for(self, events: Sequence[NewEvent]) -> None:
        """A commit of this process brought these."""
        if any(event.type in _SETS_FREE for event in events):
            self.wake()

    def _heard(self, found: Tick) -> None:
        if found.queued or found.releasing:
            self.wake()
        for listener in self._listeners:
            listener(found)

    def _unknown_purpose(self, app: str, name: str) -> None:
        """One warning for each app and name; so many that a random name cannot fill memory."""
        if (app, name) in self._unknown_purposes or len(self._unknown_purposes) >= _NAMES_MAX:
            return
        self._unknown_purposes.add((app, name))
        _log.warning("purpose.unknown", app=app, purpose=name[:80])


async def _end_of(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})


def _key_ttl_ms(provider: Provider) -> int | None:
    ttl_s = provider.capabilities.key_ttl_s
    return None if ttl_s is None else int(ttl_s * 1000)
