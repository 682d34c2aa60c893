"""Real processes, killed for real: whoever comes next finishes what the dead one began."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from tests.chaos.workers import Town, founded
from tests.store.cluster import Cluster

# Before each transaction, in it before its COMMIT, after it before its answer; and around the
# provider's call.
STEPS: Final = (
    "begin accept",
    "commit accept",
    "committed accept",
    "begin take",
    "commit take",
    "committed take",
    "send resend",
    "answered resend",
    "begin record",
    "commit record",
    "committed record",
)
LEASE_S: Final = 1.0


async def killed_at(town: Town, step: str) -> None:
    """A worker dies there, and the next one takes over. Its caller repeats what it was not told."""
    first = await town.worker(stop_at=step, lease_s=LEASE_S)
    first.accept("mail-1", key="key-1")
    await first.said("at")
    first.kill()
    await taken_over(town)


async def killed_beside_another(town: Town, step: str) -> None:
    """Two at work; one of them dies there."""
    first = await town.worker(stop_at=step, lease_s=LEASE_S)
    second = await town.worker(lease_s=LEASE_S)
    for number in range(1, 40):  # until it has got its share of the work
        first.accept(f"mail-{number}", key=f"key-{number}")
        if await first.has_said("at", within_s=0.1):
            break
    await first.said("at")
    first.kill()
    for subjects in first.pending:
        second.accept(*subjects, key=f"key-{subjects[0].removeprefix('mail-')}")
    await town.rest()
    await second.stop()


async def killed_unanswered(town: Town) -> None:
    """It dies while the provider, which has accepted, keeps its answer back."""
    town.sandbox.fail("accept-silent,count=1")
    first = await town.worker(lease_s=LEASE_S)
    first.accept("mail-1", key="key-1")
    await town.sandbox.arrived(1)
    first.kill()
    await taken_over(town)


async def taken_over(town: Town) -> None:
    second = await town.worker(lease_s=LEASE_S)
    second.accept("mail-1", key="key-1")
    second.accept("mail-2", "mail-3")
    await town.rest()
    await second.stop()


async def each_in_a_town_of_its_own(
    places: list[Path | str], folder: Path, plays: list[Callable[[Town], Awaitable[None]]]
) -> None:
    """All at once, because most of their time is waiting for leases."""

    async def play(number: int) -> None:
        async with founded(places[number], folder / str(number)) as town:
            await plays[number](town)
            await town.check(f"the {number}th")

    async with asyncio.TaskGroup() as group:
        for number in range(len(plays)):
            group.create_task(play(number))


def at_each_step(
    kill: Callable[[Town, str], Awaitable[None]],
) -> list[Callable[[Town], Awaitable[None]]]:
    return [lambda town, step=step: kill(town, step) for step in STEPS]  # type: ignore[misc]


async def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    plays = [*at_each_step(killed_at), killed_unanswered]
    places: list[Path | str] = [tmp_path / str(n) / "mailproof.db" for n in range(len(plays))]
    await each_in_a_town_of_its_own(places, tmp_path, plays)


async def test_a_worker_killed_at_any_step_on_postgresql_loses_and_doubles_nothing(
    tmp_path: Path, cluster: Cluster
) -> None:
    plays = [*at_each_step(killed_at), killed_unanswered]
    async with AsyncExitStack() as stack:
        places: list[Path | str] = [
            await stack.enter_async_context(cluster.fresh_database()) for _ in plays
        ]
        await each_in_a_town_of_its_own(places, tmp_path, plays)


async def test_a_standby_takes_over_from_a_worker_killed_at_any_step(tmp_path: Path) -> None:
    plays = at_each_step(killed_beside_another)
    places: list[Path | str] = [tmp_path / str(n) / "mailproof.db" for n in range(len(plays))]
    await each_in_a_town_of_its_own(places, tmp_path, plays)


async def test_one_of_two_workers_on_postgresql_killed_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, cluster: Cluster
) -> None:
    plays = at_each_step(killed_beside_another)
    async with AsyncExitStack() as stack:
        places: list[Path | str] = [
            await stack.enter_async_context(cluster.fresh_database()) for _ in plays
        ]
        await each_in_a_town_of_its_own(places, tmp_path, plays)
