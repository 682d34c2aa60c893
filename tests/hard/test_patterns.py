"""No pattern takes its time over a short text, whatever stands in it."""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType

import pytest

from tests.hard.pumping import patterns, pumped

PATTERNS = patterns()
SAMPLES = 30
# Of work in this process: others on the machine do not count. A text has a few thousand characters.
DEADLINE_S = 1.0


@contextmanager
def no_longer() -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, DEADLINE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def slow_on(pattern: re.Pattern[str], samples: int) -> str:
    """A text on which it takes too long; empty: none was found."""
    for number in range(samples):
        lots = Random(f"{pattern.pattern}{number}")
        text = pumped(pattern, lots, lots.choice((30, 60, 200)))
        try:
            with no_longer():
                pattern.search(text)
        except TimeoutError:
            return text
    return ""


def test_no_pattern_of_ours_is_slow_on_what_it_nearly_matches() -> None:
    assert len(PATTERNS) > 300
    slow = {name: text for name, pattern in PATTERNS.items() if (text := slow_on(pattern, SAMPLES))}
    assert not slow


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"my\w*(?:[_.-]\w+)*$", r"^x(?:[ \t]+[^\n]+\n)*y", r"(?:\s{0,9}\n)*$x"]
)
def test_a_pattern_that_fits_a_text_in_two_ways_is_found(pattern: str) -> None:
    assert slow_on(re.compile(pattern), 200)
