"""Messages that fit: services refuse what is too long, and half a word helps nobody."""

import re
from collections.abc import Callable
from typing import Final

__all__ = ["ELLIPSIS", "cut", "size_in_bytes"]

ELLIPSIS: Final = "…"
# Where a sentence or a line ends, in both languages.
_END: Final = re.compile(r"[.!?](?=\s)|[。！？；]|\n")
# Where less than this part of what fits would be left to end with a sentence, the end of a word
# will do.
_LEAST_KEPT: Final = 0.3


def size_in_bytes(text: str) -> int:
    """In UTF-8, as some services count."""
    return len(text.encode("utf-8"))


def cut(text: str, most: int, size: Callable[[str], int] = len) -> str:
    """The text, or as many whole sentences of it as fit into `most`, and `…`.

    `size`: how the service counts. Where not even one sentence fits, it is cut within one.
    """
    if size(text) <= most:
        return text
    room = most - size(ELLIPSIS)
    if room <= 0:
        return ""
    fits = _prefix(text, room, size)
    ends = [match.end() for match in _END.finditer(f"{fits}\n") if match.end() <= len(fits)]
    if ends and ends[-1] >= len(fits) * _LEAST_KEPT:
        return fits[: ends[-1]].rstrip() + ELLIPSIS
    gap = fits.rfind(" ")
    return (fits[:gap] if gap >= len(fits) * _LEAST_KEPT else fits).rstrip() + ELLIPSIS


def _prefix(text: str, room: int, size: Callable[[str], int]) -> str:
    """The longest beginning that is no larger than `room`."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if size(text[:middle]) <= room:
            low = middle
        else:
            high = middle - 1
    return text[:low]
