"""Worker processes of a test: started from a server that has everything loaded, killed at will."""

import asyncio
import contextlib
import itertools
import json
import multiprocessing
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, Final

from mailproof.clock import SystemClock
from mailproof.testing import Sandbox, Settings
from tests.chaos.checker import Arrived, Eye, Promise, problems, watching
from tests.chaos.child import Orders, run

__all__ = ["PATIENCE_S", "Play", "Town", "Worker", "each_in_a_town_of_its_own", "founded"]

# A loaded machine may be slow; what takes longer is stuck.
PATIENCE_S: Final = 30.0
_LOOK_EVERY_S: Final = 0.05


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.chaos.child"])
    return context


class Worker:
    """One process. What it says of requests goes to `promises`."""

    def __init__(self, orders: Orders, promises: dict[tuple[str, ...], Promise]) -> None:
        self.orders = orders
        self.pending: set[tuple[str, ...]] = set()
        self._promises = promises
        self._process: ForkServerProcess | None = None
        self._ours: socket.socket | None = None
        self._heard: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self.is_dead = False

    async def start(self, group: asyncio.TaskGroup) -> None:
        """Until it accepts mail."""
        ours, theirs = socket.socketpair()
        self._process = _context().Process(target=run, args=(self.orders, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._ours = ours
        group.create_task(self._listen(*await asyncio.open_connection(sock=ours.dup())))
        await self.said("up")

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while text := await reader.readline():
                self._hear(json.loads(text))
        except ConnectionError:
            pass  # it was killed
        finally:
            writer.close()
            self.is_dead = True
            self._news.set()

    def _hear(self, said: dict[str, Any]) -> None:
        for told in ("accepted", "refused", "unknown"):
            if told in said:
                subjects = tuple(said[told])
                self.pending.discard(subjects)
                if self._promises[subjects].told != "accepted":
                    self._promises[subjects] = Promise(subjects, told, tuple(said.get("ids", ())))
        self._heard.append(said)
        self._news.set()

    async def said(self, what: str) -> None:
        """Until it has said so. Raises `AssertionError` with its log."""
        async with asyncio.timeout(PATIENCE_S) as patience:
            while not any(what in said for said in self._heard):
                assert not self.is_dead, f"it died before it said {what!r}:\n{self.log()[-4000:]}"
                try:
                    await self._news.wait()
                except asyncio.CancelledError:
                    if patience.expired():
                        log = self.log()[-4000:]
                        raise AssertionError(f"it never said {what!r}:\n{log}") from None
                    raise
                self._news.clear()

    async def has_said(self, what: str, *, within_s: float) -> bool:
        """Has it said so by then?"""
        try:
            async with asyncio.timeout(within_s):
                await self.said(what)
        except TimeoutError:
            return False
        return True

    def accept(self, *subjects: str, key: str | None = None) -> None:
        """Ask it to take these in one request; the answer comes when it comes."""
        self.pending.add(subjects)
        self._promises.setdefault(subjects, Promise(subjects, "unknown"))
        self._tell({"accept": subjects, "key": key})

    def _tell(self, order: dict[str, Any]) -> None:
        assert self._ours is not None
        with contextlib.suppress(ConnectionError):  # killed: then nobody answers
            self._ours.sendall(json.dumps(order).encode() + b"\n")

    def kill(self) -> None:
        """As `kill -9`; it is gone when this returns."""
        assert self._process is not None
        self.is_dead = True
        self._process.kill()
        self._process.join(PATIENCE_S)
        self._close()

    def stand_still(self) -> None:
        """SIGSTOP, wherever it is."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT, after it has stopped at its step or stood still."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    async def stop(self) -> None:
        """Let it end by itself."""
        assert self._process is not None
        self._tell({"stop": True})
        await asyncio.to_thread(self._process.join, PATIENCE_S)
        assert self._process.exitcode == 0, self.log()[-2000:]
        self._close()

    def _close(self) -> None:
        if self._ours is not None:
            self._ours.close()
            self._ours = None

    def log(self) -> str:
        return self.orders.log.read_text(encoding="utf-8")


class Town:
    """A store, a provider, and the workers that come and go."""

    def __init__(
        self, where: Path | str, folder: Path, sandbox: Sandbox, eye: Eye, group: asyncio.TaskGroup
    ) -> None:
        self.where = where
        self.sandbox = sandbox
        self.eye = eye
        self.promises: dict[tuple[str, ...], Promise] = {}
        self.workers: list[Worker] = []
        self._folder = folder
        self._group = group
        self._numbers = itertools.count(1)

    @property
    def alive(self) -> list[Worker]:
        return [worker for worker in self.workers if not worker.is_dead]

    async def worker(self, *, stop_at: str = "", lease_s: float = 2.0, **given: str) -> Worker:
        name = f"worker-{next(self._numbers)}"
        worker = Worker(
            Orders(
                self.where,
                self.sandbox.url,
                self.sandbox.api_key,
                name,
                self._folder / f"{name}.log",
                stop_at,
                lease_s,
                **given,
            ),
            self.promises,
        )
        self.workers.append(worker)
        await worker.start(self._group)
        return worker

    async def rest(self) -> None:
        """Until every request is answered, every mail has ended and every route is open."""
        async with asyncio.timeout(PATIENCE_S):
            while self._is_asked() or await self.eye.unrest():  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY_S)

    def _is_asked(self) -> bool:
        return any(worker.pending for worker in self.alive)

    async def check(self, about: str = "") -> None:
        """Nothing is lost, nothing is doubled, nothing is stuck."""
        arrived = [
            Arrived("resend", mail.id, mail.tags.get("mailproof_id", ""), mail.subject)
            for mail in self.sandbox.mails
        ]
        picture = await self.eye.look()
        found = problems(picture, arrived, self.promises.values(), now=self.now_ms())
        found += [
            f"{worker.orders.name} crashed: {line}"
            for worker in self.workers
            for line in worker.log().splitlines()
            if '"exception"' in line
        ]
        assert not found, "\n".join([about, *found])

    def now_ms(self) -> int:
        return int(SystemClock().now() * 1000)

    def kill_all(self) -> None:
        for worker in self.workers:
            worker.kill()


@contextlib.asynccontextmanager
async def founded(where: Path | str, folder: Path) -> AsyncIterator[Town]:
    """A town; in the end nobody lives there."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - a folder of a test
    async with (
        Sandbox(Settings(rate_per_s=0, monthly_quota=None)) as sandbox,
        watching(where) as eye,
        asyncio.TaskGroup() as group,
    ):
        town = Town(where, folder, sandbox, eye, group)
        try:
            yield town
        finally:
            town.kill_all()


Play = Callable[[Town], Awaitable[None]]


async def each_in_a_town_of_its_own(
    places: Sequence[Path | str], folder: Path, plays: Sequence[tuple[str, Play]]
) -> None:
    """All of these (named) at once, because most of their time is waiting for leases."""

    async def play(number: int) -> None:
        name, to_play = plays[number]
        async with founded(places[number], folder / str(number)) as town:
            await to_play(town)
            await town.check(name)

    async with asyncio.TaskGroup() as group:
        for number in range(len(plays)):
            group.create_task(play(number))
