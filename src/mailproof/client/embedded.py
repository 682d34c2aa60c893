"""Mail straight into the store of the configuration, without a gateway in between.

The application accepts only; whoever runs an engine on that store sends. Where it is asked to, the
application's own process is one, as soon as it gets the engine's lock.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from mailproof.alerts.watch import Watch
from mailproof.app import (
    close_providers,
    make_engine,
    make_providers,
    make_watch,
    open_providers_http,
    open_store,
)
from mailproof.client.errors import (
    KeyConflict,
    LaneClosed,
    MailproofError,
    NotConfigured,
    NotNow,
    OutcomeUnknown,
)
from mailproof.client.links import mint_link
from mailproof.client.receipt import Receipt
from mailproof.clock import Clock, first_of
from mailproof.config.settings import Settings
from mailproof.diagnosis.report import report
from mailproof.engine.engine import Engine
from mailproof.engine.receipts import Caller, Closed, Overloaded, Receipts
from mailproof.engine.receipts import KeyConflict as KeyTaken
from mailproof.engine.receipts import Receipt as EnginesReceipt
from mailproof.gateway.keyring import ProviderKey, somebody_of
from mailproof.gateway.status.links import StatusLinks
from mailproof.mail.message import Email
from mailproof.record.telling import teller
from mailproof.store.base import CommitUnknown, Database, StoreError
from mailproof.store.mails.listing import show
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Tick
from mailproof.store.routes.board import OtherProviders, refuse_other_providers

__all__ = ["Embedded", "open_embedded"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.client")

_LOOK_EVERY_S: Final = 0.5
_ENDPOINT: Final = "/emails"
_CLOSED_FIX: Final = "Send it again later; `mailproof routes` says what keeps mail back."


class Embedded:
    """See `Way`. `app`: whose mails these are."""

    def __init__(
        self, settings: Settings, database: Database, engine: Engine, app: str, clock: Clock
    ) -> None:
        self._settings = settings
        self._database = database
        self._engine = engine
        self._app = app
        self._clock = clock
        self._links = StatusLinks(settings.public_url, database.now)
        self._caller = Caller(app=app)

    async def find_key(self) -> None:
        """An app with a key in this store has status links, and the defaults of its key."""
        keys = [
            ProviderKey(each.name, each.api_key.read)
            for each in self._settings.providers
            if each.accept_as_app_key
        ]
        self._caller = await somebody_of(self._database, self._app, keys) or self._caller

    async def send(
        self, email: Email, *, wait_s: float | None, once: bool, promise: bool
    ) -> Receipt:
        """See `Way.send`."""
        del once  # nothing lies between the application and its store that would be repeated
        if wait_s is None:
            wait_s = self._settings.delivery.wait_s
            wait_s = wait_s if self._caller.wait_s is None else self._caller.wait_s
        where = self._database.where
        try:
            answer = await self._engine.counter.accept(
                self._caller,
                [email],
                endpoint=_ENDPOINT,
                wait_s=wait_s,
                on_hold="promise" if promise else None,
            )
        except CommitUnknown as error:
            fix = "Send it again with the same idempotency key: that makes no second mail."
            unknown = OutcomeUnknown(_sentence(error), where=where, fix=fix)
            unknown.idempotency_key = email.idempotency_key or ""
            raise unknown from error
        except StoreError as error:
            fix = "Mend the store, then send it again: nothing was accepted."
            raise NotNow(_sentence(error), where=where, fix=fix) from error
        if isinstance(answer, Receipts):
            return self._receipt(answer.mails[0])
        raise _refusal(answer, where)

    async def status(self, email_id: str) -> Receipt | None:
        """See `Way.status`."""
        try:
            shown = await self._database.read(show, email_id, self._app)
        except StoreError as error:
            fix = "Mend the store, then ask again."
            raise NotNow(_sentence(error), where=self._database.where, fix=fix) from error
        if shown is None:
            return None
        mail = shown.mail
        return self._receipt(
            EnginesReceipt(id=mail.id, state=mail.state, reason=mail.reason, failure=mail.failure)
        )

    def status_link(self, purpose: str, address: str, life_s: int) -> str | None:
        """See `Way.status_link`."""
        base, caller = self._settings.public_url, self._caller
        if not base or not caller.status_secret:
            return None
        return mint_link(
            base,
            caller.key_id,
            caller.status_secret,
            purpose=purpose,
            address=address,
            now_s=self._database.now() // 1000,
            life_s=life_s,
        )

    def _receipt(self, mail: EnginesReceipt) -> Receipt:
        failure = mail.failure
        return Receipt(
            id=mail.id,
            state=mail.state,
            reason=mail.reason,
            failure=None if failure is None else report(failure, self._settings.language),
            status_url=self._links.link(self._caller, mail.id),
        )


@asynccontextmanager
async def open_embedded(
    settings: Settings, *, app: str, engine: bool, clock: Clock
) -> AsyncIterator[Embedded]:
    """Open the store and accept into it until the block ends; with `engine`, send from it too.

    What is under way then is brought to its end first. Raises `NotConfigured`: the store cannot be
    opened, or another configuration sends from it.
    """
    try:
        database = await open_store(settings, clock)
    except StoreError as error:
        fix = "Set `[store] url` or MAILPROOF_DATABASE_URL to a database that can be written."
        raise NotConfigured(_sentence(error), where="[store]", fix=fix) from error
    try:
        await _check_providers(database, settings)
        own = await database.write(installation)
        async with open_providers_http() as http:
            providers = make_providers(settings, http, own)
            role = "all" if engine else "gateway"
            made = make_engine(settings, database, own, providers, role=role, clock=clock)
            way = Embedded(settings, database, made, app, clock)
            await way.find_key()
            watch = None
            if engine:
                database.listen(teller(settings.language))
                watch = make_watch(settings, database, http, clock)
            try:
                async with _running(made, watch, clock):
                    yield way
            finally:
                await close_providers(providers)
    finally:
        await database.close()


async def _check_providers(database: Database, settings: Settings) -> None:
    """An engine that does not know a store's providers would take them for removed, and end the
    mail that waits for them."""
    try:
        await database.read(refuse_other_providers, [each.name for each in settings.providers])
    except OtherProviders as error:
        what = f"it sends through {', '.join(error.missing)}, which this application does not know"
        fix = "Give the application the same configuration as the server: MAILPROOF_CONFIG."
        raise NotConfigured(what, where=database.where, fix=fix) from error


@asynccontextmanager
async def _running(engine: Engine, watch: Watch | None, clock: Clock) -> AsyncIterator[None]:
    """The engine, and where it sends the alerts, until the block ends."""
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(engine.run())
            watching = None
            if watch is not None:
                engine.on_tick(_hear(watch))
                watching = group.create_task(_watch_where_the_duties_are(engine, watch, clock))
            await engine.started.wait()
            try:
                yield
            finally:
                engine.stop()
                await asyncio.wait({running})
                if watching is not None:
                    watching.cancel()
    except ExceptionGroup as several:  # what the block raised, the group has wrapped
        if len(several.exceptions) == 1:
            raise several.exceptions[0] from several
        raise


def _hear(watch: Watch) -> Callable[[Tick], None]:
    versions = (-1, -1)

    def heard(tick: Tick) -> None:
        nonlocal versions
        watch.heard(tick.last_event)
        if (tick.routes, tick.alerts) != versions or tick.others:
            versions = (tick.routes, tick.alerts)
            watch.poke()

    return heard


async def _watch_where_the_duties_are(engine: Engine, watch: Watch, clock: Clock) -> None:
    """Alerts run once for all processes."""

    async def until(*, has_duties: bool) -> None:
        while engine.upkeep.has_duties is not has_duties:
            await clock.sleep_until(clock.now() + _LOOK_EVERY_S)

    while True:
        await until(has_duties=True)
        await first_of(watch.run(), until(has_duties=False))


def _refusal(answer: KeyTaken | Closed | Overloaded, where: str) -> MailproofError:
    match answer:
        case KeyTaken():
            what = "an earlier mail with another content has this idempotency key"
            return KeyConflict(what, where=where, fix="Use a new key for a new mail.")
        case Overloaded(retry_after_s=wait_s):
            what = "more mail comes in than can be written now"
            later = NotNow(what, where=where, fix="Send it again: nothing was accepted.")
            later.retry_after_s = wait_s
            return later
        case Closed(sender=sender, reason=reason, failure=failure):
            what = f"mail from {sender} cannot be sent now ({reason}), and its purpose refuses then"
            closed = LaneClosed(what, where=where, fix=_CLOSED_FIX)
            closed.retry_after_s = None if failure is None else failure.retry_after_s
            return closed


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".")
