"""Ids: UUID version 7, rising, whatever the clock does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.ids import Ids, Pool

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_the_rfcs_own_example_comes_out() -> None:
    # RFC 9562 appendix A.6: Tuesday, February 22, 2022 2:22:22.00 PM GMT-05:00.
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    ids = Ids(
        lambda: datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC), lambda _: rand_a << 62 | rand_b
    )
    assert str(ids.new()) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(st.lists(st.integers(min_value=-5, max_value=5), max_size=50))
def test_ids_rise_also_when_the_clock_stands_or_goes_back(steps_ms: list[int]) -> None:
    now = NOON
    ids = Ids(lambda: now)
    made = [ids.new()]
    for step in steps_ms:
        now += timedelta(milliseconds=step)
        made.append(ids.new())
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(each.version, each.variant) for each in made} == {(7, RFC_4122)}


def test_a_used_up_millisecond_borrows_the_next() -> None:
    def randoms() -> Iterator[int]:
        yield (1 << 74) - 1  # the highest there is
        yield 0
        yield from range(100)

    numbers = randoms()
    ids = Ids(lambda: NOON, lambda _: next(numbers))
    first, second = ids.new(), ids.new()
    assert second > first
    assert second.int >> 80 == (first.int >> 80) + 1


def test_the_time_can_be_read_back_to_the_millisecond() -> None:
    at = NOON + timedelta(milliseconds=987, microseconds=999)
    made = Ids(lambda: at).new()
    assert made.int >> 80 == int(NOON.timestamp()) * 1_000 + 987


def test_threads_never_get_the_same_id() -> None:
    ids = Ids(lambda: NOON)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new(), range(2_000)))
    assert len(set(made)) == len(made)


FORKED = """
import os
from mailproof.mail.ids import Pool
pool = Pool()
pool.bits(74)
child = os.fork()
os.write(1, f"{pool.bits(74)}\\n".encode())
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_forked_child_does_not_use_the_randomness_of_its_parent() -> None:
    said = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, check=True)
    ours, theirs = said.stdout.split()
    assert ours != theirs


def test_the_text_of_an_id_is_how_uuids_are_written() -> None:
    ids, same = (Ids(lambda: NOON, lambda count: (1 << count) - 5) for _ in range(2))
    assert [ids.text(), ids.text()] == [str(same.new()), str(same.new())]


@given(st.lists(st.integers(min_value=1, max_value=74), min_size=200, max_size=400))
def test_a_number_has_as_many_bits_as_asked_for(counts: list[int]) -> None:
    pool = Pool()
    assert all(0 <= pool.bits(count) < 1 << count for count in counts)
