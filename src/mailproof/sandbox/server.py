"""Runs a sandbox on a socket."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from mailproof.sandbox.account import Account, Arrival
from mailproof.sandbox.api.admin import ADMIN_ROUTES
from mailproof.sandbox.api.call import refuse_unrouted
from mailproof.sandbox.api.emails import EMAIL_ROUTES
from mailproof.sandbox.api.guarding import OwnPages, is_loopback
from mailproof.sandbox.api.inbox import INBOX_ROUTES
from mailproof.sandbox.api.resources import ACCOUNT_ROUTES
from mailproof.sandbox.calls import CallSeen
from mailproof.sandbox.faults.edge import Edge, is_ours, is_sending, record
from mailproof.sandbox.faults.fault import Fault, Sighting
from mailproof.sandbox.faults.wire import Wire, protocol_with
from mailproof.sandbox.nameserver import NameServer
from mailproof.sandbox.page.serving import InboxPage
from mailproof.sandbox.smtp.listener import SmtpPort, serve_smtp

__all__ = ["SandboxServer", "listen", "url_of"]


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `OSError`: in use, or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def url_of(listener: socket.socket) -> str:
    """Where a client finds it: `http://127.0.0.1:8025`."""
    host, port = listener.getsockname()[:2]
    # "Every address" is one to listen on, not one to call (Windows refuses to).
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class SandboxServer(uvicorn.Server):
    """One account behind one socket. `ready` is called once it accepts connections.

    On `names`, made by `listen_dns`, it also answers DNS for the account's domains; on `smtp` it
    takes mail over SMTP.
    """

    def __init__(
        self,
        account: Account,
        ready: Callable[[], None],
        *,
        names: socket.socket | None = None,
        smtp: Sequence[SmtpPort] = (),
    ) -> None:
        self._account = account
        self._ready = ready
        self._names = names
        self._smtp = smtp
        self._open_wires: set[Wire] = set()
        page = InboxPage(account, smtp=bool(smtp))
        api = Starlette(
            routes=[*page.routes(), *ADMIN_ROUTES, *INBOX_ROUTES, *EMAIL_ROUTES, *ACCOUNT_ROUTES],
            exception_handlers={HTTPException: refuse_unrouted},
        )
        api.router.redirect_slashes = False
        api.state.account = account
        self._own_pages = OwnPages(Edge(account, api))
        config = uvicorn.Config(
            self._own_pages,
            http=protocol_with(self._gate, self._open_wires),
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=True,
            timeout_keep_alive=60,
        )
        super().__init__(config)

    def _gate(self, method: str, path: str) -> Fault | None:
        """The fault that strikes now that only the head of a request has come."""
        if is_ours(path):
            return None
        fault = self._account.faults.before_reading(Sighting(method, path))
        if fault is not None:
            now = self._account.clock.now()
            if is_sending(method, path):
                self._account.calls.append(
                    CallSeen(
                        at=now, method=method, path=path, status=0, took_ms=0, fault=fault.name
                    )
                )
            record(
                self._account,
                Arrival(at=now, method=method, path=path, status=0, took_ms=0, fault=fault.name),
            )
        return fault

    def serve_forever(self, listener: socket.socket) -> None:
        """Block until `should_exit` or a signal, on uvloop where there is one."""
        self._own_pages.only_here = is_loopback(listener.getsockname()[0])
        with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
            runner.run(self._serve_beside_postman(listener))

    async def _serve_beside_postman(self, listener: socket.socket) -> None:
        """Whichever of the two crashes, ends both and is heard."""
        async with asyncio.TaskGroup() as group:
            postman = group.create_task(self._account.postman.run())
            name_server = await self._answer_names() if self._names else None
            mail_servers = await serve_smtp(self._account, self._smtp, self._open_wires)
            await self.serve(sockets=[listener])
            postman.cancel()
            for server in mail_servers:
                server.close()
            if name_server is not None:
                name_server.close()

    async def _answer_names(self) -> asyncio.BaseTransport:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: NameServer(self._account.domains.values), sock=self._names
        )
        return transport

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Those that hang on purpose would keep us here; nobody waits for a sandbox's last answer.
        for wire in list(self._open_wires):
            wire.abort()
        await super().shutdown(sockets=sockets)
