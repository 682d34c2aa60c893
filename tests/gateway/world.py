"""A gateway on two real sockets, in a thread of its own, with a counter that does as it is told."""

import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import msgspec

from mailproof.config.settings import Secret, Server
from mailproof.engine.receipts import (
    Caller,
    Closed,
    KeyConflict,
    Overloaded,
    Receipt,
    Receipts,
)
from mailproof.gateway.keyring import KeyRing, ProviderKey
from mailproof.gateway.listening import Listeners, open_listeners
from mailproof.gateway.public import Readiness
from mailproof.gateway.server import Gateway
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.providers.base import WebhookRefused
from mailproof.record.metrics.page import Shown
from mailproof.store.mails.feedback import Taken
from mailproof.store.nodes.installation import Installation, installation
from mailproof.store.nodes.keys import create_key, make_key
from mailproof.store.records.refusals import NewRefusal, note
from mailproof.store.sqlite.database import SqliteDatabase, open_sqlite
from mailproof.testing import ManualClock

__all__ = ["MAIL", "PROVIDER_KEY", "Answer", "Counter", "World", "mail_id", "secret"]

MAIL: Mapping[str, Any] = {
    "from": "Acme <hello@acme.test>",
    "to": ["ada@example.com"],
    "subject": "Hello",
    "html": "<p>Hi</p>",
}
DEADLINE_S = 10.0
PROVIDER_KEY = "re_AbCdEfGh_ijklmnopqrstuvwxyz012"

Outcome = Receipts | KeyConflict | Closed | Overloaded
Made = TypeVar("Made")


def mail_id(number: int) -> str:
    return f"0198c0de-0000-7000-8000-{number:012x}"


class Call(msgspec.Struct, frozen=True):
    """What the counter was asked."""

    caller: Caller
    emails: tuple[Email, ...]
    endpoint: str
    wait_s: float
    on_hold: str | None


class Counter:
    """A `Mailroom` that answers `outcome`, or accepts and says `state`. `holding`: it keeps callers
    waiting until `let_go`."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.state = State.SENT
        self.outcome: Outcome | BaseException | None = None
        self.holding = False
        self.entered = threading.Semaphore(0)
        self.left = threading.Semaphore(0)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._go: asyncio.Event | None = None

    async def accept(
        self,
        caller: Caller,
        emails: Sequence[Email],
        *,
        endpoint: str,
        wait_s: float,
        on_hold: Literal["promise", "refuse"] | None = None,
    ) -> Outcome:
        self.calls.append(Call(caller, tuple(emails), endpoint, wait_s, on_hold))
        self.entered.release()
        if self.holding:
            self._loop, self._go = asyncio.get_running_loop(), asyncio.Event()
            try:
                await self._go.wait()
            except asyncio.CancelledError:
                self.left.release()
                raise
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        if self.outcome is not None:
            return self.outcome
        return Receipts(
            tuple(
                Receipt(id=mail_id(number), state=self.state)
                for number, _ in enumerate(emails, start=1)
            )
        )

    def let_go(self) -> None:
        assert self._loop is not None
        assert self._go is not None
        self._loop.call_soon_threadsafe(self._go.set)


class Answer(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def name(self) -> str:
        """The error's name, checked to be in Resend's shape."""
        tree = self.json
        assert set(tree) == {"statusCode", "name", "message"}, tree
        assert tree["statusCode"] == self.status
        assert tree["message"]
        return str(tree["name"])

    @property
    def message(self) -> str:
        return str(self.json["message"])


class World:
    """Enter it, and the gateway serves; leave it, and it has stopped."""

    def __init__(self, folder: Path, *, server: Server | None = None, **given: Any) -> None:
        self.folder = folder
        self.server = server or Server(port=0, admin_port=0)
        self.given = given
        self.drain_s = 2.0
        self.clock = ManualClock()
        self.counter = Counter()
        self.noted: list[NewRefusal] = []
        self.heard = threading.Event()
        self.readiness = Readiness(ready=True)
        self.levels: list[str] = []
        self.hooks: list[tuple[str, dict[str, str], bytes]] = []
        self.taken: Sequence[Taken] | WebhookRefused | BaseException = ()
        self.key = ""
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="gateway")

    def __enter__(self) -> Self:
        self._thread.start()
        self._started.result(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def reset(self) -> None:
        """As new for another test, but for what is in the database."""
        self.counter.calls.clear()
        self.counter.state, self.counter.outcome = State.SENT, None
        self.readiness = Readiness(ready=True)
        self.levels.clear()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.gateway.stop)
        self.join()

    def join(self) -> None:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the gateway does not stop"

    def run(self, work: Coroutine[Any, Any, Made]) -> Made:
        """Run it in the gateway's event loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    def make_key(self, name: str = "shop", **given: Any) -> str:
        made = make_key()
        self.run(self.database.write(create_key, made, name, actor="test", **given))
        return made.secret

    @property
    def public_port(self) -> int:
        return int(self.listeners.public.getsockname()[1])

    @property
    def admin_port(self) -> int:
        return self.listeners.admin_port

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        admin: bool = False,
        key: str | None = None,
    ) -> Answer:
        given = dict(headers or {})
        shown = self.key if key is None else key
        if shown and not admin:
            given.setdefault("authorization", f"Bearer {shown}")
        if body is not None:
            raw = json.dumps(body).encode()
        url = self.listeners.admin_url if admin else self.listeners.public_url
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=DEADLINE_S)
        try:
            connection.request(method, path, raw, given)
            heard = connection.getresponse()
            names = {name.lower(): value for name, value in heard.getheaders()}
            return Answer(heard.status, names, heard.read())
        finally:
            connection.close()

    def send(self, mail: Mapping[str, Any] = MAIL, /, **headers: str) -> Answer:
        """POST /emails; `headers` with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask("POST", "/emails", mail, headers=named)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.public_port), timeout=DEADLINE_S)

    def _run(self) -> None:
        try:
            with asyncio.Runner() as runner:
                runner.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.database: SqliteDatabase = await open_sqlite(
            self.folder / "mailproof.db", now_ms=lambda: int(self.clock.now() * 1_000)
        )
        try:
            self.installation: Installation = await self.database.write(installation)
            self.listeners: Listeners = open_listeners(self.server)
            self.ports = (self.public_port, self.admin_port)
            self.gateway = self._gateway()
            async with asyncio.TaskGroup() as group:
                group.create_task(self.gateway.serve(self.listeners, drain_s=self.drain_s))
                await self.gateway.started.wait()
                made = make_key()
                await self.database.write(create_key, made, "shop", actor="test")
                self.key = made.secret
                self._started.set_result(None)
        finally:
            await self.database.close()

    def _gateway(self) -> Gateway:
        self.keys = KeyRing(self.database, [ProviderKey("resend", lambda: PROVIDER_KEY)])
        values: dict[str, Any] = {
            "server": self.server,
            "mailroom": self.counter,
            "db": self.database,
            "keys": self.keys,
            "installation": self.installation,
            "note": self._note,
            "hear": self._hear,
            "readiness": self._ready,
            "state": self._state,
            "metrics": self._metrics,
            "set_level": self.levels.append,
            "clock": lambda: datetime.fromtimestamp(self.clock.now(), UTC),
            "version": "1.2.3",
            **self.given,
        }
        return Gateway(**values)

    async def _note(self, refusals: Sequence[NewRefusal]) -> None:
        await self.database.write(note, refusals)
        self.noted.extend(refusals)
        self.heard.set()

    async def _hear(
        self, name: str, headers: Mapping[str, str], body: bytes
    ) -> Sequence[Taken] | WebhookRefused | None:
        self.hooks.append((name, dict(headers), body))
        if isinstance(self.taken, BaseException):
            raise self.taken
        return self.taken if name == "resend" else None

    async def _ready(self) -> Readiness:
        return self.readiness

    async def _metrics(self, accept: str) -> Shown:
        return Shown(f"# asked for {accept}\n".encode(), "text/plain")

    async def _state(self) -> Mapping[str, Any]:
        return {"routes": []}


def secret(value: str) -> Secret:
    return Secret("literal", lambda: value)
