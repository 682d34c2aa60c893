"""What a recogniser hands over: one piece of a paste that shows how a mail went wrong."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Context, Seen

__all__ = ["Found", "blank"]

_NOTHING_ELSE: Final = Context()
_NOT_A_BREAK: Final = re.compile(r"[^\n]")


class Found(msgspec.Struct, frozen=True):
    """Evidence in text, from `start` up to `end` (character positions), and what shape it had.

    `context` and `provider` are only set where the piece itself states them.
    """

    start: int
    end: int
    seen: Seen
    shape: str
    context: Context = _NOTHING_ELSE
    provider: str = ""


def blank(text: str, read: Sequence[Found]) -> str:
    """Blank out what was read, so that a later recogniser does not read it a second time.

    Line breaks stay, so what stands at the start of a line still does. The rest becomes a character
    that clean text never has, so no pattern matches it.
    """
    parts: list[str] = []
    at = 0
    for each in sorted(read, key=lambda found: found.start):
        begin = max(at, each.start)
        parts.append(text[at:begin])
        parts.append(_NOT_A_BREAK.sub("\0", text[begin : each.end]))
        at = max(at, each.end)
    return "".join((*parts, text[at:]))
