"""Clients that behave as badly as TCP lets them."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Any

from tests.gateway.world import MAIL, Answer, World

__all__ = ["BODY", "answers_on", "get", "post"]

BODY = json.dumps(MAIL).encode()


def get(path: str, **headers: Any) -> bytes:
    """A request of its own line and headers, `_` for `-`."""
    return _head("GET", path, headers)


def post(world: World, body: bytes = BODY, **headers: Any) -> bytes:
    """A whole request to send, with the world's key; `body` is declared as long as it is."""
    given = {"authorization": f"Bearer {world.key}", "content_length": len(body), **headers}
    return _head("POST", "/emails", given) + body


def answers_on(client: socket.socket) -> Iterator[Answer]:
    """Each answer as it comes, until the other side says no more."""
    with client.makefile("rb") as lines, contextlib.suppress(ConnectionError):
        while first := lines.readline():
            headers = {}
            while line := lines.readline().strip():
                name, _, value = line.decode().partition(": ")
                headers[name.lower()] = value
            body = lines.read(int(headers.get("content-length", 0)))
            yield Answer(int(first.split()[1]), headers, body)


def _head(method: str, path: str, headers: dict[str, Any]) -> bytes:
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items()]
    return f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n{''.join(lines)}\r\n".encode()
