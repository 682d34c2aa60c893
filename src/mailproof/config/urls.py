"""The URLs in a configuration: a provider's API, our own address, and where the store is."""

import ipaddress
import re
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from mailproof.config.kinds import Kind
from mailproof.config.problems import Wrong, shown

__all__ = [
    "API_URL",
    "PUBLIC_URL",
    "SUPPORT_URL",
    "is_loopback",
    "is_store_url",
    "sqlite_path",
    "sqlite_url",
]

_HOST_NAME: Final = re.compile(r"[^\s/?#@\[\]<>\"'\\%]+")
# An absolute path with a folder in it: `sqlite:///mailproof.db`, which other programs take for a
# file in the working directory, would be one in the root of the disk here.
_SQLITE: Final = re.compile(r"sqlite:///([A-Za-z]:/|/?[^/?#:]+/)[^?#]*[^/?#]")
# One address, and perhaps a subject: what a browser can open.
_MAILTO: Final = re.compile(r"[^\s@?#<>\"'\\,;:]+@[^\s@?#<>\"'\\,;:/]+(\?[^\s<>\"'\\]*)?")
_POSTGRES: Final = ("postgresql://", "postgres://")


def is_loopback(host: str) -> bool:
    """Is this host the machine itself? A name is, if it can mean nothing else (RFC 6761, 6.3)."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        name = host.rstrip(".").lower()
        return name == "localhost" or name.endswith(".localhost")


def sqlite_url(path: Path) -> str:
    """The store's URL for a file; `path` is absolute."""
    return f"sqlite:///{path.as_posix().removeprefix('/')}"


def sqlite_path(url: str) -> Path | None:
    """The file that a store's URL names; None: it is a PostgreSQL one."""
    if not url.startswith("sqlite:///"):
        return None
    path = url.removeprefix("sqlite:///").removeprefix("/")
    return Path(path if re.match(r"[A-Za-z]:/", path) else f"/{path}")


def is_store_url(url: str) -> bool:
    """One of the forms that a store can be opened from."""
    if "\0" in url:
        return False
    if url.startswith(_POSTGRES):
        return len(url) > len(url.partition("://")[0]) + len("://")
    return _SQLITE.fullmatch(url) is not None


def _api_url(raw: object) -> str:
    text, url = _http_url(raw, "base_url.wrong")
    if "@" in url.netloc:
        raise Wrong("base_url.login")  # without the value: a password is in it
    if "?" in text or "#" in text:
        raise Wrong("base_url.query", value=shown(text.partition("?")[0]))
    return text.rstrip("/")


def _public_url(raw: object) -> str:
    text, url = _http_url(raw, "public_url.wrong")
    if "@" in url.netloc or "?" in text or "#" in text:
        raise Wrong("public_url.more", value=shown(text.partition("?")[0]))
    return text.rstrip("/")


def _support_url(raw: object) -> str:
    """Where a reader writes to: `mailto:` with one address (RFC 6068), or a page over TLS."""
    text = raw.strip() if isinstance(raw, str) else ""
    scheme, _, rest = text.partition(":")
    if scheme.lower() == "mailto":
        if not _MAILTO.fullmatch(rest):
            raise Wrong("support_url.wrong", value=shown(raw))
        return f"mailto:{rest}"
    if scheme.lower() != "https":
        raise Wrong("support_url.wrong", value=shown(raw))
    return _http_url(raw, "support_url.wrong")[0]


def _http_url(raw: object, key: str) -> tuple[str, SplitResult]:
    """The text and its parts. Raises `Wrong` with `key`: it is no `http://` or `https://` URL."""
    text = raw.strip() if isinstance(raw, str) else ""
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port
    except ValueError as error:  # brackets without an IPv6 address in them, a port that is none
        raise Wrong(key, value=shown(raw)) from error
    printable = text.isprintable() and not any(char.isspace() for char in text)
    if url.scheme not in {"http", "https"} or not printable or port == 0:
        raise Wrong(key, value=shown(raw))
    if not (":" in host or _HOST_NAME.fullmatch(host)):
        raise Wrong(key, value=shown(raw))
    return text, url


API_URL: Final = Kind(_api_url)
PUBLIC_URL: Final = Kind(_public_url)
SUPPORT_URL: Final = Kind(_support_url)
