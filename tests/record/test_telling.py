"""Each committed event is a line, as loud as it deserves, and a loud one says what to do."""

import logging
from io import StringIO
from typing import Any

import msgspec
import pytest
import structlog

from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.diagnosis.reasons import Reason
from mailproof.mail.events import LEVELS, EventType, Level
from mailproof.record.logs import configure
from mailproof.record.telling import level_of, remind, teller
from mailproof.store.base import NewEvent
from mailproof.store.records.picture import ClosedRoute, CriticalWaiting
from tests.alerts.world import unverified
from tests.record.conftest import Lines

NOW = 1_800_000_000_000  # 2027-01-15 08:00:00 UTC
EMAIL_ID = "0198c0de-0000-7000-8000-000000000001"
E = EventType
CLOSED = {
    "provider": "resend",
    "sender": "acme.test",
    "reason": "sender_unverified",
    "severity": "CRITICAL",
    "failure": msgspec.json.decode(unverified()),
}


def tell(*events: NewEvent, language: OperatorLanguage = "en") -> list[Any]:
    with structlog.testing.capture_logs() as lines:
        teller(language)(events)
    return lines


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (NewEvent(E.EMAIL_HELD, data={"closed_route": True}), Level.ERROR),
        (NewEvent(E.EMAIL_HELD, data={"reason": "sender_unverified"}), Level.INFO),
        (NewEvent(E.ROUTE_CLOSED, data={"severity": "CRITICAL"}), Level.CRITICAL),
        (NewEvent(E.ROUTE_CLOSED, data={"severity": "WARNING"}), Level.WARNING),
        (NewEvent(E.ROUTE_CLOSED, data={}), Level.ERROR),
        (NewEvent(E.EMAIL_FAILED, data={"reason": "mailbox_not_found"}), Level.WARNING),
        (NewEvent(E.EMAIL_FAILED, data={"reason": "greylisted"}), Level.WARNING),
        (NewEvent(E.EMAIL_FAILED, data={"reason": "content_rejected"}), Level.ERROR),
        (NewEvent(E.EMAIL_FAILED, data={"reason": "of a newer release"}), Level.ERROR),
        # Said by the gateway, with the caller and the fix.
        (NewEvent(E.APPLICATION_REFUSED, data={"kind": "placeholder"}), Level.DEBUG),
        (NewEvent(E.EMAIL_SENT), Level.INFO),
        (NewEvent(E.EMAIL_DEFERRED), Level.WARNING),
        (NewEvent(E.EMAIL_SENDING), Level.DEBUG),
    ],
)
def test_an_event_is_as_loud_as_it_deserves(event: NewEvent, level: Level) -> None:
    assert level_of(event) is level


def test_what_the_catalogue_says_holds_for_all_that_nothing_else_decides() -> None:
    decided = {E.EMAIL_HELD, E.ROUTE_CLOSED, E.EMAIL_FAILED, E.APPLICATION_REFUSED}
    for kind in set(EventType) - decided:
        assert level_of(NewEvent(kind)) is LEVELS.get(kind, Level.INFO)


def test_a_closed_route_is_told_with_cause_and_fix_in_the_configured_language() -> None:
    (english,) = tell(NewEvent(E.ROUTE_CLOSED, data=CLOSED))
    assert (english["event"], english["log_level"]) == ("route.closed", "critical")
    assert "acme.test" in english["cause"]
    assert "resend.com/domains" in english["fix"]
    assert "failure" not in english
    (chinese,) = tell(NewEvent(E.ROUTE_CLOSED, data=CLOSED), language="zh")
    assert "域名" in chinese["cause"]
    assert chinese["event"] == "route.closed"


def test_the_mail_that_closed_a_route_has_the_routes_fix_and_those_held_after_it_are_quiet() -> (
    None
):
    held = {"provider": "resend", "reason": "sender_unverified"}
    first, second, route = tell(
        NewEvent(E.EMAIL_HELD, EMAIL_ID, {**held, "closed_route": True}),
        NewEvent(E.EMAIL_HELD, EMAIL_ID, held),
        NewEvent(E.ROUTE_CLOSED, data=CLOSED),
    )
    assert (first["log_level"], first["fix"]) == ("error", route["fix"])
    assert second["log_level"] == "info"
    assert "fix" not in second


def test_a_deferred_mail_says_why_and_when_it_goes_on() -> None:
    data = {"reason": "rate_limited", "due_at": NOW + 2_500}
    (line,) = tell(NewEvent(E.EMAIL_DEFERRED, EMAIL_ID, data))
    assert line == {
        "event": "email.deferred",
        "log_level": "warning",
        "email_id": EMAIL_ID,
        "reason": "rate_limited",
        "retry_at": "2027-01-15T08:00:02.500Z",
    }


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", EventType)
def test_every_loud_line_says_what_to_do(kind: EventType, language: OperatorLanguage) -> None:
    bare = NewEvent(kind, EMAIL_ID)
    loud = NewEvent(kind, EMAIL_ID, {"severity": "CRITICAL", "closed_route": True,
                                     "kind": "placeholder"})  # fmt: skip
    for event in (bare, loud):
        for line in tell(event, language=language):
            if line["log_level"] in {"error", "critical"}:
                assert len(line["fix"]) > 10


@pytest.mark.parametrize("reason", Reason)
def test_a_failed_mail_is_told_with_cause_and_fix_of_its_reason(reason: Reason) -> None:
    (line,) = tell(
        NewEvent(E.EMAIL_FAILED, EMAIL_ID, {"reason": reason.value, "provider": "resend"})
    )
    assert line["cause"]
    assert line["fix"]


def test_who_did_it_is_told() -> None:
    (line,) = tell(NewEvent(E.KEY_REVOKED, data={"app": "shop"}, actor="cli:ada"))
    assert (line["actor"], line["app"]) == ("cli:ada", "shop")


class Untouchable(dict[str, Any]):
    """Facts that fail when they are looked at."""

    def items(self) -> Any:
        raise AssertionError("a line that nobody gets was formatted")


def test_a_line_that_nobody_gets_is_not_formatted(stream: StringIO, lines: Lines) -> None:
    configure("WARNING", "json", "en", stream=stream)
    teller("en")([NewEvent(E.EMAIL_SENT, EMAIL_ID, Untouchable())])
    assert lines() == []
    configure("INFO", "json", "en", stream=stream)
    with pytest.raises(AssertionError, match="was formatted"):
        teller("en")([NewEvent(E.EMAIL_SENT, EMAIL_ID, Untouchable())])


def closed(since: int = NOW - 90_000) -> ClosedRoute:
    return ClosedRoute(
        "resend", "acme.test", "sender_unverified", "CRITICAL", unverified().decode(), since, 7, 41
    )


def test_a_route_that_stays_closed_is_told_again_with_what_waits() -> None:
    with structlog.testing.capture_logs() as lines:
        remind("en", [closed()], [], NOW)
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("route.closed", "critical")
    assert (line["waiting"], line["met"], line["closed_s"]) == (41, 7, 90)
    assert line["since"] == "2027-01-15T07:58:30.000Z"
    assert "resend.com/domains" in line["fix"]


def test_a_route_that_has_just_closed_is_not_told_twice() -> None:
    with structlog.testing.capture_logs() as lines:
        remind("en", [closed(NOW - 1_000)], [], NOW)
    assert not lines


def test_that_no_critical_mail_can_leave_is_critical() -> None:
    stuck = CriticalWaiting("closed", True, 12, 3, NOW - 400_000)  # noqa: FBT003 - a row
    with structlog.testing.capture_logs() as lines:
        remind("zh", [], [stuck], NOW)
        remind("zh", [], [stuck, CriticalWaiting("open", False, 1, 0, NOW)], NOW)  # noqa: FBT003
    (line,) = lines
    assert (line["event"], line["log_level"]) == ("critical_mail.stopped", "critical")
    assert (line["waiting"], line["oldest_s"]) == (12, 400)
    assert "mailproof routes" in line["fix"]


def test_levels_have_the_numbers_of_the_standard_library() -> None:
    assert [logging.getLevelNamesMapping()[level.value] for level in Level] == [10, 20, 30, 40, 50]
