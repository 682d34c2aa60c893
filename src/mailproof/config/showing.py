"""The settings in force, as lines of a configuration file, each with where it comes from."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from mailproof.alerts.limits import percent
from mailproof.config.problems import DEFAULT, Origin
from mailproof.config.reading import Loaded
from mailproof.config.settings import (
    AlertChannel,
    Alerting,
    Match,
    ProviderSettings,
    PurposeSettings,
    Rate,
    Secret,
    Settings,
)

__all__ = ["Row", "laid_out", "rows_of"]

# The largest unit that divides a span is how a person would write it.
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
_PER: Final = {1: "s", 60: "min", 3_600: "h", 86_400: "d"}
_NO_VALUE: Final = "none"
_HIDDEN: Final = "hidden"
_COLUMN: Final = 44


class Row(msgspec.Struct, frozen=True):
    """One setting. `value` as TOML, or `none`; of a secret only where it is, or `hidden`."""

    path: str
    value: str
    origin: Origin

    @property
    def source(self) -> str:
        """`env NAME`, `mailproof.toml:12`, or `default`."""
        match self.origin.kind:
            case "env":
                return f"env {self.origin.name}"
            case "file":
                return str(self.origin)
            case "default":
                return "default"


def rows_of(loaded: Loaded) -> list[Row]:
    """Every setting there is, in the order of the documentation. No secret is among them."""
    return [
        Row(path, value, loaded.origins.get(path, DEFAULT))
        for path, value in _values(loaded.settings)
    ]


def laid_out(rows: Iterable[Row]) -> str:
    """As TOML with comments. What has no value, or one to hide, is a comment as a whole."""
    lines: list[str] = []
    header = ""
    for row in rows:
        table, _, key = row.path.rpartition(".")
        if table != header:
            header = table
            name = re.sub(r"\[\d+\]$", "", table)
            lines += ["", f"[{name}]" if name == table else f"[[{name}]]"]
        bare = row.value in {_NO_VALUE, _HIDDEN}
        setting = f"# {key}: {row.value}" if bare else f"{key} = {row.value}"
        lines.append(f"{setting:<{_COLUMN}}  # {row.source}")
    return "\n".join(lines)


def _values(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "language", _text(settings.language)
    yield "public_url", _text(settings.public_url) if settings.public_url else _NO_VALUE
    yield "support_url", _text(settings.support_url) if settings.support_url else _NO_VALUE
    yield "trusted_proxies", _list(str(network) for network in settings.trusted_proxies)
    yield "store.url", _store(settings.store_url)
    yield from _spans("delivery", settings.delivery)
    for position, provider in enumerate(settings.providers):
        yield from _under(f"providers[{position}]", _provider(provider))
    for name, purpose in settings.purposes.items():
        yield from _under(f"purposes.{name}", _purpose(purpose))
    yield from _under("alerts", _alerts(settings.alerts))
    for position, channel in enumerate(settings.alerts.channels):
        yield from _under(f"alerts.channels[{position}]", _channel(channel))
    yield from _spans("retention", settings.retention)
    server = settings.server
    yield "server.host", _text(server.host)
    yield "server.port", str(server.port)
    yield "server.admin_host", _text(server.admin_host)
    yield "server.admin_port", _NO_VALUE if server.admin_port is None else str(server.admin_port)
    yield "server.admin_token", _secret(server.admin_token) if server.admin_token else _NO_VALUE
    password = server.console_password
    yield "server.console_password", _secret(password) if password else _NO_VALUE
    yield "log.level", _text(settings.log.level)
    yield "log.format", _text(settings.log.format)


def _under(table: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        yield f"{table}.{key}", value


def _spans(table: str, part: msgspec.Struct) -> Iterator[tuple[str, str]]:
    """Of a struct with nothing in it but spans, named `…_s`, and numbers."""
    for field in part.__struct_fields__:
        value = getattr(part, field)
        key = field.removesuffix("_s")
        yield f"{table}.{key}", str(value) if key == field else _span(value)


def _provider(provider: ProviderSettings) -> dict[str, str]:
    shown = [_secret(secret) for secret in provider.webhook_secrets]
    secrets = _HIDDEN if _HIDDEN in shown else f"[{', '.join(shown)}]"
    return {
        "name": _text(provider.name),
        "type": _text(provider.type),
        "api_key": _secret(provider.api_key),
        "base_url": _text(provider.base_url) if provider.base_url else _NO_VALUE,
        "url": _secret(provider.url),
        "connections": str(provider.connections),
        "rate": _rate(provider.rate) if provider.rate else _NO_VALUE,
        "daily_quota": _or_none(provider.daily_quota),
        "monthly_quota": _or_none(provider.monthly_quota),
        "webhook_secret": secrets if shown else _NO_VALUE,
        "accept_as_app_key": _switch(on=provider.accept_as_app_key),
    }


def _purpose(settings: PurposeSettings) -> dict[str, str]:
    purpose = settings.purpose
    return {
        "critical": _switch(on=purpose.critical),
        "expires": _span(purpose.expires_s),
        "confirm_within": _span(purpose.confirm_s),
        "again_after": _span(purpose.again_s),
        "newest_wins": _switch(on=purpose.newest_wins),
        "on_unknown": _text(purpose.on_unknown),
        "may_batch": _switch(on=purpose.may_batch),
        "tells": _text(purpose.tells),
        "on_hold": _text(settings.on_hold),
        **(_match(settings.match) if settings.match else {}),
    }


def _match(match: Match) -> dict[str, str]:
    patterns = {"match.subject": match.subject, "match.from": match.sender}
    return {key: _text(pattern.pattern) for key, pattern in patterns.items() if pattern}


def _alerts(alerts: Alerting) -> dict[str, str]:
    limits = alerts.limits
    return {
        "oldest_waiting": _span(alerts.oldest_waiting_s),
        "silence": str(limits.silence),
        "failure_rate": _text(percent(limits.failure_rate)),
        "bounce_rate": _text(percent(limits.bounce_rate)),
        "complaint_rate": _text(percent(limits.complaint_rate)),
        "volume_jump": str(limits.volume_jump),
        "quota_used": _text(percent(limits.quota_used)),
        "unverified": str(limits.unverified),
        "cursor_lag": _span(limits.cursor_lag_s),
        "heartbeat_url": _secret(alerts.heartbeat_url) if alerts.heartbeat_url else _NO_VALUE,
        "heartbeat_every": _span(alerts.heartbeat_every_s),
    }


def _channel(channel: AlertChannel) -> dict[str, str]:
    return {
        "name": _text(channel.name),
        "type": _text("apprise" if channel.secret is None else "webhook"),
        "url": _secret(channel.url),
        "secret": _NO_VALUE if channel.secret is None else _secret(channel.secret),
    }


def _or_none(number: int | None) -> str:
    return _NO_VALUE if number is None else str(number)


def _store(secret: Secret) -> str:
    """A file's path is no secret; a database's URL can hold a password."""
    url = secret.read()
    return _text(url) if url.startswith("sqlite:") else _secret(secret)


def _secret(secret: Secret) -> str:
    if secret.origin == "none":
        return _NO_VALUE
    return _HIDDEN if secret.origin == "literal" else _text(secret.origin)


def _rate(rate: Rate) -> str:
    return _text(f"{rate.count}/{_PER[int(rate.per_s)]}")


def _span(length_s: float) -> str:
    for unit_s, unit in _UNITS:
        if length_s >= unit_s and length_s % unit_s == 0:
            return _text(f"{int(length_s) // unit_s}{unit}")
    return _text(f"{length_s:g}s")


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(_text(text) for text in texts)}]"


def _text(text: str) -> str:
    """Quoted. JSON's escapes are TOML's too, but JSON leaves DEL as it is."""
    writable = text.encode("utf-8", "backslashreplace").decode()
    return json.dumps(writable, ensure_ascii=False).replace("\x7f", "\\u007f")


def _switch(*, on: bool) -> str:
    return "true" if on else "false"
