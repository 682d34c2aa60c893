"""A gateway behind a bad line: what happens to each request is scripted."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from tests.whole.house import ask

__all__ = ["Line", "stumbling"]

# `cut`: it never arrives. `lost`: it arrives, and the answer is lost. A number: that status, from
# something in between. What comes after the script passes.
Step = Literal["cut", "lost"] | int


class Line:
    def __init__(self, behind: str, script: Sequence[Step]) -> None:
        self.behind = behind
        self.script = list(script)
        self.keys: list[str] = []
        self.url = ""


@contextmanager
def stumbling(behind: str, script: Sequence[Step]) -> Iterator[Line]:
    line = Line(behind, script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            line.keys.append(self.headers["idempotency-key"])
            step = line.script.pop(0) if line.script else None
            if step == "cut":
                self._hang_up()
            elif isinstance(step, int):
                self._answer(step, {}, b"<html>upstream</html>")
            else:
                kept = {"prefer": self.headers["prefer"], "idempotency-key": line.keys[-1]}
                key = self.headers["authorization"].removeprefix("Bearer ")
                heard = ask(line.behind, "POST", self.path, key=key, headers=kept, raw=body)
                if step == "lost":
                    self._hang_up()
                else:
                    self._answer(heard.status, dict(heard.headers), heard.raw)

        def do_GET(self) -> None:
            self._answer(200, {}, b"<html>upstream</html>")

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.startswith("mailproof-"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _hang_up(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        line.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield line
        finally:
            server.shutdown()
            thread.join()
