"""A gateway to be fuzzed, whose every log line is looked at and every answer judged."""

import json
import logging
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import pytest
import structlog

from mailproof.engine.feedback import as_told
from mailproof.gateway import server, wire
from mailproof.mail.refusal import STATUS, Refusal
from mailproof.providers.base import WebhookRefused
from mailproof.providers.resend_webhook import events_in, verified
from mailproof.record.logs import configure
from mailproof.store.mails.feedback import Taken, receive
from mailproof.store.records.refusals import NewRefusal, note
from tests.gateway.world import DEADLINE_S, PROVIDER_KEY, Call, Counter, World
from tests.hard.fuzzing.areas import Wrong
from tests.whole.canaries import HOOK_SECRET, MAGIC, NAME, PERSON, STRANGE_KEY, leaks

__all__ = ["Answered", "Fuzzed", "Line", "fuzzed", "judge"]

_PEOPLE: Final = {"an address": PERSON, "a name": NAME, "a magic link": MAGIC}
_LOUD: Final = re.compile(r'"level":"(?:error|critical)"')
# Whoever shows a placeholder, or a key that was somebody's, is told to the operator.
_EXPECTED: Final = re.compile(r'"event":"application\.refused"')
_FIRST: Final = re.compile(rb"HTTP/1\.1 (\d\d\d) [A-Za-z ]*")
_HEADER: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*")


class Answered(msgspec.Struct, frozen=True):
    status: int
    headers: Mapping[bytes, bytes]
    body: bytes


class Watched:
    """A log that is read as it is written: nothing of it is kept but what must not be in it."""

    def __init__(self) -> None:
        self.bad: list[str] = []
        self.secrets: dict[str, str] = {}

    def write(self, text: str) -> int:
        for line in text.splitlines():
            if _LOUD.search(line) and not _EXPECTED.search(line):
                self.bad.append(line)
        self.bad += leaks(text, {**self.secrets, **_PEOPLE})
        return len(text)

    def flush(self) -> None:
        """There is nothing to flush."""

    def isatty(self) -> bool:
        return False


class Fuzzed(World):
    """A world that keeps nothing of what comes in, and reads real webhooks."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.log = Watched()
        self.counter = Counter()
        self.counter.calls = _Forgetful()

    @property
    def secrets(self) -> Mapping[str, str]:
        return {
            "the key": self.key,
            "the provider's key": PROVIDER_KEY,
            "the webhook's secret": HOOK_SECRET,
            "a stranger's key": STRANGE_KEY,
        }

    async def _note(self, refusals: Sequence[NewRefusal]) -> None:
        await self.database.write(note, refusals)

    async def _hear(
        self, name: str, headers: Mapping[str, str], body: bytes
    ) -> Sequence[Taken] | WebhookRefused | None:
        if name != "resend":
            return None
        now = self.database.now()
        found = verified(headers, body, [HOOK_SECRET], now=now)
        if isinstance(found, WebhookRefused):
            return found
        events = events_in(body, found, now=now)
        if isinstance(events, WebhookRefused):
            return events
        told = [as_told(name, event, self.installation, now) for event in events]
        return await self.database.write(receive, told)


class _Forgetful(list[Call]):
    def append(self, call: Call) -> None:
        """What the counter was asked is nobody's business here."""


class _Ended(Exception):
    """Nothing came, and nothing will."""


class Line:
    """One connection that is used again for as long as the other side lets it be."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._socket: socket.socket | None = None
        self._seen = b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._seen = None, b""

    def ask(self, raw: bytes) -> Answered:
        """Its answer. Raises `Wrong`: there is none, or it is no HTTP."""
        is_used = self._socket is not None
        try:
            answer = self._asked(raw)
        except _Ended as ended:
            self.close()
            if not is_used:
                raise Wrong(f"the connection ended: {ended}") from ended
            answer = self._asked(raw)  # it had waited for long, as every client knows
        except TimeoutError as error:
            raise Wrong(f"no answer within {DEADLINE_S:.0f} s") from error
        if answer.headers.get(b"connection") == b"close" or b"content-length" not in answer.headers:
            self.close()
        return answer

    def _asked(self, raw: bytes) -> Answered:
        client = self._socket = self._socket or self._world.connect()
        try:
            client.sendall(raw)
            answer = self._answer(client)
            while answer.status == 100:
                answer = self._answer(client)
        except ConnectionError as error:
            raise _Ended(str(error)) from error
        return answer

    def _answer(self, client: socket.socket) -> Answered:
        while b"\r\n\r\n" not in self._seen:
            self._more(client)
        head, _, self._seen = self._seen.partition(b"\r\n\r\n")
        status, headers = read_head(head)
        size = int(headers.get(b"content-length", b"0"))
        while len(self._seen) < size:
            self._more(client)
        body, self._seen = self._seen[:size], self._seen[size:]
        return Answered(status, headers, body)

    def _more(self, client: socket.socket) -> None:
        more = client.recv(1 << 16)
        if not more and not self._seen:
            raise _Ended("without an answer")
        if not more:
            raise Wrong(f"the connection ended in an answer: {self._seen[:200]!r}")
        self._seen += more


def read_head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Raises `Wrong`: a line of it is no line of HTTP."""
    first, *lines = head.split(b"\r\n")
    found = _FIRST.fullmatch(first)
    strange = [line for line in lines if not _HEADER.fullmatch(line)]
    if found is None or strange:
        raise Wrong(f"this is no head of an answer: {head[:300]!r}")
    pairs = (line.partition(b": ") for line in lines)
    return int(found[1]), {name.lower(): value for name, _, value in pairs}


def judge(world: Fuzzed, answer: Answered) -> None:
    """Raises `Wrong`: a defect, an error in no shape, or more told than may be."""
    if world.log.bad:
        told, world.log.bad = world.log.bad, []
        raise Wrong(f"in the log: {told[0][:600]}")
    if answer.status >= 500 and answer.status != 508:
        raise Wrong(f"{answer.status} {answer.body[:300]!r}")
    if not answer.headers.get(b"content-type", b"").startswith(b"application/json"):
        return
    tree = json.loads(answer.body)
    told = leaks(answer.body.decode(), world.secrets)
    if told:
        raise Wrong(f"in the answer: {told[0]}")
    if answer.status >= 400:
        error = msgspec.convert(tree, Refusal)
        if error.status_code != answer.status or error.name not in STATUS or not error.message:
            raise Wrong(f"an error in no shape: {answer.body[:300]!r}")


@contextmanager
def fuzzed() -> Iterator[Fuzzed]:
    """It serves; what it says in its log is judged with each answer. Deadlines come soon."""
    root = logging.getLogger()
    handlers, level, config = list(root.handlers), root.level, structlog.get_config()
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    with (
        tempfile.TemporaryDirectory(prefix="mailproof-fuzz-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(wire, "ARRIVING_S", 0.1)
        patch.setattr(wire, "_LOOK_EVERY_S", 0.02)
        patch.setattr(wire, "_LINGER_S", 0.05)
        patch.setattr(server, "_KEEP_ALIVE_S", 1)
        world = Fuzzed(Path(folder))
        try:
            configure("DEBUG", "json", "en", stream=world.log)  # type: ignore[arg-type]
            with world:
                world.log.secrets.update(world.secrets)
                yield world
        finally:
            logging.captureWarnings(capture=False)
            structlog.configure(**config)
            root.handlers = handlers
            root.setLevel(level)
            sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
