"""What goes wrong in these tests: routes that close and open, mail that waits."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from mailproof.alerts.channels import AppriseChannel, Channel
from mailproof.alerts.watch import Watch
from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.providers.diagnose import diagnose
from mailproof.store.base import Database, StoreUnavailable, Tx
from mailproof.store.mails.failures import failure_to_json
from mailproof.store.routes.breakers import close_route, open_route, start_routes
from mailproof.store.routes.lanes import settle_lanes
from mailproof.store.shapes import Closing, Routing
from mailproof.testing import ManualClock
from tests.store.mails import accepted, claimed, new_mail

ROUTING = Routing(order=("resend",), key_ttl_ms={"resend": 86_400_000})
_STEP_S = 0.25
_REAL_MAX_S = 30.0
# Rounds of the event loop in a row without anything under way.
_CALM = 25


def unverified(domain: str = "acme.test") -> bytes:
    """The failure that an unverified domain gets from Resend, as it is stored."""
    message = f"The {domain} domain is not verified. Please, add and verify your domain."
    body = {"statusCode": 403, "name": "validation_error", "message": message}
    failure = diagnose(Evidence(HttpAnswer(403, {}, body), "resend"))
    return failure_to_json(failure)


async def start(database: Database) -> None:
    await database.write(start_routes, {"resend": "f"}, ROUTING)


async def close(
    database: Database,
    *,
    sender: str = "acme.test",
    times: int = 1,
    reason: str = "sender_unverified",
) -> None:
    """So many different mails fail, for an unverified domain unless told; the first closes the
    route."""

    async def body(tx: Tx) -> None:
        closing = Closing("resend", sender, reason, "CRITICAL", unverified(sender))
        for _ in range(times):
            await close_route(tx, closing, ROUTING)
        await settle_lanes(tx, ROUTING)

    await database.write(body)


async def reopen(database: Database, *, sender: str = "acme.test") -> None:
    async def body(tx: Tx) -> None:
        await open_route(tx, "resend", sender)
        await settle_lanes(tx, ROUTING)

    await database.write(body)


async def send_mails(database: Database, count: int) -> None:
    """Accept so many; those whose lane is closed are held."""
    await accepted(database, *(new_mail(database.now()) for _ in range(count)), routing=ROUTING)


async def hold_queued(database: Database) -> None:
    """The claim meets the queued mails of a closed lane and puts them aside."""
    while await claimed(database, 200):
        pass


def channels(*urls: str) -> tuple[Channel, ...]:
    return tuple(
        AppriseChannel(f"chat{number}", lambda url=url: url)  # type: ignore[misc]
        for number, url in enumerate(urls)
    )


@asynccontextmanager
async def watching(
    database: Database,
    clock: ManualClock,
    *urls: str,
    language: OperatorLanguage = "en",
) -> AsyncIterator[Watch]:
    watch = Watch(database, channels(*urls), language, clock)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run())
        yield watch
        running.cancel()


async def pass_time(clock: ManualClock, seconds: float, *, but: str = "") -> None:
    """Move the clock in small steps, and after each let everything that it sets off be done.

    `but`: the thread of a channel that hangs, for which nobody waits.
    """
    steps = max(1, round(seconds / _STEP_S))
    for _ in range(steps):
        clock.advance(seconds / steps)
        await quiet(but=but)


async def until(
    clock: ManualClock, true: Callable[[], bool], *, within_s: float, but: str = ""
) -> None:
    """Move the clock until `true()`; fails when it isn't within so many seconds of that clock."""
    end = clock.now() + within_s
    await quiet(but=but)
    while not true():
        assert clock.now() < end, f"not within {within_s} s"
        clock.advance(_STEP_S)
        await quiet(but=but)


async def quiet(*, but: str = "") -> None:
    """Until no database is being asked and no message is under way."""
    calm = 0
    async with asyncio.timeout(_REAL_MAX_S):
        while calm < _CALM:
            await asyncio.sleep(0)
            calm = 0 if Asked.in_flight or _delivering(but) else calm + 1


def _delivering(but: str) -> bool:
    names = [thread.name for thread in threading.enumerate()]
    return any(name.startswith("alert-") and name != but for name in names)


class Asked:
    """A database that counts what it is asked, and fails the first `fails` times."""

    in_flight = 0

    def __init__(self, database: Database) -> None:
        self._database = database
        self.calls = 0
        self.fails = 0
        self.name = database.name
        self.where = database.where
        self.listen = database.listen
        self.now = database.now
        self.changed = database.changed
        self.backup = database.backup
        self.close = database.close

    async def write(self, *args: Any, **kwargs: Any) -> Any:
        return await self._ask(self._database.write(*args, **kwargs))

    async def read(self, *args: Any, **kwargs: Any) -> Any:
        return await self._ask(self._database.read(*args, **kwargs))

    async def _ask(self, work: Coroutine[Any, Any, Any]) -> Any:
        self.calls += 1
        if self.fails:
            self.fails -= 1
            work.close()
            raise StoreUnavailable("the disk is away")
        Asked.in_flight += 1
        try:
            return await work
        finally:
            Asked.in_flight -= 1
