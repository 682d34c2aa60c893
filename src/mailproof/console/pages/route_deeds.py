"""What a person does to a route: first what would happen, then the deed, then what came of it."""

from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from mailproof.console.pages.asking import Done
from mailproof.console.pages.phrasing import Speech, provider_title
from mailproof.console.visit import Answer, NotFound, Visit
from mailproof.store.base import Tx
from mailproof.store.console.counts import Wait, waits
from mailproof.store.console.messages import expired_since
from mailproof.store.console.pausing import NOTE_MAX, pause, resume
from mailproof.store.routes.board import (
    OtherProviders,
    RouteShown,
    board,
    refuse_other_providers,
    reopen,
)
from mailproof.store.shapes import EVERY_SENDER, Routing

__all__ = ["DEEDS", "ask_first", "do", "names_of", "told_of_deed"]

DEEDS: Final = ("reopen", "pause", "resume")
_DONE: Final = frozenset({"reopened", "paused", "resumed", "resumed_closed", "nothing", "others"})
_BACK: Final = "/console/routes"


class _Seen(msgspec.Struct, frozen=True):
    now: int
    route: RouteShown
    waits: tuple[Wait, ...]
    expired: int


async def ask_first(visit: Visit) -> Answer:
    """What the deed would do now. Raises `NotFound`: there is no such route or deed."""
    query = visit.request.query
    deed = query.get("deed", "")
    if deed not in DEEDS:
        raise NotFound
    seen = await visit.read(_look, query.get("provider", ""), query.get("sender", ""))
    if seen is None:
        raise NotFound
    speech = Speech(visit.language, visit.zone, seen.now)
    useless = _useless(deed, seen.route)
    context: dict[str, Any] = {
        "deed": deed,
        "route": seen.route,
        "names": names_of(seen.route),
        "useless": visit.words["ask"][useless] if useless else "",
        "lines": [] if useless else _lines(deed, seen, speech, visit),
        "note_max": NOTE_MAX,
    }
    if visit.request.header(b"hx-request") is not None:
        return visit.fragment("route_ask.html", **context)
    return visit.page("route_ask_page.html", **context)


async def do(visit: Visit) -> Answer:
    """Raises `NotFound`: there is no such route or deed."""
    form = await visit.form()
    deed, provider, sender, note = (
        form.get(name, [""])[0] for name in ("deed", "provider", "sender", "note")
    )
    sender = sender or EVERY_SENDER
    if deed not in DEEDS or await visit.read(_look, provider, sender) is None:
        raise NotFound
    routing = Routing(order=tuple(each.name for each in visit.parts.settings.providers))
    try:
        code = await visit.write(_do, deed, provider, sender, routing, visit.actor, note)
    except OtherProviders:
        code = "others"
    return visit.redirect(
        f"{_BACK}?{urlencode({'done': code, 'provider': provider, 'sender': sender})}"
    )


async def told_of_deed(visit: Visit) -> Done | None:
    """What came of a deed, by its code in the query; None: there was none."""
    query = visit.request.query
    code = query.get("done", "")
    if code not in _DONE:
        return None
    seen = await visit.read(_look, query.get("provider", ""), query.get("sender", ""))
    if seen is None:
        return None
    facts = {"route": names_of(seen.route), "names": ""}
    if code == "others":
        found = await visit.read(board)
        known = {each.name for each in visit.parts.settings.providers}
        facts["names"] = ", ".join(sorted({each.provider for each in found.routes} - known))
    tone = {"nothing": "quiet", "others": "waiting", "paused": "quiet"}.get(code, "proven")
    return Done(visit.words["done"][code].format(**facts), tone)


def names_of(route: RouteShown) -> str:
    """`Resend`, or `Resend × acme.test`."""
    title = provider_title(route.provider)
    return title if route.sender == EVERY_SENDER else f"{title} × {route.sender}"


async def _look(tx: Tx, provider: str, sender: str) -> _Seen | None:
    wanted = (provider, sender or EVERY_SENDER)
    for route in (await board(tx)).routes:
        if (route.provider, route.sender) == wanted:
            closed = route.state == "closed"
            expired = await expired_since(tx, route.since) if closed else 0
            return _Seen(tx.now, route, tuple(await waits(tx)), expired)
    return None


async def _do(  # noqa: PLR0913 - which deed, to what, by whom and why
    tx: Tx, deed: str, provider: str, sender: str, routing: Routing, actor: str, note: str
) -> str:
    """The code of what came of it. Raises `OtherProviders`."""
    await refuse_other_providers(tx, routing.order)
    if deed == "pause":
        done = await pause(tx, provider, sender, routing, actor=actor, note=note)
        return "paused" if done else "nothing"
    if deed == "resume":
        if not await resume(tx, provider, sender, routing, actor=actor):
            return "nothing"
        shown = (await board(tx)).routes
        states = {(each.provider, each.sender): each.state for each in shown}
        return "resumed_closed" if states.get((provider, sender)) == "closed" else "resumed"
    name = f"{provider}/{sender}"
    opened = await reopen(tx, name, routing, actor=actor)
    return "reopened" if opened and opened[0].paused_at is None else "nothing"


def _useless(deed: str, route: RouteShown) -> str:
    """Why the deed would change nothing; empty: it would."""
    paused = route.paused_at is not None
    if deed == "resume":
        return "" if paused else "not_paused"
    if deed == "pause":
        return "paused_already" if paused else ""
    return "" if route.state == "closed" and not paused else "not_closed"


def _lines(deed: str, seen: _Seen, speech: Speech, visit: Visit) -> list[tuple[str, str, str, str]]:
    """Seal, tone, what will happen, and the rest of it."""
    words, route = visit.words["ask"], seen.route
    if deed == "pause":
        return _pause_lines(seen, visit)
    lines = []
    first = _first_expiry(seen)
    rest = words["expires"].format(soon=speech.soon(first)) if first and route.waiting else ""
    tone = "proven" if route.waiting else "quiet"
    lines.append(("tick", tone, speech.counted(words, route.waiting, "go"), rest))
    if seen.expired:
        key = "expired_one" if seen.expired == 1 else "expired"
        lines.append(
            ("cross", "broken", words[key].format(expired=speech.number(seen.expired)), "")
        )
    if deed == "resume":
        if route.beneath:
            reason = visit.words["frame"]["reasons"].get(route.beneath, route.beneath)
            lines.append(("bang", "broken", words["beneath"].format(reason=reason), ""))
        return lines
    lines.append(("pause", "waiting", words["again"], words["no_try"]))
    if route.next_probe_at is not None:
        soon = speech.soon(route.next_probe_at)
        lines.append(("clock", "quiet", words["same"].format(soon=soon), ""))
    return lines


def _pause_lines(seen: _Seen, visit: Visit) -> list[tuple[str, str, str, str]]:
    words = visit.words["ask"]
    others = [
        each.name for each in visit.parts.settings.providers if each.name != seen.route.provider
    ]
    lines = [("clock", "quiet", words["until"], "")]
    if others:
        lines.append(
            ("tick", "proven", words["other"].format(provider=provider_title(others[0])), "")
        )
    else:
        lines.append(("pause", "waiting", words["held"], words["held_text"]))
    return lines


def _first_expiry(seen: _Seen) -> int | None:
    """Of the mails that wait for it, as far as what waits is told apart by provider and reason."""
    route = seen.route
    times = [
        wait.first_expires_at
        for wait in seen.waits
        if wait.state == "held"
        and wait.reason == route.reason
        and wait.provider in (None, route.provider)
    ]
    return min(times, default=None)
