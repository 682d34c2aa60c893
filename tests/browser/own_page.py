"""A page of an app's own, of another origin than Mailproof, and what its server is asked."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

__all__ = ["Own", "Posted", "own_page"]


class Posted(msgspec.Struct, frozen=True):
    path: str
    headers: dict[str, str]
    body: bytes


class Own:
    """`posted`: what its pages asked for; `answer`: what they get, status and JSON."""

    def __init__(self) -> None:
        self.url = ""
        self.posted: list[Posted] = []
        self.answer: Callable[[], tuple[int, Any]] = lambda: (204, None)


@contextmanager
def own_page(content: Callable[[Own], str]) -> Iterator[Own]:
    """`content`: the page at `/`; every other one is there, and empty."""
    own = Own()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(200, content(own).encode() if self.path == "/" else b"", "text/html")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            own.posted.append(Posted(self.path, names, body))
            status, tree = own.answer()
            self._say(status, b"" if tree is None else json.dumps(tree).encode(), "text/html")

        def _say(self, status: int, body: bytes, media_type: str) -> None:
            self.send_response(status)
            self.send_header("content-type", f"{media_type}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            if status in range(300, 400):
                self.send_header("location", "/sign-in")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        own.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield own
        finally:
            server.shutdown()
            thread.join()
