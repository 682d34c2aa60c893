"""A worker process that is killed: store, Resend adapter and engine, told what to do in JSON.

It hears `{"accept": [SUBJECT, …], "key": KEY}` and `{"stop": true}`. It says `{"up": true}`,
`{"sends": true}`, `{"at": STEP}` just before it stops itself (SIGSTOP) at the step that it was
given, and for each request `{"accepted" | "refused" | "unknown": [SUBJECT, …], "ids": […]}`.
"""

import asyncio
import json
import os
import signal
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

import msgspec
import structlog

from mailproof.clock import SystemClock
from mailproof.engine.engine import Engine, Lock, Parts
from mailproof.engine.policy import Handling, Policy
from mailproof.engine.receipts import Caller, Receipts
from mailproof.mail.address import Address
from mailproof.mail.ids import Ids
from mailproof.mail.message import Email
from mailproof.mail.purposes import PURPOSES
from mailproof.providers.base import Provider
from mailproof.providers.http import Http, open_http
from mailproof.providers.resend import Resend
from mailproof.providers.smtp import Smtp
from mailproof.store.base import Database, StoreError, StoreUnavailable
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Node
from mailproof.store.postgres.database import open_postgres
from mailproof.store.sqlite.database import open_sqlite
from mailproof.store.sqlite.engine_lock import EngineLock
from tests.chaos.power import BreakingDatabase, BreakingProvider, Moment, Traffic

__all__ = ["Orders", "run"]


class Orders(msgspec.Struct, frozen=True):
    """How to work. `stop_at`: the moment at which to stop, the first time that it comes, such as
    `commit accept`; empty: never. `smtp_url`: send by SMTP, not through the sandbox."""

    where: Path | str
    sandbox_url: str
    api_key: str
    name: str
    log: Path
    stop_at: str = ""
    lease_s: float = 2.0
    smtp_url: str = ""
    purpose: str = "receipt"


class StopsAt:
    """Says where it is and stops, so that whoever kills it does so exactly there.

    Not before it is `armed`, with the first mail: an engine that starts claims, too.
    """

    def __init__(self, step: str, line: socket.socket) -> None:
        self._step = step
        self._line = line
        self.armed = False

    def step(self, moment: Moment, what: str) -> None:
        if self.armed and self._step == f"{moment} {what}":
            self.armed = False
            _say(self._line, {"at": f"{moment} {what}"})
            # All threads stop with it, so nothing goes on beyond this point.
            os.kill(os.getpid(), signal.SIGSTOP)


class Worker:
    def __init__(self, orders: Orders, line: socket.socket) -> None:
        self._orders = orders
        self._line = line
        self._clock = SystemClock()

    async def work(self) -> None:
        """Until it is told to stop, or nobody is there any more to tell it."""
        reader, writer = await asyncio.open_connection(sock=self._line.dup())
        opened = await self._open()
        async with open_http("mailproof-test/1", {}) as http:
            ours = await opened.write(installation)
            orders, stops = self._orders, StopsAt(self._orders.stop_at, self._line)
            provider = _provider(orders, http, ours.id)
            now = opened.now()
            parts = Parts(
                database=BreakingDatabase(opened, stops, Traffic()),
                providers=(BreakingProvider(provider, stops, Traffic()),),
                policy=_policy(orders),
                installation=ours,
                node=Node(
                    id=orders.name,
                    role="all",
                    engine=True,
                    host="host",
                    pid=os.getpid(),
                    version="0",
                    started_at=now,
                    seen_at=now,
                ),
                lock=_lock(orders.where),
                clock=self._clock,
                ids=Ids(lambda: datetime.fromtimestamp(self._clock.now(), UTC)),
                duties_leased=isinstance(orders.where, str),
            )
            engine = Engine(parts)
            async with asyncio.TaskGroup() as group:
                group.create_task(engine.run())
                await engine.started.wait()
                _say(self._line, {"up": True})
                while text := await reader.readline():
                    order = json.loads(text)
                    if "stop" in order:
                        break
                    stops.armed = True
                    group.create_task(self._accept(engine, order["accept"], order["key"]))
                engine.stop()
        await opened.close()
        writer.close()

    async def _accept(self, engine: Engine, subjects: list[str], key: str | None) -> None:
        mails = [_mail(subject, key, self._orders.purpose) for subject in subjects]
        said: dict[str, Any]
        try:
            answer = await engine.counter.accept(
                Caller(app="shop"), mails, endpoint="/emails", wait_s=0
            )
        except StoreUnavailable:
            said = {"refused": subjects}
        except StoreError:
            said = {"unknown": subjects}
        else:
            assert isinstance(answer, Receipts), answer
            said = {"accepted": subjects, "ids": [receipt.id for receipt in answer.mails]}
        _say(self._line, said)

    async def _open(self) -> Database:
        where = self._orders.where
        if isinstance(where, Path):
            return await open_sqlite(where, now_ms=lambda: int(self._clock.now() * 1000))
        return await open_postgres(where)


def _provider(orders: Orders, http: Http, installation_id: str) -> Provider:
    if orders.smtp_url:
        return Smtp("smtp", url=lambda: orders.smtp_url, installation=installation_id)
    return Resend(
        "resend",
        http,
        api_key=lambda: orders.api_key,
        base_url=orders.sandbox_url,
        installation=installation_id,
        version="0",
    )


class _EverybodySends:
    def acquire(self) -> bool:
        return True

    def holder(self) -> str:
        return ""

    def release(self) -> None:
        return None


def _lock(where: Path | str) -> Lock:
    if isinstance(where, Path):
        return EngineLock(where.with_name(f"{where.name}.engine"))
    return _EverybodySends()


def _policy(orders: Orders) -> Policy:
    return Policy(
        purposes={name: Handling(purpose) for name, purpose in PURPOSES.items()},
        probe_interval_s=0.5,
        lease_s=orders.lease_s,
        deadline_s=5.0,
        drain_s=5.0,
    )


def _mail(subject: str, key: str | None, purpose: str) -> Email:
    return Email(
        sender=Address.parse("Acme <hello@acme.test>", where="from"),
        to=(Address.parse(f"{subject}@customer.test", where="to"),),
        subject=subject,
        text="Hello",
        purpose=purpose,
        idempotency_key=key,
    )


def _say(line: socket.socket, said: dict[str, Any]) -> None:
    """Short lines: the kernel takes each at once and whole."""
    line.sendall(json.dumps(said).encode() + b"\n")


_ENCODING: Final = "utf-8"


def run(orders: Orders, line: socket.socket) -> None:
    """The process. Its log goes to a file of its own."""
    log: TextIO
    with orders.log.open("a", encoding=_ENCODING) as log:
        structlog.configure(
            processors=[
                structlog.contextvars.merge_contextvars,
                structlog.processors.add_log_level,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
            logger_factory=structlog.WriteLoggerFactory(log),
        )
        asyncio.run(Worker(orders, line).work())
