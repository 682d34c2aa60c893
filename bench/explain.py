"""What explaining costs: a start, and a case among many.

Prints CPU times and their ratio to the same work without the diagnosis, measured in turns in one
run, because machines differ and are shared. Exits 1 when a promise of the README is missed.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from mailproof.explain.lines import Explainer

CASES = Path(__file__).parent.parent / "tests" / "diagnosis" / "cases"
ROUNDS = 7
START_MAX_S = 0.3
CASES_PER_S_MIN = 5_000
ANSWER = json.dumps(
    {"name": "validation_error", "message": "The acme.test domain is not verified."}
)


def child_cpu_s(*command: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return (
        after.children_user + after.children_system - before.children_user - before.children_system
    )


def cpu_s(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def main() -> int:
    lines = [
        line for path in sorted(CASES.glob("*.jsonl")) for line in path.read_bytes().splitlines()
    ]
    explainer = Explainer("en")

    def explained() -> None:
        for line in lines:
            explainer.answer(line)

    def copied() -> None:
        for line in lines:
            msgspec.json.encode(msgspec.json.decode(line))

    explained()
    starts, bare, whole, naked = [], [], [], []
    for _ in range(ROUNDS):
        starts.append(child_cpu_s("-m", "mailproof", "explain", "403", ANSWER))
        bare.append(child_cpu_s("-c", "pass"))
        whole.append(cpu_s(explained))
        naked.append(cpu_s(copied))
    start, per_s = statistics.median(starts), len(lines) / statistics.median(whole)
    print(
        f"one explain, whole process  {start:.3f} s CPU,"
        f" {start / statistics.median(bare):.1f} x bare Python"
    )
    print(
        f"explain --jsonl             {per_s:,.0f} cases/s on one core,"
        f" {statistics.median(whole) / statistics.median(naked):.0f} x decoding and encoding alone"
    )
    kept = start <= START_MAX_S and per_s >= CASES_PER_S_MIN
    print("kept" if kept else f"missed: at most {START_MAX_S} s, at least {CASES_PER_S_MIN:,}/s")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
