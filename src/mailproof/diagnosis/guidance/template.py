"""Guidance with blanks: compiled once, filled for each failure.

`{name}` is a blank, filled with what is known, else with the language's fallback for that name, or
for `name_in_code` within backticks, where a phrase would break the command. A part in `[square
brackets]` is left out when one of its blanks is not known.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

__all__ = ["Template", "compile_template"]

_PIECE: Final = re.compile(r"\[([^\[\]]*)\]|\{(\w+)\}|([^\[\]{}]+)")
_CJK: Final = r"[\u3040-\u30ff\u3400-\u9fff]"
_SPACED_BLANK: Final = re.compile(rf"(?<={_CJK}) (?=\{{)|(?<=\}}) (?={_CJK})")
_TOUCHES_LEFT: Final = re.compile(rf"{_CJK}\Z")
_TOUCHES_RIGHT: Final = re.compile(rf"\}}{_CJK}")
_SENTENCE_START: Final = re.compile(r"(?:\A|[.!?] )\Z")

Known = Callable[[str], str | None]


class Blank(msgspec.Struct, frozen=True):
    """A place for a value, else for the fallback called `otherwise`. `starts`: begins a sentence.

    `cjk_left`, `cjk_right`: the neighbour is a Chinese character, from which a Latin value stands
    off by a space and a Chinese one does not.
    """

    name: str
    otherwise: str
    starts: bool = False
    cjk_left: bool = False
    cjk_right: bool = False

    def fill(self, value: str) -> str:
        if self.starts and not value.startswith("http"):
            value = value[0].upper() + value[1:]
        if self.cjk_left and value[0].isascii():
            value = " " + value
        if self.cjk_right and value[-1].isascii():
            value += " "
        return value


class Aside(msgspec.Struct, frozen=True):
    """A part that is only said when all its blanks are known."""

    parts: tuple[str | Blank, ...]

    def fill(self, known: Known) -> str:
        said = ""
        for part in self.parts:
            if isinstance(part, str):
                said += part
            elif (value := known(part.name)) is None:
                return ""
            else:
                said += part.fill(value)
        return said


class Template(msgspec.Struct, frozen=True):
    """One text of the guidance, ready to be filled."""

    parts: tuple[str | Blank | Aside, ...]

    def fill(self, known: Known, fallback: Mapping[str, str]) -> str:
        """Say it. `known` gives a blank's value, or None; then `fallback` must have one."""
        said = ""
        for part in self.parts:
            match part:
                case str():
                    said += part
                case Blank():
                    said += part.fill(known(part.name) or fallback[part.otherwise])
                case Aside():
                    said += part.fill(known)
        return said

    @property
    def fallbacks(self) -> frozenset[str]:
        """The names of all fallbacks that it may ask for, for those who check the guidance."""
        return frozenset(part.otherwise for part in self.parts if isinstance(part, Blank))


def compile_template(text: str) -> Template:
    """Read one text of a guidance file."""
    text = _SPACED_BLANK.sub("", text)
    parts: list[str | Blank | Aside] = []
    for found in _PIECE.finditer(text):
        if found[1] is not None:
            parts.append(Aside(tuple(_pieces(found[1], text, found.start(1)))))
        else:
            parts.extend(_pieces(found[0], text, found.start()))
    return Template(tuple(parts))


def _pieces(piece: str, text: str, offset: int) -> list[str | Blank]:
    return [
        _blank(found[2], text, offset + found.start(), offset + found.end())
        if found[2]
        else found[3]
        for found in _PIECE.finditer(piece)
    ]


def _blank(name: str, text: str, start: int, end: int) -> Blank:
    before = text[:start]
    return Blank(
        name,
        otherwise=f"{name}_in_code" if before.count("`") % 2 else name,
        starts=_SENTENCE_START.search(before) is not None,
        cjk_left=_TOUCHES_LEFT.search(before) is not None,
        cjk_right=_TOUCHES_RIGHT.match(text, end - 1) is not None,
    )
