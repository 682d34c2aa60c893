"""Find the configuration file and read it as TOML."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from mailproof.config.lines import lines_of
from mailproof.config.problems import Origin, Problem, ValuePath

__all__ = ["FILE_NAME", "Document", "Unreadable", "read_document"]

FILE_NAME: Final = "mailproof.toml"
_BYTES_MAX: Final = 1024 * 1024

_POSITION: Final = re.compile(r"\(at line (\d+), column (\d+)\)")
# What the parser says, and what people did: the first fit counts. Its words differ a little
# between versions of Python, so only a few are looked for.
_HINTS: Final = (
    (r"overwrite|declare|mutate|redefine|duplicate", "syntax.twice"),
    (r"Unescaped|escape", "syntax.backslash"),
    (r"Unterminated|Illegal character|Expected \"|Expected '[^=\]]", "syntax.unterminated"),
    (r"Expected '='|Invalid statement", "syntax.equals"),
    (r"'\]'|Unclosed", "syntax.bracket"),
    (r"key part|inline table", "syntax.key"),
    (r"Invalid value|Expected newline|date", "syntax.quotes"),
)


class Document(msgspec.Struct, frozen=True):
    """A file that could be read. `name` as it was given, empty: there is none; `folder`: its own,
    where relative paths begin."""

    name: str
    folder: Path
    content: Mapping[str, Any] = {}
    lines: Mapping[ValuePath, int] = {}


class Unreadable(ValueError):
    """There is a file, or should be one, and nothing can be read from it."""

    def __init__(self, name: str, key: str, *, line: int = 0, **facts: str) -> None:
        super().__init__(key)
        self.file = name
        self.problem = Problem("", Origin("file", name, line), key, facts)


def read_document(path: str | None, environ: Mapping[str, str], cwd: Path) -> Document:
    """`path`, else `MAILPROOF_CONFIG`, else `mailproof.toml` in `cwd` if it is there, else nothing.

    Raises `Unreadable`: a file that was named is not there, is none, or is no TOML.
    """
    named = path or environ.get("MAILPROOF_CONFIG", "")
    # A name that is no UTF-8 still has to be said.
    name = (named or FILE_NAME).encode("utf-8", "backslashreplace").decode()
    try:
        place = cwd / (named or FILE_NAME)
        if not named and not place.exists():
            return Document("", cwd)
        text = _text(name, place)
        return Document(name, place.parent, tomllib.loads(text), lines_of(text))
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(name, text, str(error)) from error
    except OSError as error:
        key = "file.missing" if isinstance(error, FileNotFoundError) else "file.unreadable"
        raise Unreadable(name, key, why=error.strerror or type(error).__name__) from error
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, brackets a thousand deep, a path with a zero byte.
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(name, "file.strange") from error


def _text(name: str, place: Path) -> str:
    if place.is_dir():
        raise Unreadable(name, "file.directory")
    with place.open("rb") as file:
        raw = file.read(_BYTES_MAX + 1)
    if len(raw) > _BYTES_MAX:
        raise Unreadable(name, "file.large")
    try:
        # Editors on Windows put a mark before the text that the parser would stumble over.
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Unreadable(name, "file.encoding", line=line) from error


def _no_toml(name: str, text: str, message: str) -> Unreadable:
    position = _POSITION.search(message)
    end = text.rstrip().split("\n")
    line, column = (
        (int(position[1]), int(position[2])) if position else (len(end), len(end[-1]) + 1)
    )
    key = next((key for hint, key in _HINTS if re.search(hint, message)), "syntax.otherwise")
    return Unreadable(name, key, line=line, at_line=str(line), at_column=str(column))
