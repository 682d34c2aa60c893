"""The world of a store's cases: a fresh store, a clock that stands still, two providers."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database, Event, Tx
from mailproof.store.mails.accept import Answer, accept, standing
from mailproof.store.mails.claim import claim
from mailproof.store.mails.record import record
from mailproof.store.records.events import after
from mailproof.store.routes.breakers import Route, close_route, open_route, start_routes
from mailproof.store.routes.lanes import Lane, ensure_lane, settle_lanes
from mailproof.store.shapes import (
    EVERY_SENDER,
    Accepted,
    Claimed,
    Closing,
    Idempotency,
    NewMail,
    NewRecipient,
    Outcome,
    Recorded,
    Routing,
    Submission,
)
from mailproof.testing.clock import ManualClock

__all__ = ["DAY_MS", "ONE", "SENDER", "TWO", "OpenDatabase", "World", "expect", "fresh_world"]

DAY_MS: Final = 86_400_000
SENDER: Final = "acme.test"
TWO: Final = Routing(order=("first", "second"), key_ttl_ms={"first": DAY_MS, "second": DAY_MS})
ONE: Final = Routing(order=("first",), key_ttl_ms={"first": DAY_MS})

OpenDatabase = Callable[[Callable[[], int]], Awaitable[Database]]
"""Opens the store under test, by a clock in UTC milliseconds; each call is another node at the very
same store, which is empty when a case begins."""


class World:
    """One case's store. `database` is the first node's; `open_again` gives another node its own."""

    def __init__(
        self, clock: ManualClock, open_database: Callable[[], Awaitable[Database]], first: Database
    ) -> None:
        self.clock = clock
        self.open_again = open_database
        self.database = first
        self.routing = TWO
        self._numbers = itertools.count(1)

    @property
    def now(self) -> int:
        return self.database.now()

    def mail(self, **given: Any) -> NewMail:
        """A registration mail of the app `shop`; `given` says what is different."""
        number = next(self._numbers)
        values: dict[str, Any] = {
            "id": f"0198c0de-0000-7000-8000-{number:012x}",
            "app": "shop",
            "key_id": "0a1b2c3d",
            "sender": "Acme <hello@acme.test>",
            "subject": "Hello",
            "lane_sender": SENDER,
            "pin": "",
            "purpose": "registration",
            "critical": True,
            "scheduled_at": None,
            "expires_at": self.now + DAY_MS,
            "on_hold": "promise",
            "wait_until": None,
            "supersede_key": None,
            "encoder": 1,
            "payload": b'{"subject":"Hello"}',
            "recipients": (NewRecipient("ada@example.com", "to", number.to_bytes(16, "big")),),
            **given,
        }
        return NewMail(**values)

    async def accept(
        self, *mails: NewMail, key: Idempotency | None = None, again: bool = False
    ) -> list[Answer]:
        """All of them in one flush, each a request of its own."""
        submissions = [Submission(mail.app, (mail,), key) for mail in mails]
        return await self.database.write(accept, submissions, self.routing, again=again)

    async def take(self, *mails: NewMail) -> list[str]:
        """Their ids, once they are accepted."""
        for answer in await self.accept(*mails):
            expect(isinstance(answer, Accepted), f"a mail was not accepted: {answer!r}")
        return [mail.id for mail in mails]

    async def claim(
        self, most: int = 100, *, provider: str = "first", node: str = "n1", lease_s: float = 30
    ) -> list[Claimed]:
        return await self.database.write(
            claim, provider=provider, most=most, node=node, lease_ms=int(lease_s * 1000)
        )

    async def going(self, most: int = 100, *, provider: str = "first") -> list[Claimed]:
        """Only those that may be sent now."""
        return [mail for mail in await self.claim(most, provider=provider) if is_going(mail)]

    async def sending(self, **given: Any) -> Claimed:
        """A new mail, claimed."""
        (email_id,) = await self.take(self.mail(**given))
        return next(mail for mail in await self.claim() if mail.id == email_id)

    async def record(self, *outcomes: Outcome, again: bool = False) -> list[Recorded]:
        return await self.database.write(record, outcomes, self.routing, again=again)

    async def state(self, email_id: str) -> State:
        return (await self.states([email_id]))[0]

    async def states(self, ids: Sequence[str]) -> list[State]:
        found = await self.database.read(standing, ids)
        return [found[email_id].state for email_id in ids]

    async def events(self, email_id: str | None = None) -> list[Event]:
        """All that have been written, or those of one mail."""
        found: list[Event] = []
        while page := await self.database.read(after, found[-1].id if found else 0):
            found += page
        return [event for event in found if email_id in {None, event.email_id}]

    async def lane(self, sender: str = SENDER, pin: str = "") -> Lane:
        return await self.database.write(ensure_lane, sender, pin, self.routing)

    async def route(self, provider: str = "first", sender: str = EVERY_SENDER) -> Route | None:
        return await self.database.read(_route, provider, sender)

    async def close(
        self, provider: str = "first", sender: str = EVERY_SENDER, reason: str = "unavailable"
    ) -> None:
        """As a health check does."""
        closing = Closing(provider, sender, reason, "ERROR", b'{"reason":"unavailable"}')
        await self.database.write(_close, closing, self.routing)

    async def open(self, provider: str = "first", sender: str = EVERY_SENDER) -> None:
        await self.database.write(_open, provider, sender, self.routing)

    async def start(self, fingerprints: dict[str, str], routing: Routing) -> None:
        """As an engine does that starts with this configuration."""
        self.routing = routing
        await self.database.write(start_routes, fingerprints, routing)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


@asynccontextmanager
async def fresh_world(open_database: OpenDatabase) -> AsyncIterator[World]:
    """A world in which both providers are well."""
    clock = ManualClock()
    async with AsyncExitStack() as stack:

        async def opened() -> Database:
            database = await open_database(lambda: int(clock.now() * 1000))
            stack.push_async_callback(database.close)
            return database

        world = World(clock, opened, await opened())
        await world.start({"first": "f1", "second": "f2"}, TWO)
        yield world


def is_going(mail: Claimed) -> bool:
    return mail.state == State.SENDING


def expect(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - it is an assertion
    if not holds:
        raise AssertionError(otherwise)


async def _route(tx: Tx, provider: str, sender: str) -> Route | None:
    return await tx.one("routes/route", Route, provider=provider, sender=sender)


async def _close(tx: Tx, closing: Closing, routing: Routing) -> None:
    await close_route(tx, closing, routing, met=False)
    await settle_lanes(tx, routing)


async def _open(tx: Tx, provider: str, sender: str, routing: Routing) -> None:
    await open_route(tx, provider, sender)
    await settle_lanes(tx, routing)
