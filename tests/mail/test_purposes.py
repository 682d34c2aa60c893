"""Purposes, read as a specification."""

import pytest

from mailproof.mail.purposes import PURPOSES, UNSPECIFIED, lookup

MINUTE, HOUR, DAY = 60, 3_600, 86_400
# name, critical, expires, newest wins, on unknown, may batch, tells
SPECIFICATION = [
    ("registration", True, 24 * HOUR, True, "resend", False, "address"),
    ("magic_link", True, 15 * MINUTE, True, "resend", False, "service"),
    ("otp", True, 10 * MINUTE, True, "resend", False, "service"),
    ("password_reset", True, 1 * HOUR, True, "resend", False, "service"),
    ("email_change", True, 24 * HOUR, True, "resend", False, "address"),
    ("invite", True, 72 * HOUR, False, "stop", False, "address"),
    ("receipt", False, 7 * DAY, False, "stop", True, "address"),
    ("notification", False, 24 * HOUR, False, "stop", True, "address"),
    ("bulk", False, 72 * HOUR, False, "stop", True, "address"),
    ("", False, 24 * HOUR, False, "stop", True, "service"),
]


@pytest.mark.parametrize("row", SPECIFICATION, ids=lambda row: row[0] or "none given")
def test_a_purpose_has_the_policies_that_are_promised(row: tuple[object, ...]) -> None:
    purpose = lookup(str(row[0]))
    assert purpose is not None
    assert row == (
        purpose.name,
        purpose.critical,
        purpose.expires_s,
        purpose.newest_wins,
        purpose.on_unknown,
        purpose.may_batch,
        purpose.tells,
    )


def test_there_is_no_purpose_beyond_the_promised_ones() -> None:
    assert [*PURPOSES, UNSPECIFIED.name] == [row[0] for row in SPECIFICATION]


def test_a_name_is_found_however_people_write_it() -> None:
    for name in ("magic_link", "magic-link", "Magic Link", " MAGIC_LINK "):
        assert lookup(name) is PURPOSES["magic_link"]


def test_an_unknown_name_is_told_apart_from_none() -> None:
    assert lookup("newsletter") is None
    assert lookup("") is UNSPECIFIED


def test_a_configured_purpose_is_found_too() -> None:
    own = {**PURPOSES, "parcel": PURPOSES["receipt"]}
    assert lookup("parcel", own) is PURPOSES["receipt"]


def test_whatever_may_reveal_that_somebody_has_an_account_tells_only_of_the_service() -> None:
    asked_by_strangers = {"magic_link", "otp", "password_reset"}
    assert {
        name for name, each in PURPOSES.items() if each.tells == "service"
    } == asked_by_strangers


def test_a_mail_that_somebody_waits_for_never_waits_for_a_batch() -> None:
    assert not any(purpose.critical and purpose.may_batch for purpose in PURPOSES.values())
