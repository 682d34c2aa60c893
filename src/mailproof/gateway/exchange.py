"""One HTTP request and its answer: thin over ASGI, because every mail comes through here."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import msgspec

from mailproof.mail.invalid import InvalidInput
from mailproof.mail.refusal import STATUS, Refusal, refuse
from mailproof.store.records.refusals import RefusalKind

__all__ = [
    "UNFINISHED",
    "Answer",
    "ClientLeft",
    "Headers",
    "Receive",
    "Refused",
    "Request",
    "Scope",
    "Send",
    "json_answer",
    "refused_as",
    "writable",
]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = tuple[tuple[bytes, bytes], ...]

# In the state of a request whose body will not be whole: the `Refusal` that says why.
UNFINISHED: Final = "mailproof.unfinished"

# What may stand in logs and answers as somebody else's request id.
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_PURPOSE_MAX: Final = 100
_AGENT_MAX: Final = 200


class Answer(msgspec.Struct, frozen=True):
    """What goes back. `name`: that of the error; empty: it is none. `stream`: what follows on
    `body`, piece by piece. It has begun already, so closing it ends what it holds."""

    status: int
    body: bytes
    headers: Headers = ()
    media_type: bytes = b"application/json; charset=utf-8"
    name: str = ""
    stream: AsyncGenerator[bytes, None] | None = None


class Refused(Exception):
    """A request that is answered with an error; no email came of it.

    `status` defaults to the one that Resend documents for the name. `where`: the path of the bad
    value, which may stand in logs; the message may hold the value itself. `detail`: what went wrong
    on our side, for the log alone; it needs a human.
    """

    def __init__(  # noqa: PLR0913 - an answer, and what the log learns of it
        self,
        name: str,
        message: str,
        *,
        status: int = 0,
        headers: Headers = (),
        where: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message)
        self.name = name
        self.message = writable(message)
        self.status = status or STATUS[name]
        self.headers = headers
        self.where = where
        self.detail = detail

    def answer(self) -> Answer:
        body = msgspec.json.encode(Refusal(self.status, self.name, self.message))
        return Answer(self.status, body, self.headers, name=self.name)


class ClientLeft(Exception):
    """Nobody is there any more to hear the answer."""


class Request:
    """A request as handlers see it. What is asked for seldom is read only when it is asked for."""

    __slots__ = (
        "_headers",
        "app",
        "body",
        "email_id",
        "has_left",
        "id",
        "kind",
        "receive",
        "refused",
        "scope",
        "token",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.id = ""
        self.email_id = ""  # from the path
        self.token = ""  # the key that was shown, whatever it is worth
        self.kind = RefusalKind.OTHER  # what is wrong with it, should the request be refused
        self.app = ""  # whose key it is or was
        self.body = b""
        self.refused: list[Refused] = []  # parts of it, where the rest is accepted
        self.has_left = False  # nobody is there any more to hear the answer

    def header(self, name: bytes) -> str | None:
        """The last of that name, which stands here in lower case."""
        value = self._headers.get(name)
        return None if value is None else value.decode("utf-8", "replace").strip()

    def every(self, name: bytes) -> str:
        """A list header, all its lines joined."""
        if name not in self._headers:
            return ""
        lines = [value for each, value in self.scope["headers"] if each == name]
        return b", ".join(lines).decode("utf-8", "replace")

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def path(self) -> str:
        """Without a slash at its end, which means nothing here."""
        path: str = self.scope["path"]
        return path if not path.endswith("/") else path.rstrip("/") or "/"

    @property
    def path_told(self) -> str:
        """As it may stand in a log: who has the token of a status page can read the status."""
        path = self.path
        return "/status/…" if path.startswith("/status/") else path

    @property
    def query(self) -> Mapping[str, str]:
        """The last value of each name."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    @property
    def given_id(self) -> str:
        """The `X-Request-Id` that came along; empty: none that could stand in a log."""
        given = self.header(b"x-request-id")
        return given if given and _SANE_ID.fullmatch(given) else ""

    @property
    def purpose(self) -> str:
        given = self.header(b"mailproof-purpose")
        return writable(given[:_PURPOSE_MAX]) if given else ""

    @property
    def user_agent(self) -> str:
        return (self.header(b"user-agent") or "")[:_AGENT_MAX]

    async def left(self) -> None:
        """Return when the client has gone. Whatever it still sends is nobody's."""
        while not self.has_left:
            message = await self.receive()
            self.has_left = message["type"] == "http.disconnect"

    def path_id(self) -> str:
        """The mail's id from the path in its usual writing. Raises `Refused`: it is no UUID."""
        try:
            return str(UUID(self.email_id))
        except ValueError as error:
            raise Refused("invalid_parameter", "The parameter must be a valid UUID.") from error


def writable(text: str) -> str:
    """The text without what JSON or a database cannot hold: somebody may have quoted a stranger."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text)


def json_answer(content: Any, headers: Headers = (), *, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(content), headers)


def refused_as(error: InvalidInput) -> Refused:
    """Bad input as Resend's SDKs read it."""
    said = refuse(error)
    return Refused(said.name, said.message, status=said.status_code, where=error.where)
