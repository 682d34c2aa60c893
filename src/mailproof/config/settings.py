"""The configuration as the rest of the program sees it: frozen, complete, valid.

Made by `mailproof.config.reading`; whoever holds a `Settings` need not check it again.
Spans of time are in seconds.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network
from typing import Final, Literal

import msgspec

from mailproof.alerts.limits import Limits
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.mail.purposes import PURPOSES, Purpose

__all__ = [
    "NO_SECRET",
    "AlertChannel",
    "Alerting",
    "Delivery",
    "Logging",
    "Match",
    "OnHold",
    "ProviderSettings",
    "ProviderType",
    "PurposeSettings",
    "Rate",
    "Retention",
    "Secret",
    "Server",
    "Settings",
]

OnHold = Literal["promise", "refuse"]
ProviderType = Literal["resend", "smtp", "sandbox"]


class Secret(msgspec.Struct, frozen=True):
    """A secret and where it comes from. `read` gives its value of now; a file is read again when
    it has changed. Empty: it is not there. `origin`: `env:NAME`, `file:PATH`, or `literal`."""

    origin: str
    read: Callable[[], str]

    def __repr__(self) -> str:
        return f"<Secret {self.origin}>"


NO_SECRET: Final = Secret("none", lambda: "")


class Rate(msgspec.Struct, frozen=True):
    """`count` per `per_s` seconds: `5/s`, `300/min`."""

    count: int
    per_s: float

    @property
    def per_second(self) -> float:
        return self.count / self.per_s


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One provider. `rate` None: as fast as it takes them; quotas in mails, None: not known.

    An SMTP server has `url`, with its login, and takes `connections` at the same time; the others
    have `api_key` and `base_url`. What a type does not have is empty.
    """

    name: str
    type: ProviderType
    api_key: Secret
    base_url: str
    rate: Rate | None
    webhook_secrets: tuple[Secret, ...]
    accept_as_app_key: bool
    daily_quota: int | None = None
    monthly_quota: int | None = None
    url: Secret = NO_SECRET
    connections: int = 4


class Match(msgspec.Struct, frozen=True):
    """Which mails have a purpose although nobody said so; all patterns that are given must fit."""

    subject: re.Pattern[str] | None = None
    sender: re.Pattern[str] | None = None


class PurposeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A purpose with what the configuration adds to it."""

    purpose: Purpose
    on_hold: OnHold = "promise"
    match: Match | None = None


def _built_in() -> Mapping[str, PurposeSettings]:
    return {name: PurposeSettings(purpose=purpose) for name, purpose in PURPOSES.items()}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How mail is sent. `wait_s`: so long a caller waits for the first attempt.

    `deadline_s` covers one call to a provider. `at_once`: calls at the same time, per process.
    """

    wait_s: float = 5.0
    probe_interval_s: float = 10.0
    check_interval_s: float = 60.0
    deadline_s: float = 30.0
    lease_s: float = 120.0
    at_once: int = 64
    drain_s: float = 20.0


class AlertChannel(msgspec.Struct, frozen=True):
    """Any Apprise URL, under a name for people; or, with `secret`, a webhook that gets JSON signed
    with it."""

    name: str
    url: Secret
    secret: Secret | None = None


class Alerting(msgspec.Struct, frozen=True, kw_only=True):
    """`oldest_waiting_s`: a critical mail that waits longer than this is told.

    `heartbeat_url`: who is told every `heartbeat_every_s` that all is well; None: nobody.
    """

    channels: tuple[AlertChannel, ...] = ()
    oldest_waiting_s: float = 120.0
    limits: Limits = Limits()
    heartbeat_url: Secret | None = None
    heartbeat_every_s: float = 60.0


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    events_s: float = 400 * 86_400.0
    mails_s: float = 90 * 86_400.0
    contents_s: float = 7 * 86_400.0


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """`admin_port` None: the public port plus one. `console_password` None: that of the console's
    `admin` is people's own affair."""

    host: str = "127.0.0.1"
    port: int = 7025
    admin_host: str = "127.0.0.1"
    admin_port: int | None = None
    admin_token: Secret | None = None
    console_password: Secret | None = None


class Logging(msgspec.Struct, frozen=True, kw_only=True):
    """`format` auto: for people on a terminal, else JSON."""

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = "INFO"
    format: Literal["auto", "console", "json"] = "auto"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All of it. `file`: where it was read from, empty: from the environment alone.

    `store_url`: `sqlite:///…/mailproof.db` or `postgresql://…`; it may hold a password.
    `support_url`: `mailto:` or `https:`, where readers write to; empty: nowhere.
    """

    file: str
    language: OperatorLanguage
    store_url: Secret
    public_url: str = ""
    support_url: str = ""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    delivery: Delivery = Delivery()
    providers: tuple[ProviderSettings, ...] = ()
    purposes: Mapping[str, PurposeSettings] = msgspec.field(default_factory=_built_in)
    alerts: Alerting = Alerting()
    retention: Retention = Retention()
    server: Server = Server()
    log: Logging = Logging()
