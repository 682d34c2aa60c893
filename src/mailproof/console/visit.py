"""What a page of the console is, and what it gets: one request of one signed-in person."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Concatenate, Final, Literal, ParamSpec, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from mailproof.config.settings import Settings
from mailproof.console.rendering import Shelf
from mailproof.console.zones import TimeForm, written
from mailproof.gateway.exchange import Answer, Request
from mailproof.store.base import Database, Tx
from mailproof.store.console.people import Person, Role
from mailproof.store.nodes.installation import Installation

__all__ = [
    "HTML",
    "Answer",
    "Language",
    "NotFound",
    "Page",
    "Parts",
    "Person",
    "Strip",
    "TellStrip",
    "Visit",
]

Language = Literal["en", "zh"]
Shape = TypeVar("Shape")
Arguments = ParamSpec("Arguments")

HTML: Final = b"text/html; charset=utf-8"


class NotFound(Exception):
    """There is no such thing; answered with a page that leads on."""


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What the console works with. `clock` gives an aware time in UTC.

    `check(name)` asks the provider of that name for its health now, keeps the answer, and lets a
    route that is mended open; it raises what the store raises.
    """

    database: Database
    settings: Settings
    installation: Installation
    clock: Callable[[], datetime]
    version: str
    check: Callable[[str], Awaitable[None]]


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """How things are, on every page but the overview, which says it at length.

    `tone`: proven, waiting, broken, moving or quiet; `seal`: tick, pause, bang, cross, clock or
    dots. `href` and `link`: where it is mended; empty: nowhere.
    """

    tone: str
    seal: str
    text: str
    href: str = ""
    link: str = ""


class Visit:
    """One request of one signed-in person. `request.email_id` is the `{id}` of the path.

    `words`: those of the page's own file in this language, with the frame's under `frame`. `shelf`
    has the templates; `frame`: what the frame shows beside the page (`nav`, `strip`, `version`).
    `session`: the hash of their session.
    """

    def __init__(  # noqa: PLR0913 - all that a page can ask for
        self,
        *,
        request: Request,
        parts: Parts,
        person: Person,
        language: Language,
        zone: ZoneInfo,
        words: Mapping[str, Any],
        shelf: Shelf,
        csrf: str = "",
        session: bytes = b"",
        form: Mapping[str, list[str]] | None = None,
        frame: Mapping[str, Any] | None = None,
    ) -> None:
        self.request = request
        self.parts = parts
        self.person = person
        self.language: Language = language
        self.zone = zone
        self.words = words
        self.csrf = csrf
        self.session = session
        self._shelf = shelf
        self._form = {} if form is None else form
        self._frame = {} if frame is None else frame  # filled before the page is drawn

    @property
    def actor(self) -> str:
        """Who does it, for an event: `console:lena`."""
        return f"console:{self.person.name}"

    @property
    def now(self) -> int:
        """UTC in milliseconds, by the clock that rules the store."""
        return self.parts.database.now()

    @property
    def here(self) -> str:
        """The path and query of this page, to come back to."""
        query = self.request.scope["query_string"].decode("latin-1")
        path = quote(self.request.path)
        return f"{path}?{query}" if query else path

    @property
    def is_admin(self) -> bool:
        return self.person.role == "admin"

    async def read(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Shape]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Shape:
        """As `Database.read`."""
        return await self.parts.database.read(body, *args, **kwargs)

    async def write(
        self,
        body: Callable[Concatenate[Tx, Arguments], Awaitable[Shape]],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Shape:
        """As `Database.write`."""
        return await self.parts.database.write(body, *args, **kwargs)

    async def form(self) -> Mapping[str, list[str]]:
        """The fields of a POST, each with all its values. Its token was checked and is not here."""
        return self._form

    def page(self, template: str, *, status: int = 200, **context: Any) -> Answer:
        """A whole page, drawn in the frame."""
        return self._html(template, status, {**self._frame, **context})

    def fragment(self, template: str, **context: Any) -> Answer:
        """A part of a page, for htmx."""
        return self._html(template, 200, context)

    def redirect(self, path: str) -> Answer:
        """To another page of the console, after a POST. Raises `ValueError`: it leads elsewhere."""
        if not path.startswith("/console") or "\\" in path or not path.isprintable():
            raise ValueError(f"{path!r} is no page of the console")
        location = quote(path, safe="/?&=%#+:,;@!$'()*~.-_")
        return Answer(303, b"", ((b"location", location.encode()),), HTML)

    def time(self, at_ms: int, form: TimeForm = "short") -> str:
        """A moment (UTC ms) as people write it in their zone, 24 hours a day.

        `time` 10:14:32 · `minute` 10:14 · `day` 25 November · `full` with date, seconds and zone ·
        `short`: the time today, the day before that.
        """
        return written(at_ms, self.now, self.zone, self.language, form)

    def _html(self, template: str, status: int, context: Mapping[str, Any]) -> Answer:
        body = self._shelf.draw(
            template,
            {
                "visit": self,
                "words": self.words,
                "person": self.person,
                "path": self.request.path,
                **context,
            },
        )
        return Answer(status, body, (), HTML)


Handler = Callable[[Visit], Awaitable[Answer]]
TellStrip = Callable[[Visit], Awaitable[Strip | None]]


class Page(msgspec.Struct, frozen=True):
    """A path, which may have one part `{id}`, and who answers it. `role`: who may, at least.

    `words`: the name of its file under `words/`, without `.toml`; empty: the frame's alone.
    """

    path: str
    method: Literal["GET", "POST"]
    handler: Handler
    role: Role = "viewer"
    words: str = ""


Pages = Sequence[Page]
