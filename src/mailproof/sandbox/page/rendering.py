"""Templates, words and static files of the page, read when a person first asks for it."""

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final, Literal

import msgspec

from mailproof.sandbox.page.showing import local

__all__ = ["STATIC", "Language", "StaticFile", "draw", "pick_page_language", "static", "words"]

STATIC: Final = "/_sandbox/static/"
Language = Literal["en", "zh"]

_HOME: Final = "mailproof.sandbox.page"
_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}


class StaticFile(msgspec.Struct, frozen=True):
    """A file as it goes out; `mark`, the beginning of its SHA-256, stands in its URL."""

    body: bytes
    mark: str
    media_type: str


def pick_page_language(asked: str, remembered: str, accepted: str) -> Language:
    """The one that was asked for in the URL, else remembered, else the browser's first."""
    for each in (asked, remembered):
        if each in {"en", "zh"}:
            return "zh" if each == "zh" else "en"
    return "zh" if accepted.lower().lstrip().startswith("zh") else "en"


@functools.cache
def words(language: Language) -> Mapping[str, Any]:
    """What the page says, from one file for each language."""
    return tomllib.loads((files(_HOME) / "words" / f"{language}.toml").read_text("utf-8"))


@functools.cache
def static() -> Mapping[str, StaticFile]:
    """All static files by name."""
    found = {}
    for each in (files(_HOME) / "static").iterdir():
        kind = each.name.rpartition(".")[2]
        if kind in _TYPES:
            body = each.read_bytes()
            mark = hashlib.sha256(body).hexdigest()[:16]
            found[each.name] = StaticFile(body, mark, _TYPES[kind])
    return found


def draw(language: Language, context: Mapping[str, Any]) -> str:
    """The page. Raises `jinja2.TemplateError`: a template asks for what it was not given."""
    return str(
        _environment()
        .get_template("page.html")
        .render({**context, "words": words(language), "language": language})
    )


@functools.cache
def _environment() -> Any:
    # Imported here: most sandboxes run in tests, where nobody looks at them.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader(_HOME),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        static=lambda name: f"{STATIC}{name}?v={static()[name].mark}",
        local=local,
        number=lambda value: f"{value:,}",
    )
    return made
