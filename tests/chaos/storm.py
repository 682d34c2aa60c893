"""A storm: workers under load are killed and stopped at random, and the provider stumbles."""

import asyncio
import itertools
import random
from typing import Final

import msgspec

from tests.chaos.workers import Town, Worker

__all__ = ["Storm", "rage"]

LEASE_S: Final = 1.0
# Asked and not answered yet: beyond this the callers wait, as real ones would.
PENDING_MAX: Final = 60
_FAULTS: Final = ("accept-500", "reset-after", "accept-reset", "503")


class Storm(msgspec.Struct):
    """What it did: a storm that did nothing would prove nothing."""

    seed: int
    mails: int = 0
    kills: int = 0
    stops: int = 0


async def rage(
    town: Town, *, seed: int, seconds: float, workers: int = 2, stumbles: float = 0.03
) -> Storm:
    """For so many seconds; then the weather clears, and all that is left must come to its end.

    `stumbles`: how probable each fault of the provider is. Many of them close its route, and what
    was held then takes its time to go out: one mail, two, four a second …

    What a caller was not told, it asks again with the same key, of another worker. Raises
    `AssertionError`, with the seed, for whatever is lost, doubled or stuck.
    """
    storm, lots = Storm(seed), random.Random(seed)
    for fault in _FAULTS:
        town.sandbox.fail(f"{fault},probability={stumbles},seed={lots.randrange(10**6)}")
    # Two and no more: each further one slows down whatever follows, for minutes and by design.
    town.sandbox.fail("429,path=/emails,count=2")
    for _ in range(workers):
        await town.worker(lease_s=LEASE_S)
    numbers = itertools.count(1)
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    standing: list[Worker] = []
    while loop.time() < until:
        for _ in range(lots.randrange(1, 12)):
            _ask(town, lots, [f"mail-{next(numbers)}" for _ in range(lots.choice([1, 1, 1, 3]))])
        # The load comes in gusts, and what follows strikes between any two steps of theirs.
        await asyncio.sleep(lots.uniform(0, 0.06))
        what = lots.random()
        if what < 0.08:
            await _kill_one(town, lots)
            storm.kills += 1
        elif what < 0.12 and not standing:
            standing.append(lots.choice(town.alive))
            standing[0].stand_still()
            storm.stops += 1
        elif what < 0.2 and standing:
            _let_go_on(standing)
        while len(town.alive) < workers:
            _let_go_on(standing)  # it may hold what a start waits for
            await town.worker(lease_s=LEASE_S)
    _let_go_on(standing)
    town.sandbox.heal()
    await town.rest()
    for worker in town.alive:
        await worker.stop()
    await town.check(f"seed {seed}")
    storm.mails = next(numbers) - 1
    return storm


def _ask(town: Town, lots: random.Random, subjects: list[str]) -> None:
    worker = lots.choice(town.alive)
    if len(worker.pending) < PENDING_MAX:
        worker.accept(*subjects, key=subjects[0])


async def _kill_one(town: Town, lots: random.Random) -> None:
    victim = lots.choice(town.alive)
    victim.kill()
    if not town.alive:
        await town.worker(lease_s=LEASE_S)
    for subjects in sorted(victim.pending):
        lots.choice(town.alive).accept(*subjects, key=subjects[0])


def _let_go_on(standing: list[Worker]) -> None:
    while standing:
        worker = standing.pop()
        if not worker.is_dead:
            worker.go_on()
