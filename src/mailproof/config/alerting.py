"""Who is told when mail stops: the alert channels of a configuration."""

import re
from typing import Final

from mailproof.config.book import Book
from mailproof.config.problems import Wrong
from mailproof.config.settings import AlertChannel, Alerting

__all__ = ["read_alerting"]

# Apprise's URLs begin with the name of a service: `slack://`, `mailto://`, `dingtalk://`.
_SERVICE: Final = re.compile(r"([a-z][a-z0-9]{0,30})://.", re.IGNORECASE | re.DOTALL)


def read_alerting(book: Book) -> Alerting:
    """A channel that cannot be used is wrong, not odd: nobody would notice that it is silent."""
    channels: list[AlertChannel] = []
    for path in book.sheet.within("alerts", "channels"):
        place = (*path, "url")
        if not book.given(place):
            book.wrong(place, "channel.absent")
        secret = book.needed_secret(place)
        if secret is None:
            continue
        book.tell_literal(place, secret)
        service = _SERVICE.match(secret.read())
        if service is None:
            book.refuse(place, Wrong("channel.wrong", origin=secret.origin))
            continue
        taken = {channel.name for channel in channels}
        name = book.sheet.fields(*path).get("name")
        if name in taken:
            book.wrong((*path, "name"), "channel.twice", name=name)
        channels.append(AlertChannel(name or _free(service[1].lower(), taken), secret))
    if not book.sheet.within("alerts", "channels"):
        book.odd((), "channel.none")
    return Alerting(channels=tuple(channels), **book.sheet.fields("alerts"))


def _free(service: str, taken: set[str]) -> str:
    """A name for people: the service's, with a number behind it from the second one on."""
    name, number = service, 1
    while name in taken:
        number += 1
        name = f"{service}-{number}"
    return name
