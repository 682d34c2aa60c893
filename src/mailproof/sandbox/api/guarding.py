"""Who may see and change the sandbox itself: programs on this machine, not the web pages it shows.

The sandbox asks for no password. What a foreign page could do to it, by a form or under a name of
its own that leads to this machine (DNS rebinding), is refused here.
"""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mailproof.sandbox.api.call import Json
from mailproof.sandbox.faults.edge import is_ours

__all__ = ["OwnPages", "is_loopback"]

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::\d{1,5})?")
_FOREIGN_HOST: Final = (
    "The sandbox answers to localhost, 127.0.0.1 and [::1] only, so that no web page can reach it "
    "under a name of its own. `--host 0.0.0.0` opens it to other names."
)
_FOREIGN_ORIGIN: Final = "A page of another origin may change nothing here."


def is_loopback(host: str) -> bool:
    """Is this an address, or the name, that only this machine reaches?"""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host.strip("[]").partition("%")[0]).is_loopback
    except ValueError:
        return False


class OwnPages:
    """Before the sandbox's own paths. `only_here`: it listens on a loopback address, so that a
    request under any other name was led here."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.only_here = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_ours(scope["path"]):
            why = self._refusal(scope["method"], Headers(scope=scope))
            if why:
                await Json({"error": why}, 403)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> str:
        host = _HOST.fullmatch(headers.get("host", ""))
        if self.only_here and (host is None or not is_loopback(host[1])):
            return _FOREIGN_HOST
        if method not in _SAFE and not _is_own(headers):
            return _FOREIGN_ORIGIN
        return ""


def _is_own(headers: Headers) -> bool:
    """Does it come from a page of ours, or from no page at all?"""
    # Fetch Metadata says it best; older browsers say only the origin, programs neither.
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False
