"""A house for the engine alone: a real store, providers in memory, a clock that a test moves.

The product needs no hooks for it: the ports are wrapped, and it is quiet when no call through them
is under way and none comes by itself. Then everybody waits for the clock.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
import structlog
from structlog.typing import EventDict

from mailproof.clock import Clock
from mailproof.engine.engine import Engine, Parts
from mailproof.engine.policy import Handling, Policy
from mailproof.engine.receipts import (
    Caller,
    Closed,
    KeyConflict,
    Overloaded,
    Receipt,
    Receipts,
)
from mailproof.mail.address import Address
from mailproof.mail.ids import Ids
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.mail.purposes import PURPOSES
from mailproof.providers.base import Provider
from mailproof.providers.fetch import Fetch
from mailproof.store.base import Database, Event, Tx
from mailproof.store.mails.accept import standing
from mailproof.store.mails.listing import Shown, show
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Node
from mailproof.store.records.events import after
from mailproof.store.routes.breakers import Route
from mailproof.testing import ManualClock
from mailproof.testing.paper_provider import PaperAccount, PaperMail, PaperProvider
from tests.engine.ports import Holder, OneLock, Traffic, WatchedDatabase

__all__ = [
    "House",
    "OpenDatabase",
    "Running",
    "email",
    "furnished",
]

OpenDatabase = Callable[[Callable[[], int]], Awaitable[Database]]
Answer = Receipts | KeyConflict | Closed | Overloaded

_STEP_S: Final = 0.25


class Running(msgspec.Struct):
    """One process's engine."""

    name: str
    engine: Engine
    database: WatchedDatabase
    lock: OneLock
    task: asyncio.Task[None]


def email(subject: str = "hello", **fields: Any) -> Email:
    """A mail of the domain that may send, to somebody of its own."""
    values: dict[str, Any] = {
        "sender": Address.parse("Acme <hello@acme.test>", where="from"),
        "to": (Address.parse(f"{subject}@customer.test", where="to"),),
        "subject": subject,
        "text": "Hello",
        "purpose": "receipt",
        **fields,
    }
    return Email(**values)


class House:
    """`accounts` and `providers` by name, in the order of preference. `log`: what was logged;
    `main`: the process that was started first."""

    def __init__(
        self, open_database: OpenDatabase, names: Sequence[str], policy: dict[str, Any]
    ) -> None:
        self.clock = ManualClock()
        self.traffic = Traffic()
        self.accounts: dict[str, PaperAccount] = {name: self.new_account(name) for name in names}
        self.providers: dict[str, Provider] = {
            name: PaperProvider(name, account) for name, account in self.accounts.items()
        }
        self.log: list[EventDict] = []
        self.group = asyncio.TaskGroup()
        self.fetch: Fetch | None = None
        self.duties_leased = False
        self.jitter = 0.5
        self._open_database = open_database
        self._policy = policy
        self._lock = Holder()
        self._numbers = itertools.count(1)
        self._stack = AsyncExitStack()
        self.running: list[Running] = []

    def new_account(self, name: str, **given: Any) -> PaperAccount:
        return PaperAccount(self.clock, secret=f"secret-of-{name}", **given)

    def use(self, name: str, account: PaperAccount, **given: Any) -> PaperAccount:
        """Another account under this name, before the engine starts."""
        self.accounts[name] = account
        self.providers[name] = PaperProvider(name, account, **given)
        return account

    def provider(self, name: str = "first") -> PaperProvider:
        provider = self.providers[name]
        assert isinstance(provider, PaperProvider)
        return provider

    def break_key(self, name: str = "first") -> None:
        """What is configured is not what the provider knows."""
        self.provider(name).secret = "a-wrong-secret"

    def mend_key(self, name: str = "first") -> None:
        self.provider(name).secret = self.accounts[name].secret

    def revoke(self, name: str = "first") -> None:
        """The provider does not know the key any more; what is configured stays."""
        self.accounts[name].secret = "revoked"

    def restore(self, name: str = "first") -> None:
        self.accounts[name].secret = f"secret-of-{name}"

    @property
    def account(self) -> PaperAccount:
        return self.accounts["first"]

    @property
    def main(self) -> Running:
        return self.running[0]

    @property
    def mails(self) -> list[PaperMail]:
        """What the first account took."""
        return self.account.mails

    @property
    def database(self) -> WatchedDatabase:
        return self.main.database

    def logged(self, event: str) -> list[EventDict]:
        return [entry for entry in self.log if entry["event"] == event]

    # ---- processes ----

    async def start(
        self, *, sends: bool = True, clock: Clock | None = None, turns: int | None = None
    ) -> Running:
        """Another process on the same store: at rest, or so many `turns` of the loop old."""
        name = f"n{next(self._numbers)}"
        own_clock = clock or self.clock
        opened = await self._open_database(lambda: int(own_clock.now() * 1000))
        self._stack.push_async_callback(opened.close)
        database = WatchedDatabase(opened, self.traffic)
        lock = OneLock(Holder() if self.duties_leased else self._lock, name)
        engine = Engine(
            Parts(
                database=database,
                providers=tuple(self.providers.values()),
                policy=self.policy(),
                installation=await opened.write(installation),
                node=Node(name, "all", sends, "host", 1, "0", opened.now(), opened.now()),
                lock=lock,
                clock=own_clock,
                ids=Ids(lambda: datetime.fromtimestamp(own_clock.now(), UTC)),
                duties_leased=self.duties_leased,
                jitter=lambda: self.jitter,
                fetch=self.fetch,
            ),
            sends=sends,
        )
        task = self.group.create_task(engine.run())
        running = Running(name, engine, database, lock, task)
        self.running.append(running)
        if turns is None:
            await engine.started.wait()
            await self.traffic.quiet()
        for _ in range(turns or 0):
            await asyncio.sleep(0)
        return running

    def policy(self) -> Policy:
        purposes = {name: Handling(purpose) for name, purpose in PURPOSES.items()}
        return Policy(**{"purposes": purposes, **self._policy})

    async def stop(self, running: Running) -> None:
        """Gracefully, while time passes."""
        running.engine.stop()
        for _ in range(400):
            await self.traffic.quiet()
            if running.task.done():
                break
            self.clock.advance(_STEP_S)
        assert running.task.done(), "it did not stop within 100 seconds"
        running.task.result()
        self.running.remove(running)

    async def kill(self, running: Running) -> None:
        """All that it had in memory is gone. The kernel frees its lock."""
        running.task.cancel()
        await asyncio.wait({running.task})
        self.running.remove(running)
        await self.traffic.quiet()

    # ---- mail ----

    def ask(
        self,
        *emails: Email,
        wait_s: float = 5.0,
        at: Running | None = None,
        on_hold: Literal["promise", "refuse"] | None = None,
        caller: Caller | None = None,
    ) -> asyncio.Task[Answer]:
        """A request whose caller waits. Its answer comes while time passes."""
        return self.group.create_task(
            (at or self.main).engine.counter.accept(
                caller or Caller(app="shop"),
                emails,
                endpoint="/emails",
                wait_s=wait_s,
                on_hold=on_hold,
            )
        )

    async def answer(self, *emails: Email, **given: Any) -> Answer:
        """The answer, as far as it comes without any time passing."""
        asked = self.ask(*emails, **given)
        await self.traffic.quiet()
        assert asked.done(), "its caller still waits"
        return asked.result()

    async def accept(self, *emails: Email, **given: Any) -> list[str]:
        """The ids of mails that nobody waits for, each accepted alone, when all that can be done at
        this moment is done."""
        ids = []
        for each in emails or (email(),):
            answer = await self.answer(each, wait_s=0, **given)
            assert isinstance(answer, Receipts), answer
            ids.append(answer.mails[0].id)
        return ids

    async def wait(self, seconds: float, *, step_s: float = _STEP_S) -> None:
        """Let time pass, and all that falls due happen."""
        await self.traffic.quiet()
        for _ in range(round(seconds / step_s)):
            self.clock.advance(step_s)
            await self.traffic.quiet()

    async def until(self, holds: Callable[[], bool], *, most_s: float = 120.0) -> float:
        """Let time pass until it holds; returns how many seconds that took."""
        began = self.clock.now()
        await self.traffic.quiet()
        while not holds():
            assert self.clock.now() - began < most_s, f"not within {most_s:g} s"
            self.clock.advance(_STEP_S)
            await self.traffic.quiet()
        return self.clock.now() - began

    # ---- what is in the store ----

    async def state(self, email_id: str) -> State:
        return (await self.states([email_id]))[0]

    async def states(self, ids: Sequence[str]) -> list[State]:
        found = await self.database.read(standing, ids)
        return [found[email_id].state for email_id in ids]

    async def reason(self, email_id: str) -> str | None:
        found = await self.database.read(standing, [email_id])
        reason: str | None = found[email_id].reason
        return reason

    async def events(self, email_id: str | None = None) -> list[Event]:
        found: list[Event] = []
        while page := await self.database.read(after, found[-1].id if found else 0):
            found += page
        return [event for event in found if email_id in {None, event.email_id}]

    async def types(self, email_id: str) -> list[str]:
        return [event.type for event in await self.events(email_id)]

    async def shown(self, email_id: str) -> Shown:
        """As an operator looks at it: with its attempts and recipients."""
        found: Shown | None = await self.database.read(show, email_id)
        assert found is not None
        return found

    async def outcomes(self, email_id: str) -> list[str]:
        """What came of each attempt."""
        return [attempt.outcome for attempt in (await self.shown(email_id)).attempts]

    async def route(self, provider: str = "first", sender: str = "*") -> Route | None:
        found: Route | None = await self.database.read(_route, provider, sender)
        return found

    async def is_closed(self, provider: str = "first", sender: str = "*") -> bool:
        route = await self.route(provider, sender)
        return route is not None and route.is_closed

    def receipt(self, answer: Answer) -> Receipt:
        assert isinstance(answer, Receipts), answer
        (receipt,) = answer.mails
        return receipt


async def _route(tx: Tx, provider: str, sender: str) -> Route | None:
    return await tx.one("routes/route", Route, provider=provider, sender=sender)


@asynccontextmanager
async def furnished(
    open_database: OpenDatabase,
    *,
    providers: Sequence[str] = ("first",),
    begin: bool = True,
    **policy: Any,
) -> AsyncIterator[House]:
    """A house with these providers, in which one engine runs (`begin`). In the end all that runs is
    stopped, and anything that crashed is raised."""
    house = House(open_database, providers, policy)
    with structlog.testing.capture_logs() as log:
        house.log = log
        async with house._stack, house.group:
            if begin:
                await house.start()
            yield house
            await house.traffic.quiet()
            for running in tuple(house.running):
                running.database.is_away = False
                await house.stop(running)
