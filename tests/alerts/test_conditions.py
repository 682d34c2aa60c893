"""The rules: which facts are told, and which are told with others."""

import msgspec
import pytest

from mailproof.alerts.conditions import conditions
from mailproof.store.records.picture import (
    ClosedLane,
    ClosedRoute,
    CriticalWaiting,
    OpenAlert,
    Picture,
    Refused,
    critical_stopped,
)

NOW = 1_800_000_000_000


def route(sender: str = "acme.test") -> ClosedRoute:
    return ClosedRoute("resend", sender, "sender_unverified", "CRITICAL", None, NOW - 5, 3, 40)


def refused(
    client: str, kind: str = "unknown_key", *, first_at: int = NOW, app: str = ""
) -> Refused:
    return Refused(kind, app, client, "/emails", "invalid_api_key", "No.", 2, first_at, first_at)


def waiting(state: str, late: int = 0, *, explained: bool = False) -> CriticalWaiting:
    return CriticalWaiting(state, explained, 5, late, NOW - 200_000)


def told(picture: Picture) -> list[tuple[str, str]]:
    return [(each.name, each.about) for each in conditions(picture)]


def test_nothing_wrong_is_nothing_to_tell() -> None:
    assert conditions(Picture(now=NOW, critical=(waiting("open"),))) == []


def test_each_closed_route_is_one_condition_with_the_number_that_waits() -> None:
    found = conditions(Picture(now=NOW, routes=(route(), route("b.test"))))
    assert [(each.about, each.severity, each.count) for each in found] == [
        ("resend/acme.test", "CRITICAL", 40),
        ("resend/b.test", "CRITICAL", 40),
    ]


def test_a_closed_route_whose_mail_another_provider_carries_stops_no_critical_mail() -> None:
    carried = msgspec.structs.replace(route(), carrier="backup", waiting=0)
    (found,) = conditions(Picture(now=NOW, routes=(carried,)))
    assert (found.severity, found.facts["carried_by"]) == ("ERROR", "backup")
    mild = msgspec.structs.replace(carried, severity="WARNING")
    (found,) = conditions(Picture(now=NOW, routes=(mild,)))
    assert found.severity == "WARNING"


def test_a_closed_route_behind_which_mail_waits_is_not_called_carried() -> None:
    (found,) = conditions(Picture(now=NOW, routes=(msgspec.structs.replace(route(), carrier="b"),)))
    assert found.severity == "CRITICAL"
    assert "carried_by" not in found.facts


def test_many_lanes_without_a_provider_are_one_condition() -> None:
    lanes = tuple(
        ClosedLane(f"{name}.test", "credentials_missing", NOW - 9, 2) for name in "abcdef"
    )
    (found,) = conditions(Picture(now=NOW, lanes=lanes))
    assert (found.name, found.severity, found.count) == ("no_provider", "CRITICAL", 12)
    assert found.facts["senders"] == ["a.test", "b.test", "c.test"]


@pytest.mark.parametrize("state", ["open", "releasing"])
def test_late_critical_mail_with_a_way_out_is_told(state: str) -> None:
    assert told(Picture(now=NOW, critical=(waiting(state, late=1),))) == [("critical_waiting", "")]


def test_late_critical_mail_behind_a_closed_route_is_told_with_the_route() -> None:
    picture = Picture(
        now=NOW, routes=(route(),), critical=(waiting("closed", late=5, explained=True),)
    )
    assert told(picture) == [("route_closed", "resend/acme.test")]


def test_the_sixth_unknown_client_shares_an_alert_with_those_after_it() -> None:
    clients = tuple(refused(f"10.0.0.{n}", first_at=NOW + n) for n in range(8))
    found = conditions(Picture(now=NOW, refused=clients))
    assert [each.about for each in found] == [
        *(f"unknown_key:10.0.0.{n}" for n in range(5)),
        "unknown_key:others",
    ]
    assert (found[-1].count, found[-1].facts["clients"]) == (6, 3)


def test_who_has_an_alert_keeps_it_however_late_it_came() -> None:
    clients = tuple(refused(f"10.0.0.{n}", first_at=NOW + n) for n in range(8))
    alert = OpenAlert(
        1, "application_refused", "unknown_key:10.0.0.7", "WARNING", NOW, NOW, 1, "{}", 0
    )
    found = told(Picture(now=NOW, refused=clients, alerts=(alert,)))
    assert ("application_refused", "unknown_key:10.0.0.7") in found
    assert len(found) == 6


def test_a_revoked_key_is_told_under_the_name_of_its_app() -> None:
    (found,) = conditions(Picture(now=NOW, refused=(refused("", "once_valid", app="shop"),)))
    assert (found.about, found.severity) == ("once_valid:shop", "ERROR")


def test_an_unknown_key_is_only_a_warning() -> None:
    (found,) = conditions(Picture(now=NOW, refused=(refused("10.0.0.1"),)))
    assert found.severity == "WARNING"


@pytest.mark.parametrize(
    ("lanes", "stopped"),
    [
        ((), False),
        (("open",), False),
        (("closed", "open"), False),
        (("closed", "releasing"), False),
        (("closed",), True),
        (("closed", "closed"), True),
    ],
)
def test_critical_mail_has_stopped_when_none_that_waits_has_a_way_out(
    lanes: tuple[str, ...],
    stopped: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    assert critical_stopped([waiting(state) for state in lanes]) is stopped
