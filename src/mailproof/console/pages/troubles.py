"""Everything that can be wrong with the whole, as rules over what stands in the store."""

from collections.abc import Callable
from typing import Final

from mailproof.alerts.conditions import (
    APPLICATION_REFUSED,
    CRITICAL_WAITING,
    NO_PROVIDER,
    ROUTE_CLOSED,
)
from mailproof.alerts.surroundings import FEEDBACK_FAILING
from mailproof.alerts.trends import DEGRADED
from mailproof.console.pages.alert_words import text_of_alert
from mailproof.console.pages.phrasing import Speech, provider_title
from mailproof.console.pages.said import Sentence, linked, said
from mailproof.console.pages.standing import Standing
from mailproof.store.records.alerts import AlertRow
from mailproof.store.records.picture import ClosedRoute, critical_stopped
from mailproof.store.shapes import EVERY_SENDER, PAUSED, LaneState

__all__ = ["RULES"]

# What a rule here, or the closed route itself, says in words of its own.
_TOLD_OTHERWISE: Final = frozenset(
    {ROUTE_CLOSED, NO_PROVIDER, APPLICATION_REFUSED, CRITICAL_WAITING}
)
_ALERTS: Final = "/console/alerts"
_ROUTES: Final = "/console/routes"
# A deadline that is further away than this need not be told beside the fact.
_SOON_MS: Final = 3_600_000


def _nothing_configured(standing: Standing, speech: Speech) -> list[Sentence]:
    if standing.providers:
        return []
    words = speech.words["no_provider"]
    waiting = sum(lane.waiting for lane in standing.picture.lanes)
    rest = _held(speech, waiting, 0)
    return [linked("no_provider", "broken", words, words["fact"], "/console/settings", rest=rest)]


def _critical_stopped(standing: Standing, speech: Speech) -> list[Sentence]:
    """Only where no single route explains it: that one's sentence says more."""
    closed = _unmended(standing)
    causes = {(route.provider, route.reason) for route in closed}
    if not critical_stopped(standing.picture.critical) or len(causes) < 2:
        return []
    words = speech.words["critical_stopped"]
    since = speech.moment(max(route.since for route in closed))
    names = speech.words["glue"]["list"].join(sorted({_title(route) for route in closed}))
    rest = _held(speech, max(route.waiting for route in closed), standing.expired)
    line = words["several"].format(names=names)
    fact = words["fact"].format(since=since)
    return [linked("critical_stopped", "broken", words, fact, _ROUTES, rest=rest, line=line)]


def _critical_paused(standing: Standing, speech: Speech) -> list[Sentence]:
    """Somebody has paused the only way out of critical mail: meant or not, nothing is worse."""
    if not critical_stopped(standing.picture.critical) or _unmended(standing):
        return []
    words = speech.words["paused"]
    return [
        linked(
            "paused",
            "broken",
            words,
            words["fact"].format(route=_title(route), since=speech.moment(route.since)),
            _ROUTES,
            rest=speech.counted(words, route.waiting),
            line=words["critical"],
        )
        for route in standing.picture.routes
        if route.reason == PAUSED and route.waiting
    ]


def _routes_closed(standing: Standing, speech: Speech) -> list[Sentence]:
    """The one for which most waits first."""
    words = speech.words["route_closed"]
    found = []
    for route in sorted(_unmended(standing), key=lambda each: (-each.waiting, each.since)):
        lines = []
        if route.waiting and standing.picture.critical:
            lines.append(words["readers"])
        first = standing.first_expires_at
        if route.waiting and first is not None and first - speech.now < _SOON_MS:
            lines.append(words["first_expires"].format(soon=speech.soon(first)))
        found.append(
            linked(
                "route_closed",
                "broken",
                words,
                speech.since(_does(standing, speech, route), route.since),
                "/console#mend",
                rest=_held(speech, route.waiting, standing.expired),
                line=speech.words["glue"]["gap"].join(lines),
                route=route,
            )
        )
    return found


def _stranded(standing: Standing, speech: Speech) -> list[Sentence]:
    lanes = standing.picture.lanes if standing.providers else ()
    if not lanes:
        return []
    words = speech.words["stranded"]
    senders = speech.words["glue"]["list"].join(sorted({lane.sender for lane in lanes})[:3])
    since = speech.moment(min(lane.since for lane in lanes))
    fact = words["fact"].format(senders=senders, since=since)
    rest = _held(speech, sum(lane.waiting for lane in lanes), 0)
    return [linked("stranded", "broken", words, fact, _ROUTES, rest=rest)]


def _nobody_sends(standing: Standing, speech: Speech) -> list[Sentence]:
    if any(node.engine for node in standing.nodes) or not standing.nodes:
        return []
    words = speech.words["nobody_sends"]
    return [
        linked("nobody_sends", "broken", words, words["fact"], "/console/mails", rest=words["rest"])
    ]


def _refused(standing: Standing, speech: Speech) -> list[Sentence]:
    known = [each for each in standing.picture.refused if each.kind != "unknown_key"]
    if not known:
        return []
    words = speech.words["refused"]
    fact = speech.counted(words, len({each.app or each.client for each in known}))
    requests = sum(each.count for each in known)
    since = speech.moment(min(each.first_at for each in known))
    rest = speech.counted(words, requests, "requests", requests=f"{requests:,}", since=since)
    return [linked("refused", "broken", words, fact, "/console/refusals", rest=rest)]


def _critical_late(standing: Standing, speech: Speech) -> list[Sentence]:
    ways_out = [each for each in standing.picture.critical if each.lane_state != LaneState.CLOSED]
    late = sum(each.late for each in ways_out)
    if not late:
        return []
    words = speech.words["critical_late"]
    since = speech.moment(min(each.oldest for each in ways_out), "time")
    rest = speech.counted(words, late, since=since)
    return [linked("critical_late", "broken", words, words["fact"], "/console/mails", rest=rest)]


def _alarming(standing: Standing, speech: Speech) -> list[Sentence]:
    """Open alerts that need a human and that nothing above has said."""
    return [
        _alert(alert, speech)
        for alert in standing.alerts
        if alert.severity != "WARNING" and alert.name not in _TOLD_OTHERWISE
    ]


def _unconfirmed(standing: Standing, speech: Speech) -> list[Sentence]:
    count = standing.unconfirmed
    if not count:
        return []
    words = speech.words["unconfirmed"]
    rest = words["rest_one"] if count == 1 else words["rest"]
    fact = speech.counted(words, count)
    href = "/console/mails?state=unconfirmed"
    return [linked("unconfirmed", "waiting", words, fact, href, rest=rest)]


def _channels_failing(standing: Standing, speech: Speech) -> list[Sentence]:
    failing = standing.undelivered
    if not failing:
        return []
    words = speech.words["channel_failing"]
    names = speech.words["glue"]["list"].join(each.channel for each in failing)
    since = speech.moment(min(each.since for each in failing))
    fact = speech.counted(words, len(failing), names=names, since=since)
    line = words["line"].format(error=failing[0].error)
    return [
        linked("channel_failing", "waiting", words, fact, _ALERTS, rest=words["rest"], line=line)
    ]


def _carried(standing: Standing, speech: Speech) -> list[Sentence]:
    """A closed route whose mail goes by another provider: mended in the same way, in more calm."""
    words = speech.words["carried"]
    return [
        linked(
            "carried",
            "waiting",
            words,
            speech.since(_does(standing, speech, route), route.since),
            "/console#mend",
            rest=words["rest"].format(carrier=provider_title(route.carried_by)),
            route=route,
        )
        for route in standing.picture.routes
        if route.reason != PAUSED and route.carried_by is not None
    ]


def _warnings(standing: Standing, speech: Speech) -> list[Sentence]:
    return [
        _alert(alert, speech)
        for alert in standing.alerts
        if alert.severity == "WARNING" and alert.name not in _TOLD_OTHERWISE
    ]


def _strangers(standing: Standing, speech: Speech) -> list[Sentence]:
    count = sum(each.kind == "unknown_key" for each in standing.picture.refused)
    if not count:
        return []
    words = speech.words["refused_unknown"]
    fact = speech.counted(words, count)
    return [linked("refused_unknown", "waiting", words, fact, "/console/refusals")]


def _paused(standing: Standing, speech: Speech) -> list[Sentence]:
    words = speech.words["paused"]
    found: list[Sentence] = []
    if _critical_paused(standing, speech):
        return found
    for route in standing.picture.routes:
        if route.reason == PAUSED:
            fact = words["fact"].format(route=_title(route), since=speech.moment(route.since))
            tone = "waiting" if route.waiting else "quiet"
            rest = speech.counted(words, route.waiting)
            found.append(linked("paused", tone, words, fact, _ROUTES, rest=rest))
    return found


def _stands_by(standing: Standing, speech: Speech) -> list[Sentence]:
    own = [node for node in standing.nodes if node.pid == standing.pid and node.role != "gateway"]
    if not own or any(node.engine for node in own):
        return []
    words = speech.words["stands_by"]
    return [said("stands_by", "quiet", words["fact"], rest=words["rest"])]


def _unmended(standing: Standing) -> list[ClosedRoute]:
    """Closed by a failure, and nobody else carries their mail."""
    return [
        route
        for route in standing.picture.routes
        if route.reason != PAUSED and route.carried_by is None
    ]


def _does(standing: Standing, speech: Speech, route: ClosedRoute) -> str:
    login = standing.providers.get(route.provider) == "smtp"
    return speech.provider_does(route.provider, route.sender, route.reason, login=login)


def _title(route: ClosedRoute) -> str:
    name = provider_title(route.provider)
    return name if route.sender == EVERY_SENDER else f"{name} × {route.sender}"


def _held(speech: Speech, waiting: int, expired: int) -> str:
    table = speech.words["held"]
    if not expired:
        return speech.counted(table, waiting)
    gone = speech.counted(speech.words["expired"], expired)
    key = {0: "none_expired", 1: "one_expired"}.get(waiting, "many_expired")
    return str(table[key]).format(count=speech.number(waiting), expired=gone)


def _alert(alert: AlertRow, speech: Speech) -> Sentence:
    """Some have words of their own here, the rest those of their message."""
    facts, tone = alert.facts, "broken" if alert.severity != "WARNING" else "waiting"
    if alert.name == FEEDBACK_FAILING and facts.get("kind") in speech.words["feedback_failing"]:
        words = speech.words["feedback_failing"]
        fact = words[facts["kind"]].format(provider=provider_title(str(facts["provider"])))
        return linked(alert.name, tone, words, fact, _ALERTS, rest=words["rest"])
    if alert.name == DEGRADED and {"provider", "first"} <= facts.keys():
        words = speech.words["degraded"]
        names = {key: provider_title(str(facts[key])) for key in ("provider", "first")}
        fact = words["fact"].format(**names)
        return linked(alert.name, "waiting", words, fact, _ROUTES, rest=words["rest"])
    text = text_of_alert(alert, speech.language, speech.zone)
    words = speech.words["alert"]
    fact = text.title.rstrip(".。") + speech.words["glue"]["stop"]
    return linked(alert.name, tone, words, fact, _ALERTS)


RULES: Final[tuple[Callable[[Standing, Speech], list[Sentence]], ...]] = (
    _nothing_configured,
    _critical_stopped,
    _critical_paused,
    _routes_closed,
    _stranded,
    _nobody_sends,
    _refused,
    _critical_late,
    _alarming,
    _unconfirmed,
    _channels_failing,
    _carried,
    _warnings,
    _paused,
    _strangers,
    _stands_by,
)
"""The worst first; each yields what holds."""
