"""Backing up and restoring as `docs/operate.md` says: its own commands, under load."""

import os
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from mailproof.testing import Sandbox
from tests.docs.pages import page
from tests.whole.house import MAIL, ask
from tests.whole.process import Served, write_config

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the page's commands are for a POSIX shell")

BLOCKS = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def blocks() -> list[str]:
    """The commands of "Back up" and "Restore" that are about a file."""
    part = page("operate", "en").partition("## Back up")[2].partition("## Upgrade")[0]
    return [block for block in BLOCKS.findall(part) if "docker" not in block]


def run(commands: str, folder: Path) -> str:
    """In the folder of the store; the page's folder for backups is one beside it."""
    commands = commands.replace("/var/backups", str(folder / "backups"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-euc", commands],
        cwd=folder,
        env={"PATH": path, "LANG": "C", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Load:
    """Sends one mail after the other, and keeps the ids that it was promised."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._stopped = threading.Event()
        self._enough = threading.Condition()
        self._thread = threading.Thread(target=self._send)
        self.promised: list[str] = []

    def _send(self) -> None:
        while not self._stopped.is_set():
            mail = {**MAIL, "to": f"u{len(self.promised)}@kunde.test"}
            answer = self._served.send(mail, prefer="respond-async")
            with self._enough:
                self.promised.append(answer.json["id"])
                self._enough.notify_all()

    def start(self) -> None:
        self._thread.start()

    def until(self, count: int) -> list[str]:
        with self._enough:
            assert self._enough.wait_for(lambda: len(self.promised) >= count, 20)
            return list(self.promised)

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(20)


def _has(sandbox: Sandbox, address: str) -> bool:
    return any(address in mail.to for mail in sandbox.mails)


def test_a_copy_made_under_load_has_every_mail_accepted_before_and_doubles_none(
    tmp_path: Path,
) -> None:
    back_up, restore = blocks()
    (tmp_path / "backups").mkdir()
    with Sandbox() as sandbox:
        config = write_config(tmp_path, provider_url=sandbox.url, key=sandbox.api_key)
        with Served(config, key=sandbox.api_key) as served:
            load = Load(served)
            load.start()
            before = load.until(30)
            run(back_up, tmp_path)
            load.until(len(before) + 30)
            load.stop()
        (copy,) = (tmp_path / "backups").iterdir()
        assert copy.stat().st_size > 0
        run(restore, tmp_path)
        with Served(config, key=sandbox.api_key) as served:
            for email_id in before:
                assert (
                    ask(served.url, "GET", f"/v1/emails/{email_id}", key=served.key).status == 200
                )
            after = {**MAIL, "to": "after@kunde.test"}
            assert served.send(after).status == 200
            sandbox.wait_until(lambda: _has(sandbox, "after@kunde.test"), timeout_s=20)
            assert served.stop() == 0
        arrived = Counter(str(mail.to) for mail in sandbox.mails)
    assert not [address for address, count in arrived.items() if count > 1]
