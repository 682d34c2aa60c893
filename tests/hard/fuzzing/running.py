"""Draws inputs by their numbers, watches time and memory, and gathers what goes wrong."""

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any, Final

import msgspec

from tests.hard.fuzzing.areas import Area, Check

__all__ = ["Finding", "Run", "drawn", "run"]

# Of work for one input, in seconds of this process: others on the machine must not count.
DEADLINE_S: Final = 1.0
_FINDINGS_MAX: Final = 25
_STATM: Final = Path("/proc/self/statm")


class Finding(msgspec.Struct, frozen=True):
    """Input `number` of `area` under `seed`, and what went wrong with it."""

    area: str
    seed: int
    number: int
    error: str
    told: str
    shown: str


class Run(msgspec.Struct, frozen=True):
    """`grown_bytes`: memory at the end, less that after a tenth of it; `slowest_s`: of one input,
    or of one batch by its size, which is `slowest`."""

    area: str
    count: int
    took_s: float
    slowest_s: float
    slowest: int
    grown_bytes: int
    findings: Sequence[Finding]


def drawn(area: Area, seed: int, number: int) -> Any:
    """The input of that number: the same in every run."""
    return area.draw(Random(f"{seed}/{area.name}/{number}"))


def run(area: Area, count: int, seed: int, *, tell: Callable[[str], object] = str) -> Run:
    """Check so many of them. Of findings that are alike, the first is kept."""
    findings: dict[str, Finding] = {}
    began, slowest, after_a_tenth = time.monotonic(), (0.0, 0), 0
    with area.open() as check, _no_longer_than():
        for first in range(0, count, area.batch or 1):
            numbers = range(first, min(count, first + (area.batch or 1)))
            cases = [drawn(area, seed, number) for number in numbers]
            took, wrong = _checked(check, cases if area.batch else cases[0], len(cases))
            slowest = max(slowest, (took, numbers[0]))
            if wrong is not None:
                found = _finding(area, seed, numbers[0], wrong, cases)
                if findings.setdefault(found.error, found) is found:
                    tell(f"{area.name} {numbers[0]}: {found.error[:300]}")
                if len(findings) >= _FINDINGS_MAX:
                    break
            if not after_a_tenth and numbers[-1] >= count // 10:
                after_a_tenth = _memory()
        grown = _memory() - after_a_tenth
    took_s = time.monotonic() - began
    return Run(area.name, numbers[-1] + 1, took_s, *slowest, grown, tuple(findings.values()))


def _checked(check: Check, case: Any, count: int) -> tuple[float, BaseException | None]:
    """Seconds of work for each, and what was raised."""
    began = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, DEADLINE_S * count)
    try:
        check(case)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
        return (time.process_time() - began) / count, error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return (time.process_time() - began) / count, None


@contextmanager
def _no_longer_than() -> Iterator[None]:
    """Whoever works on one input for longer is interrupted."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {DEADLINE_S:.0f} s of work for one input")

    before = signal.signal(signal.SIGPROF, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)


def _finding(
    area: Area, seed: int, number: int, error: BaseException, cases: Sequence[Any]
) -> Finding:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "mailproof" in frame.filename] or list(frames)
    where = f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].name}"
    told = "".join(traceback.format_exception(error))
    name = f"{type(error).__name__} in {where}: {str(error)[:120]}"
    return Finding(area.name, seed, number, name, told, repr(cases)[:4_000])


def _memory() -> int:
    """Bytes that this process holds, without what only waits to be freed; 0 but on Linux."""
    gc.collect()
    if not _STATM.exists():
        return 0
    pages = int(_STATM.read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
