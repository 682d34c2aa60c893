"""Templates: where they are read, and what each of them can call."""

import functools
import hashlib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from mailproof.console.zones import iso

__all__ = ["STATIC", "Shelf", "StaticFile"]

STATIC: Final = "/console/static/"

_TYPES: Final[Mapping[str, bytes]] = {
    "css": b"text/css; charset=utf-8",
    "js": b"text/javascript; charset=utf-8",
    "svg": b"image/svg+xml",
    "txt": b"text/plain; charset=utf-8",
}


class StaticFile(msgspec.Struct, frozen=True):
    """A file as it goes out. `mark`: the beginning of its SHA-256, which stands in its URL."""

    body: bytes
    mark: str
    media_type: bytes


class _WordsFirst(Environment):
    """`words.keys` is the word `keys`, not the method of the mapping."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return super().getattr(obj, attribute)


class Shelf:
    """All templates and static files, read once and checked for what they name."""

    def __init__(self) -> None:
        self.static = _static()
        self._environment = _WordsFirst(
            loader=PackageLoader("mailproof.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.globals.update(static=self.url, iso=iso)

    def url(self, name: str) -> str:
        """Where a static file is served, with its mark, so that it may be kept for long."""
        return f"{STATIC}{name}?v={self.static[name].mark}"

    def draw(self, template: str, context: Mapping[str, Any]) -> bytes:
        """Raises `jinja2.TemplateError`: the template asks for what it was not given."""
        return self._environment.get_template(template).render(context).encode()


@functools.cache
def _static() -> Mapping[str, StaticFile]:
    return {
        name: StaticFile(body, hashlib.sha256(body).hexdigest()[:16], _TYPES[name.split(".")[-1]])
        for name, body in _files(files("mailproof.console") / "static", "")
    }


def _files(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, f"{before}{each.name}/")
        elif each.name.split(".")[-1] in _TYPES:
            yield f"{before}{each.name}", each.read_bytes()
