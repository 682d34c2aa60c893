"""What the browser is told about every answer: what it may load, who may frame or keep it."""

from collections.abc import Mapping
from typing import Final

import msgspec

from mailproof.gateway.exchange import Answer, Headers

__all__ = ["POLICY", "guarded", "with_headers"]

# No inline script and no inline style: what a mail or a provider says can never become one.
POLICY: Final = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
    b"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    b"frame-ancestors 'none'"
)
# The referrer goes to nobody else. Without any, browsers would send `Origin: null` with our own
# forms too (Fetch standard, "append a request `Origin` header"), which must be refused.
_HEADERS: Final[Mapping[bytes, bytes]] = {
    b"content-security-policy": POLICY,
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cache-control": b"no-store",
}


def guarded(answer: Answer) -> Answer:
    """The answer with all of them; what it says itself, such as a stricter policy, stands."""
    own = {name for name, _ in answer.headers}
    return with_headers(answer, tuple(row for row in _HEADERS.items() if row[0] not in own))


def with_headers(answer: Answer, headers: Headers) -> Answer:
    """The answer with these besides its own."""
    return msgspec.structs.replace(answer, headers=(*answer.headers, *headers))
