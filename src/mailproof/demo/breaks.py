"""Ctrl-C at any moment, and nothing is left running: signals wait while a process is started."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

__all__ = ["Breaks", "Stopped"]

_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


class Stopped(BaseException):
    """Somebody wants it to end. `number`: of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by signal {number}")
        self.number = number


class Breaks:
    """As a context manager: SIGINT, SIGTERM and SIGHUP raise `Stopped` in the main thread."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._holds = 0
        self._heard: int | None = None

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            # Who was started with `nohup` has asked to outlive the terminal.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._hear)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within it nothing is raised: what is started here is also noted, what is stopped ends.

        A signal that came meanwhile raises `Stopped` at its end.
        """
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
        self._raise_if_heard()

    def _hear(self, number: int, _frame: FrameType | None) -> None:
        self._heard = number
        self._raise_if_heard()

    def _raise_if_heard(self) -> None:
        if self._heard is not None and not self._holds:
            number, self._heard = self._heard, None
            raise Stopped(number)
