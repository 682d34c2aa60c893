"""Tables and times for a terminal: columns line up in Chinese too, and each time has its zone."""

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

__all__ = ["columns_of", "local_time", "one_line", "table"]

_GAP = 2


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lines of columns, each as wide as its widest cell; the last one is not padded."""
    lines = [[one_line(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(columns_of(line[number]) for line in lines) for number in range(len(heads))]
    return "\n".join(
        "".join(
            cell + " " * (width + _GAP - columns_of(cell))
            for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def columns_of(text: str) -> int:
    """How many columns of a terminal it takes: a Chinese character two, a lone accent none."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def local_time(at: int, zone: tzinfo | None = None, *, precise: bool = False) -> str:
    """UTC milliseconds as `2026-11-25 11:56:28+08:00`. `zone` None: that of this machine.

    `precise`: with milliseconds.
    """
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return local.isoformat(" ", timespec="milliseconds" if precise else "seconds")


def one_line(text: str) -> str:
    """A subject must not steer somebody's terminal."""
    return "".join(
        char if unicodedata.category(char) not in {"Cc", "Cf", "Zl", "Zp"} else " " for char in text
    )
