"""`serve`: engine, gateway and alerts in one process, started and stopped in order."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import msgspec
import structlog

from mailproof import __version__
from mailproof.alerts.watch import Watch
from mailproof.app import (
    check_now,
    clock_with_zone,
    close_providers,
    make_engine,
    make_providers,
    make_watch,
    open_providers_http,
    open_store,
)
from mailproof.clock import Clock, SystemClock, first_of
from mailproof.config.settings import Settings
from mailproof.console.first import make_first_admin
from mailproof.console.pages import PAGES
from mailproof.console.pages.strip import tell_strip
from mailproof.console.serving import Console
from mailproof.console.visit import Parts
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.engine.engine import Engine
from mailproof.gateway.keyring import KeyRing, ProviderKey
from mailproof.gateway.listening import Listeners
from mailproof.gateway.public import Readiness
from mailproof.gateway.server import Gateway
from mailproof.record.crashes import guard_loop, guard_process
from mailproof.record.logs import set_level
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.following import Counting
from mailproof.record.metrics.page import MetricsPage
from mailproof.record.telling import remind, teller
from mailproof.store.base import Database, StoreError, Tx
from mailproof.store.nodes.installation import Installation, installation
from mailproof.store.nodes.nodes import Tick, living
from mailproof.store.records.alerts import list_alerts
from mailproof.store.records.picture import critical_waiting, routes_closed
from mailproof.store.records.refusals import NewRefusal, note

__all__ = ["Ready", "run_until_done", "serve"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.serve")

_GC_THRESHOLD: Final = (50_000, 20, 50)
_REMIND_EVERY_S: Final = 60.0
_LOOK_EVERY_S: Final = 0.5
# The store was last written this long ago at most, or mail cannot be promised to be kept.
_TICK_MAX_S: Final = 5.0
_ALERTS_SHOWN: Final = 100


class Ready(msgspec.Struct, frozen=True):
    """What a person wants to know when it has started."""

    store: str
    listeners: Listeners | None
    providers: tuple[str, ...]
    channels: tuple[str, ...]
    console_password: str | None = None
    """Of the console's first person, `admin`, who was made just now: to be told this once."""


class _Done(Exception):
    """Ends the group of what only watches."""


class _House:
    """All parts of one process."""

    def __init__(
        self, settings: Settings, database: Database, engine: Engine, watch: Watch, clock: Clock
    ) -> None:
        self.settings = settings
        self.database = database
        self.engine = engine
        self.watch = watch
        self.clock = clock
        self.keys = KeyRing(
            database,
            [
                ProviderKey(each.name, each.api_key.read)
                for each in settings.providers
                if each.accept_as_app_key
            ],
        )
        known = Known(
            purposes=frozenset(settings.purposes),
            providers=frozenset(each.name for each in settings.providers),
        )
        self.counting = Counting(database, known, clock, lambda: engine.upkeep.has_duties)
        self.metrics = MetricsPage(database, known, engine.measures, clock, __version__)
        self._ticked_at = clock.now()  # the installation has just been written or read
        self._versions = (-1, -1)
        engine.on_tick(self._heard)
        engine.on_tick(self.counting.heard)

    def _heard(self, tick: Tick) -> None:
        self._ticked_at = self.clock.now()
        self.keys.refresh_if_changed(tick.keys)
        self.watch.heard(tick.last_event)
        if (tick.routes, tick.alerts) != self._versions or tick.others:
            self._versions = (tick.routes, tick.alerts)
            self.watch.poke()

    async def readiness(self) -> Readiness:
        """Mail can be accepted as long as the store is written; what else is wrong, is said."""
        if self.clock.now() - self._ticked_at > _TICK_MAX_S:
            return Readiness(ready=False, reasons=("The store has not been written for 5 s.",))
        try:
            closed = await self.database.read(routes_closed)
        except StoreError as error:
            _log.warning("readiness.unread", error=str(error))
            # Anybody may ask, and an error may quote the URL of the database.
            return Readiness(ready=False, reasons=(redact_text(str(error)),))
        reasons = [
            f"{route.provider} ({route.sender}) is closed: {route.reason}." for route in closed
        ]
        if not self.settings.providers:
            reasons.append("No provider is configured: all mail is held (credentials_missing).")
        if self.engine.stands_by:
            reasons.append("Another process sends from this store; this one stands by.")
        return Readiness(ready=True, reasons=tuple(reasons))

    async def state(self) -> dict[str, Any]:
        """What `/admin/v1/state` shows."""
        return await self.database.read(_state, int(self.settings.alerts.oldest_waiting_s * 1000))

    async def note(self, refusals: Sequence[NewRefusal]) -> None:
        await self.database.write(note, refusals)

    async def watch_where_the_duties_are(self) -> None:
        """Alerts run once for all processes."""
        while True:
            while not self.engine.upkeep.has_duties:
                await self.clock.sleep_until(self.clock.now() + _LOOK_EVERY_S)
            await first_of(self.watch.run(), self._until_the_duties_are_gone())

    async def _until_the_duties_are_gone(self) -> None:
        while self.engine.upkeep.has_duties:
            await self.clock.sleep_until(self.clock.now() + _LOOK_EVERY_S)

    async def remind(self) -> None:
        """Each minute, what is still closed."""
        while True:
            await self.clock.sleep_until(self.clock.now() + _REMIND_EVERY_S)
            if not self.engine.upkeep.has_duties:
                continue
            try:
                routes = await self.database.read(routes_closed)
                late_ms = int(self.settings.alerts.oldest_waiting_s * 1000)
                waiting = await self.database.read(critical_waiting, late_ms)
                remind(self.settings.language, routes, waiting, self.database.now())
            except StoreError as error:
                _log.warning("reminder.failed", error=str(error))
            except Exception:  # noqa: BLE001 - a bug here must not stop the mail
                _log.critical("reminder.crashed", exc_info=True)


def run_until_done(program: Coroutine[Any, Any, None]) -> None:
    """Run it on uvloop, where there is one.

    Mails make many objects that live for a moment and no cycles: looking for cycles among them as
    often as Python does by itself costs a tenth of a mail.
    """
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLD)
    factory = asyncio.new_event_loop if sys.platform == "win32" else _uvloop()
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(program)


def _uvloop() -> Callable[[], asyncio.AbstractEventLoop]:
    import uvloop

    return uvloop.new_event_loop


async def serve(
    settings: Settings,
    listeners: Listeners | None,
    *,
    role: str,
    stop: asyncio.Event,
    ready: Callable[[Ready], None],
) -> None:
    """Serve until `stop` is set, then finish what is under way. `listeners` None: a worker.

    Raises `StoreError`: the store cannot be opened.
    """
    guard_process()
    guard_loop(asyncio.get_running_loop())
    clock = SystemClock()
    async with AsyncExitStack() as opened:
        if listeners is not None:  # also when what follows fails: nobody would answer there
            opened.callback(listeners.close)
        database = await open_store(settings, clock)
        opened.push_async_callback(database.close)
        database.listen(teller(settings.language))
        own = await database.write(installation)
        http = await opened.enter_async_context(open_providers_http())
        providers = make_providers(settings, http, own)
        opened.push_async_callback(close_providers, providers)
        engine = make_engine(settings, database, own, providers, role=role, clock=clock)
        house = _House(
            settings, database, engine, make_watch(settings, database, http, clock), clock
        )
        gateway, password = None, None
        if listeners is not None:
            password = await make_first_admin(database, settings.server.console_password)
            gateway = _gateway(house, own)
        told = Ready(
            database.where,
            listeners,
            tuple(each.name for each in settings.providers),
            tuple(each.name for each in settings.alerts.channels),
            password,
        )
        await _run(house, gateway, listeners, stop, lambda: ready(told))


def _gateway(house: _House, own: Installation) -> Gateway:
    settings = house.settings
    return Gateway(
        server=settings.server,
        mailroom=house.engine.counter,
        db=house.database,
        keys=house.keys,
        installation=own,
        note=house.note,
        hear=house.engine.feedback.hear,
        readiness=house.readiness,
        state=house.state,
        metrics=house.metrics.show,
        set_level=set_level,
        clock=clock_with_zone(house.clock),
        version=__version__,
        language=settings.language,
        wait_s=settings.delivery.wait_s,
        public_url=settings.public_url,
        support_url=settings.support_url,
        purposes={name: each.purpose for name, each in settings.purposes.items()},
        monotonic=house.clock,
        trusted_proxies=settings.trusted_proxies,
        console=_console(house, own).answer,
    )


def _console(house: _House, own: Installation) -> Console:
    async def check(provider: str) -> None:
        await check_now(house.engine, house.database, provider)

    parts = Parts(
        database=house.database,
        settings=house.settings,
        installation=own,
        clock=clock_with_zone(house.clock),
        version=__version__,
        check=check,
    )
    return Console(parts, PAGES, tell_strip)


async def _run(
    house: _House,
    gateway: Gateway | None,
    listeners: Listeners | None,
    stop: asyncio.Event,
    ready: Callable[[], None],
) -> None:
    """The engine outlives the gateway: what was accepted last is still sent and answered."""
    drain_s = house.settings.delivery.drain_s
    try:
        async with asyncio.TaskGroup() as group:
            sending = group.create_task(house.engine.run())
            group.create_task(house.watch_where_the_duties_are())
            group.create_task(house.remind())
            group.create_task(house.counting.run())
            await house.engine.started.wait()
            serving: Awaitable[None] | None = None
            if gateway is not None and listeners is not None:
                serving = group.create_task(gateway.serve(listeners, drain_s=drain_s))
                await gateway.started.wait()
            ready()
            await stop.wait()
            if gateway is not None and serving is not None:
                gateway.stop()
                await serving
            house.engine.stop()
            await sending
            raise _Done  # noqa: TRY301
    except* _Done:
        _log.info("server.stopped")


async def _state(tx: Tx, late_after_ms: int) -> dict[str, Any]:
    return {
        "routes_closed": [msgspec.to_builtins(each) for each in await routes_closed(tx)],
        "critical_waiting": [
            msgspec.to_builtins(each) for each in await critical_waiting(tx, late_after_ms)
        ],
        "alerts": [msgspec.to_builtins(each) for each in await list_alerts(tx, _ALERTS_SHOWN)],
        "nodes": [msgspec.to_builtins(each) for each in await living(tx)],
    }
