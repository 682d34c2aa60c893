"""The gateway as one server on two sockets."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Final

import uvicorn

from mailproof.clock import Clock, SystemClock
from mailproof.config.settings import Server
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.engine.mailroom import Mailroom
from mailproof.gateway.admin import AdminSide, LogLevel, is_loopback
from mailproof.gateway.door import Door, Side
from mailproof.gateway.exchange import Answer, Request
from mailproof.gateway.hooks_in import Hear
from mailproof.gateway.keyring import KeyRing
from mailproof.gateway.listening import Listeners
from mailproof.gateway.own_mails import OwnMails
from mailproof.gateway.public import PublicSide, Readiness
from mailproof.gateway.refusals import Note, Refusals
from mailproof.gateway.room import Room
from mailproof.gateway.sending import Sending
from mailproof.gateway.status.links import StatusLinks
from mailproof.gateway.status.serving import StatusPages
from mailproof.gateway.wire import Connection, end_the_slow
from mailproof.mail.ids import Ids
from mailproof.mail.purposes import PURPOSES, Purpose
from mailproof.record.metrics.page import Shown
from mailproof.store.base import Database
from mailproof.store.nodes.installation import Installation

__all__ = ["Gateway"]

# Requests on sending endpoints at the same time, and bytes of their bodies.
_WAITING_MAX: Final = 10_000
_BYTES_MAX: Final = 256 * 1024 * 1024
_KEEP_ALIVE_S: Final = 60


class Gateway:
    """Serves apps on the public socket and operators on the admin socket.

    `wait_s`: so long a single send waits for its first attempt. `readiness()` says whether mail can
    be accepted and what is wrong; `state()` gives what `/admin/v1/state` shows, `metrics` what
    Prometheus scrapes; `set_level` changes the level of the log; `note` writes refusals down.
    `hear` takes what providers tell by webhook. `clock` tells the time with its zone; `monotonic`,
    seconds since 1970, is what status pages wait by. `console` answers what people ask for under
    `/console` on the admin socket; None: there is none.
    """

    def __init__(  # noqa: PLR0913 - what it is wired to
        self,
        *,
        server: Server,
        mailroom: Mailroom,
        db: Database,
        keys: KeyRing,
        installation: Installation,
        note: Note,
        hear: Hear,
        readiness: Callable[[], Awaitable[Readiness]],
        state: Callable[[], Awaitable[Any]],
        metrics: Callable[[str], Awaitable[Shown]],
        set_level: Callable[[LogLevel], None],
        clock: Callable[[], datetime],
        version: str,
        language: OperatorLanguage = "en",
        wait_s: float = 5.0,
        public_url: str = "",
        support_url: str = "",
        purposes: Mapping[str, Purpose] = PURPOSES,
        monotonic: Clock | None = None,
        trusted_proxies: Sequence[IPv4Network | IPv6Network] = (),
        console: Callable[[Request], Awaitable[Answer]] | None = None,
        waiting_max: int = _WAITING_MAX,
        bytes_max: int = _BYTES_MAX,
    ) -> None:
        links = StatusLinks(public_url, db.now)
        room = Room(waiting_max=waiting_max, bytes_max=bytes_max)
        self._refusals = Refusals(note, language)
        self._status = StatusPages(
            db, keys, purposes, monotonic or SystemClock(), wait_s=wait_s, support_url=support_url
        )
        self._public = PublicSide(
            sending=Sending(mailroom, room, clock, wait_s, links),
            own_mails=OwnMails(db, room, clock, language, links),
            status=self._status,
            hear=hear,
            keys=keys,
            refusals=self._refusals,
            installation=installation,
            readiness=readiness,
            trusted_proxies=trusted_proxies,
            now_ms=db.now,
            is_draining=self._is_draining,
            version=version,
        )
        token = None if is_loopback(server.admin_host) else server.admin_token
        self._admin = AdminSide(
            token=None if token is None else token.read,
            state=state,
            metrics=metrics,
            set_level=set_level,
            console=console,
            trusted_proxies=trusted_proxies,
        )
        self._clock = clock
        self._server: _Server | None = None
        self._draining = False
        self.started = asyncio.Event()

    async def serve(self, listeners: Listeners, *, drain_s: float) -> None:
        """Serve until `stop`, then finish what is under way, for `drain_s` seconds at most.

        `started` is set once requests are answered. Closes the listeners. Signals are the caller's.
        """
        door = Door(
            Side(self._public.answer, self._public.note),
            Side(self._admin.answer),
            admin_port=listeners.admin_port,
            new_id=Ids(self._clock).text,
            is_draining=self._is_draining,
        )
        server = _Server(_config(door, drain_s), self.started.set)
        server.should_exit = self._draining
        self._server = server
        try:
            async with asyncio.TaskGroup() as group:
                beside = [group.create_task(each.run()) for each in (self._refusals, self._status)]
                beside.append(group.create_task(end_the_slow(server.server_state.connections)))
                await server.serve(sockets=[listeners.public, listeners.admin])
                for each in beside:
                    each.cancel()
        finally:
            listeners.close()
        await self._refusals.flush()

    def stop(self) -> None:
        """Take no more connections; `/readyz` says so on those that are open."""
        self._draining = True
        self._status.close()
        if self._server is not None:
            self._server.should_exit = True

    def _is_draining(self) -> bool:
        return self._draining


def _config(door: Door, drain_s: float) -> uvicorn.Config:
    return uvicorn.Config(
        door,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who may speak for others is `trusted_proxies`
        server_header=False,
        date_header=True,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=max(1, round(drain_s)),
    )


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves them alone: whoever started the engine stops it, and in which order."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()
