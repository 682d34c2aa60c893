"""The long form of `tests/chaos`: the power cut at every moment, and a storm of random kills.

`python -m bench.chaos [SECONDS]`, from the root of the checkout; a minute of storm for each store
unless told otherwise. Exits 1 when a mail was lost, doubled or stuck, and prints the seed.
`CHAOS_SEED` draws the same lots again.
"""

import asyncio
import os
import secrets
import sys
import tempfile
import time
import traceback
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.scenarios import SCENARIOS
from tests.chaos.storm import rage
from tests.chaos.walk import cut_everywhere
from tests.chaos.workers import founded
from tests.store.cluster import Cluster, running_cluster

WORKERS = 3


async def walk(cluster: Cluster, folder: Path) -> None:
    for number, scenario in enumerate(SCENARIOS):
        began = time.monotonic()
        on_sqlite = await cut_everywhere(folder / f"{number}.db", scenario)
        async with cluster.fresh_database() as url:
            on_postgres = await cut_everywhere(url, scenario)
        took_s = time.monotonic() - began
        told = f"{on_sqlite} cuts on SQLite, {on_postgres} on PostgreSQL"
        print(f"{scenario.name}: {told}, {took_s:.0f} s", flush=True)


async def storms(cluster: Cluster, folder: Path, seconds: float, seed: int) -> None:
    async with cluster.fresh_database() as url:
        places: dict[str, Path | str] = {"SQLite": folder / "storm.db", "PostgreSQL": url}
        for store, where in places.items():
            began = time.monotonic()
            async with founded(where, folder / store) as town:
                storm = await rage(town, seed=seed, seconds=seconds, workers=WORKERS)
            told = f"{storm.mails} mails, {storm.kills} killed, {storm.stops} stood still"
            print(f"storm on {store}: {told}, {time.monotonic() - began:.0f} s", flush=True)


def main() -> int:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbits(32))
    print(f"CHAOS_SEED={seed}", flush=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailproof-chaos-")))
        cluster = stack.enter_context(running_cluster())
        try:
            asyncio.run(storms(cluster, folder, seconds, seed))
            asyncio.run(walk(cluster, folder))
        except (AssertionError, ExceptionGroup):
            traceback.print_exc()
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
