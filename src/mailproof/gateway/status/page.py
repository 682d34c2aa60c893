"""The small page: one sentence, without JavaScript too, with nothing from anywhere else."""

import base64
import hashlib
import pkgutil
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Final

import msgspec

from mailproof.gateway.exchange import Answer, Headers
from mailproof.gateway.status.buttons import Button
from mailproof.gateway.status.telling import Told
from mailproof.gateway.status.wording import gap, words

__all__ = ["SCRIPT", "page"]

# What is drawn in the seal, in a square of 16.
_SEALS: Final[Mapping[str, str]] = {
    "dots": "M3 8h.8m-.4-.4v.8M7.6 8h.8m-.4-.4v.8M12.2 8h.8m-.4-.4v.8",
    "tick": "M3.5 8.5l3 3 6-7",
    "clock": "M8 3.6V8l3 2",
    "cross": "M4.5 4.5l7 7M11.5 4.5l-7 7",
    "bang": "M8 3.2v5.4M8 12.6v.1",
    "dash": "M4.5 8h7",
}


def _file(name: str) -> str:
    raw = pkgutil.get_data(__name__, name)
    if raw is None:
        raise FileNotFoundError(f"{name} is not in the installed package")
    return raw.decode()


def _style(*names: str) -> str:
    """Without what only people who read the source need."""
    lines = (line.strip() for name in names for line in _file(name).split("\n"))
    return "".join(line for line in lines if line and not line.startswith("/*"))


def _script() -> bytes:
    """`status.js` with the style of the page, so that both look the same; without what only
    people who read the source need."""
    lines = [line.strip() for line in _file("status.js").split("\n")]
    script = "\n".join(line for line in lines if line and not line.startswith("//"))
    style = _style("card.css", "element.css")
    for name, value in (("style", style), ("seals", dict(_SEALS))):
        script = script.replace(f'"%{name}%"', msgspec.json.encode(value).decode(), 1)
    return script.encode()


SCRIPT: Final = _script()
_PAGE: Final = Template(_file("page.html"))
_STYLE: Final = _style("page.css", "card.css")
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
        text=_text(told),
        act=_act(told.buttons),
    )
    return Answer(status, body.encode(), (*_HEADERS, *headers), b"text/html; charset=utf-8")


def _text(told: Told) -> str:
    """Both sentences; the domain that was probably meant in bold."""
    text = escape(gap(told.lang).join(each for each in (told.text, told.action) if each))
    before, domain, after = (
        text.rpartition(escape(told.suggestion)) if told.suggestion else ("",) * 3
    )
    return f"{before}<b>{domain}</b>{after}" if domain else text


def _act(buttons: tuple[Button, ...]) -> str:
    """What leads somewhere by itself; the rest takes the app's own page."""
    links = [
        f'<a class="action" href="{escape(each.href)}">{escape(each.label)}</a>'
        for each in buttons
        if each.href
    ]
    return f'\n<div class="act">{"".join(links)}</div>' if links else ""
