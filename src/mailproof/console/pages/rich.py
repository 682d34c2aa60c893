"""Text of the guidance as HTML: commands in code, addresses of pages as links, steps one by one."""

import re
from collections.abc import Iterator
from typing import Final

from markupsafe import Markup

__all__ = ["rich", "steps_of"]

_PIECE: Final = re.compile(r"`([^`\n]+)`|(https://[^\s<>\"'`)，。；）、]+)")
# Where a sentence ends: not behind an abbreviation, and not inside of what stands in backticks.
_CODE: Final = re.compile(r"`[^`\n]*`")
_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z\0\"“])|(?<=[。！？])\s*(?=\S)")


def rich(text: str) -> Markup:
    """`code` as code, and each https address as a link. Everything else is escaped."""
    return Markup("").join(_pieces(text))


def steps_of(text: str) -> list[str]:
    """The sentences of a fix, each of them something to do."""
    hidden: list[str] = []

    def hide(match: re.Match[str]) -> str:
        hidden.append(match[0])
        return f"\0{len(hidden) - 1}\0"

    parts = _END.split(_CODE.sub(hide, text.strip()))
    return [re.sub(r"\0(\d+)\0", lambda at: hidden[int(at[1])], part) for part in parts if part]


def _pieces(text: str) -> Iterator[Markup | str]:
    begin = 0
    for match in _PIECE.finditer(text):
        yield text[begin : match.start()]
        begin = match.end()
        if match[1] is not None:
            yield Markup("<code>{}</code>").format(match[1])
            continue
        url = match[2].rstrip(".,:;")
        begin -= len(match[2]) - len(url)
        yield Markup('<a href="{}" rel="noreferrer noopener" target="_blank">{}</a>').format(
            url, url.removeprefix("https://")
        )
    yield text[begin:]
