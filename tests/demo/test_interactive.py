"""`make demo INTERACTIVE=1`: what it says is there is there, works, and is gone after Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.whole.log import DEADLINE_S, Log

ROOT = Path(__file__).parents[2]


class Playing:
    """The demo as a process; `log` has its lines."""

    def __init__(self, language: str, folder: Path) -> None:
        self.log = Log()
        environ = {**os.environ, "MAILPROOF_LANGUAGE": language, "PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mailproof.demo.interactive"],
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(DEADLINE_S)
        self._reader.join(DEADLINE_S)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                self.log.feed(line.rstrip())
        self.log.notify()


@pytest.fixture(params=["en", "zh"])
def playing(request: pytest.FixtureRequest) -> Iterator[Playing]:
    made = Playing(request.param, ROOT)
    try:
        yield made
    finally:
        made.stop()


def test_it_says_where_all_is_and_leaves_nothing_running(playing: Playing) -> None:
    log = playing.log
    log.until(lambda: "/console" in log.text or playing.process.poll() is not None, within_s=60)
    app, inbox, console = re.findall(r"http://127\.0\.0\.1:\d+\S*", log.text)[:3]
    with httpx.Client(follow_redirects=True, timeout=DEADLINE_S) as browser:
        csrf = re.search(r'name="csrf" value="([^"]+)"', browser.get(app).text)
        assert csrf is not None
        form = {"csrf": csrf[1], "address": "ada@example.org"}
        assert browser.post(f"{app}/register", data=form).url.path == "/waiting"
        headers = {"accept": "application/json"}
        log.until(lambda: "ada@example.org" in browser.get(inbox, headers=headers).text, "mail")
        assert browser.get(console).status_code == 200

    assert playing.stop() == 128 + signal.SIGINT
    for url in (app, inbox, console):
        with pytest.raises(httpx.TransportError):
            httpx.get(url)


def test_without_a_checkout_it_says_where_to_run_it(tmp_path: Path) -> None:
    elsewhere = Playing("en", tmp_path)
    elsewhere.log.until(lambda: elsewhere.process.poll() is not None, "it ends")
    assert elsewhere.stop() == 1
    assert "checkout" in elsewhere.log.text
