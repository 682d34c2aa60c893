"""A terminal that a command draws on: another page of it, given back as it was; one key ends it."""

import asyncio
import shutil
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Final, Self

import click

from mailproof.cli.spans import Line, joined

__all__ = ["Screen", "size"]

# DEC private modes: the alternate page, and the cursor (xterm's control sequences).
_ENTER: Final = "\x1b[?1049h\x1b[?25l"
_LEAVE: Final = "\x1b[?25h\x1b[?1049l"
_HOME: Final = "\x1b[H"
_CLEAR_LINE: Final = "\x1b[K"
_CLEAR_BELOW: Final = "\x1b[J"
_ENDS: Final = frozenset({b"q", b"Q"})


def size() -> tuple[int, int]:
    """Columns and lines of the terminal; 80 and 24 where there is none."""
    found = shutil.get_terminal_size()
    return found.columns, found.lines


class Screen:
    """`colour`: draw in colours. Used as a context manager within the running loop."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._shown: str | None = None
        self._ended = asyncio.Event()
        self._was: Any = None

    def __enter__(self) -> Self:
        _write(_ENTER)
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listen_no_more()
        _write(_LEAVE)

    def paint(self, lines: Sequence[Line]) -> None:
        """Draw this, unless it stands there already: a screen that does not change is still."""
        drawn = [joined(line, colour=self._colour) + _CLEAR_LINE for line in lines]
        text = _HOME + "\n".join(drawn) + _CLEAR_BELOW
        if text != self._shown:
            self._shown = text
            _write(text)

    async def ended(self, within_s: float) -> bool:
        """Wait so long, in seconds; True as soon as somebody has pressed `q`."""
        try:
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True

    def _listen(self) -> None:
        """Get keys as they are pressed. Windows has no such terminal: there, Ctrl-C ends it."""
        if sys.platform == "win32" or not sys.stdin.isatty():
            return
        import termios
        import tty

        self._was = termios.tcgetattr(sys.stdin)
        tty.setcbreak(sys.stdin)
        asyncio.get_running_loop().add_reader(sys.stdin, self._pressed)

    def _listen_no_more(self) -> None:
        if sys.platform == "win32" or self._was is None:
            return
        import termios

        asyncio.get_running_loop().remove_reader(sys.stdin)
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._was)

    def _pressed(self) -> None:
        import os

        keys = os.read(sys.stdin.fileno(), 64)
        # An end of input is somebody who has left.
        if not keys or any(key in keys for key in _ENDS):
            self._ended.set()


def _write(text: str) -> None:
    click.echo(text, nl=False, color=True)
    sys.stdout.flush()
