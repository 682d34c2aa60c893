"""The routes: which way out is closed, since when, how many wait for it; and the deeds for it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from mailproof.console.pages.asking import ask_provider, told_of_asking
from mailproof.console.pages.charts import health
from mailproof.console.pages.mending import hint_of, provider_named
from mailproof.console.pages.phrasing import Speech
from mailproof.console.pages.route_deeds import DEEDS, ask_first, do, names_of, told_of_deed
from mailproof.console.pages.standing import kinds_of
from mailproof.console.visit import Answer, NotFound, Page, Visit
from mailproof.store.base import Tx
from mailproof.store.console.history import Mark, RouteFacts, route_facts, route_history
from mailproof.store.records.checks import Check
from mailproof.store.routes.board import Board, RouteShown, board
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["PAGES"]

_DAY_MS: Final = 86_400_000
_MARKS: Final = 72
# Of more routes the last day is not drawn: closed ones first, so it is there where it is needed.
_DRAWN_MAX: Final = 40
_TONES: Final = {"open": "proven", "slowed": "waiting", "closed": "broken", "paused": "quiet"}


class _Seen(msgspec.Struct, frozen=True):
    now: int
    board: Board
    facts: tuple[RouteFacts, ...]
    marks: dict[tuple[str, str], tuple[Mark, ...]]


async def show(visit: Visit) -> Answer:
    seen = await visit.read(_look)
    speech = Speech(visit.language, visit.zone, seen.now)
    rows = [_row(route, seen, speech, visit) for route in _ordered(seen.board.routes)]
    return visit.page(
        "routes.html",
        speech=speech,
        said=_sentence(seen.board, rows, speech, visit),
        routes=rows,
        hours=[seen.now - _DAY_MS + part * _DAY_MS // 4 for part in range(4)],
        done=await told_of_asking(visit) or await told_of_deed(visit),
    )


async def test(visit: Visit) -> Answer:
    """Raises `NotFound`: there is no such provider."""
    name = (await visit.form()).get("provider", [""])[0]
    if provider_named(visit.parts.settings, name) is None:
        raise NotFound
    return await ask_provider(visit, name, "/console/routes")


async def _look(tx: Tx) -> _Seen:
    found = await board(tx)
    since = tx.now - _DAY_MS
    marks = {}
    for route in _ordered(found.routes)[:_DRAWN_MAX]:
        marks[route.provider, route.sender] = tuple(
            await route_history(tx, route.provider, route.sender, since=since, marks=_MARKS)
        )
    return _Seen(tx.now, found, tuple(await route_facts(tx)), marks)


def _ordered(routes: Sequence[RouteShown]) -> list[RouteShown]:
    """By provider and sender, so that none moves under the pointer when another one closes."""
    return sorted(routes, key=lambda each: (each.provider, each.sender))


def _kind(route: RouteShown, marks: Sequence[Mark]) -> str:
    if route.paused_at is not None:
        return "paused"
    if route.state == "closed":
        return "closed"
    return "slowed" if marks and marks[-1].tone == "slowed" else "open"


def _sentence(
    found: Board, rows: list[dict[str, Any]], speech: Speech, visit: Visit
) -> dict[str, str]:
    words = visit.words["sentence"]
    if not rows:
        tone = "quiet" if visit.parts.settings.providers else "broken"
        return _said(tone, words["none"], words["none_rest"])
    closed = [row for row in rows if row["kind"] == "closed"]
    paused = [row for row in rows if row["kind"] == "paused"]
    waits = speech.counted(
        words, max((row["waiting"] for row in closed + paused), default=0), "waits"
    )
    count = len(rows)
    if found.stranded:
        senders = speech.words["glue"]["list"].join(lane.sender for lane in found.stranded[:3])
        waiting = speech.number(sum(lane.waiting for lane in found.stranded))
        return _said("broken", words["stranded"].format(senders=senders, count=waiting), "")
    for name, those, tone in (("closed_of", closed, "broken"), ("paused_of", paused, "quiet")):
        if those:
            key = f"{name}_one" if len(those) == 1 else name
            fact = words[key].format(count=count, closed=len(those))
            if count == 1:
                fact = words[name.replace("_of", "_one")]
            return _said(tone, fact, waits)
    return _said("proven", speech.counted(words, count, "all_open"), "")


def _said(tone: str, fact: str, rest: str) -> dict[str, str]:
    seal = {"broken": "bang", "proven": "tick"}.get(tone, "pause")
    return {"tone": tone, "seal": seal, "fact": fact, "rest": rest}


def _row(route: RouteShown, seen: _Seen, speech: Speech, visit: Visit) -> dict[str, Any]:
    marks = seen.marks.get((route.provider, route.sender), ())
    kind = _kind(route, marks)
    facts = next(
        (
            each
            for each in seen.facts
            if (each.provider, each.sender) == (route.provider, route.sender)
        ),
        None,
    )
    return {
        "id": f"{route.provider}-{route.sender}".replace("*", "all"),
        "provider": route.provider,
        "sender": "" if route.sender == EVERY_SENDER else route.sender,
        "names": names_of(route),
        "kind": kind,
        "tone": _TONES[kind],
        "word": visit.words[kind],
        "since": speech.moment(route.since, "time"),
        "note": _note(route, kind, facts, speech, visit),
        "reason": (route.reason or "") if kind == "closed" else "",
        "marks": health(marks),
        "band": _band(marks, visit),
        "waiting": route.waiting,
        "facts": _facts(route, facts, speech, visit),
        "deeds": [deed for deed in DEEDS if deed in _deeds(kind)],
    }


def _deeds(kind: str) -> tuple[str, ...]:
    """An act that cannot help is not offered."""
    return {"paused": ("resume",), "closed": ("reopen", "pause")}.get(kind, ("pause",))


def _note(
    route: RouteShown, kind: str, facts: RouteFacts | None, speech: Speech, visit: Visit
) -> str:
    words, reasons = visit.words["note"], visit.words["frame"]["reasons"]
    if kind == "paused":
        key = "paused_note" if route.paused_note else "paused"
        actor = route.paused_by.partition(":")[2] or route.paused_by
        text = str(words[key]).format(actor=actor, note=route.paused_note)
        if route.beneath:
            beneath = reasons.get(route.beneath, route.beneath)
            gap = "" if visit.language == "zh" else " "
            text += gap + words["beneath"].format(reason=beneath)
        return text
    if kind == "closed":
        login = kinds_of(visit.parts.settings).get(route.provider) == "smtp"
        return speech.provider_does(
            route.provider, route.sender, route.reason or "unknown", login=login
        )
    if kind == "slowed":
        return str(words["slowed"])
    check = None if facts is None else facts.last_check
    if check is not None and check.verdict == "cannot_tell" and check.reason:
        return str(words["cannot_tell"]).format(reason=reasons.get(check.reason, check.reason))
    return ""


def _band(marks: Sequence[Mark], visit: Visit) -> str:
    """What the row of marks says, for who cannot see it."""
    words = visit.words
    tones = [each.tone for each in marks]
    if set(tones) == {"open"}:
        told = words["band_open"]
    elif tones.count("unknown") > len(tones) // 2:
        told = words["band_unknown"]
    else:
        told = words["band_parts"].format(
            **{tone: tones.count(tone) for tone in ("closed", "slowed", "paused")}
        )
    return str(words["band"]).format(told=told)


def _facts(
    route: RouteShown, facts: RouteFacts | None, speech: Speech, visit: Visit
) -> list[tuple[str, str, str]]:
    """Name, value and class of each, five in a row."""
    words = visit.words["facts"]
    tone = "waiting" if route.waiting else ""
    shown = [(words["waiting"], speech.number(route.waiting), tone)]
    check = None if facts is None else facts.last_check
    if route.next_probe_at is not None:
        shown.append((words["next_probe"], speech.soon(route.next_probe_at), ""))
    else:
        shown.append((words["checked"], _checked(check, speech, visit), ""))
    last = None if facts is None else facts.last_sent_at
    shown.append(
        (words["last_sent"], words["never"] if last is None else speech.moment(last, "time"), "")
    )
    pace = None if facts is None else facts.typical_ms
    shown.append((words["typical"], speech.pace(pace) or words["unknown"], ""))
    provider = provider_named(visit.parts.settings, route.provider)
    if provider is not None and provider.type != "sandbox":
        hint = hint_of(provider)
        text = hint.text or (words["hidden"] if hint.is_set else words["not_set"])
        shown.append((words["login" if hint.is_login else "key"], text, "mono"))
    return shown


def _checked(check: Check | None, speech: Speech, visit: Visit) -> str:
    words, reasons = visit.words["facts"], visit.words["frame"]["reasons"]
    if check is None:
        return str(words["never"])
    reason = "" if check.reason is None else reasons.get(check.reason, check.reason)
    key = "cannot_tell_plain" if check.verdict == "cannot_tell" and not reason else check.verdict
    lower = reason[:1].lower() + reason[1:]
    return str(words[key]).format(ago=speech.ago(check.at), reason=lower)


PAGES: Final[tuple[Page, ...]] = (
    Page("/console/routes", "GET", show, words="routes"),
    Page("/console/routes/test", "POST", test, role="admin", words="routes"),
    Page("/console/routes/ask", "GET", ask_first, role="admin", words="routes"),
    Page("/console/routes/deed", "POST", do, role="admin", words="routes"),
)
