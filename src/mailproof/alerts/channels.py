"""Channels: one message to one place, within a deadline, and the reason when it fails."""

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
from typing import Any, Final, Protocol

import msgspec

from mailproof.alerts.calling import without_url
from mailproof.alerts.cutting import cut, size_in_bytes
from mailproof.alerts.wording import Text

__all__ = ["DEADLINE_S", "AppriseChannel", "Channel", "Unset", "now_of"]

# A service that has not answered by then is tried again later; it may have got the message.
DEADLINE_S: Final = 20.0
# What Apprise tells at DEBUG alone, and says why: the socket's error, the service's answer.
_SOCKET_ERROR: Final = re.compile(
    r"\[Errno -?\d+\] [^'\")\]]+|timed out|[Cc]onnection (?:reset|aborted|refused)[^'\")]*"
    r"|certificate verify failed[^'\")]*|Name or service not known"
)
_ANSWER: Final = "Response Details:"
# Services that count bytes of UTF-8, of which a Chinese character has three: their documentation.
_COUNT_BYTES: Final = frozenset({"wecombot", "dingtalk", "feishu", "lark", "ntfy"})
# Less than Apprise allows: ntfy makes a file of what has more than 4,096 bytes (docs.ntfy.sh).
_BODY_MAX: Final = {"ntfy": 3_600}
_TITLE_MAX: Final = 250
# What Apprise puts between a title and a body that become one.
_BETWEEN: Final = 2


class Channel(Protocol):
    """Somewhere people look. Nothing of it but its name is ever shown."""

    @property
    def name(self) -> str: ...

    async def deliver(self, text: Text, *, deadline_s: float = DEADLINE_S) -> str | None:
        """Send one message. None: the service took it; else why not, without secrets."""
        ...


class AppriseChannel:
    """Any service that Apprise knows. `url` gives the URL of now; it is a secret.

    Empty: the secret is not set.
    """

    def __init__(self, name: str, url: Callable[[], str]) -> None:
        self.name = name
        self._url = url

    def __repr__(self) -> str:
        return f"<AppriseChannel {self.name}>"

    async def deliver(self, text: Text, *, deadline_s: float = DEADLINE_S) -> str | None:
        """Apprise blocks, so it runs in a thread of its own, which nobody waits for at exit."""
        url = now_of(self._url)
        if isinstance(url, Unset):
            return url.why
        done: Future[str | None] = Future()
        threading.Thread(
            target=_work, args=(url, text, done), name=f"alert-{self.name}", daemon=True
        ).start()
        try:
            async with asyncio.timeout(deadline_s):
                return await asyncio.wrap_future(done)
        except TimeoutError:
            return f"No answer within {deadline_s:g} s."


class Unset(msgspec.Struct, frozen=True):
    """A secret that is not there."""

    why: str


def now_of(url: Callable[[], str]) -> str | Unset:
    """The URL that stands there now."""
    try:
        text = url().strip()
    except OSError as error:
        return Unset(f"The channel's URL cannot be read: {error.strerror}.")
    return text or Unset("The channel's URL is not set.")


def _work(url: str, text: Text, done: "Future[str | None]") -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        done.set_result(_notify(url, text))
    except Exception as error:  # noqa: BLE001 - a plugin's bug: reported as why it failed
        done.set_result(without_url(f"{type(error).__name__}: {error}", url))


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
    title, body = _fitting(text, service[0])
    result = service.notify(
        title=title,
        body=body,
        notify_type=apprise.NotifyType(text.mood),
        body_format="text",
        log_level=logging.DEBUG,
    )
    if result:
        return None
    return without_url(_why([(entry.level, entry.message) for entry in result.logs()]), url)


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


def _fitting(text: Text, service: Any) -> tuple[str, str]:
    """Title and body as the service takes them whole. Where it has no title, Apprise puts ours
    before the body."""
    schemes = (getattr(service, "protocol", None), getattr(service, "secure_protocol", None))
    kind = next((str(each) for each in schemes if each in _COUNT_BYTES), "")
    size = size_in_bytes if kind else len
    title_max = int(service.title_maxlen)
    body_max = min(int(service.body_maxlen), _BODY_MAX.get(kind, int(service.body_maxlen)))
    title = cut(text.title, title_max or min(body_max // 2, _TITLE_MAX))
    before = 0 if title_max else size(title) + _BETWEEN
    return title, text.fitting(body_max - before, size)
