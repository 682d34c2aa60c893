"""Cases of what nodes share: limits, duties, and what each learns once a second."""

import asyncio
from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.base import Database
from mailproof.store.nodes.installation import installation
from mailproof.store.nodes.nodes import Node, Tick, enter, leave, living, take_lease, tick
from mailproof.store.routes.limits import give_back, reserve, slow_down
from mailproof.testing.store_suite.outcomes import deferred, unknown
from mailproof.testing.store_suite.world import World, expect

__all__ = ["CASES"]

_RATE: Final = 7.0


async def two_nodes_together_keep_the_rate(world: World) -> None:
    other = await world.open_again()
    calls: list[int] = []
    for step in range(60):
        database = (world.database, other)[step % 2]
        for _ in range(1 + step % 3):
            slots = await database.write(reserve, "first", 1 + step % 5, _RATE)
            used = max(0, slots.count - step % 2)
            calls += [slots.first_at_us + number * slots.gap_us for number in range(used)]
            if used < slots.count:
                await database.write(
                    give_back,
                    "first",
                    slots.count - used,
                    slots.gap_us,
                    end_us=slots.first_at_us + slots.count * slots.gap_us,
                )
        world.advance(0.05 * (step % 4))
    _kept(calls, _RATE)
    expect(len(calls) > 20, f"only {len(calls)} calls were allowed")


async def many_at_once_keep_the_rate(world: World) -> None:
    other = await world.open_again()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(database.write(reserve, "first", 5, 300.0))
            for _ in range(40)
            for database in (world.database, other)
        ]
    slots = [task.result() for task in tasks]
    calls = [each.first_at_us + n * each.gap_us for each in slots for n in range(each.count)]
    _kept(calls, 300.0)
    expect(len(calls) >= 300, f"{len(calls)} of 300 calls a second may go")


async def what_was_given_back_may_be_used(world: World) -> None:
    slots = await world.database.write(reserve, "first", 5, 5.0)
    expect(slots.count == 5, f"5 a second give {slots.count}")
    none = await world.database.write(reserve, "first", 5, 5.0)
    expect(none.count == 0 and none.first_at_us == world.now * 1000 + 1_000_000, f"{none!r}")
    end = slots.first_at_us + 5 * slots.gap_us
    await world.database.write(give_back, "first", 3, slots.gap_us, end_us=end)
    again = await world.database.write(reserve, "first", 5, 5.0)
    expect(again.count == 3, f"3 were given back, and {again.count} may go")


async def what_another_node_reserved_behind_is_not_given_twice(world: World) -> None:
    mine = await world.database.write(reserve, "first", 3, 10.0)
    theirs = await world.database.write(reserve, "first", 3, 10.0)
    end = mine.first_at_us + 3 * mine.gap_us
    await world.database.write(give_back, "first", 3, mine.gap_us, end_us=end)
    third = await world.database.write(reserve, "first", 4, 10.0)
    expect(
        third.first_at_us >= theirs.first_at_us + 3 * theirs.gap_us,
        "two nodes have the same moments",
    )


async def nobody_calls_before_the_provider_said(world: World) -> None:
    until = world.now + 3_000
    await world.database.write(slow_down, "first", until)
    await world.database.write(slow_down, "first", until - 1_000)
    none = await world.database.write(reserve, "first", 5, 5.0)
    expect(none.count == 0 and none.first_at_us >= until * 1000, f"{none!r}")
    other = await world.database.write(reserve, "second", 5, 5.0)
    expect(other.count == 5, "another provider was slowed down")
    world.advance(3)
    slots = await world.database.write(reserve, "first", 5, 5.0)
    expect(slots.count == 5, f"the time has come, and {slots.count} may go")


async def a_duty_is_one_nodes_at_a_time(world: World) -> None:
    other = await world.open_again()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(database.write(take_lease, "duties", node, 5_000))
            for database, node in ((world.database, "n1"), (other, "n2"))
        ]
    got = [task.result() for task in tasks]
    expect(sorted(got) == [False, True], f"the duty was given out as {got}")
    holder, loser = ("n1", "n2") if got[0] else ("n2", "n1")
    world.advance(4)
    expect(await world.database.write(take_lease, "duties", holder, 5_000), "it could not be kept")
    world.advance(4)
    expect(not await world.database.write(take_lease, "duties", loser, 5_000), "it was kept")
    world.advance(1)
    expect(await world.database.write(take_lease, "duties", loser, 5_000), "it ran out")
    await world.database.write(leave, loser)
    expect(await world.database.write(take_lease, "duties", holder, 5_000), "it was let go")


async def a_tick_tells_what_there_is_to_do(world: World) -> None:
    await _enter(world.database, "n1")
    quiet = await _tick(world)
    expect(not (quiet.queued or quiet.releasing or quiet.unconfirmed), f"all is quiet: {quiet!r}")
    expect((quiet.next_due_at, quiet.next_lease_end_at, quiet.others) == (None, None, 0), "why?")
    mail = await world.sending(expires_at=world.now + 90_000)
    lease = (await _tick(world)).next_lease_end_at
    expect(lease == world.now + 30_000, f"the lease ends at {lease}")
    await world.record(deferred(mail, world.now, 10))
    perhaps = await world.sending()
    await world.record(unknown(perhaps, world.now, to=State.UNCONFIRMED))
    await world.take(world.mail())
    await world.close("first")
    await _enter(world.database, "n2")
    found = await _tick(world)
    expect(found.next_due_at == world.now + 10_000, f"due at {found.next_due_at}")
    expect(found.next_expiry_at == world.now + 90_000, f"expires at {found.next_expiry_at}")
    expect(found.next_probe_at == world.now + 10_000, f"probe at {found.next_probe_at}")
    expect(found.queued and found.unconfirmed and found.others == 1, f"it is {found!r}")
    expect(found.routes > quiet.routes and found.keys == quiet.keys, "which version has risen?")
    expect(found.last_event == (await world.events())[-1].id, "the newest event is another")


async def a_node_that_says_nothing_is_dead(world: World) -> None:
    await _enter(world.database, "n1")
    await _enter(world.database, "n2")
    world.advance(3)
    await _tick(world)
    world.advance(3)
    names = [node.id for node in await world.database.read(living)]
    expect(names == ["n1"], f"living are {names}")
    expect((await _tick(world)).others == 0, "a dead node counts")
    world.advance(100)
    await _enter(world.database, "n3")
    gone = await world.database.write(tick, "n2", engine=True)
    expect(gone is None, "who was removed must enter again")


async def another_processs_commit_is_noticed(world: World) -> None:
    other = await world.open_again()
    await world.database.changed()
    await _enter(other, "n9")
    expect(await world.database.changed(), "another process wrote, and nobody noticed")


async def an_installation_is_one_for_all_nodes(world: World) -> None:
    other = await world.open_again()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(database.write(installation)) for database in (world.database, other)
        ]
    one, two = [task.result() for task in tasks]
    expect((one.id, one.secret) == (two.id, two.secret), "two nodes have two secrets")
    expect(len(one.secret) == 32, f"the secret has {len(one.secret)} bytes")


async def _enter(database: Database, name: str) -> None:
    node = Node(
        id=name,
        role="all",
        engine=True,
        host="host",
        pid=1,
        version="0",
        started_at=0,
        seen_at=0,
    )
    await database.write(enter, node)


async def _tick(world: World) -> Tick:
    found = await world.database.write(tick, "n1", engine=True)
    if found is None:
        raise AssertionError("a node that has entered is not known")
    return found


def _kept(calls: list[int], per_second: float) -> None:
    """In no second more calls than the rate and one."""
    calls = sorted(calls)
    for first, at in enumerate(calls):
        within = sum(1 for each in calls[first:] if each < at + 1_000_000)
        expect(within <= per_second + 1, f"{within} calls within a second at {per_second}/s")


CASES: Final = (
    two_nodes_together_keep_the_rate,
    many_at_once_keep_the_rate,
    what_was_given_back_may_be_used,
    what_another_node_reserved_behind_is_not_given_twice,
    nobody_calls_before_the_provider_said,
    a_duty_is_one_nodes_at_a_time,
    a_tick_tells_what_there_is_to_do,
    a_node_that_says_nothing_is_dead,
    another_processs_commit_is_noticed,
    an_installation_is_one_for_all_nodes,
)
