"""The engine of one process: pumps, probes and upkeep, started and stopped in order."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec
import structlog

from mailproof.clock import Clock
from mailproof.engine.context import Context
from mailproof.engine.counter import Counter
from mailproof.engine.intake import Intake
from mailproof.engine.policy import Policy
from mailproof.engine.probing import Prober
from mailproof.engine.pump import Pump, Recorder
from mailproof.engine.upkeep import Upkeep
from mailproof.engine.waiting import Waiting
from mailproof.mail.events import EventType
from mailproof.mail.ids import Ids
from mailproof.providers.base import Provider
from mailproof.store.base import Database, NewEvent, StoreError, Tx
from mailproof.store.nodes.installation import Installation
from mailproof.store.nodes.nodes import Node, Tick, enter, leave
from mailproof.store.routes.breakers import start_routes
from mailproof.store.shapes import Routing

__all__ = ["Engine", "Lock", "Parts"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.engine")

_TRY_LOCK_EVERY_S: Final = 0.5
_PROBE_EVERY_S: Final = 0.5
_LOOK_EVERY_S: Final = 0.01
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

    `duties_leased`: what must be done once is leased in the store, as on many machines.
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
        self.counter = Counter(context, intake, self.waiting, self.wake)
        self.upkeep = Upkeep(context, self._heard, leased=parts.duties_leased)
        self._listeners: list[Callable[[Tick], None]] = []
        self._stopping = asyncio.Event()
        self.started = asyncio.Event()

    @property
    def is_engine(self) -> bool:
        """Does this process send?"""
        return self.upkeep.is_engine

    def on_tick(self, listener: Callable[[Tick], None]) -> None:
        """Call `listener` once a second with what has changed."""
        self._listeners.append(listener)

    def wake(self) -> None:
        """Mail has come, or a lane has opened."""
        if self.upkeep.is_engine:
            for pump in self.pumps:
                pump.wake()

    def stop(self) -> None:
        """Claim no more; `run` ends when what is under way is recorded, at most after `drain_s`."""
        self._stopping.set()

    async def run(self) -> None:
        """Serve until stopped. Raises what a part of it died of."""
        await self._parts.database.write(enter, self._parts.node)
        async with asyncio.TaskGroup() as group:
            flushes = {
                group.create_task(self.recorder.flush.run()),
                group.create_task(self.counter.flush.run()),
            }
            try:
                async with asyncio.TaskGroup() as background:
                    background.create_task(self.upkeep.run())
                    background.create_task(self.waiting.run())
                    sending = background.create_task(self._send_when_ours(background))
                    self.started.set()
                    await self._stopping.wait()
                    await self._drain(sending)
                    raise _Stopped  # noqa: TRY301
            except* _Stopped:
                pass  # the group has cancelled what only watched
            self.counter.flush.close()
            self.recorder.flush.close()
            await asyncio.wait(flushes)
        self._parts.lock.release()
        await self._parts.database.write(leave, self._parts.node.id)

    async def _send_when_ours(self, group: asyncio.TaskGroup) -> None:
        """Stand by until the lock is ours, take over what the one before us left, then send."""
        self.waiting.others_send = True
        if not self._sends:
            return
        clock = self._parts.clock
        if not self._parts.lock.acquire():
            _log.warning("engine.standing_by", holder=self._parts.lock.holder())
            while not self._parts.lock.acquire():
                await clock.sleep_until(clock.now() + _TRY_LOCK_EVERY_S)
        while not await self._taken_over():
            await clock.sleep_until(clock.now() + _TRY_LOCK_EVERY_S)
        self.upkeep.is_engine = True
        self.waiting.others_send = self._parts.duties_leased
        for prober in self._probers:
            group.create_task(self._steadily("check.crashed", prober.watch_once))
            group.create_task(self._steadily("probe.crashed", prober.probe, _PROBE_EVERY_S))
        group.create_task(self._look_around())
        self.wake()
        async with asyncio.TaskGroup() as pumping:
            for pump in self.pumps:
                pumping.create_task(pump.run())

    async def _taken_over(self) -> bool:
        parts = self._parts
        fingerprints = {provider.name: provider.fingerprint for provider in parts.providers}
        try:
            await parts.database.write(start_routes, fingerprints, self.routing)
            recovered = 0
            if not parts.duties_leased:  # we alone send: whatever is leased was left by the dead
                recovered = await self.upkeep.recover([])
            await parts.database.write(self._say_started, recovered)
        except StoreError as error:
            _log.critical("engine.not_started", error=str(error))
            return False
        return True

    async def _say_started(self, tx: Tx, recovered: int) -> None:
        data = {"node": self._parts.node.id, "recovered": recovered}
        tx.tell(NewEvent(EventType.ENGINE_STARTED, data=data))

    async def _steadily(
        self, crashed: str, do: Callable[[], Awaitable[float | None]], every_s: float = 1.0
    ) -> None:
        """Do it again and again where the duties are, each time after what it returns, in seconds.

        A crash is ours to mend, and said at once; the next round comes all the same, and the other
        providers' rounds too.
        """
        clock = self._parts.clock
        while True:
            pause_s: float | None = None
            if self.upkeep.has_duties:
                try:
                    pause_s = await do()
                except StoreError as error:
                    _log.error(crashed, error=str(error))
                except Exception:  # noqa: BLE001 - a bug in one duty; the others must go on
                    _log.critical(crashed, exc_info=True)
            await clock.sleep_until(clock.now() + (every_s if pause_s is None else pause_s))

    async def _look_around(self) -> None:
        """Notice what other processes did: at once while there are some, else with the next tick.

        A lane that releases lets more go from moment to moment, without anything happening.
        """
        clock = self._parts.clock
        while True:
            last = self.upkeep.last
            pause_s = _LOOK_EVERY_S if last and last.others else _PROBE_EVERY_S
            await clock.sleep_until(clock.now() + pause_s)
            try:
                if last and (last.releasing or (last.others and await self._changed())):
                    self.wake()
            except StoreError as error:
                _log.error("look.failed", error=str(error))

    async def _changed(self) -> bool:
        return await self._parts.database.changed()

    async def _drain(self, sending: asyncio.Task[None]) -> None:
        """Let what is under way come to its end; what has not begun is handed back."""
        for pump in self.pumps:
            pump.stop()
        if not self.upkeep.is_engine:
            sending.cancel()
        timer = asyncio.timeout(self._parts.policy.drain_s)
        try:
            async with timer:
                await asyncio.wait({sending})
        except TimeoutError:
            _log.warning("drain.cut_short", drain_s=self._parts.policy.drain_s)
            sending.cancel()
            await asyncio.wait({sending})

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


def _key_ttl_ms(provider: Provider) -> int | None:
    ttl_s = provider.capabilities.key_ttl_s
    return None if ttl_s is None else int(ttl_s * 1000)
