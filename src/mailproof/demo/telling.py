"""How the story is put on a terminal: words, commands, and what they said, folded to its width."""

import re
import shutil
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, Final

import click

__all__ = ["fold", "inner_width", "say", "show", "show_command", "words_of"]

_INDENT: Final = "    "
_WIDTH_MAX: Final = 100
# Where a line may break: at spaces, and behind a Chinese character unless a sign follows it.
_WIDE: Final = r"[\u2e80-\u9fff\uff00-\uffef]"
_SIGNS: Final = r"[，。、；：！？）”》」]"
_PIECES: Final = re.compile(rf"\s+|{_WIDE}{_SIGNS}*|(?:(?!{_WIDE})\S)+{_SIGNS}*")


def words_of(language: str) -> Mapping[str, Any]:
    """The storyteller's words in `en` or `zh`."""
    text = (files("mailproof.demo") / "words" / f"{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


def say(text: str, **facts: Any) -> None:
    """The storyteller's own words."""
    width = min(_terminal(), _WIDTH_MAX)
    for line in text.format(**facts).strip("\n").splitlines() if text else ():
        click.echo("\n".join(fold(line, width, hang="")))


def show(text: str, *, wide: bool = False) -> None:
    """What a program said, indented and folded. `wide`: a table takes what width there is."""
    width = _terminal() - len(_INDENT) if wide else inner_width()
    for line in text.strip("\n").splitlines():
        for part in fold(line, width):
            click.echo(f"{_INDENT}{part}".rstrip())


def inner_width() -> int:
    """Columns for what is shown indented."""
    return min(_terminal(), _WIDTH_MAX) - len(_INDENT)


def show_command(line: str) -> None:
    """A command as it is typed."""
    click.echo(click.style(f"$ {line}", fg="cyan"))


def fold(line: str, width: int, *, hang: str = "  ") -> list[str]:
    """Lines of at most `width` columns; what follows hangs below the line's own indent.

    A piece that is longer than a line, such as a URL, stays whole. An empty line stays one.
    """
    indent = re.match(r"\s*", line)
    hang = ("" if indent is None else indent[0]) + hang
    folded, current = [], ""
    for piece in _pieces(line):
        if current.strip() and _columns(current + piece.rstrip()) > width:
            folded.append(current.rstrip())
            current = hang + piece.lstrip()
        else:
            current += piece
    if current.strip() or not folded:
        folded.append(current.rstrip())
    return folded


def _terminal() -> int:
    return shutil.get_terminal_size((88, 24)).columns


def _pieces(line: str) -> Iterator[str]:
    for found in _PIECES.finditer(line):
        yield found[0]


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
