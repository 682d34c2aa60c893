"""RFC 7240 as far as it concerns a mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.gateway.preferences import WAIT_MAX_S, Preferences, read_preferences


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("", Preferences()),
        ("respond-async", Preferences(0.0, None, "respond-async")),
        ("Respond-Async", Preferences(0.0, None, "respond-async")),
        ("wait=10", Preferences(10.0, None, "wait=10")),
        ('wait="10"', Preferences(10.0, None, "wait=10")),
        ("wait = 10", Preferences(10.0, None, "wait=10")),
        ("wait=0", Preferences(0.0, None, "wait=0")),
        ("wait=10; foo=bar", Preferences(10.0, None, "wait=10")),
        ("wait=10, wait=20", Preferences(10.0, None, "wait=10")),
        ("respond-async, wait=10", Preferences(10.0, None, "respond-async, wait=10")),
        ("wait=99999999999999999999", Preferences(WAIT_MAX_S, None, "wait=30")),
        ("handling=strict", Preferences(None, "refuse", "handling=strict")),
        ("handling=lenient", Preferences()),
        ("return=minimal, handling=strict", Preferences(None, "refuse", "handling=strict")),
        ("wait=-1", Preferences()),
        ("wait=1.5", Preferences()),
        ("wait=soon", Preferences()),
        ("wait=²", Preferences()),
        ("wait", Preferences()),
        (",,;=", Preferences()),
    ],
)
def test_what_is_asked_for_is_heeded_or_ignored(header: str, read: Preferences) -> None:
    assert read_preferences(header, waits=True) == read


def test_where_nobody_waits_only_the_handling_counts() -> None:
    header = "respond-async, wait=10, handling=strict"
    assert read_preferences(header, waits=False) == Preferences(None, "refuse", "handling=strict")


@given(header=st.text(max_size=80))
def test_no_header_is_too_odd_to_be_read(header: str) -> None:
    read = read_preferences(header, waits=True)
    assert read.wait_s is None or 0 <= read.wait_s <= WAIT_MAX_S
    assert read.applied.isascii()
