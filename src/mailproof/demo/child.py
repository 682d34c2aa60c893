"""A program that the demo starts, with what it says, line by line."""

import re
import subprocess  # runs only this interpreter with this package
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

__all__ = ["Child", "Ended"]

_STOP_MAX_S: Final = 5.0


class Ended(Exception):
    """It did not say what was waited for: in time, or before it ended."""


class Child:
    """`python ARGUMENTS` in `folder`. Its standard output and error are one stream of lines."""

    def __init__(self, arguments: Sequence[str], env: Mapping[str, str], folder: Path) -> None:
        self._name = " ".join(arguments)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter, our own arguments
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            encoding="utf-8",
            env=env,
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def lines(self) -> list[str]:
        """All that it has said so far."""
        with self._changed:
            return list(self._lines)

    def entry(self, pattern: str, *, within_s: float, details: int = 0, after: int = 0) -> int:
        """The number of the first line, from `after` on, that fits, once so many `details` (the
        indented lines below it) are there too. Raises `Ended`."""

        def found() -> int | None:
            for number in range(after, len(self._lines)):
                below = self._lines[number + 1 : number + 1 + details]
                if re.search(pattern, self._lines[number]) and len(below) == details:
                    return number if all(line.startswith("    ") for line in below) else None
            return None

        return self._wait(found, f"a line with {pattern!r}", within_s)

    def wait(self, within_s: float) -> int:
        """Its exit code, once it has ended by itself. Raises `Ended`: it has not."""
        self._wait(lambda: len(self._lines) if self._ended else None, "its end", within_s)
        return self._process.wait()

    def stop(self) -> int:
        """End it: politely, and if that does not help, at once. Its exit code."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            code = self._process.wait(_STOP_MAX_S)
        except subprocess.TimeoutExpired as late:
            self._process.kill()
            code = self._process.wait()
            with self._changed:
                self._lines.append(str(late))
        self._reader.join()
        return code

    def _wait(self, found: Callable[[], int | None], what: str, within_s: float) -> int:
        until = time.monotonic() + within_s
        with self._changed:
            while True:
                result = found()
                if result is not None:
                    return result
                left_s = until - time.monotonic()
                if self._ended or left_s <= 0:
                    why = "it ended" if self._ended else f"not within {within_s:g} s"
                    last = "\n".join(self._lines[-10:])
                    raise Ended(f"{self._name}: no {what}, {why}. It said last:\n{last}")
                self._changed.wait(left_s)

    def _read(self) -> None:
        out = self._process.stdout
        if out is None:
            raise TypeError("a child without a pipe")
        with out:
            for line in out:
                with self._changed:
                    self._lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()
