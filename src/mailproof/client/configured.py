"""Which way mail goes, by the environment: to a gateway, or into the store of the configuration."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mailproof import __version__
from mailproof.client.embedded import open_embedded
from mailproof.client.errors import NotConfigured
from mailproof.client.remote import Remote
from mailproof.client.way import Way
from mailproof.clock import Clock
from mailproof.config.reading import read_settings
from mailproof.providers.http import open_http

__all__ = ["OWN_VARIABLES", "Opening", "opening_of"]

Opening = Callable[[], AbstractAsyncContextManager[Way]]

_URL: Final = "MAILPROOF_URL"
_KEY: Final = "MAILPROOF_API_KEY"
_PUBLIC_URL: Final = "MAILPROOF_PUBLIC_URL"
_APP: Final = "MAILPROOF_APP"
# The application's, not settings of the server that the configuration is read for.
OWN_VARIABLES: Final = frozenset({_URL, _KEY, _APP, "MAILPROOF_FROM"})
_APP_DEFAULT: Final = "app"
# Not the one that calls to providers have: a gateway refuses those, lest mail go in a circle.
_USER_AGENT: Final = f"mailproof-client/{__version__}"


def opening_of(
    environ: Mapping[str, str], *, engine: bool, app: str, config: str | None, clock: Clock
) -> Opening:
    """How to open the way that `environ` names. Opens nothing itself, so it may run before a fork.

    Raises `NotConfigured` and `ConfigInvalid`: with all that is wrong.
    """
    url = environ.get(_URL, "").strip()
    if url:
        if engine:
            what = f"an engine was asked for, and {_URL} says that a gateway sends"
            fix = f"Leave out `engine=True`, or unset {_URL}."
            raise NotConfigured(what, where=_URL, fix=fix)
        return _to_gateway(url, environ, clock)
    own = {name: value for name, value in environ.items() if name not in OWN_VARIABLES}
    settings = read_settings(path=config, environ=own, cwd=Path.cwd())
    name = app or environ.get(_APP, "").strip() or _APP_DEFAULT
    return lambda: open_embedded(settings, app=name, engine=engine, clock=clock)


def _to_gateway(url: str, environ: Mapping[str, str], clock: Clock) -> Opening:
    _check_url(url, _URL)
    public_url = environ.get(_PUBLIC_URL, "").strip() or url
    _check_url(public_url, _PUBLIC_URL)
    key = environ.get(_KEY, "").strip()
    if not key:
        fix = "Set it to what `mailproof keys create NAME` prints at the gateway."
        raise NotConfigured("the gateway's key is missing", where=_KEY, fix=fix)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Way]:
        async with open_http(_USER_AGENT) as http:
            yield Remote(url, key, public_url, http, clock)

    return opened


def _check_url(url: str, name: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
        fix = "Write `http://HOST:7025`, or the https:// address that leads there."
        raise NotConfigured("it is no address of a gateway", where=name, fix=fix)
