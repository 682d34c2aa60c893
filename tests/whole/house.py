"""All of Mailproof in one process on loopback: gateway, engine, alerts, a sandbox behind it."""

import asyncio
import http.client
import json
import logging
import socket
import sqlite3
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import msgspec
import pytest
import structlog

from mailproof import serving
from mailproof.app import make_providers, open_store
from mailproof.clock import Clock
from mailproof.config.settings import (
    AlertChannel,
    Alerting,
    Delivery,
    Logging,
    ProviderSettings,
    Rate,
    Secret,
    Server,
    Settings,
)
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.gateway.listening import Listeners, open_listeners
from mailproof.providers.base import Provider
from mailproof.record.logs import configure
from mailproof.store.base import Database
from mailproof.store.nodes.keys import create_key, make_key
from mailproof.store.routes.board import reopen
from mailproof.store.shapes import Routing
from mailproof.testing import Sandbox
from tests.sandbox.receiver import Receiver
from tests.whole.log import DEADLINE_S, Log

__all__ = ["MAIL", "Answer", "House", "ask", "secret"]

MAIL: Mapping[str, Any] = {
    "from": "Acme <news@acme.test>",
    "to": ["ada@kunde.test"],
    "subject": "Your sign-in link",
    "html": "<p>Hello</p>",
}
# Short enough for a test, long enough for two busy cores.
QUICK = Delivery(
    wait_s=5.0,
    probe_interval_s=0.25,
    check_interval_s=0.5,
    deadline_s=2.0,
    lease_s=10.0,
    drain_s=5.0,
)

# The real ones, also where another house has put its own in their place.
_OPEN_STORE, _MAKE_PROVIDERS = open_store, make_providers

Made = TypeVar("Made")


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def state(self) -> str:
        return self.headers.get("mailproof-state", "")


def secret(value: str) -> Secret:
    return Secret("literal", lambda: value)


def ask(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    key: str = "",
    headers: Mapping[str, str] | None = None,
    raw: bytes | None = None,
) -> Answer:
    """One request over a connection of its own."""
    given = {"content-type": "application/json", **(headers or {})}
    if key:
        given["authorization"] = f"Bearer {key}"
    if body is not None:
        raw = json.dumps(body).encode()
    with closing(http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE_S)) as line:
        line.request(method, path, raw, given)
        heard = line.getresponse()
        names = {name.lower(): value for name, value in heard.getheaders()}
        return Answer(heard.status, names, heard.read())


class House:
    """Enter it, and it serves; leave it, and it has stopped.

    `store` and `providers` are what a test puts around the real ones, to break them.
    """

    def __init__(
        self,
        folder: Path,
        *,
        sandbox: Sandbox | None = None,
        language: OperatorLanguage = "en",
        delivery: Delivery = QUICK,
        channels: Mapping[str, str] | None = None,
        store: Callable[[Database], Database] | None = None,
        providers: Callable[[Provider], Provider] | None = None,
        provider_key: str = "",
        base_url: str = "",
        rate: Rate | None = None,
        adjust: Callable[[Settings], Settings] | None = None,
    ) -> None:
        self.path = folder / "mailproof.db"
        self.sandbox = sandbox or Sandbox()
        self.pager = Receiver()
        self.log = Log()
        self.language = language
        self.key = ""
        self.provider_key = provider_key or self.sandbox.api_key
        self.database: Database
        self._own_sandbox = sandbox is None
        self._base_url = base_url
        self._rate = rate
        self._adjust = adjust or (lambda settings: settings)
        self._delivery = delivery
        self._channels = channels
        self._around_store = store or (lambda database: database)
        self._around_provider = providers or (lambda provider: provider)
        self._opened = ExitStack()
        self._started: Future[None] = Future()
        self.death: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="house", daemon=True)

    def __enter__(self) -> Self:
        with self._opened as opened:
            if self._own_sandbox:
                opened.enter_context(self.sandbox)
            opened.enter_context(self.pager)
            opened.enter_context(_logging_as_it_was())
            self._compose(opened.enter_context(pytest.MonkeyPatch.context()))
            configure("DEBUG", "json", self.language, stream=self.log)
            self._thread.start()
            self._started.result(DEADLINE_S)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._opened.close()
        if self.death is not None:
            raise self.death

    def stop(self) -> None:
        """As SIGTERM does."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self.join()

    def join(self) -> None:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), f"it does not stop\n{self.log.told()}"

    def run(self, work: Coroutine[Any, Any, Made]) -> Made:
        """Run it in the house's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    @property
    def url(self) -> str:
        return self.listeners.public_url

    @property
    def env(self) -> dict[str, str]:
        """What the official SDKs read, so that they come here."""
        return {
            "RESEND_API_KEY": self.key,
            "RESEND_BASE_URL": self.url,
            "RESEND_API_URL": self.url,
        }

    def make_key(self, name: str = "shop", **given: Any) -> str:
        made = make_key()
        self.run(self.database.write(create_key, made, name, actor="test", **given))
        return made.secret

    def reopen(self) -> None:
        """As `mailproof routes reopen` does."""
        routing = Routing(order=("resend",))
        self.run(self.database.write(reopen, "resend", routing, actor="test"))

    def ask(self, method: str, path: str, body: Any = None, **given: Any) -> Answer:
        given.setdefault("key", self.key)
        return ask(self.url, method, path, body, **given)

    def send(self, /, *, headers: Mapping[str, str] | None = None, **changes: Any) -> Answer:
        """POST /emails, with `changes` to the mail."""
        return self.ask("POST", "/emails", {**MAIL, **changes}, headers=headers)

    def admin(self, path: str) -> Answer:
        return ask(self.listeners.admin_url, "GET", path)

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands in the database, seen from outside."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, statement: str, *values: Any) -> None:
        """Write it from outside, as time or another process would have."""
        with closing(sqlite3.connect(self.path, timeout=DEADLINE_S)) as connection, connection:
            connection.execute(statement, values)

    def state_of(self, email_id: str) -> str:
        ((state,),) = self.rows("SELECT state FROM emails WHERE id = ?", email_id)
        return str(state)

    def connect(self) -> socket.socket:
        host, port = self.listeners.public.getsockname()[:2]
        return socket.create_connection((host, port), timeout=DEADLINE_S)

    def _compose(self, patch: pytest.MonkeyPatch) -> None:
        async def store(settings: Settings, clock: Clock | None = None) -> Database:
            self.database = await _OPEN_STORE(settings, clock)
            return self._around_store(self.database)

        def providers(*parts: Any) -> tuple[Provider, ...]:
            return tuple(self._around_provider(each) for each in _MAKE_PROVIDERS(*parts))

        patch.setattr(serving, "open_store", store)
        patch.setattr(serving, "make_providers", providers)

    def _settings(self) -> Settings:
        channels = {"pager": self.pager.url.replace("http", "json")}
        if self._channels is not None:
            channels = dict(self._channels)
        return Settings(
            file="",
            language=self.language,
            store_url=secret(f"sqlite:///{self.path}"),
            delivery=self._delivery,
            providers=(
                ProviderSettings(
                    name="resend",
                    type="resend",
                    api_key=Secret("env:RESEND_API_KEY", lambda: self.provider_key),
                    base_url=self._base_url or self.sandbox.url,
                    rate=self._rate,
                    webhook_secrets=(),
                    accept_as_app_key=False,
                ),
            ),
            alerts=Alerting(
                channels=tuple(AlertChannel(name, secret(url)) for name, url in channels.items())
            ),
            server=Server(port=0, admin_port=0),
            log=Logging(level="DEBUG", format="json"),
        )

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - whoever started it hears of it
            if self._started.done():
                self.death = error
            else:
                self._started.set_exception(error)
        finally:
            self.log.notify()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        settings = self._adjust(self._settings())
        self.listeners: Listeners = open_listeners(settings.server)
        async with asyncio.TaskGroup() as group:
            ready = asyncio.Event()
            serve = serving.serve(
                settings, self.listeners, role="all", stop=self._stop, ready=lambda _: ready.set()
            )
            group.create_task(serve)
            await ready.wait()
            made = make_key()
            await self.database.write(create_key, made, "shop", actor="test")
            self.key = made.secret
            self._started.set_result(None)


def _logging_as_it_was() -> ExitStack:
    """What `serve` sets for its whole process, taken back."""
    root = logging.getLogger()
    handlers, level, config = list(root.handlers), root.level, structlog.get_config()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook

    def restore() -> None:
        logging.captureWarnings(capture=False)
        structlog.configure(**config)
        root.handlers = handlers
        root.setLevel(level)
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks

    stack = ExitStack()
    stack.callback(restore)
    return stack
