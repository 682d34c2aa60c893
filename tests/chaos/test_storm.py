"""Random kills and standstills under load, for a few seconds; `bench/chaos.py` has the long form.

Each run draws another schedule. A failure names its seed; `CHAOS_SEED` draws the same lots again.
"""

import os
import secrets
from pathlib import Path
from typing import Final

from tests.chaos.storm import rage
from tests.chaos.workers import founded

SECONDS: Final = 3.0
# So rare that its route seldom closes, which would take ten seconds to clear.
STUMBLES: Final = 0.004


async def test_workers_killed_at_random_under_load_lose_and_double_nothing(
    where: Path | str, tmp_path: Path
) -> None:
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbits(32))
    async with founded(where, tmp_path) as town:
        storm = await rage(town, seed=seed, seconds=SECONDS, stumbles=STUMBLES)
    assert storm.kills + storm.stops >= 2, storm
    assert storm.mails >= 100, storm
