"""The sign of life: it comes while all is well, and says nothing when anything is not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import structlog

from mailproof.alerts.heartbeat import Pulse
from mailproof.alerts.watch import Watch
from mailproof.providers.http import Http
from mailproof.record.telling import teller
from mailproof.store.base import Database
from mailproof.store.records.alerts import list_alerts
from mailproof.store.records.events import after
from mailproof.testing import ManualClock
from tests.alerts.receiver import Receiver
from tests.alerts.services import Services
from tests.alerts.world import (
    Asked,
    channels,
    close,
    hold_queued,
    pass_time,
    quiet,
    send_mails,
    start,
    until,
)

TOKEN = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


@pytest.fixture
def said() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


@asynccontextmanager
async def beating(
    database: Database, clock: ManualClock, http: Http, url: str, *urls: str
) -> AsyncIterator[Watch]:
    pulse = Pulse(lambda: url, every_s=60.0)
    watch = Watch(database, channels(*urls), "en", clock, pulse=pulse, calls=http)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(watch.run())
        yield watch
        running.cancel()


def ping_url(services: Services) -> str:
    return f"{services.url}/{TOKEN}"


async def pinged(services: Services, count: int) -> None:
    """Until so many have come; the clock stands still, since a call takes none of its time."""
    await services.wait_for(count)
    await quiet()


async def test_while_all_is_well_it_comes_once_a_minute(
    database: Database, clock: ManualClock, http: Http, services: Services
) -> None:
    async with beating(database, clock, http, ping_url(services)):
        for count in range(1, 4):
            await pinged(services, count)
            await pass_time(clock, 59)
            assert len(services.asked) == count
            clock.advance(1.5)
    assert {(asked.method, asked.path) for asked in services.asked} == {("GET", f"/{TOKEN}")}


async def test_of_two_processes_one_gives_the_sign(
    database: Database, clock: ManualClock, http: Http, services: Services
) -> None:
    async with (
        beating(database, clock, http, ping_url(services)),
        beating(database, clock, http, ping_url(services)),
    ):
        await pinged(services, 1)
        await pass_time(clock, 55)
    assert len(services.asked) == 1


async def test_it_does_not_come_while_critical_mail_waits_too_long(
    database: Database, clock: ManualClock, http: Http, services: Services, said: list[Any]
) -> None:
    await start(database)
    async with beating(database, clock, http, ping_url(services)):
        await pinged(services, 1)
        await send_mails(database, 2)
        await close(database)
        await hold_queued(database)
        clock.advance(60.5)
        await pinged(services, 2)
        clock.advance(121)
        await quiet()
        await until(
            clock, lambda: any(line["event"] == "heartbeat.withheld" for line in said), within_s=60
        )
        await pass_time(clock, 120)
    assert len(services.asked) == 2
    (line, *_) = [line for line in said if line["event"] == "heartbeat.withheld"]
    assert (line["log_level"], line["waiting"]) == ("error", 2)


async def test_it_does_not_come_while_the_database_is_not_written(
    database: Database, clock: ManualClock, http: Http, services: Services, said: list[Any]
) -> None:
    assert isinstance(database, Asked)
    database.fails = 1_000
    async with beating(database, clock, http, ping_url(services)):
        await pass_time(clock, 200)
        assert not services.asked
        database.fails = 0
        await pass_time(clock, 25)  # it looks again, and then the next sign is due
        await pinged(services, 1)
    assert any(line["event"] == "alerts.stalled" for line in said)


async def test_one_that_fails_is_loud_and_told_on_the_channels_until_it_gets_through(
    database: Database,
    clock: ManualClock,
    http: Http,
    services: Services,
    receiver: Receiver,
    said: list[Any],
) -> None:
    database.listen(teller("en"))
    services.status = 404
    services.body = "no such check"
    async with beating(database, clock, http, ping_url(services), receiver.url()):
        await pinged(services, 1)
        await until(clock, lambda: len(receiver.messages) == 1, within_s=40)
        services.status = 200
        await until(clock, lambda: len(receiver.messages) == 2, within_s=200)
    opened, resolved = receiver.messages
    assert opened["title"] == "The sign of life does not get through"
    assert "HTTP 404. no such check" in opened["message"]
    assert resolved["title"] == "The sign of life gets through again"
    assert TOKEN not in repr(receiver.messages) + repr(said)
    loud = [line for line in said if line["event"] == "alert.heartbeat_failed"]
    assert loud[0]["log_level"] == "error"
    assert "alerts.heartbeat_url" in loud[0]["fix"]
    events = [event.type for event in await database.read(after, 0)]
    assert events.count("alert.heartbeat_failed") == 1
    (alert,) = await database.read(list_alerts, 10)
    assert alert.resolved_at is not None


async def test_a_url_that_is_not_set_is_told_too(
    database: Database, clock: ManualClock, http: Http, receiver: Receiver
) -> None:
    async with beating(database, clock, http, "", receiver.url()):
        await until(clock, lambda: len(receiver.messages) == 1, within_s=40)
    assert "The URL is not set." in receiver.messages[0]["message"]
