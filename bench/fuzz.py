"""The long form of `tests/hard/test_fuzzed.py`: a million inputs, shared out over the areas.

`python -m bench.fuzz [--count N] [--seed S] [area …]`, from the root of the checkout. Exits 1 when
one of them was not taken as it should be, or memory grew; each finding is printed with its area,
seed and number, by which `--only NUMBER` draws it again.
"""

import argparse
import secrets
import sys

from tests.hard.fuzzing import at_the_gateway, decoding, explaining, mime
from tests.hard.fuzzing.areas import Area
from tests.hard.fuzzing.running import Run, drawn, run

AREAS = {
    area.name: area
    for area in (*at_the_gateway.AREAS, *explaining.AREAS, *decoding.AREAS, *mime.AREAS)
}
# Over nine tenths of the inputs of one area; caches fill, and one allocation is not the next.
GROWN_MAX_BYTES = 64 * 1024 * 1024


def shared_out(areas: list[Area], count: int) -> list[tuple[Area, int]]:
    whole = sum(area.share for area in areas)
    return [(area, max(1, count * area.share // whole)) for area in areas]


def told(done: Run) -> str:
    per_s = done.count / done.took_s
    grown = done.grown_bytes / 2**20
    return (
        f"{done.area:10} {done.count:>8,} inputs, {per_s:>6,.0f}/s, slowest {done.slowest_s:.3f} s"
        f" ({done.slowest}), memory {grown:+.1f} MB, {len(done.findings)} findings"
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    parser.add_argument("--only", type=int, default=None, help="check this number alone")
    parser.add_argument("areas", nargs="*", choices=[*AREAS, []], default=[])
    given = parser.parse_args()
    areas = [AREAS[name] for name in given.areas or AREAS]
    print(f"seed {given.seed}", flush=True)
    if given.only is not None:
        for area in areas:
            case = drawn(area, given.seed, given.only)
            print(repr(case))
            with area.open() as check:
                check([case] if area.batch else case)
        return 0
    wrong = 0
    for area, count in shared_out(areas, given.count):
        done = run(area, count, given.seed, tell=lambda line: print(line, flush=True))
        print(told(done), flush=True)
        for finding in done.findings:
            print(f"--- {finding.area} {finding.number}\n{finding.told}{finding.shown}\n")
        wrong += len(done.findings) + (done.grown_bytes > GROWN_MAX_BYTES)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
