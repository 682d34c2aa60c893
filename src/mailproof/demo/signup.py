"""A little sign-up form, with the bug that hundreds of projects carry: nobody looks at the answer.

`python -m mailproof.demo.signup` serves it on a free port of this machine until it is stopped.
"""

import html
import http.client
import json
import logging
import os
import signal
import sys
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

__all__ = ["CLAIM", "main", "post_mail", "send_activation"]

log: Final = logging.getLogger("signup")
CLAIM: Final = "Check your email!"
_DEADLINE_S: Final = 20.0
_FORM_MAX: Final = 10_000
_PAGE: Final = "<!doctype html><meta charset=utf-8><title>Acme</title><h1>{said}</h1>\n"
_FORM: Final = "<form method=post><input name=email type=email required><button>Sign up</button>"


def post_mail(address: str, settings: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """Ask the provider to send an activation mail; its status and body.

    Raises `OSError` and `http.client.HTTPException`: there was no answer.
    """
    base = urlsplit(settings["RESEND_BASE_URL"])
    connection = http.client.HTTPConnection(base.netloc, timeout=_DEADLINE_S)
    try:
        connection.request("POST", "/emails", _activation(address, settings), _headers(settings))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def send_activation(address: str) -> None:
    try:
        post_mail(address)
    except Exception:
        log.exception("could not send the activation mail")


class SignUp(BaseHTTPRequestHandler):
    """`GET` shows the form, `POST` takes it."""

    def do_GET(self) -> None:
        self._show(_PAGE.format(said="Welcome to Acme") + _FORM)

    def do_POST(self) -> None:
        length = min(int(self.headers.get("content-length", 0)), _FORM_MAX)
        form = parse_qs(self.rfile.read(length).decode("utf-8", "replace"))
        send_activation(form.get("email", [""])[0])
        self._show(_PAGE.format(said=html.escape(CLAIM)))

    def log_message(self, *_: Any) -> None:
        """Say nothing of requests: what this app logs is what its author meant to log."""

    def _show(self, page: str) -> None:
        body = page.encode()
        self.send_response(http.HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> int:
    """Serve until stopped. Prints where."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    with ThreadingHTTPServer(("127.0.0.1", 0), SignUp) as server:
        print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201 - where it is
        server.serve_forever(0.05)
    return 0


def _activation(address: str, settings: Mapping[str, str]) -> str:
    mail = {
        "from": settings["RESEND_FROM"],
        "to": address,
        "subject": "Activate your account",
        "html": "<p>Welcome! <a href='https://acme.test/activate'>Activate your account</a></p>",
    }
    return json.dumps(mail)


def _headers(settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {settings['RESEND_API_KEY']}",
        "Content-Type": "application/json",
        "User-Agent": "acme-signup/1.0",
    }


if __name__ == "__main__":
    sys.exit(main())
