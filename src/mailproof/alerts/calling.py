"""Calls of ours to the places that alerts go to: the port, and why a call was not taken."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from mailproof.diagnosis.evidence import HttpAnswer, Raised
from mailproof.diagnosis.redaction.redact import REDACTED, redact_text

__all__ = ["Calls", "why_not", "without_url"]

_ERROR_MAX: Final = 400
# Parts of a URL long enough to be a token; shorter ones are names of fields and services.
_PART: Final = re.compile(r"[^/:@?&=#,;]{5,}")
_CHAIN_MAX: Final = 10


class Calls(Protocol):
    """HTTP out. Nothing is raised for what the world does; redirects are not followed."""

    async def get(
        self, url: str, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised: ...

    async def post_bytes(
        self, url: str, content: bytes, *, headers: Mapping[str, str], deadline_s: float
    ) -> HttpAnswer | Raised: ...


def why_not(answer: HttpAnswer | Raised, url: str) -> str | None:
    """None: it was taken (2xx). Else the reason in one line, without any secret of `url`."""
    if isinstance(answer, HttpAnswer):
        if 200 <= answer.status < 300:
            return None
        said = " ".join(str(answer.body).split())
        return without_url(f"The answer was HTTP {answer.status}. {said}".strip(), url)
    error, depth = answer, 0
    while error.cause is not None and not error.message and depth < _CHAIN_MAX:
        error, depth = error.cause, depth + 1
    said = error.message or error.type
    return without_url(f"It could not be reached: {said}.".replace("..", "."), url)


def without_url(error: str, url: str) -> str:
    """The error without any part of the URL that could be a token, cut to a line."""
    host = _host(url)
    for part in sorted(set(_PART.findall(url.partition("://")[2])), key=len, reverse=True):
        if part != host:
            error = error.replace(part, REDACTED)
    return redact_text(error)[:_ERROR_MAX]


def _host(url: str) -> str:
    """A name with dots is a place on the net; without them it may be a token that Apprise wants
    where others have the host."""
    host = re.split(r"[/:?#]", url.partition("://")[2].rpartition("@")[2] or "", maxsplit=1)[0]
    return host if "." in host or host == "localhost" else ""
