"""Ports that break on demand: a store that fails by transaction, a provider that misbehaves."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mailproof.diagnosis.failure import Failure
from mailproof.providers.base import Encoded, Health, Outgoing, Provider, Sent
from mailproof.store.base import Database, NewEvent, StoreUnavailable
from tests.whole.house import House

__all__ = ["BrokenProvider", "BrokenStore", "Fault", "broken_store", "bug", "lost"]

Fault = Callable[[], BaseException]


def lost() -> BaseException:
    return StoreUnavailable("the disk is away")


def bug() -> BaseException:
    return RuntimeError("a bug of ours")


class BrokenStore:
    """A database of which the transactions named in `faults` fail; `met` has those that did."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.faults: dict[str, Fault] = {}
        self.hangs: set[str] = set()
        self.met: list[str] = []
        self.name = database.name
        self.where = database.where

    async def write(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._in_turn(self._database.write, body, *args, **kwargs)

    async def read(self, body: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._in_turn(self._database.read, body, *args, **kwargs)

    async def changed(self) -> bool:
        self._fail("changed")
        return await self._database.changed()

    def listen(self, listener: Callable[[Sequence[NewEvent]], None]) -> None:
        self._database.listen(listener)

    def now(self) -> int:
        return self._database.now()

    async def backup(self, path: str) -> int:
        return await self._database.backup(path)

    async def close(self) -> None:
        await self._database.close()

    async def _in_turn(
        self,
        work: Callable[..., Awaitable[Any]],
        body: Callable[..., Awaitable[Any]],
        *args: Any,
        **kwargs: Any,
    ) -> Any:
        name = body.__name__
        self._fail(name)
        if name in self.hangs:
            self.met.append(name)
            await asyncio.Event().wait()
        return await work(body, *args, **kwargs)

    def _fail(self, name: str) -> None:
        if name in self.faults:
            self.met.append(name)
            raise self.faults[name]()


class BrokenProvider:
    """A provider that raises, or never answers, where it promised to do neither."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.faults: dict[str, Fault] = {}
        self.hangs: set[str] = set()
        self.name = provider.name
        self.capabilities = provider.capabilities

    @property
    def fingerprint(self) -> str:
        return self._provider.fingerprint

    def sender_of(self, mailbox: str) -> str:
        return self._provider.sender_of(mailbox)

    def encode(self, mail: Outgoing) -> Encoded:
        if "encode" in self.faults:
            raise self.faults["encode"]()
        return self._provider.encode(mail)

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        await self._misbehave("send")
        return await self._provider.send(encoded, key=key, deadline_s=deadline_s)

    async def check(self, *, deadline_s: float) -> Health:
        await self._misbehave("check")
        return await self._provider.check(deadline_s=deadline_s)

    async def _misbehave(self, call: str) -> None:
        if call in self.faults:
            raise self.faults[call]()
        if call in self.hangs:
            await asyncio.Event().wait()


@contextmanager
def broken_store(
    folder: Path, faults: Mapping[str, Fault], **given: Any
) -> Iterator[tuple[House, list[BrokenStore]]]:
    """A house, not yet entered, on such a store; the list has the store from then on."""
    made: list[BrokenStore] = []

    def around(database: Database) -> Database:
        made.append(BrokenStore(database))
        made[0].faults = dict(faults)
        return made[0]

    yield House(folder, store=around, **given), made
