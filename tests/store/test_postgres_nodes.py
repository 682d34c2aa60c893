"""Several nodes at one PostgreSQL: what two transactions do at the same moment still adds up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import msgspec
import pytest

from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.accept import accept
from mailproof.store.mails.claim import claim, contents
from mailproof.store.mails.desk import Answer, retry
from mailproof.store.mails.duties import sweep, sweep_seldom
from mailproof.store.nodes.nodes import take_lease
from mailproof.store.postgres.database import PostgresDatabase, open_postgres
from mailproof.store.records import events
from mailproof.store.routes.breakers import close_route, open_route, start_routes
from mailproof.store.routes.lanes import settle_lanes
from mailproof.store.routes.limits import reserve
from mailproof.store.routes.probes import due_probe
from mailproof.store.shapes import Accepted, Closing, Conflict, Idempotency, Submission
from mailproof.testing import ManualClock
from tests.store.mails import ONE, ROUTING, accepted, claimed, new_mail
from tests.store.seeding import NO_SUCH_FIELD, recorded

DEADLINE_S = 20
MINUTE_MS = 60_000


@pytest.fixture
async def nodes(
    url: str, clock: ManualClock
) -> AsyncIterator[tuple[PostgresDatabase, PostgresDatabase]]:
    """Two, with routes of two providers and the lane of one sender."""

    def now_ms() -> int:
        return int(clock.now() * 1000)

    one, other = await open_postgres(url, now_ms=now_ms), await open_postgres(url, now_ms=now_ms)
    await one.write(start_routes, {"resend": "f", "backup": "f"}, ROUTING)
    (first,) = await accepted(one, new_mail(one.now()))
    assert [mail.id for mail in await claimed(one)] == [first]
    yield one, other
    async with asyncio.timeout(DEADLINE_S):
        await one.close()
        await other.close()


Nodes = tuple[PostgresDatabase, PostgresDatabase]
Body = Callable[[Tx], Awaitable[Any]]


class Overlap(msgspec.Struct):
    """What came of both. `waited`: the second had to wait for the first. `runs` of both bodies:
    more than two, when PostgreSQL had to end a deadlock."""

    first: Any = None
    second: Any = None
    waited: bool = False
    runs: int = 0


async def overlapping(nodes: Nodes, first: Body, second: Body, rest: Body | None = None) -> Overlap:
    """The first stands still until the second waits for it, or is done; then it goes on to do the
    `rest`, and commits."""
    overlap = Overlap()
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(tx: Tx) -> None:
        overlap.runs += 1
        overlap.first = await first(tx)
        begun.set()
        await go_on.wait()
        if rest is not None:
            await rest(tx)

    async def at_once(tx: Tx) -> None:
        overlap.runs += 1
        overlap.second = await second(tx)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(nodes[0].write(slowly))
        await begun.wait()
        other = group.create_task(nodes[1].write(at_once))
        waiting = group.create_task(someone_waits(nodes[0]))
        try:
            done, _ = await asyncio.wait([other, waiting], return_when=asyncio.FIRST_COMPLETED)
        finally:
            go_on.set()
        overlap.waited = waiting in done
        waiting.cancel()
    return overlap


async def someone_waits(node: PostgresDatabase) -> None:
    connection = await asyncpg.connect(node._url.dsn)
    question = (
        "SELECT EXISTS (SELECT 1 FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock')"
    )
    try:
        while not await connection.fetchval(question):  # noqa: ASYNC110 - the event is in the server
            await asyncio.sleep(0.005)
    finally:
        connection.terminate()


async def test_two_nodes_never_claim_the_same_mail_and_never_wait_for_each_other(
    nodes: Nodes,
) -> None:
    ids = await accepted(nodes[0], *(new_mail(nodes[0].now()) for _ in range(10)))

    async def take(tx: Tx) -> list[str]:
        mails = await claim(tx, provider="resend", most=6, node="n", lease_ms=30_000)
        return [mail.id for mail in mails]

    both = await overlapping(nodes, take, take)
    assert (len(both.first), len(both.second)) == (6, 4)
    assert sorted(both.first + both.second) == sorted(ids)
    assert not both.waited


async def test_a_key_that_two_nodes_get_at_once_is_one_request(nodes: Nodes) -> None:
    key = Idempotency("/emails", "k", b"same")
    submissions = [Submission("shop", (new_mail(nodes[0].now()),), key) for _ in range(2)]
    bodies = [lambda tx, sub=sub: accept(tx, [sub], ROUTING) for sub in submissions]
    both = await overlapping(nodes, *bodies)
    (one,), (other,) = both.first, both.second
    assert isinstance(one, Accepted)
    assert isinstance(other, Accepted)
    assert (one.repeated, other.repeated) == (False, True)
    assert one.mails == other.mails


async def test_a_key_with_another_payload_is_a_conflict_also_at_the_same_moment(
    nodes: Nodes,
) -> None:
    submissions = [
        Submission("shop", (new_mail(nodes[0].now()),), Idempotency("/emails", "k", payload))
        for payload in (b"one", b"other")
    ]
    bodies = [lambda tx, sub=sub: accept(tx, [sub], ROUTING) for sub in submissions]
    both = await overlapping(nodes, *bodies)
    (one,), (other,) = both.first, both.second
    assert isinstance(one, Accepted)
    assert isinstance(other, Conflict)


async def failed(nodes: Nodes, key: Idempotency, **given: Any) -> str:
    mail = new_mail(nodes[0].now(), **given)
    await nodes[0].write(accept, [Submission("shop", (mail,), key)], ROUTING)
    leased = next(each for each in await claimed(nodes[0]) if each.id == mail.id)
    await recorded(nodes[0], leased, State.FAILED, NO_SUCH_FIELD)
    return mail.id


def by_hand(email_id: str) -> Body:
    return lambda tx: retry(tx, [email_id], actor="cli:ada", lifetime_ms=lambda _: MINUTE_MS)


async def test_a_repeat_finds_the_mail_that_is_being_sent_again_by_hand(nodes: Nodes) -> None:
    key = Idempotency("/emails", "k", b"same")
    email_id = await failed(nodes, key)
    repeat = Submission("shop", (new_mail(nodes[0].now()),), key)
    both = await overlapping(nodes, by_hand(email_id), lambda tx: accept(tx, [repeat], ROUTING))
    assert both.waited
    assert both.first[0].answer is Answer.DONE
    assert both.second[0].mails[0].id == email_id


async def test_a_mail_that_is_being_repeated_is_not_sent_again_by_hand(nodes: Nodes) -> None:
    key = Idempotency("/emails", "k", b"same")
    email_id = await failed(nodes, key)
    newer = new_mail(nodes[0].now())
    both = await overlapping(
        nodes,
        lambda tx: accept(tx, [Submission("shop", (newer,), key)], ROUTING),
        by_hand(email_id),
    )
    assert both.waited
    (moved,) = both.second
    assert (moved.answer, moved.repeated_as) == (Answer.REPEATED, newer.id)
    assert [mail.id for mail in await claimed(nodes[0])] == [newer.id]


async def test_nothing_is_sent_again_whose_content_is_being_erased(
    nodes: Nodes, clock: ManualClock
) -> None:
    key = Idempotency("/emails", "k", b"same")
    for given in ({"critical": True, "expires_at": nodes[0].now() + 1}, {}):
        email_id = await failed(nodes, key, **given)
        clock.advance(10)
        kept_ms = 1 if not given else 10 * MINUTE_MS
        both = await overlapping(
            nodes,
            lambda tx, kept_ms=kept_ms: sweep(tx, 100, contents_ms=kept_ms),  # type: ignore[misc]
            by_hand(email_id),
        )
        assert both.waited
        assert both.first.contents == 1
        assert both.second[0].answer is Answer.CONTENT_GONE


async def test_what_is_being_sent_again_by_hand_keeps_its_content(
    nodes: Nodes, clock: ManualClock
) -> None:
    sweeps: dict[str, Body] = {
        "sweep": lambda tx: sweep(tx, 100, contents_ms=1),
        "sweep_seldom": lambda tx: sweep_seldom(tx, 100, mails_ms=1),
    }
    for name, sweeping in sweeps.items():
        email_id = await failed(nodes, Idempotency("/emails", name, b"same"))
        clock.advance(10)
        both = await overlapping(nodes, by_hand(email_id), sweeping)
        assert both.first[0].answer is Answer.DONE
        assert not any(msgspec.structs.astuple(both.second))
        assert not both.waited
        assert set(await nodes[0].read(contents, [email_id])) == {email_id}


async def test_the_newest_wins_also_when_two_nodes_accept_at_the_same_moment(
    nodes: Nodes,
) -> None:
    mails = [new_mail(nodes[0].now(), supersede_key=b"k" * 16) for _ in range(2)]
    bodies = [
        lambda tx, mail=mail: accept(tx, [Submission("shop", (mail,))], ROUTING) for mail in mails
    ]
    await overlapping(nodes, *bodies)
    assert [mail.id for mail in await claimed(nodes[0])] == [mails[1].id]
    story = [event.type for event in await nodes[0].read(events.of_email, mails[0].id)]
    assert story == ["email.accepted", "email.superseded"]


def closing(provider: str) -> Body:
    failure = b'{"reason":"credentials_invalid"}'

    async def close(tx: Tx) -> None:
        what = Closing(provider, "*", "credentials_invalid", "CRITICAL", failure)
        await close_route(tx, what, ROUTING)
        await settle_lanes(tx, ROUTING)

    return close


async def test_two_routes_closed_at_the_same_moment_close_the_lane(nodes: Nodes) -> None:
    await overlapping(nodes, closing("resend"), closing("backup"))
    (email_id,) = await accepted(nodes[0], new_mail(nodes[0].now()))
    assert await claimed(nodes[0]) == await claimed(nodes[0], provider="backup") == []
    story = [event.type for event in await nodes[0].read(events.of_email, email_id)]
    assert story == ["email.accepted", "email.held"]


async def test_a_lane_that_is_made_while_its_routes_close_is_closed_too(nodes: Nodes) -> None:
    await nodes[0].write(closing("backup"))
    new = new_mail(nodes[0].now(), lane_sender="new.test")
    await overlapping(
        nodes, lambda tx: accept(tx, [Submission("shop", (new,))], ROUTING), closing("resend")
    )
    assert [mail.state for mail in await claimed(nodes[0])] == ["held"]


async def test_a_route_closed_by_two_nodes_at_the_same_moment_is_told_once(nodes: Nodes) -> None:
    await overlapping(nodes, closing("resend"), closing("resend"))
    log = [event.type for event in await nodes[0].read(events.after, 0)]
    assert log.count("route.closed") == 1


async def test_one_node_opens_a_route_while_another_closes_it_and_neither_is_in_the_others_way(
    nodes: Nodes,
) -> None:
    await nodes[0].write(closing("resend"))
    both = await overlapping(
        nodes,
        lambda tx: open_route(tx, "resend", "*"),
        closing("resend"),
        rest=lambda tx: settle_lanes(tx, ROUTING),
    )
    assert both.runs == 2
    log = [event.type for event in await nodes[0].read(events.after, 0)]
    assert [each for each in log if each.startswith("route.")][-2:] == [
        "route.opened",
        "route.closed",
    ]


async def test_routes_closed_in_opposite_orders_do_not_lock_each_other(nodes: Nodes) -> None:
    async def backup_and_resend(tx: Tx) -> None:
        await closing("backup")(tx)
        await closing("resend")(tx)

    both = await overlapping(nodes, closing("resend"), backup_and_resend, rest=closing("backup"))
    assert both.runs == 2


async def test_a_mail_held_while_its_lane_opens_is_released_all_the_same(
    nodes: Nodes, clock: ManualClock
) -> None:
    one, other = nodes
    for provider in ("resend", "backup"):
        await one.write(closing(provider))
    late = new_mail(one.now())
    read_as_closed, go_on = asyncio.Event(), asyncio.Event()

    async def accept_slowly(tx: Tx) -> None:
        await accept(tx, [Submission("shop", (late,))], ROUTING)
        read_as_closed.set()
        await go_on.wait()

    async def opening(tx: Tx) -> None:
        await open_route(tx, "resend", "*")
        await settle_lanes(tx, ROUTING)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        group.create_task(one.write(accept_slowly))
        await read_as_closed.wait()
        await other.write(opening)
        assert (
            await claimed(other) == []
        )  # nothing held is to be seen, but the lane is not open yet
        go_on.set()
    assert [mail.id for mail in await claimed(other)] == [late.id]
    clock.advance(2)
    assert await claimed(other) == []
    log = [event.type for event in await other.read(events.after, 0)]
    assert log[-1] == "lane.opened"


async def test_a_probe_is_made_by_one_node_alone(nodes: Nodes) -> None:
    await nodes[0].write(closing("resend"))
    connection = await asyncpg.connect(nodes[0]._url.dsn)
    await connection.execute("UPDATE routes SET next_probe_at = 0")
    await connection.close()

    async def take(tx: Tx) -> object:
        return await due_probe(tx, provider="resend", interval_ms=10_000, most_ms=MINUTE_MS)

    both = await overlapping(nodes, take, take)
    assert both.first is not None
    assert both.second is None


async def test_a_duty_is_one_nodes_alone(nodes: Nodes) -> None:
    both = await overlapping(
        nodes,
        lambda tx: take_lease(tx, "duties", "n1", MINUTE_MS),
        lambda tx: take_lease(tx, "duties", "n2", MINUTE_MS),
    )
    assert (both.first, both.second) == (True, False)


async def test_calls_reserved_by_two_nodes_come_one_after_the_other(nodes: Nodes) -> None:
    await nodes[0].write(reserve, "resend", 1, 10.0)

    async def look(tx: Tx) -> Any:
        return await tx.one(
            "routes/lock_limit", lambda free_at_us, _: free_at_us, provider="resend"
        )

    async def take(tx: Tx) -> Any:
        return await reserve(tx, "resend", 3, 10.0)

    both = await overlapping(nodes, look, take, rest=take)
    assert both.waited
    assert both.second.first_at_us >= both.first + 300_000


async def test_many_nodes_at_once_end_every_mail_once(url: str) -> None:
    nodes = [await open_postgres(url) for _ in range(3)]
    await nodes[0].write(start_routes, {"resend": "f"}, ONE)
    taken: list[str] = []

    async def produce(node: PostgresDatabase) -> list[str]:
        ids = []
        for _ in range(10):
            ids += await accepted(node, *(new_mail(node.now()) for _ in range(5)), routing=ONE)
        return ids

    async def consume(node: PostgresDatabase, wanted: int) -> None:
        while len(taken) < wanted:
            taken.extend(mail.id for mail in await claimed(node, 7))

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        producers = [group.create_task(produce(node)) for node in nodes]
        for node in nodes:
            group.create_task(consume(node, 150))
    assert sorted(taken) == sorted(each for made in producers for each in made.result())
    for node in nodes:
        await node.close()
