"""The walk: break a scenario at its first step, its second, its third … until one gets by."""

import itertools
from pathlib import Path

import structlog.testing

from tests.chaos.house import House, furnished, survive
from tests.chaos.power import EVERY, AnswerLostAt, CrashAt, Moment, UnavailableAt, UnreadableAt
from tests.chaos.scenarios import Scenario

__all__ = ["Fault", "cut_everywhere", "interrupted_everywhere"]

Fault = type[AnswerLostAt] | type[UnavailableAt] | type[UnreadableAt]


async def cut_everywhere(
    where: Path | str, scenario: Scenario, moments: frozenset[Moment] = EVERY
) -> int:
    """Cut the power at each of these moments; then another process goes on.

    Returns how many there were. Raises `AssertionError` for whatever is lost, doubled or stuck, and
    for a part of the product that crashed by itself.
    """
    async with furnished(where, providers=scenario.providers) as house:
        house.rate = scenario.rate
        for step in itertools.count(1):
            crash = CrashAt(step, moments)
            with structlog.testing.capture_logs() as logs:
                await _cut_once(house, scenario, crash)
            await house.check(scenario.ends, cut=f"step {step}: {crash.at}")
            assert not [line for line in logs if line.get("exc_info")]
            if crash.got_through:
                return step
    raise AssertionError("counting never ends")


async def interrupted_everywhere(where: Path | str, scenario: Scenario, kind: Fault) -> int:
    """Let the nth of all calls to the store fail once, and the process go on.

    Returns and raises as `cut_everywhere`.
    """
    async with furnished(where, providers=scenario.providers) as house:
        house.at_once = 1  # whoever forgets to free a place has none left
        house.rate = scenario.rate
        for step in itertools.count(1):
            mails = [house.subject() for _ in range(scenario.mails)]
            fault = kind(step)
            with structlog.testing.capture_logs() as logs:
                async with house.process(fault) as life:
                    fault.armed = True
                    await scenario.play(life, mails)
                    fault.armed = False
                    house.mend()
                    await scenario.then(life, mails)
                    await life.wait(2)  # who pauses after a failure comes back
            await house.check(scenario.ends, cut=f"step {step}: {fault.at}")
            assert not [line for line in logs if line.get("exc_info")], fault.at
            if fault.got_through:
                return step
    raise AssertionError("counting never ends")


async def _cut_once(house: House, scenario: Scenario, crash: CrashAt) -> None:
    mails = [house.subject() for _ in range(scenario.mails)]
    await survive(house, lambda life: scenario.play(life, mails), crash)
    house.mend()
    await house.live(lambda life: scenario.then(life, mails))
