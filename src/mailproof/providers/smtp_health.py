"""How an SMTP server is: what its greeting, its offers, its certificate and a login say."""

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from mailproof.diagnosis.failure import Failure
from mailproof.providers.base import HEALTH_REASONS, Health, Verdict
from mailproof.providers.smtp_connection import Connection

__all__ = ["facts", "unwell"]

_GREETING_MAX: Final = 120
# Offers that change what a mail can be; the rest is of use to nobody who reads this.
_TELLING: Final = ("8bitmime", "pipelining", "smtputf8", "starttls")


def facts(connection: Connection) -> dict[str, str]:
    """For people, as far as the conversation came."""
    url, offers = connection.url, connection.extensions
    found = {
        "server": f"{url.host}:{url.port}",
        "greeting": connection.greeting[:_GREETING_MAX],
        "size_bytes": offers.get("size", ""),
        "login": offers.get("auth", "").lower(),
        "offers": " ".join(name for name in _TELLING if name in offers),
        "tls": connection.tls_version or "none",
        "certificate_expires": _expiry(connection.certificate),
    }
    return {name: text for name, text in found.items() if text}


def unwell(failure: Failure, known: Mapping[str, str]) -> Health:
    """Bad for a reason that concerns every mail, else a question that was not answered."""
    bad = failure.reason in HEALTH_REASONS
    verdict = Verdict.BAD if bad else Verdict.CANNOT_TELL
    return Health(verdict=verdict, failure=failure, facts=known)


def _expiry(certificate: Mapping[str, object]) -> str:
    """The last day on which the certificate holds; empty: there is none."""
    until = certificate.get("notAfter")
    if not isinstance(until, str):
        return ""
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC).date().isoformat()
