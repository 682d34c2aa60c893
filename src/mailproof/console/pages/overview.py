"""The overview: is all well, and when was that last proven? Else what is wrong, and the way on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from mailproof.config.settings import Settings
from mailproof.console.pages.asking import ask_provider, told_of_asking
from mailproof.console.pages.charts import SPANS, Span, chart, spark
from mailproof.console.pages.mending import Mend, hint_of, mend_of, provider_named
from mailproof.console.pages.phrasing import Speech, provider_title
from mailproof.console.pages.sentence import Sentence, sentence
from mailproof.console.pages.standing import Standing, kinds_of, take_standing, with_proof
from mailproof.console.visit import Answer, NotFound, Page, Visit
from mailproof.store.base import Tx
from mailproof.store.console.counts import Counts, Wait, counts, waits
from mailproof.store.console.minutes import Minute, PurposeNow, minutes, purposes_now
from mailproof.store.console.refused import RefusedApp, refused_apps
from mailproof.store.routes.board import Board, RouteShown, board
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["PAGES"]

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_REFUSED_SHOWN: Final = 4
_REFUSED_LOOKED: Final = 50
_WAITS_SHOWN: Final = 5
_ROUTES_SHOWN: Final = 6


class _Seen(msgspec.Struct, frozen=True):
    standing: Standing
    board: Board
    purposes: tuple[PurposeNow, ...]
    minutes: tuple[Minute, ...]
    refused: tuple[RefusedApp, ...]


async def show(visit: Visit) -> Answer:
    """All of it from one view of the database."""
    span = _span(visit)
    seen = await visit.read(_look, visit.parts.settings, _day_began(visit), span)
    speech = Speech(visit.language, visit.zone, seen.standing.now)
    said = sentence(seen.standing, visit.language, visit.zone)
    return visit.page(
        "overview.html",
        speech=speech,
        said=said,
        mend=_mend(visit, seen, said, speech),
        purposes=[_purpose(each, seen, speech, visit) for each in _in_order(seen.purposes, visit)],
        incident=any(each.stopped_since for each in seen.purposes),
        chart=chart(
            seen.minutes,
            seen.standing.now,
            span,
            None if said.route is None else said.route.since,
        ),
        span=span,
        spans=tuple(SPANS),
        routes=[_route(each, visit, speech) for each in _listed(seen.board)],
        waits=[_wait(each, seen, speech, visit) for each in seen.standing.waits[:_WAITS_SHOWN]],
        refused=seen.refused[:_REFUSED_SHOWN],
        done=await told_of_asking(visit),
    )


async def show_minutes(visit: Visit) -> Answer:
    """The numbers behind the chart, minute by minute: for a closer look, and for people's tools."""
    span = _span(visit)
    since = visit.now // _MINUTE_MS - span.minutes * span.bars
    rows = await visit.read(_minutes, since)
    body = {
        "minute": [each.minute for each in rows],
        "sent": [each.sent for each in rows],
        "waiting": [each.waiting for each in rows],
        "bad": [each.bad for each in rows],
        "since": since,
        "until": visit.now // _MINUTE_MS,
    }
    return Answer(200, msgspec.json.encode(body), (), b"application/json; charset=utf-8")


async def ask(visit: Visit) -> Answer:
    """Ask a provider for its health now. Raises `NotFound`: there is no such provider."""
    form = await visit.form()
    name = form.get("provider", [""])[0]
    if provider_named(visit.parts.settings, name) is None:
        raise NotFound
    return await ask_provider(visit, name, "/console")


async def _look(tx: Tx, settings: Settings, day_began: int, span: Span) -> _Seen:
    standing = await take_standing(tx, settings, await waits(tx))
    purposes = await purposes_now(tx, day_began_at=day_began)
    today: Counts = await counts(tx, day_began)
    since = tx.now // _MINUTE_MS - span.minutes * span.bars
    refused = [
        each
        for each in await refused_apps(tx, _REFUSED_LOOKED)
        if each.last_at > tx.now - _HOUR_MS and each.is_known
    ]
    return _Seen(
        await with_proof(tx, standing, today, purposes),
        await board(tx),
        tuple(purposes),
        tuple(await minutes(tx, since_minute=since)),
        tuple(refused),
    )


async def _minutes(tx: Tx, since: int) -> Sequence[Minute]:
    return await minutes(tx, since_minute=since)


def _span(visit: Visit) -> Span:
    return SPANS.get(visit.request.query.get("span", ""), SPANS["hours"])


def _day_began(visit: Visit) -> int:
    """When today began where the reader is, UTC in milliseconds."""
    now = datetime.fromtimestamp(visit.now / 1_000, visit.zone)
    return int(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1_000)


# ---- the mend


def _mend(visit: Visit, seen: _Seen, said: Sentence, speech: Speech) -> dict[str, Any] | None:
    """None: nothing is closed, or what is closed says itself how it is mended."""
    route = said.route
    if route is None:
        return None
    settings = visit.parts.settings
    mend = mend_of(route.failure, route.reason, route.provider, settings, speech)
    if mend is None:
        return None
    words = visit.words["mend"]
    shown = _shown(seen.board, route.provider, route.sender)
    last = speech.counted(words, route.waiting, "last")
    steps = [*mend.steps, *_restart(visit, mend, route.provider), last]
    return {
        "mend": msgspec.structs.replace(mend, steps=steps),
        "provider": route.provider,
        "title": provider_title(route.provider),
        "facts": _facts(visit, seen, shown, speech, mend),
        "evidence": f"/console/mails?state=held&reason={route.reason}" if route.waiting else "",
        "is_http": mend.by_hand.startswith("curl "),
    }


def _restart(visit: Visit, mend: Mend, name: str) -> list[str]:
    """What a new key needs beside being there."""
    provider = provider_named(visit.parts.settings, name)
    if provider is None or not mend.about_the_key:
        return []
    secret = provider.url if provider.type == "smtp" else provider.api_key
    kind, _, where = secret.origin.partition(":")
    return [visit.words["mend"]["file"].format(path=where)] if kind == "file" else []


def _facts(
    visit: Visit, seen: _Seen, route: RouteShown | None, speech: Speech, mend: Mend
) -> list[tuple[str, str, str]]:
    """Name, value and tone of each."""
    words = visit.words["mend"]
    facts: list[tuple[str, str, str]] = []
    provider = None if route is None else provider_named(visit.parts.settings, route.provider)
    if provider is not None and mend.about_the_key:
        hint = hint_of(provider)
        text = hint.text or (words["hidden"] if hint.is_set else words["not_set"])
        facts.append((words["login" if hint.is_login else "key"], text, "mono"))
        facts.append((words["read_from"], hint.source or words["from_configuration"], "mono"))
    if route is not None and route.next_probe_at is not None:
        facts.append((words["next_probe"], speech.soon(route.next_probe_at), ""))
    first = seen.standing.first_expires_at
    if first is not None:
        purpose = _first_to_expire(seen, first)
        named = visit.words["frame"]["purposes"].get(purpose or "none", purpose)
        text = words["expires"].format(purpose=named, soon=speech.soon(first))
        facts.append((words["first_expires"], text, "waiting"))
    return facts


def _first_to_expire(seen: _Seen, at: int) -> str:
    return next((each.purpose for each in seen.purposes if each.first_expires_at == at), "")


def _shown(found: Board, provider: str, sender: str) -> RouteShown | None:
    return next(
        (each for each in found.routes if (each.provider, each.sender) == (provider, sender)), None
    )


# ---- the panels


def _purpose(each: PurposeNow, seen: _Seen, speech: Speech, visit: Visit) -> dict[str, Any]:
    words = visit.words["critical"]
    if each.stopped_since is not None:
        tone, now = "broken", words["stopped"].format(time=speech.moment(each.stopped_since))
    elif each.waiting:
        tone, now = "waiting", words["waits"]
    elif each.last_sent_at is None:
        tone, now = "quiet", words["none"]
    elif each.last_sent_at < seen.standing.now - _HOUR_MS or seen.standing.picture.routes:
        tone, now = "quiet", words["none_since"].format(time=speech.moment(each.last_sent_at))
    else:
        tone, now = "proven", words["flows"]
    return {
        "name": each.purpose,
        "tone": tone,
        "now": now,
        "bars": spark(each.last_hour, seen.standing.now),
        "hour": sum(minute.accepted for minute in each.last_hour),
        "today": speech.number(each.today),
        "typical": speech.pace(each.typical_ms),
        "slowest": speech.pace(each.slowest_ms),
        "waiting": each.waiting,
        "first_expires_at": each.first_expires_at,
    }


def _in_order(purposes: Sequence[PurposeNow], visit: Visit) -> list[PurposeNow]:
    """The critical ones as the configuration has them; one that it no longer has comes last."""
    order = {name: place for place, name in enumerate(visit.parts.settings.purposes)}
    critical = [each for each in purposes if each.critical]
    return sorted(critical, key=lambda each: (order.get(each.purpose, len(order)), each.purpose))


def _listed(found: Board) -> list[RouteShown]:
    """Closed ones first; nothing else changes its place."""
    return sorted(found.routes, key=lambda each: each.state != "closed")[:_ROUTES_SHOWN]


def _route(route: RouteShown, visit: Visit, speech: Speech) -> dict[str, Any]:
    words, reasons = visit.words["routes"], visit.words["frame"]["reasons"]
    closed = route.state == "closed"
    kind = "paused" if route.paused_at is not None else "closed" if closed else "open"
    tone = {"paused": "quiet", "closed": "broken", "open": "proven"}[kind]
    since = speech.moment(route.since)
    if kind == "closed" and route.reason:
        reason = reasons.get(route.reason, route.reason)
        text = words["since_why"].format(time=since, reason=reason[:1].lower() + reason[1:])
    else:
        text = words["since"].format(time=since)
    return {
        "provider": route.provider,
        "sender": "" if route.sender == EVERY_SENDER else route.sender,
        "tone": tone,
        "word": words[kind],
        "text": text,
    }


def _wait(wait: Wait, seen: _Seen, speech: Speech, visit: Visit) -> dict[str, Any]:
    words = visit.words["waits"]
    routes = [
        route
        for route in seen.standing.picture.routes
        if route.reason == wait.reason and wait.provider in (None, route.provider)
    ]
    if wait.reason is None:
        why = words["turn"]
    elif len(routes) == 1:
        (route,) = routes
        login = kinds_of(visit.parts.settings).get(route.provider) == "smtp"
        why = speech.provider_does(route.provider, route.sender, wait.reason, login=login)
    else:
        why = visit.words["frame"]["reasons"].get(wait.reason, wait.reason)
        if wait.provider:
            why = words["at_provider"].format(reason=why, provider=provider_title(wait.provider))
    return {
        "state": wait.state,
        "reason": wait.reason,
        "count": speech.number(wait.count),
        "why": why,
    }


PAGES: Final[tuple[Page, ...]] = (
    Page("/console", "GET", show, words="overview"),
    Page("/console/minutes.json", "GET", show_minutes, words="overview"),
    Page("/console/test", "POST", ask, role="admin", words="overview"),
)
