"""What counting and scraping cost: `mailproof serve` with and without, in turns in one run.

Without: nothing counts, nobody scrapes, and the index that the gauges need is not there. With: all
of it, scraped every two seconds. Prints the ratio of accept to recorded, and exits 1 when metrics
cost more than a twentieth.
"""

import contextlib
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

from whole import offered, recorded, served, sink

ROUNDS = 9
SECONDS = 4.0
EVERY_S = 2.0  # Prometheus asks once in 15 seconds or in a minute
COST_MAX = 0.05

WITHOUT = """
from mailproof.record.metrics.following import Counting
from mailproof.cli import main
Counting.heard = lambda self, tick: None
main()
"""


@contextlib.contextmanager
def scraped(port: int) -> Iterator[list[float]]:
    """Every two seconds until the block ends; yields how many milliseconds each scrape took."""
    took: list[float] = []
    done = threading.Event()

    def scrape() -> None:
        while not done.wait(EVERY_S):
            began = time.perf_counter()
            urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read()
            took.append((time.perf_counter() - began) * 1e3)

    thread = threading.Thread(target=scrape)
    thread.start()
    try:
        yield took
    finally:
        done.set()
        thread.join()


def per_second(folder: Path, port: int) -> float:
    """Mails from accept to recorded."""
    offered(port, 0.5)
    while recorded(folder, "queued") or recorded(folder, "sending"):
        time.sleep(0.05)  # noqa: TID251
    before, began = recorded(folder, "sent"), time.perf_counter()
    accepted, _, _ = offered(port, SECONDS)
    while recorded(folder, "sent") - before < accepted:
        time.sleep(0.02)  # noqa: TID251
    return accepted / (time.perf_counter() - began)


def without(folder: Path, sink_port: int) -> float:
    with served(folder, sink_port, code=WITHOUT) as (port, _):
        database = sqlite3.connect(folder / "mailproof.db", timeout=10)
        database.execute("DROP INDEX emails_waiting")
        database.close()
        return per_second(folder, port)


def with_all(folder: Path, sink_port: int) -> tuple[float, list[float]]:
    with served(folder, sink_port) as (port, _), scraped(port + 1) as took:
        return per_second(folder, port), took


def main() -> int:
    ratios, scrapes = [], []
    with tempfile.TemporaryDirectory() as name, sink(Path(name)) as sink_port:
        for number in range(ROUNDS):
            folders = [Path(name) / f"{kind}{number}" for kind in ("without", "with")]
            for folder in folders:
                folder.mkdir()
            if number % 2:  # whatever slows this machine down for a time, slows both
                full, took = with_all(folders[1], sink_port)
                bare = without(folders[0], sink_port)
            else:
                bare = without(folders[0], sink_port)
                full, took = with_all(folders[1], sink_port)
            ratios.append(full / bare)
            scrapes += took
            sys.stdout.write(f"without {bare:6.0f}/s   with {full:6.0f}/s   {full / bare:.3f}\n")
    ratio = statistics.median(ratios)
    sys.stdout.write(f"with / without {ratio:.3f} (at least {1 - COST_MAX:.2f}); a scrape ")
    sys.stdout.write(f"{statistics.median(scrapes):.0f} ms, at most {max(scrapes):.0f} ms\n")
    return 0 if ratio >= 1 - COST_MAX else 1


if __name__ == "__main__":
    raise SystemExit(main())
