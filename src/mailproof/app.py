"""The composition root: builds store, providers, engine and alerts from the settings.

The only place that names adapters.
"""

import os
import platform
import random
import secrets
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Final

import msgspec

from mailproof import __version__
from mailproof.alerts.channels import AppriseChannel, Channel
from mailproof.alerts.heartbeat import Pulse
from mailproof.alerts.limits import Quota
from mailproof.alerts.robots import RobotChannel
from mailproof.alerts.watch import Watch
from mailproof.alerts.webhook import WebhookChannel
from mailproof.clock import Clock, SystemClock
from mailproof.config.settings import AlertChannel, ProviderSettings, Settings
from mailproof.config.urls import sqlite_path
from mailproof.engine.engine import Engine, Lock, Parts
from mailproof.engine.policy import Handling, MatchRule, Policy
from mailproof.mail.ids import Ids
from mailproof.providers.attachment_fetch import AttachmentFetch
from mailproof.providers.base import Provider
from mailproof.providers.http import Http, open_http
from mailproof.providers.resend import Resend
from mailproof.providers.smtp import Smtp
from mailproof.store.base import Database, StoreError
from mailproof.store.nodes.installation import Installation
from mailproof.store.nodes.nodes import Node
from mailproof.store.routes.probes import may_ask
from mailproof.store.sqlite.database import open_sqlite
from mailproof.store.sqlite.engine_lock import EngineLock

__all__ = [
    "USER_AGENT",
    "check_now",
    "clock_with_zone",
    "close_providers",
    "make_channels",
    "make_engine",
    "make_providers",
    "make_watch",
    "open_providers_http",
    "open_store",
    "policy_of",
    "webhook_of",
]

USER_AGENT: Final = f"mailproof/{__version__}"


class _EverybodySends:
    """On PostgreSQL every node sends: rows are leased, one by one."""

    def acquire(self) -> bool:
        return True

    def holder(self) -> str:
        return ""

    def release(self) -> None:
        return None


async def open_store(settings: Settings, clock: Clock | None = None) -> Database:
    """Open the database of these settings, and bring its schema up to date.

    Raises `StoreError` with what to do, `SchemaTooNew`.
    """
    own_clock = clock or SystemClock()
    url = settings.store_url.read()
    path = sqlite_path(url)
    if path is not None:
        return await open_sqlite(path, now_ms=lambda: int(own_clock.now() * 1000))
    try:
        from mailproof.store.postgres.database import open_postgres
    except ImportError as error:
        raise StoreError(
            "[store] url is a PostgreSQL database, and its driver is not installed. Install "
            "mailproof[postgres]."
        ) from error
    return await open_postgres(url)


def open_providers_http() -> AbstractAsyncContextManager[Http]:
    """The connections that all providers share."""
    return open_http(USER_AGENT)


def make_providers(
    settings: Settings, http: Http, installation: Installation
) -> tuple[Provider, ...]:
    """In the order of preference."""
    return tuple(
        _provider(each, http, installation, webhook_of(settings, each.name))
        for each in settings.providers
    )


async def close_providers(providers: Iterable[Provider]) -> None:
    """Say goodbye on the connections that they keep of their own."""
    for each in providers:
        if isinstance(each, Smtp):
            await each.close()


def make_engine(  # noqa: PLR0913 - what it is composed of
    settings: Settings,
    database: Database,
    installation: Installation,
    providers: tuple[Provider, ...],
    *,
    role: str = "all",
    clock: Clock | None = None,
) -> Engine:
    """An engine on this store. `role`: `gateway` only accepts, `worker` and `all` send too."""
    own_clock = clock or SystemClock()
    path = sqlite_path(settings.store_url.read())
    lock: Lock = _EverybodySends() if path is None else EngineLock(path)
    ids = Ids(clock_with_zone(own_clock))
    node = Node(
        id=str(ids.new()),
        role=role,
        engine=role != "gateway",
        host=platform.node(),
        pid=os.getpid(),
        version=__version__,
        started_at=database.now(),
        seen_at=database.now(),
    )
    parts = Parts(
        database=database,
        providers=providers,
        policy=policy_of(settings),
        installation=installation,
        node=node,
        lock=lock,
        clock=own_clock,
        ids=ids,
        duties_leased=path is None,
        jitter=random.random,
        fetch=AttachmentFetch(USER_AGENT),
    )
    return Engine(parts, sends=role != "gateway")


async def check_now(engine: Engine, database: Database, provider: str) -> bool:
    """Ask this provider for its health because a person wants to know now, and keep the answer; if
    it is not bad, its closed routes are probed at once. Works in every role.

    False: there is no such provider, or it was asked less than 3 seconds ago, by whomever; that
    answer is on record already, or about to be. Raises `StoreError`, and `TimeoutError` when the
    adapter does not keep its deadline.
    """
    if provider not in engine.routing.order:
        return False
    if not await database.write(may_ask, provider, secrets.token_hex(8)):
        return False
    await engine.check(provider)
    return True


def make_watch(
    settings: Settings, database: Database, http: Http, clock: Clock | None = None
) -> Watch:
    """The alerts of these settings."""
    own_clock, alerts = clock or SystemClock(), settings.alerts
    url = alerts.heartbeat_url
    return Watch(
        database,
        make_channels(settings, http, own_clock),
        settings.language,
        own_clock,
        late_after_s=alerts.oldest_waiting_s,
        limits=msgspec.structs.replace(
            alerts.limits,
            order=tuple(each.name for each in settings.providers),
            quotas={
                each.name: Quota(each.daily_quota, each.monthly_quota)
                for each in settings.providers
            },
        ),
        pulse=None if url is None else Pulse(url.read, alerts.heartbeat_every_s),
        calls=http,
    )


def make_channels(
    settings: Settings, http: Http, clock: Clock | None = None
) -> tuple[Channel, ...]:
    """Where alerts go, in the order of the configuration."""
    return tuple(_channel(each, http, clock or SystemClock()) for each in settings.alerts.channels)


def policy_of(settings: Settings) -> Policy:
    """What the engine goes by."""
    delivery = settings.delivery
    return Policy(
        purposes={
            name: Handling(each.purpose, each.on_hold) for name, each in settings.purposes.items()
        },
        matches=tuple(
            MatchRule(name, each.match.subject, each.match.sender)
            for name, each in settings.purposes.items()
            if each.match is not None
        ),
        rates={each.name: each.rate.per_second for each in settings.providers if each.rate},
        probe_interval_s=delivery.probe_interval_s,
        check_interval_s=delivery.check_interval_s,
        deadline_s=delivery.deadline_s,
        lease_s=delivery.lease_s,
        at_once=delivery.at_once,
        drain_s=delivery.drain_s,
        contents_s=settings.retention.contents_s,
        mails_s=settings.retention.mails_s,
    )


def clock_with_zone(clock: Clock) -> Callable[[], datetime]:
    """The same clock for those who want a date with its zone."""
    return lambda: datetime.fromtimestamp(clock.now(), UTC)


def _channel(given: AlertChannel, http: Http, clock: Clock) -> Channel:
    if given.secret is None:
        apprise = AppriseChannel(given.name, given.url.read)
        return RobotChannel(apprise, given.url.read, http, clock)
    return WebhookChannel(given.name, given.url.read, given.secret.read, http, clock)


def webhook_of(settings: Settings, provider: str) -> str:
    """Where that provider is to post its events; empty: nobody has said where this gateway is."""
    base = settings.public_url.rstrip("/")
    return f"{base}/webhooks/{provider}" if base else ""


def _provider(
    given: ProviderSettings, http: Http, installation: Installation, webhook_url: str
) -> Provider:
    if given.type == "smtp":
        return Smtp(
            given.name,
            url=given.url.read,
            installation=installation.id,
            connections=given.connections,
        )
    return Resend(
        given.name,
        http,
        api_key=given.api_key.read,
        base_url=given.base_url,
        installation=installation.id,
        version=__version__,
        webhook_secrets=[secret.read for secret in given.webhook_secrets],
        webhook_url=webhook_url,
        sandboxed=given.type == "sandbox",
    )
