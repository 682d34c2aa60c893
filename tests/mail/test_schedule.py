"""Times to send at: exact, or refused. A wrong guess would send at the wrong time."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.invalid import InvalidInput
from mailproof.mail.schedule import FURTHEST, read_schedule

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def read(text: str) -> datetime:
    return read_schedule(text, where="scheduled_at", clock=lambda: NOW)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-12-01T09:00:00Z", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("2026-12-01T09:00:00.500Z", datetime(2026, 12, 1, 9, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-12-01T09:00:00+08:00", datetime(2026, 12, 1, 1, tzinfo=UTC)),
        ("2026-12-01 09:00:00+00", datetime(2026, 12, 1, 9, tzinfo=UTC)),
        ("in 1 min", NOW + timedelta(minutes=1)),
        ("in 5 minutes", NOW + timedelta(minutes=5)),
        ("in an hour", NOW + timedelta(hours=1)),
        ("In 2 Hours", NOW + timedelta(hours=2)),
        ("in 30 days", NOW + FURTHEST),
        (" in a day ", NOW + timedelta(days=1)),
        ("2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_in_utc(text: str, due: datetime) -> None:
    assert read(text) == due
    assert read(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2026-12-01T09:00:00", "no time zone"),
        ("2026-12-01", "no time zone"),
        ("tomorrow at 9am", "not a time"),
        ("in 5 seconds", "not a time"),
        ("in -5 minutes", "not a time"),
        ("1764583200", "not a time|no time zone"),
        ("", "not a time"),
        ("2026-13-01T09:00:00Z", "not a time"),
        ("9999-12-31T23:59:59-14:00", "out of range"),
        ("in 31 days", "more than 30 days ahead"),
        ("2027-11-25T12:00:00Z", "more than 30 days ahead"),
    ],
)
def test_what_is_not_sure_is_refused_with_a_way_to_write_it(text: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        read(text)
    assert refused.value.where == "scheduled_at"
    assert refused.value.name == "invalid_parameter"
    assert refused.value.fix.endswith(".")


@given(st.text() | st.datetimes(timezones=st.timezones()).map(lambda time: time.isoformat()))
def test_any_text_is_a_time_within_reach_or_a_refusal(text: str) -> None:
    try:
        due = read(text)
    except InvalidInput as refusal:
        assert refusal.fix.endswith(".")
    else:
        assert due - NOW <= FURTHEST
