"""Real processes, killed for real: whoever comes next finishes what the dead one began."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from tests.chaos.workers import Play, Town, each_in_a_town_of_its_own
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
    """Two at work; one of them dies there. On one file only the first one sends, so that one dies;
    elsewhere the second, because the first has the duties and need not wait for them."""
    one = await town.worker(stop_at=step if isinstance(town.where, Path) else "", lease_s=LEASE_S)
    other = await town.worker(stop_at="" if one.orders.stop_at else step, lease_s=LEASE_S)
    victim, heir = (one, other) if one.orders.stop_at else (other, one)
    for number in range(1, 40):  # until it has got its share of the work
        victim.accept(f"mail-{number}", key=f"key-{number}")
        if await victim.has_said("at", within_s=0.1):
            break
    await victim.said("at")
    victim.kill()
    for subjects in victim.pending:
        heir.accept(*subjects, key=f"key-{subjects[0].removeprefix('mail-')}")
    await town.rest()
    await heir.stop()


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


def at_each_step(kill: Callable[[Town, str], Awaitable[None]]) -> list[tuple[str, Play]]:
    def at(step: str) -> Play:
        async def play(town: Town) -> None:
            await kill(town, step)

        return play

    return [(step, at(step)) for step in STEPS]


def files(folder: Path, plays: Sequence[object]) -> list[Path]:
    return [folder / str(number) / "mailproof.db" for number in range(len(plays))]


async def databases(stack: AsyncExitStack, cluster: Cluster, plays: Sequence[object]) -> list[str]:
    return [await stack.enter_async_context(cluster.fresh_database()) for _ in plays]


ONE_AT_WORK: Final = [*at_each_step(killed_at), ("unanswered", killed_unanswered)]
TWO_AT_WORK: Final = at_each_step(killed_beside_another)


async def test_a_worker_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path) -> None:
    await each_in_a_town_of_its_own(files(tmp_path, ONE_AT_WORK), tmp_path, ONE_AT_WORK)


async def test_a_worker_killed_at_any_step_on_postgresql_loses_and_doubles_nothing(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with AsyncExitStack() as stack:
        places = await databases(stack, cluster, ONE_AT_WORK)
        await each_in_a_town_of_its_own(places, tmp_path, ONE_AT_WORK)


async def test_a_standby_takes_over_from_a_worker_killed_at_any_step(tmp_path: Path) -> None:
    await each_in_a_town_of_its_own(files(tmp_path, TWO_AT_WORK), tmp_path, TWO_AT_WORK)


async def test_one_of_two_workers_on_postgresql_killed_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with AsyncExitStack() as stack:
        places = await databases(stack, cluster, TWO_AT_WORK)
        await each_in_a_town_of_its_own(places, tmp_path, TWO_AT_WORK)
