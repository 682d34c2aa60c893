"""Channels: one message to one Apprise URL, within a deadline, and the reason when it fails."""

import asyncio
import functools
import importlib
import logging
import re
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import Future
from types import ModuleType
from typing import Final

import msgspec

from mailproof.alerts.wording import Text
from mailproof.diagnosis.redaction.redact import REDACTED, redact_text

__all__ = ["DEADLINE_S", "Channel", "deliver"]

# A service that has not answered by then is tried again later; it may have got the message.
DEADLINE_S: Final = 20.0
_ERROR_MAX: Final = 400
# What Apprise tells at DEBUG alone, and says why: the socket's error, the service's answer.
_SOCKET_ERROR: Final = re.compile(
    r"\[Errno -?\d+\] [^'\")\]]+|timed out|[Cc]onnection (?:reset|aborted|refused)[^'\")]*"
    r"|certificate verify failed[^'\")]*|Name or service not known"
)
_ANSWER: Final = "Response Details:"
# Parts of a URL long enough to be a token; shorter ones are names of fields and services.
_PART: Final = re.compile(r"[^/:@?&=#,;]{5,}")


class Channel(msgspec.Struct, frozen=True):
    """Somewhere people look. `url` gives the Apprise URL of now; it is a secret.

    Empty: the secret is not set. Nothing of it but the channel's name is ever shown.
    """

    name: str
    url: Callable[[], str]

    def __repr__(self) -> str:
        return f"<Channel {self.name}>"


async def deliver(channel: Channel, text: Text, *, deadline_s: float = DEADLINE_S) -> str | None:
    """Send one message. None: the service took it; else why not, without secrets.

    Apprise blocks, so it runs in a thread of its own, which nobody waits for at exit.
    """
    try:
        url = channel.url().strip()
    except OSError as error:
        return f"The channel's URL cannot be read: {error.strerror}."
    if not url:
        return "The channel's URL is not set."
    done: Future[str | None] = Future()
    threading.Thread(
        target=_work, args=(url, text, done), name=f"alert-{channel.name}", daemon=True
    ).start()
    try:
        async with asyncio.timeout(deadline_s):
            return await asyncio.wrap_future(done)
    except TimeoutError:
        return f"No answer within {deadline_s:g} s."


def _work(url: str, text: Text, done: "Future[str | None]") -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(_notify(url, text))
    except Exception as error:  # noqa: BLE001 - a plugin's bug: reported as why it failed
        done.set_result(_shown(f"{type(error).__name__}: {error}", url))


def _notify(url: str, text: Text) -> str | None:
    apprise = _loaded()
    # `log_level`, below, has no effect without it; `record.logs` may have set another one.
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="Mailproof",
        app_desc="Mailproof",
        app_url="",
        storage_mode="memory",
        async_mode=False,
        secure_logging=True,
    )
    service = apprise.Apprise(asset=asset)
    if not service.add(url):
        return "Apprise does not know this kind of URL, or a part of it is missing."
    result = service.notify(
        title=text.title,
        body=text.body,
        notify_type=apprise.NotifyType(text.mood),
        body_format="text",
        log_level=logging.DEBUG,
    )
    if result:
        return None
    return _shown(_why([(entry.level, entry.message) for entry in result.logs()]), url)


_loading = threading.Lock()


def _loaded() -> ModuleType:
    """Apprise with all its plugins: a second, once, and only in processes that send a message."""
    with _loading:
        return _load()


@functools.cache
def _load() -> ModuleType:
    logger = logging.getLogger("apprise")
    # Its lines hold URLs. They are read per call, and told as the reason of a failure.
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        # A plugin of its own imports what Python will remove; it has a substitute at hand.
        warnings.simplefilter("ignore", DeprecationWarning)
        module = importlib.import_module("apprise")
        module.Apprise().add("json://localhost")  # the first URL loads the plugins
    return module


def _why(entries: list[tuple[str, str]]) -> str:
    """The warnings of one call, and what its DEBUG lines add to them."""
    found = []
    for level, message in entries:
        if level in {"WARNING", "ERROR", "CRITICAL"}:
            found.append(" ".join(message.split()))
        elif message.startswith("Socket Exception") and (match := _SOCKET_ERROR.search(message)):
            found.append(match[0].strip())
        elif message.startswith(_ANSWER):
            found.append(" ".join(message.removeprefix(_ANSWER).split()))
    return " ".join(dict.fromkeys(found)) or "Apprise gives no reason."


def _shown(error: str, url: str) -> str:
    """The error without any part of the URL that could be a token."""
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
