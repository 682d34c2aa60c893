"""Who is told when mail stops: the alert channels of a configuration, and its limits."""

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from mailproof.alerts.limits import Limits
from mailproof.config.book import Book
from mailproof.config.monitored import travels_through
from mailproof.config.problems import ValuePath, Wrong
from mailproof.config.settings import AlertChannel, Alerting, ProviderSettings, Secret
from mailproof.config.signing import is_signing_secret
from mailproof.config.urls import is_loopback

__all__ = ["read_alerting"]

# Apprise's URLs begin with the name of a service: `slack://`, `mailto://`, `dingtalk://`.
_SERVICE: Final = re.compile(r"([a-z][a-z0-9]{0,30})://.", re.IGNORECASE | re.DOTALL)
_WEBHOOK: Final = "webhook"


def read_alerting(book: Book, providers: Sequence[ProviderSettings]) -> Alerting:
    """A channel that cannot be used is wrong, not odd: nobody would notice that it is silent."""
    channels: list[AlertChannel] = []
    monitored: list[tuple[ValuePath, str]] = []
    for path in book.sheet.within("alerts", "channels"):
        channel = _channel(book, path, {each.name for each in channels})
        if channel is None:
            continue
        channels.append(channel)
        if channel.secret is None and (by := travels_through(channel.url.read(), providers)):
            monitored.append(((*path, "url"), by))
    if not book.sheet.within("alerts", "channels"):
        book.odd((), "channel.none")
    for place, provider in monitored:
        tell = book.wrong if len(monitored) == len(channels) else book.odd
        key = "channel.monitored" if len(monitored) == len(channels) else "channel.also_monitored"
        tell(place, key, provider=provider)
    fields = book.sheet.fields("alerts")
    limits = {name: fields.pop(name) for name in Limits.__struct_fields__ if name in fields}
    fields["heartbeat_url"] = _heartbeat_url(book)
    return Alerting(channels=tuple(channels), limits=Limits(**limits), **fields)


def _channel(book: Book, path: ValuePath, taken: set[str]) -> AlertChannel | None:
    """None: it cannot be used, which has been said."""
    fields = book.sheet.fields(*path)
    is_webhook = fields.get("type") == _WEBHOOK
    place = (*path, "url")
    if not book.given(place):
        book.wrong(place, "channel.absent")
    url = book.needed_secret(place)
    secret = _signing_secret(book, (*path, "secret"), wanted=is_webhook)
    if url is None or (is_webhook and secret is None):
        return None
    book.tell_literal(place, url)
    service = _service(book, place, url, is_webhook=is_webhook)
    if service is None:
        return None
    name = fields.get("name")
    if name in taken:
        book.wrong((*path, "name"), "channel.twice", name=name)
    return AlertChannel(name or _free(service, taken), url, secret)


def _service(book: Book, place: ValuePath, url: Secret, *, is_webhook: bool) -> str | None:
    """What it is called where it has no name; None: the URL is none."""
    if is_webhook:
        return _WEBHOOK if _is_web_address(book, place, url, "channel.no_web_address") else None
    found = _SERVICE.match(url.read())
    if found is None:
        book.refuse(place, Wrong("channel.wrong", origin=url.origin))
        return None
    return found[1].lower()


def _signing_secret(book: Book, place: ValuePath, *, wanted: bool) -> Secret | None:
    if not wanted:
        if book.given(place):
            book.wrong(place, "channel.secret_unused")
        return None
    if not book.given(place):
        book.wrong(place, "channel.secret_absent")
    secret = book.needed_secret(place)
    if secret is None:
        return None
    book.tell_literal(place, secret)
    if not is_signing_secret(secret.read().strip()):
        book.refuse(place, Wrong("channel.secret_wrong", origin=secret.origin))
        return None
    return secret


def _heartbeat_url(book: Book) -> Secret | None:
    place: ValuePath = ("alerts", "heartbeat_url")
    secret = book.needed_secret(place)
    if secret is None:
        return None
    book.tell_literal(place, secret)
    return secret if _is_web_address(book, place, secret, "heartbeat.wrong") else None


def _is_web_address(book: Book, place: ValuePath, secret: Secret, key: str) -> bool:
    try:
        url = urlsplit(secret.read().strip())
        host: Any = url.hostname
    except ValueError:
        host = None
    if not host or url.scheme not in {"http", "https"}:
        book.refuse(place, Wrong(key, origin=secret.origin))
        return False
    if url.scheme == "http" and not is_loopback(host):
        book.odd(place, "channel.unencrypted")
    return True


def _free(service: str, taken: set[str]) -> str:
    """A name for people: the service's, with a number behind it from the second one on."""
    name, number = service, 1
    while name in taken:
        number += 1
        name = f"{service}-{number}"
    return name
