"""The two sockets: opened before anything else, so that a taken port is told at once."""

import os
import socket
from typing import Final

import msgspec

from mailproof.config.settings import Server
from mailproof.gateway.admin import is_loopback
from mailproof.gateway.crowd import raise_limit

__all__ = ["CannotListen", "Listeners", "open_listeners", "url_of"]

_BACKLOG: Final = 2048
_PORT_MAX: Final = 65_535


class CannotListen(Exception):
    """Where, why, and what to do about it."""


class Listeners(msgspec.Struct, frozen=True):
    """Both are open and take connections, which wait until somebody serves them."""

    public: socket.socket
    admin: socket.socket

    @property
    def public_url(self) -> str:
        return url_of(self.public)

    @property
    def admin_url(self) -> str:
        return url_of(self.admin)

    @property
    def admin_port(self) -> int:
        return int(self.admin.getsockname()[1])

    def close(self) -> None:
        self.public.close()
        self.admin.close()


def open_listeners(server: Server) -> Listeners:
    """Open both. `admin_port` None: the public port plus one; a port of 0 takes a free one.

    Lets the process have as many connections as it may. Raises `CannotListen`: a port is taken or
    not ours, both are the same, or the admin listener could be reached from outside without a
    token.
    """
    if not is_loopback(server.admin_host) and server.admin_token is None:
        raise CannotListen(
            f"server.admin_host: {server.admin_host} can be reached from other machines, and there "
            "is no server.admin_token. Set one, or leave admin_host at 127.0.0.1."
        )
    admin_port = server.admin_port
    if admin_port is None:
        admin_port = server.port + 1 if server.port else 0
    if admin_port > _PORT_MAX:
        raise CannotListen(
            f"server.port: {server.port} leaves no port above it for the admin listener. Set "
            "server.admin_port too."
        )
    if admin_port and admin_port == server.port:
        raise CannotListen(
            f"server.admin_port: {admin_port} is the public port as well. Choose another one."
        )
    raise_limit()
    public = _listen(server.host, server.port, "server.port")
    try:
        return Listeners(public, _listen(server.admin_host, admin_port, "server.admin_port"))
    except BaseException:
        public.close()
        raise


def url_of(listener: socket.socket) -> str:
    """Where a client on this machine finds it: `http://127.0.0.1:7025`."""
    host, port = listener.getsockname()[:2]
    # "Every address" is one to listen on, not one to call.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int, setting: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise CannotListen(
            f"{setting}: cannot listen on {host}:{port}: {why}. Stop what uses it, or choose "
            "another address."
        ) from error
