"""The console by itself: its own requests and answers over a real store, on a clock by hand."""

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from http.cookies import SimpleCookie
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest
from jinja2 import ChoiceLoader, DictLoader

from mailproof.config.settings import Secret, Server, Settings
from mailproof.console.passwords import hash_password
from mailproof.console.serving import Console
from mailproof.console.sessions import hash_token, new_token
from mailproof.console.visit import Answer, NotFound, Page, Parts, TellStrip, Visit
from mailproof.gateway.exchange import Request
from mailproof.store.base import Database, Event
from mailproof.store.console.people import Role, add_person, begin_session
from mailproof.store.nodes.installation import installation
from mailproof.store.records import events as event_log
from mailproof.store.sqlite.database import open_sqlite
from mailproof.testing import ManualClock

__all__ = ["PAGES", "PASSWORD", "Heard", "World", "clock", "database", "make_world", "world"]

PASSWORD: Final = "correct horse battery"


async def _hello(visit: Visit) -> Answer:
    told = {name: list(values) for name, values in (await visit.form()).items()}
    return visit.page("hello.html", told=told, at=visit.now)


async def _lost(visit: Visit) -> Answer:
    raise NotFound


async def _broken(visit: Visit) -> Answer:
    raise RuntimeError(f"a secret of {visit.person.name}")


async def _undrawn(visit: Visit) -> Answer:
    return visit.page("hello.html")  # it asks for what it is not given


async def _own_policy(visit: Visit) -> Answer:
    answer = visit.fragment("error_part.html", heading="x", text="y", tone="quiet", again="")
    own = ((b"content-security-policy", b"sandbox"),)
    return msgspec.structs.replace(answer, headers=own)


PAGES: Final = (
    Page("/console", "GET", _hello),
    Page("/console/hello/{id}", "GET", _hello),
    Page("/console/deed", "POST", _hello, role="admin"),
    Page("/console/seen", "POST", _hello),
    Page("/console/lost", "GET", _lost),
    Page("/console/broken", "GET", _broken),
    Page("/console/undrawn", "GET", _undrawn),
    Page("/console/own", "GET", _own_policy),
)


class Heard(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[str, str]
    cookies: Sequence[str]
    text: str


class World:
    """One browser before one console. `client`: from where it comes; `proto`: as a proxy says."""

    def __init__(self, database: Database, clock: ManualClock, parts: Parts) -> None:
        self.database = database
        self.clock = clock
        self.parts = parts
        self.cookies: dict[str, str] = {}
        self.client = "127.0.0.1"
        self.proto = ""
        self.csrf = ""
        self.console = self.restart()

    def restart(self, tell_strip: TellStrip | None = None) -> Console:
        self.console = Console(self.parts, PAGES, tell_strip)
        with_hello(self.console)
        return self.console

    async def ask(
        self, method: str, url: str, fields: Mapping[str, Any] | None = None, **headers: str
    ) -> Heard:
        """`headers` with `_` for `-`. The browser keeps the cookies that it is given."""
        parts = urlsplit(url)
        body = urlencode(fields or {}, doseq=True).encode()
        given = {"host": "localhost", **{k.replace("_", "-"): v for k, v in headers.items()}}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.proto:
            given["x-forwarded-proto"] = self.proto
        scope = {
            "method": method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
            "client": (self.client, 50_000),
            "state": {},
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        request = Request(scope, receive)
        request.id = "request-1"
        answer = await self.console.answer(request)
        return self._heard(answer)

    def _heard(self, answer: Answer) -> Heard:
        said = [value.decode() for name, value in answer.headers if name == b"set-cookie"]
        for line in said:
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        headers = {name.decode(): value.decode() for name, value in answer.headers}
        heard = Heard(answer.status, headers, said, answer.body.decode())
        if 'name="csrf" value="' in heard.text:
            self.csrf = heard.text.split('name="csrf" value="')[1].split('"')[0]
        return heard

    async def add(self, name: str, role: Role = "admin", password: str = PASSWORD) -> None:
        await self.database.write(add_person, name, role, _hashed(password), actor="test")

    async def sign_in(self, name: str = "lena", password: str = PASSWORD, **more: str) -> Heard:
        return await self.ask(
            "POST", "/console/sign-in", {"name": name, "password": password}, **more
        )

    async def signed_in(self, name: str = "lena", role: Role = "admin") -> None:
        """Somebody is there without having typed a password, and looks at the first page."""
        await self.add(name, role)
        token = new_token()
        await self.database.write(begin_session, hash_token(token), name)
        self.cookies[f"mailproof_session_{self.parts.installation.id[:8]}"] = token
        heard = await self.ask("GET", "/console")
        assert heard.status == 200, heard

    async def post(self, path: str, fields: Mapping[str, Any] | None = None) -> Heard:
        """With the token of the form."""
        return await self.ask("POST", path, {"csrf": self.csrf, **(fields or {})})

    async def told(self) -> list[Event]:
        events = await self.database.read(event_log.after, 0, 1_000)
        return [each for each in events if each.type.startswith("person.")]


@functools.cache
def _hashed(password: str) -> str:
    return hash_password(password)


def with_hello(console: Console) -> None:
    """A page of the test's own beside the console's."""
    environment = console._shelf._environment
    own = DictLoader({"hello.html": _HELLO})
    assert environment.loader is not None
    environment.loader = ChoiceLoader([own, environment.loader])


_HELLO: Final = """{% extends "frame.html" %}
{% from "parts.html" import when, state, csrf, address, code, reason, purpose with context %}
{% block title %}Hello{% endblock %}
{% block main %}<h1>Hello {{ person.name }}</h1><p id="told">{{ told }}</p>
<p id="id">{{ visit.request.email_id }}</p><p>{{ when(at) }}</p><form>{{ csrf() }}</form>
{{ state("held") }}{{ address("<script>@x.test") }}{{ code("a < b") }}{{ reason("unknown") }}
{{ purpose("otp") }}{% endblock %}"""


async def make_world(database: Database, clock: ManualClock, **server: Any) -> World:
    settings = Settings(
        file="",
        language="en",
        store_url=Secret("default", lambda: ""),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
        server=Server(**server),
    )

    async def check(provider: str) -> None:
        raise LookupError(provider)

    parts = Parts(
        database=database,
        settings=settings,
        installation=await database.write(installation),
        clock=lambda: datetime.fromtimestamp(clock.now(), UTC),
        version="1.2.3",
        check=check,
    )
    return World(database, clock, parts)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(clock: ManualClock, tmp_path: Path) -> AsyncIterator[Database]:
    def now_ms() -> int:
        return int(clock.now() * 1000)

    opened = await open_sqlite(tmp_path / "mailproof.db", now_ms=now_ms)
    yield opened
    await opened.close()


@pytest.fixture
async def world(database: Database, clock: ManualClock) -> World:
    return await make_world(database, clock)
