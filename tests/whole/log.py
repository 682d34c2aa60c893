"""A process's log as a test reads it: JSON, line by line, and an event to wait for."""

import io
import json
import threading
import time
from collections.abc import Callable
from typing import Any

__all__ = ["DEADLINE_S", "Line", "Log"]

DEADLINE_S = 20.0
# What is waited for may happen without a line.
_LOOK_S = 0.1
_LEVELS = ("debug", "info", "warning", "error", "critical")

Line = dict[str, Any]


class Log(io.StringIO):
    """Give it to `configure` as the stream, or `feed` it what a process says."""

    def __init__(self) -> None:
        super().__init__()
        self.raw: list[str] = []
        self.lines: list[Line] = []
        self.plain: list[str] = []
        self._heard = threading.Condition()

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self.feed(line)
        return len(text)

    def feed(self, line: str) -> None:
        """One line: an entry of the log, or what was printed for people."""
        with self._heard:
            self.raw.append(line)
            try:
                found = json.loads(line)
            except ValueError:
                found = None
            if isinstance(found, dict):
                self.lines.append(found)
            else:
                self.plain.append(line)
            self._heard.notify_all()

    def notify(self) -> None:
        """Something else happened that `until` should look at."""
        with self._heard:
            self._heard.notify_all()

    @property
    def text(self) -> str:
        return "\n".join(self.raw)

    def found(self, event: str, **facts: Any) -> list[Line]:
        """The lines of this event that have these facts."""
        return [
            line
            for line in list(self.lines)
            if line.get("event") == event
            and all(line.get(name) == value for name, value in facts.items())
        ]

    def wait_for(self, event: str, *, within_s: float = DEADLINE_S, **facts: Any) -> Line:
        """The first such line, now or as soon as it is written."""
        self.until(lambda: bool(self.found(event, **facts)), f"{event} {facts}", within_s=within_s)
        return self.found(event, **facts)[0]

    def until(
        self, true: Callable[[], bool], what: str = "", *, within_s: float = DEADLINE_S
    ) -> None:
        """Until `true()`, asked again after each line, and every now and then."""
        end = time.monotonic() + within_s
        while True:
            seen = len(self.raw)
            # Not under the lock: `true` may ask whoever writes this log.
            if true():
                return
            left_s = end - time.monotonic()
            assert left_s > 0, f"not within {within_s:g} s: {what}\n{self.told()}"
            with self._heard:
                self._heard.wait_for(lambda: len(self.raw) != seen, min(left_s, _LOOK_S))  # noqa: B023

    def told(self, last: int = 40) -> str:
        return "\n".join(self.raw[-last:])


def is_loud(line: Line) -> bool:
    """Is it at least a WARNING?"""
    return _LEVELS.index(line["level"]) >= _LEVELS.index("warning")
