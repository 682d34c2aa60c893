"""When a human is needed: pure rules over what stands in the database."""

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, Final

import msgspec

from mailproof.mail.events import Level
from mailproof.store.records.alerts import Condition
from mailproof.store.records.picture import ClosedRoute, Picture, Refused
from mailproof.store.shapes import PAUSED, LaneState

__all__ = ["APPLICATION_REFUSED", "CRITICAL_WAITING", "NO_PROVIDER", "ROUTE_CLOSED", "conditions"]

ROUTE_CLOSED: Final = "route_closed"
NO_PROVIDER: Final = "no_provider"
APPLICATION_REFUSED: Final = "application_refused"
CRITICAL_WAITING: Final = "critical_waiting"

# Alerts of one kind of wrong key that stand for one client or app each; the rest share one.
_REFUSED_MAX: Final = 5
_OTHERS: Final = "others"
_SENDERS_NAMED: Final = 3


def conditions(picture: Picture) -> list[Condition]:
    """Everything that a person should know holds now."""
    return [found for rule in _RULES for found in rule(picture)]


def _routes_closed(picture: Picture) -> Iterator[Condition]:
    """One for each closed route, however many mails it stops. Who paused one knows of it."""
    for route in picture.routes:
        if route.reason == PAUSED:
            continue
        failure = None if route.failure is None else msgspec.json.decode(route.failure)
        yield Condition(
            ROUTE_CLOSED,
            f"{route.provider}/{route.sender}",
            _severity(route),
            route.waiting,
            route.since,
            {
                "provider": route.provider,
                "sender": route.sender,
                "reason": route.reason,
                "failure": failure,
                **_carried(route),
            },
        )


def _severity(route: ClosedRoute) -> str:
    """CRITICAL means that critical mail cannot leave. While another provider carries it, a human
    has something to mend all the same."""
    carried = route.carried_by is not None and route.severity == Level.CRITICAL
    return Level.ERROR.value if carried else route.severity


def _carried(route: ClosedRoute) -> dict[str, Any]:
    return {"carried_by": route.carried_by, "kind": "carried"} if route.carried_by else {}


def _no_provider(picture: Picture) -> Iterator[Condition]:
    """Lanes that no closed route explains: nothing is configured that could carry them."""
    lanes = picture.lanes
    if lanes:
        senders = [lane.sender for lane in lanes]
        yield Condition(
            NO_PROVIDER,
            "",
            Level.CRITICAL.value,
            sum(lane.waiting for lane in lanes),
            min(lane.since for lane in lanes),
            {"senders": senders[:_SENDERS_NAMED], "reason": lanes[0].reason},
        )


def _applications_refused(picture: Picture) -> Iterator[Condition]:
    """A wrong key or sender that an application uses. Five of a kind at most stand alone within an
    hour.

    Who has an alert keeps it; else who came first has one.
    """
    told = {alert.about for alert in picture.alerts if alert.name == APPLICATION_REFUSED}
    ranked = sorted(
        picture.refused, key=lambda each: (each.kind, _about(each) not in told, each.first_at)
    )
    for kind, group in groupby(ranked, key=lambda each: each.kind):
        refused = list(group)
        for each in refused[:_REFUSED_MAX]:
            yield _refused(_about(each), [each], each.app or each.client)
        if others := refused[_REFUSED_MAX:]:
            yield _refused(f"{kind}:{_OTHERS}", others, _OTHERS)


def _about(refused: Refused) -> str:
    return f"{refused.kind}:{refused.app or refused.client}"


def _refused(about: str, refused: list[Refused], whose: str) -> Condition:
    first = refused[0]
    severity = Level.WARNING if first.kind == "unknown_key" else Level.ERROR
    facts: dict[str, Any] = {"kind": first.kind, "path": first.path, "name": first.name}
    facts |= {"whose": whose, "clients": len(refused), "message": first.message}
    return Condition(
        APPLICATION_REFUSED,
        about,
        severity.value,
        sum(each.count for each in refused),
        min(each.first_at for each in refused),
        facts,
    )


def _critical_waits(picture: Picture) -> Iterator[Condition]:
    """Critical mail that could go and does not: nobody sends, or not as fast as it comes.

    What a closed route holds up is told with the route, and needs no second alert.
    """
    ways_out = [each for each in picture.critical if each.lane_state != LaneState.CLOSED]
    if late := sum(each.late for each in ways_out):
        oldest = min(each.oldest for each in ways_out)
        yield Condition(CRITICAL_WAITING, "", Level.ERROR.value, late, oldest)


_RULES: Final[tuple[Callable[[Picture], Iterator[Condition]], ...]] = (
    _routes_closed,
    _no_provider,
    _applications_refused,
    _critical_waits,
)
