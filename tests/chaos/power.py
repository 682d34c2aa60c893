"""Ports that break at a chosen moment: the power goes, an answer is lost, the store is away.

The moments of a run are counted: before each transaction, before each of its statements, before its
COMMIT, after it but before its answer arrives; before a request to a provider is written, and after
it answered but before that is heard. The product needs no hooks for it.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Any, Final, Protocol, TypeVar

from mailproof.diagnosis.failure import Failure
from mailproof.providers.base import Capabilities, Encoded, Health, Outgoing, Provider, Sent
from mailproof.store.base import CommitUnknown, Database, NewEvent, StoreUnavailable, Tx

__all__ = [
    "EVERY",
    "LASTING",
    "AnswerLostAt",
    "Breaking",
    "BreakingDatabase",
    "BreakingProvider",
    "CrashAt",
    "Moment",
    "Nothing",
    "PowerCut",
    "Traffic",
    "UnavailableAt",
    "UnreadableAt",
]

Shape = TypeVar("Shape")
# Turns of the loop without any call, after which nothing is left to be done at this time.
_QUIET_TURNS: Final = 12


class Moment(StrEnum):
    BEGIN = "begin"
    STATEMENT = "statement"
    COMMIT = "commit"
    COMMITTED = "committed"
    READ = "read"
    SEND = "send"
    ANSWERED = "answered"
    CHECK = "check"


EVERY: Final = frozenset(Moment)
# What was not committed is gone wherever it was cut: these make a difference on disk or elsewhere.
LASTING: Final = frozenset({Moment.COMMITTED, Moment.ANSWERED})


class PowerCut(BaseException):
    """Not an `Exception`: nothing between here and the test may catch it."""


class _Severed(Exception):
    """The power went inside a transaction; the store rolls it back, as its next start would."""


class Breaking(Protocol):
    """What happens at each moment. `what`: the transaction's function, or the provider's name."""

    def step(self, moment: Moment, what: str) -> None:
        """Returns, or raises what breaks."""
        ...


class Nothing:
    """All is well."""

    def step(self, moment: Moment, what: str) -> None:
        pass


class CrashAt:
    """Cuts the power at the nth of these moments. From then on every call finds it cut."""

    def __init__(self, step: int, moments: frozenset[Moment] = EVERY) -> None:
        self.steps_left = step
        self._moments = moments
        self.at = ""
        self._lock = threading.Lock()

    @property
    def got_through(self) -> bool:
        return self.steps_left > 0

    def step(self, moment: Moment, what: str) -> None:
        with self._lock:  # a transaction may run in a thread of its own
            if self.steps_left > 0 and moment in self._moments:
                self.steps_left -= 1
                if not self.steps_left:
                    self.at = f"{moment} {what}"
            if self.steps_left > 0:
                return
        raise PowerCut(self.at)


class _Once:
    """Breaks at the nth time that a certain moment comes while it is `armed`, and never again."""

    moment: Moment

    def __init__(self, number: int) -> None:
        self.left = number
        self.at = ""
        self.armed = False

    @property
    def got_through(self) -> bool:
        return self.left > 0

    def step(self, moment: Moment, what: str) -> None:
        if self.armed and moment is self.moment:
            self.left -= 1
            if self.left == 0:
                self.at = f"{moment} {what}"
                raise self.error()

    def error(self) -> Exception:
        raise NotImplementedError


class AnswerLostAt(_Once):
    """The nth COMMIT is kept, and its answer is lost."""

    moment = Moment.COMMITTED

    def error(self) -> Exception:
        return CommitUnknown("The answer to COMMIT was lost.")


class UnavailableAt(_Once):
    """The nth transaction finds no database."""

    moment = Moment.BEGIN

    def error(self) -> Exception:
        return StoreUnavailable("The database cannot be reached.")


class UnreadableAt(_Once):
    """The nth question finds no database."""

    moment = Moment.READ

    def error(self) -> Exception:
        return StoreUnavailable("The database cannot be reached.")


class Traffic:
    """How many calls through the ports are under way; `quiet` returns when none is and none comes
    by itself: then everybody waits for the clock."""

    def __init__(self) -> None:
        self._under_way = 0
        self._calls = 0
        self._none = asyncio.Event()
        self._none.set()

    async def quiet(self) -> None:
        turns, calls = 0, self._calls
        while turns < _QUIET_TURNS:
            await self._none.wait()
            await asyncio.sleep(0)
            turns, calls = (turns + 1, calls) if calls == self._calls else (0, self._calls)

    def __enter__(self) -> None:
        self._under_way += 1
        self._calls += 1
        self._none.clear()

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._none.set()


class BreakingTx:
    def __init__(self, tx: Tx, breaking: Breaking) -> None:
        self._tx = tx
        self._breaking = breaking

    @property
    def now(self) -> int:
        return self._tx.now

    async def all(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> list[Shape]:
        self._step(query)
        return await self._tx.all(query, shape, **values)

    async def one(self, query: str, shape: Callable[..., Shape], /, **values: Any) -> Shape | None:
        self._step(query)
        return await self._tx.one(query, shape, **values)

    async def run(self, query: str, /, **values: Any) -> int:
        self._step(query)
        return await self._tx.run(query, **values)

    async def many(self, query: str, rows: Sequence[Sequence[Any]], /) -> None:
        self._step(query)
        await self._tx.many(query, rows)

    def tell(self, event: NewEvent, /) -> None:
        self._tx.tell(event)

    def _step(self, query: str) -> None:
        _inside(self._breaking, Moment.STATEMENT, query)


class BreakingDatabase:
    """A database whose calls break where `breaking` says."""

    def __init__(self, inner: Database, breaking: Breaking, traffic: Traffic) -> None:
        self._inner = inner
        self._breaking = breaking
        self._traffic = traffic
        self.name = inner.name
        self.where = inner.where

    async def write(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        name = body.__name__

        async def broken(tx: Tx) -> Any:
            result = await body(BreakingTx(tx, self._breaking), *args, **kwargs)
            _inside(self._breaking, Moment.COMMIT, name)
            return result

        with self._traffic:
            self._breaking.step(Moment.BEGIN, name)
            try:
                result = await self._inner.write(broken)
            except _Severed as error:
                raise PowerCut from error
            self._breaking.step(Moment.COMMITTED, name)
            return result

    async def read(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        with self._traffic:
            self._breaking.step(Moment.READ, body.__name__)
            return await self._inner.read(body, *args, **kwargs)

    def listen(self, listener: Callable[[Sequence[NewEvent]], None]) -> None:
        self._inner.listen(listener)

    async def changed(self) -> bool:
        with self._traffic:
            return await self._inner.changed()

    def now(self) -> int:
        return self._inner.now()

    async def backup(self, path: str) -> int:
        return await self._inner.backup(path)

    async def close(self) -> None:
        await self._inner.close()


class BreakingProvider:
    """A provider whose calls break where `breaking` says."""

    def __init__(self, inner: Provider, breaking: Breaking, traffic: Traffic) -> None:
        self._inner = inner
        self._breaking = breaking
        self._traffic = traffic
        self.name = inner.name
        self.capabilities: Capabilities = inner.capabilities

    @property
    def fingerprint(self) -> str:
        return self._inner.fingerprint

    def sender_of(self, mailbox: str) -> str:
        return self._inner.sender_of(mailbox)

    def encode(self, mail: Outgoing) -> Encoded:
        return self._inner.encode(mail)

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        with self._traffic:
            self._breaking.step(Moment.SEND, self.name)
            result = await self._inner.send(encoded, key=key, deadline_s=deadline_s)
            self._breaking.step(Moment.ANSWERED, self.name)
            return result

    async def check(self, *, deadline_s: float) -> Health:
        with self._traffic:
            self._breaking.step(Moment.CHECK, self.name)
            return await self._inner.check(deadline_s=deadline_s)


def _inside(breaking: Breaking, moment: Moment, what: str) -> None:
    """In a transaction, where the store must see an `Exception` to roll back."""
    try:
        breaking.step(moment, what)
    except PowerCut as cut:
        raise _Severed(str(cut)) from cut
