"""The sign-up example as it runs: a process of its own, a browser's cookies, the mails it sends."""

import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from typing import Any, Final

import httpx

from tests.whole.house import House
from tests.whole.log import DEADLINE_S, Log

__all__ = ["Browser", "Tidewell", "running"]

FOLDER: Final = Path(__file__).parents[2] / "examples" / "signup"
_KEPT: Final = {"PATH", "HOME", "TMPDIR", "PYTHONPATH"}


class Tidewell:
    def __init__(self, house: House, folder: Path, **given: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.house = house
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.log = Log()
        self.environ = {
            **{name: value for name, value in os.environ.items() if name in _KEPT},
            "BASE_URL": self.url,
            "COOLDOWN_S": "0",
            "ASKS_MAX": "1000",
            "SECRET_KEY": "only-for-this-test",
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/tidewell.db",
            "MAILPROOF_URL": house.url,
            "MAILPROOF_FROM": "Tidewell <hello@acme.test>",  # the sandbox's domain
            "MAILPROOF_API_KEY": house.make_key("tidewell", origin=self.url),
            "PYTHONWARNINGS": "error",
            **given,
        }

    def start(self) -> None:
        self.log = Log()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "--factory", "tidewell.app:make_app"),
                *("--port", str(self.port), "--no-access-log"),
            ],
            cwd=FOLDER,
            env=self.environ,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.log.until(lambda: "Uvicorn running" in self.log.text, "it runs")

    def kill(self) -> None:
        self.process.kill()
        self._end()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self._end()

    def links(self, count: int) -> list[str]:
        """Those of the first so many mails, as soon as they are there."""
        mails = self.house.sandbox.wait_for(count, timeout_s=DEADLINE_S)
        return [re.findall(rf"{self.url}/\S+", mail.text)[0] for mail in mails]

    def settle(self) -> None:
        """Wait until all mail that was asked for has come to its end."""
        waiting = "SELECT 1 FROM emails WHERE state IN ('queued', 'sending', 'held', 'deferred')"

        def is_empty() -> bool:
            with closing(sqlite3.connect(self.folder / "tidewell.db")) as database:
                left = database.execute("SELECT count(*) FROM mailproof_outbox").fetchone()
            return left == (0,) and not self.house.rows(waiting)

        self.house.log.until(is_empty, "all mail has gone")

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as said:
            for line in said:
                self.log.feed(line.rstrip())
        self.log.notify()

    def _end(self) -> None:
        self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)


@contextmanager
def running(house: House, folder: Path, **given: str) -> Iterator[Tidewell]:
    """`given`: more of its environment."""
    app = Tidewell(house, folder, **given)
    app.start()
    try:
        yield app
    finally:
        app.stop()


class Browser(httpx.Client):
    """One person's: keeps cookies, fills in forms."""

    def __init__(self, app: Tidewell, language: str = "en") -> None:
        headers = {"accept-language": language}
        super().__init__(
            base_url=app.url, headers=headers, follow_redirects=True, timeout=DEADLINE_S
        )

    def submit(self, page: str, to: str, **fields: str) -> httpx.Response:
        """Load `page`, and send the form that stands in it."""
        return self.post(to, data={"csrf": self.csrf(page), **fields})

    def csrf(self, page: str = "/sign-in") -> str:
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(page).text)
        assert found is not None, page
        return found[1]

    def press(self, link: str) -> httpx.Response:
        """Open a link of a mail, and press its button."""
        page = self.get(link)
        if page.status_code != 200:
            return page
        return self.submit(link, link)

    def register(self, address: str) -> httpx.Response:
        return self.submit("/", "/register", address=address)

    def sign_in(self, address: str) -> httpx.Response:
        return self.submit("/sign-in", "/sign-in", address=address)


def heading(page: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", page.text)
    assert found is not None, page.text
    return unescape(found[1])


def status_of(page: httpx.Response, language: str = "en") -> dict[str, Any]:
    """What `<mail-status>` on this page is told now."""
    found = re.search(r'<mail-status src="([^"]+)"', page.text)
    assert found is not None, page.text
    answer = httpx.get(
        f"{unescape(found[1])}?lang={language}", headers={"accept": "application/json"}
    )
    told: dict[str, Any] = answer.json()
    return told
