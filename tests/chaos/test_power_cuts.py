"""The power goes at every single step, and nothing is lost or doubled.

PostgreSQL walks through the scenarios that touch it otherwise than the rest do; the long form of
this test, `bench/chaos.py`, walks through all of them, and inside of each transaction, on both.
"""

from pathlib import Path
from typing import Final

import pytest

from tests.chaos.power import LASTING
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.chaos.walk import cut_everywhere
from tests.store.cluster import Cluster

ON_POSTGRES: Final = (
    "three in one request",
    "held and released",
    "failed over to another provider",
)
# Accept, claim, send, record: a walk with fewer steps has not seen all of it.
STEPS_MIN: Final = 10


def named(scenario: Scenario) -> str:
    return scenario.name


@pytest.mark.parametrize("scenario", SCENARIOS, ids=named)
async def test_a_power_cut_after_any_step_neither_loses_nor_doubles_a_mail(
    scenario: Scenario, tmp_path: Path
) -> None:
    assert await cut_everywhere(tmp_path / "mailproof.db", scenario, LASTING) > STEPS_MIN


@pytest.mark.parametrize("scenario", [s for s in SCENARIOS if s.name in ON_POSTGRES], ids=named)
async def test_a_power_cut_after_any_step_on_postgresql_neither_loses_nor_doubles_a_mail(
    scenario: Scenario, cluster: Cluster
) -> None:
    async with cluster.fresh_database() as url:
        assert await cut_everywhere(url, scenario, LASTING) > STEPS_MIN


async def test_a_power_cut_inside_any_transaction_leaves_no_half_of_it(tmp_path: Path) -> None:
    assert await cut_everywhere(tmp_path / "mailproof.db", SCENARIOS[1]) > 4 * STEPS_MIN
