"""The small page: one sentence, without JavaScript too, with nothing from anywhere else."""

import base64
import hashlib
import math
import pkgutil
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from string import Template
from typing import Final

import msgspec

from mailproof.diagnosis.guidance import Language
from mailproof.gateway.exchange import Answer, Headers
from mailproof.gateway.status.telling import Told, words

__all__ = ["SCRIPT", "page", "times"]

# What is drawn in the seal, in a square of 16.
_SEALS: Final[Mapping[str, str]] = {
    "dots": "M4 8h.1M8 8h.1M12 8h.1",
    "tick": "M3.5 8.5l3 3 6-7",
    "clock": "M8 3.6V8l3 2",
    "cross": "M4.5 4.5l7 7M11.5 4.5l-7 7",
    "bang": "M8 3.5v5M8 12v.1",
    "dash": "M4.5 8h7",
}
_MINUTE_MS: Final = 60_000
_UNITS: Final = (("day", 86_400_000), ("hour", 3_600_000), ("minute", _MINUTE_MS))


def _file(name: str) -> str:
    raw = pkgutil.get_data(__name__, name)
    if raw is None:
        raise FileNotFoundError(f"{name} is not in the installed package")
    return raw.decode()


def _script() -> bytes:
    """`status.js` with the style of the page, so that both look the same; without what only
    people who read the source need."""
    card = _file("card.css").replace("\n", "") + ":host{display:block}"
    lines = [line.strip() for line in _file("status.js").split("\n")]
    script = "\n".join(line for line in lines if line and not line.startswith("//"))
    for name, value in (("style", card), ("seals", dict(_SEALS))):
        script = script.replace(f'"%{name}%"', msgspec.json.encode(value).decode(), 1)
    return script.encode()


SCRIPT: Final = _script()
_PAGE: Final = Template(_file("page.html"))
_STYLE: Final = _file("page.css") + _file("card.css").strip()
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CSP: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; script-src 'self'; img-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final[Headers] = (
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"vary", b"accept, accept-language"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", _CSP.encode()),
)
# How soon a page without JavaScript looks again, in seconds: three of them stay within the 30
# requests a minute that a token has.
_REFRESH_S: Final[Mapping[str, int]] = {"moving": 6, "waiting": 10, "busy": 60}
_REFRESH_SELDOM_S: Final = 30


def page(told: Told, now_ms: int, *, status: int = 200, headers: Headers = ()) -> Answer:
    """What the reader is told, as HTML. `now_ms`: UTC in milliseconds."""
    told = told.as_of(now_ms)
    refresh_s = _REFRESH_S.get(told.state) or _REFRESH_S.get(told.look.tone, _REFRESH_SELDOM_S)
    refresh = f'<noscript><meta http-equiv="refresh" content="{refresh_s}"></noscript>\n'
    body = _PAGE.substitute(
        lang=told.lang,
        refresh="" if told.final else refresh,
        style=_STYLE,
        heading=escape(words(told.lang)["page"]["heading"]),
        final=" data-final" if told.final else "",
        tone=told.look.tone,
        track="".join(f'<i class="{step}"></i>' for step in told.look.track),
        seal=_SEALS[told.look.seal],
        title=escape(told.title),
        text=escape(told.text),
        action=escape(told.action),
        times=escape(times(told, now_ms)),
    )
    return Answer(status, body.encode(), (*_HEADERS, *headers), b"text/html; charset=utf-8")


def times(told: Told, now_ms: int) -> str:
    """Since when, and when it is tried again, as far as that is known: `Last change: just now`."""
    lines = []
    if told.since is not None:
        lines.append(told.labels.since.format(time=_relative(told.since, now_ms, told.lang)))
    if told.retry_at is not None and _milliseconds(told.retry_at) > now_ms:
        lines.append(told.labels.retry.format(time=_relative(told.retry_at, now_ms, told.lang)))
    return " · ".join(lines)


def _relative(at: str, now_ms: int, language: Language) -> str:
    """As `Intl.RelativeTimeFormat` says it in a browser: needs no time zone."""
    said = words(language)["page"]
    ahead_ms = _milliseconds(at) - now_ms
    if -_MINUTE_MS < ahead_ms <= 0:
        return str(said["now"])
    unit, size = next((each for each in _UNITS if abs(ahead_ms) >= each[1]), _UNITS[-1])
    count = math.ceil(ahead_ms / size) if ahead_ms > 0 else -ahead_ms // size
    one, many = said[unit]
    form = said["future" if ahead_ms > 0 else "past"]
    return str(form.format(n=count, unit=one if count == 1 else many))


def _milliseconds(at: str) -> int:
    return int(datetime.strptime(at, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp() * 1000)
