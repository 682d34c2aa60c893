"""Alerts that would travel the very way they are to watch."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from mailproof.config.settings import ProviderSettings

__all__ = ["travels_through"]

_MAIL: Final = frozenset({"mailto", "mailtos"})
# First parts of a host name that say what a server does; what follows is whose it is.
_SERVICES: Final = ("api", "smtp", "mail", "email", "send", "mx", "relay", "submission")


def travels_through(url: str, providers: Sequence[ProviderSettings]) -> str | None:
    """The configured provider that would have to carry an alert to this Apprise URL, by name.

    By mail through one of its servers, or through the service itself (`resend://`). None: it goes
    another way.
    """
    service = url.partition("://")[0].lower()
    places = _places(_mail_host(url)) if service in _MAIL else frozenset()
    for provider in providers:
        place = _host(provider.base_url or provider.url.read())
        if service == provider.type or places & _places(place):
            return provider.name
    return None


def _mail_host(url: str) -> str:
    """The server that Apprise hands the mail to; `?smtp=` may name another than the address."""
    try:
        given = parse_qs(urlsplit(url).query)
    except ValueError:
        return ""
    named = given.get("smtp") or given.get("host") or [""]
    return named[-1].partition(":")[0].lower() or _host(url)


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:  # brackets without an IPv6 address in them
        return ""


def _places(host: str) -> frozenset[str]:
    """The host, and whose it is: `smtp.example.com` and `api.example.com` are one provider's."""
    first, _, rest = host.partition(".")
    owner = rest if "." in rest and first.split("-")[0] in _SERVICES else ""
    return frozenset({host, owner}) - {""}
