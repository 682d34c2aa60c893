"""A real terminal (a pseudo-terminal) for commands that draw, and what stands on it."""

import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Mapping
from fcntl import ioctl
from types import TracebackType
from typing import Any, Self

from tests.cli.running import BARE

__all__ = ["Terminal"]

_DEADLINE_S = 20.0
_SGR = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """One command on a terminal of so many columns and lines."""

    def __init__(
        self,
        *arguments: str,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._ours, theirs = pty.openpty()
        self.resize(columns, lines)
        self.before: list[Any] = termios.tcgetattr(theirs)
        self._theirs = theirs
        kept = {name: value for name, value in os.environ.items() if name in BARE}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mailproof", *arguments],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**kept, "LANG": "C.UTF-8", "TERM": "xterm-256color", "TZ": "UTC", **(env or {})},
            start_new_session=True,
        )
        self.heard = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)
        os.close(self._theirs)

    def resize(self, columns: int, lines: int) -> None:
        ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    @property
    def screen(self) -> list[str]:
        """What was drawn last, without its colours."""
        last = self.heard.rpartition("\x1b[H")[2].partition("\x1b[J")[0]
        return [_SGR.sub("", line) for line in last.replace("\x1b[K", "").split("\r\n")]

    def wait_for(self, text: str) -> list[str]:
        """Read until this stands on the screen."""
        while True:
            if text in "\n".join(self.screen) and self.heard.endswith("\x1b[J"):
                return self.screen
            self.read()

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Wait for its end; the exit code."""
        while self.process.poll() is None:
            if not select.select([self._ours], [], [], 0.05)[0]:
                continue
            self.read()
        while select.select([self._ours], [], [], 0)[0]:
            self.read()
        return self.process.wait(_DEADLINE_S)

    def settings_now(self) -> list[Any]:
        return termios.tcgetattr(self._theirs)

    def read(self) -> None:
        """Take in what comes next."""
        ready, _, _ = select.select([self._ours], [], [], _DEADLINE_S)
        assert ready, self.heard[-2_000:]
        self.heard += os.read(self._ours, 65_536).decode()
