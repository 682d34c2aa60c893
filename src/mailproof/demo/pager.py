"""Stands for the chat or pager of the people on duty: it takes what Apprise posts as JSON."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import msgspec

__all__ = ["Alert", "Pager"]

_BODY_MAX: Final = 100_000


class Alert(msgspec.Struct, frozen=True):
    """One message. `mood`: Apprise's type, `failure` or `success`."""

    title: str
    text: str
    mood: str


class Pager:
    """Listens on a free port of this machine between enter and exit."""

    def __init__(self) -> None:
        self._alerts: list[Alert] = []
        self._arrived = threading.Condition()
        pager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = min(int(self.headers.get("content-length", 0)), _BODY_MAX)
                pager.take(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing: the story shows what came."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def channel(self) -> str:
        """Its address as an Apprise URL."""
        return f"json://127.0.0.1:{self._server.server_port}/"

    @property
    def alerts(self) -> list[Alert]:
        """All that came so far."""
        with self._arrived:
            return list(self._alerts)

    def take(self, posted: dict[str, Any]) -> None:
        """Keep a message, and wake who waits for it."""
        with self._arrived:
            self._alerts.append(Alert(posted["title"], posted["message"], posted["type"]))
            self._arrived.notify_all()

    def wait_for(self, fits: Callable[[Alert], bool], within_s: float) -> Alert:
        """The first message that fits. Raises `TimeoutError`, which tells what came instead."""
        until = time.monotonic() + within_s
        with self._arrived:
            while True:
                for alert in self._alerts:
                    if fits(alert):
                        return alert
                left_s = until - time.monotonic()
                if left_s <= 0:
                    came = "; ".join(alert.title for alert in self._alerts) or "none"
                    raise TimeoutError(f"no such alert within {within_s:g} s; there came: {came}")
                self._arrived.wait(left_s)
