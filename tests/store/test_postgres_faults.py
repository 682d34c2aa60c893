"""PostgreSQL goes away at the worst moments: nothing is lost, nothing doubles, and it is said."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest
from structlog.testing import capture_logs

from mailproof.mail.events import EventType
from mailproof.mail.lifecycle import State
from mailproof.store.base import (
    CommitUnknown,
    Database,
    NewEvent,
    StoreError,
    StoreFull,
    StoreUnavailable,
    Tx,
)
from mailproof.store.flush import Coalescer
from mailproof.store.mails.accept import accept
from mailproof.store.mails.record import record
from mailproof.store.postgres.database import PostgresDatabase, open_postgres
from mailproof.store.records import events
from mailproof.store.routes.breakers import start_routes
from mailproof.store.routes.lanes import ensure_lane
from mailproof.store.shapes import Accepted, Outcome, Recorded, Submission
from tests.doctor.smtp_server import closed_port
from tests.store.cluster import Cluster
from tests.store.mails import ONE, accepted, claimed, new_mail, sent
from tests.store.proxy import Cut, Proxy, proxied

DEADLINE_S = 20


@pytest.fixture
async def proxy(url: str) -> AsyncIterator[Proxy]:
    async with proxied(url) as running:
        yield running


@pytest.fixture
async def far(proxy: Proxy) -> AsyncIterator[PostgresDatabase]:
    """A store behind the proxy."""
    opened = await open_postgres(proxy.url)
    yield opened
    await opened.close()


async def tell(tx: Tx) -> None:
    tx.tell(NewEvent(EventType.ROUTE_PROBED))


async def told(database: Database) -> int:
    return len(await database.read(events.after, 0))


async def test_a_connection_lost_before_commit_keeps_nothing(
    far: PostgresDatabase, proxy: Proxy, url: str
) -> None:
    proxy.cuts = [Cut.BEFORE]
    with pytest.raises((StoreUnavailable, CommitUnknown)):
        await far.write(tell)
    assert await told(far) == 0
    await far.write(tell)
    assert await told(far) == 1


async def test_a_connection_lost_in_the_middle_is_unavailable_and_the_next_one_works(
    far: PostgresDatabase, cluster: Cluster
) -> None:
    async def cut_off(tx: Tx) -> None:
        await cluster.as_admin(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1",
            far.where.rpartition("/")[2],
        )
        tx.tell(NewEvent(EventType.ROUTE_PROBED))

    with pytest.raises(StoreUnavailable, match=r"shut down|cannot be reached"):
        await far.write(cut_off)
    assert await told(far) == 0


async def test_a_lost_answer_to_commit_is_unknown_and_not_unavailable(
    far: PostgresDatabase, proxy: Proxy
) -> None:
    proxy.cuts = [Cut.AFTER]
    with pytest.raises(CommitUnknown):
        await far.write(tell)
    assert await told(far) == 1


async def test_a_flush_whose_answer_was_lost_is_repeated_and_nothing_doubles(
    far: PostgresDatabase, proxy: Proxy
) -> None:
    await far.write(start_routes, {"resend": "f"}, ONE)

    async def flush(batch: Sequence[Submission], again: bool) -> Sequence[Any]:  # noqa: FBT001
        return await far.write(accept, batch, ONE, again=again)

    mails = [new_mail(far.now()) for _ in range(5)]
    proxy.cuts = [Cut.AFTER, Cut.BEFORE, Cut.AFTER]
    answers = await flushed(flush, [Submission("shop", (mail,)) for mail in mails])
    assert [each.mails[0].id for each in answers] == [mail.id for mail in mails]
    assert all(isinstance(each, Accepted) and not each.repeated for each in answers)
    kept = await far.read(events.after, 0)
    assert [each.type for each in kept].count("email.accepted") == 5
    assert not proxy.cuts
    assert len(await claimed(far)) == 5


async def test_an_outcome_whose_answer_was_lost_is_recorded_once(
    far: PostgresDatabase, proxy: Proxy
) -> None:
    await far.write(start_routes, {"resend": "f"}, ONE)
    await accepted(far, new_mail(far.now()), new_mail(far.now()), routing=ONE)
    outcomes = [sent(mail, far.now()) for mail in await claimed(far)]

    async def flush(batch: Sequence[Outcome], again: bool) -> Sequence[Recorded]:  # noqa: FBT001
        return await far.write(record, batch, ONE, again=again)

    proxy.cuts = [Cut.AFTER]
    answers = await flushed(flush, outcomes)
    assert [(each.state, each.fenced) for each in answers] == [(State.SENT, False)] * 2
    kept = await far.read(events.after, 0)
    assert [each.type for each in kept].count("email.sent") == 2


async def flushed(flush: Any, items: Sequence[Any]) -> list[Any]:
    """What a coalescer answers for these items, submitted together."""
    coalescer: Coalescer[Any, Any] = Coalescer(flush, batch_max=100)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(coalescer.run())
        futures = [coalescer.submit(item) for item in items]
        answers = [await future for future in futures]
        coalescer.close()
    return answers


async def test_a_flush_repeated_while_its_first_commit_is_still_under_way_does_not_fail(
    url: str,
) -> None:
    one, other = await open_postgres(url), await open_postgres(url)
    await one.write(start_routes, {"resend": "f"}, ONE)
    await accepted(one, new_mail(one.now()), routing=ONE)  # the lane is there
    mail = new_mail(one.now())
    submissions = [Submission("shop", (mail,))]
    inserted, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Tx) -> None:
        await accept(tx, submissions, ONE)
        inserted.set()
        await go_on.wait()

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(one.write(slowly))
        await inserted.wait()
        repeat = group.create_task(other.write(accept, submissions, ONE, again=True))
        await waiting_for_a_lock(url)
        go_on.set()
    (answer,) = repeat.result()
    assert isinstance(answer, Accepted)
    assert answer.mails[0].id == mail.id
    await one.close()
    await other.close()


async def waiting_for_a_lock(url: str) -> None:
    """Return when a transaction of this database waits for another one."""
    connection = await asyncpg.connect(url)
    question = (
        "SELECT EXISTS (SELECT 1 FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    while not await connection.fetchval(question):  # noqa: ASYNC110 - the event is in the server
        await asyncio.sleep(0.005)
    await connection.close()


async def test_a_mail_that_is_there_already_is_no_outage(postgres: PostgresDatabase) -> None:
    """A flush is split until the culprit alone fails; an outage would fail them all."""
    mail = new_mail(postgres.now())
    await accepted(postgres, mail)
    with pytest.raises(StoreError, match="duplicate key") as caught:
        await accepted(postgres, mail)
    assert not isinstance(caught.value, StoreUnavailable)


async def test_a_restart_of_the_server_costs_the_transaction_that_runs_and_no_other(
    postgres: PostgresDatabase, cluster: Cluster
) -> None:
    await asyncio.gather(*(postgres.write(tell) for _ in range(8)))  # several connections idle

    async def restart(tx: Tx) -> None:
        tx.tell(NewEvent(EventType.ROUTE_PROBED))
        await cluster.restart()

    with pytest.raises((StoreUnavailable, CommitUnknown)):
        await postgres.write(restart)
    await asyncio.gather(*(postgres.write(tell) for _ in range(8)))
    assert await told(postgres) == 16


async def test_when_all_connections_are_busy_whoever_comes_is_told_so(url: str) -> None:
    database = await open_postgres(url, pool_wait_s=0.05)
    all_begun, go_on = asyncio.Barrier(9), asyncio.Event()

    async def wait(tx: Tx) -> None:
        tx.tell(NewEvent(EventType.ROUTE_PROBED))
        await all_begun.wait()
        await go_on.wait()

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        for _ in range(8):
            group.create_task(database.write(wait))
        await all_begun.wait()
        with pytest.raises(StoreUnavailable, match="All 8 connections"):
            await database.write(tell)
        go_on.set()
    assert await told(database) == 8
    await database.close()


async def test_a_full_disk_is_named(postgres: PostgresDatabase, cluster: Cluster) -> None:
    connection = await asyncpg.connect(
        f"{cluster.admin_url.replace('/postgres?', '/' + postgres.where.rpartition('/')[2] + '?')}"
    )
    await connection.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'no space left' USING ERRCODE = '53100'; END$$;"
        "CREATE TRIGGER full_disk BEFORE INSERT ON events EXECUTE FUNCTION full_disk()"
    )
    await connection.close()
    with pytest.raises(StoreFull, match="disk is full"):
        await postgres.write(tell)


async def test_transactions_that_wait_for_each_other_both_end_well(
    postgres: PostgresDatabase,
) -> None:
    await postgres.write(start_routes, {"resend": "f"}, ONE)
    one, other = await accepted(
        postgres, new_mail(postgres.now()), new_mail(postgres.now()), routing=ONE
    )
    locked = {one: asyncio.Event(), other: asyncio.Event()}

    async def touch(tx: Tx, first: str, second: str) -> None:
        await tx.run("mails/stop_waiting", id=first)
        locked[first].set()
        await locked[second].wait()
        await tx.run("mails/stop_waiting", id=second)
        tx.tell(NewEvent(EventType.ROUTE_PROBED))

    before = await told(postgres)
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.gather(postgres.write(touch, one, other), postgres.write(touch, other, one))
    assert await told(postgres) == before + 2


async def test_a_caller_who_goes_away_cancels_nothing(postgres: PostgresDatabase) -> None:
    begun, go_on, heard = asyncio.Event(), asyncio.Event(), asyncio.Event()
    postgres.listen(lambda _: heard.set())

    async def slowly(tx: Tx) -> None:
        tx.tell(NewEvent(EventType.ROUTE_PROBED))
        begun.set()
        await go_on.wait()

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        caller = group.create_task(postgres.write(slowly))
        await begun.wait()
        caller.cancel()
        await asyncio.wait([caller])
        go_on.set()
        await heard.wait()
    assert caller.cancelled()
    assert await told(postgres) == 1


async def test_a_failure_that_no_caller_hears_is_logged(postgres: PostgresDatabase) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def fail(tx: Tx) -> None:
        begun.set()
        await go_on.wait()
        raise StoreError("the body failed")

    with capture_logs() as logs:
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
            caller = group.create_task(postgres.write(fail))
            await begun.wait()
            caller.cancel()
            await asyncio.wait([caller])
            go_on.set()
        await postgres.close()  # which waits for it
    (line,) = logs
    assert line["event"] == "transaction.failed"
    assert line["error"] == "the body failed"


async def test_closing_waits_for_what_was_promised(url: str) -> None:
    database = await open_postgres(url)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Tx) -> None:
        tx.tell(NewEvent(EventType.ROUTE_PROBED))
        begun.set()
        await go_on.wait()

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(database.write(slowly))
        await begun.wait()
        closing = group.create_task(database.close())
        await asyncio.sleep(0)
        assert not closing.done()
        with pytest.raises(StoreUnavailable, match="closed"):
            await database.write(tell)
        go_on.set()
    again = await open_postgres(url)
    assert await told(again) == 1
    await again.close()


async def test_a_body_that_hides_an_error_keeps_nothing(postgres: PostgresDatabase) -> None:
    await postgres.write(ensure_lane, "acme.test", "", ONE)
    lane = dict.fromkeys(("provider", "second", "reason", "release_began_at"))
    lane |= {"id": 1, "since": 0, "released": 0}

    async def hide(tx: Tx) -> None:
        try:
            await tx.run("routes/update_lane", **lane | {"state": "no state"})
        except StoreError:
            return
        raise AssertionError("a state that is none was taken")

    with pytest.raises(StoreError, match="nothing was kept"):
        await postgres.write(hide)


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await open_postgres(f"postgresql://app:secret@127.0.0.1:{closed_port()}/app")
