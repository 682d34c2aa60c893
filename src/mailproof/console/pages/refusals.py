"""The refusals: which application is turned away, why, and what to change in it."""

from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from mailproof.console.pages.charts import counted_bars
from mailproof.console.pages.phrasing import Speech
from mailproof.console.pages.rich import rich
from mailproof.console.visit import Answer, Page, Visit
from mailproof.store.base import Tx
from mailproof.store.console.refused import RefusedApp, Whose, refused_apps, refused_minutes
from mailproof.store.records.refusals import OTHERS

__all__ = ["PAGES"]

_HOUR_MS: Final = 3_600_000
_SHOWN_MAX: Final = 200
# Cards: of more, a stranger is trying keys, and a table says enough.
_CARDS_MAX: Final = 12
_KEY_LINE: Final = "RESEND_API_KEY=mp_…"
_SENDER_LINE: Final = 'RESEND_FROM="Acme <hello@acme.com>"'
_ABOUT_THE_KEY: Final = frozenset({"placeholder", "once_valid", "unknown_key", "no_key"})


class _Seen(msgspec.Struct, frozen=True):
    now: int
    apps: tuple[RefusedApp, ...]
    minutes: dict[Whose, dict[int, int]]


async def show(visit: Visit) -> Answer:
    seen = await visit.read(_look)
    speech = Speech(visit.language, visit.zone, seen.now)
    lately = [each for each in seen.apps if each.last_at > seen.now - _HOUR_MS]
    # Who shows a key of ours waits for mail; who shows none is any scanner.
    lately = [each for each in lately if each.kind != "no_key" and each.client != OTHERS]
    cards = sorted(lately, key=lambda each: (not each.is_known, each.first_at))[:_CARDS_MAX]
    rest = [each for each in seen.apps if each not in cards]
    return visit.page(
        "refusals.html",
        speech=speech,
        said=_sentence(lately, speech, visit),
        cards=[_card(each, seen, speech, visit) for each in cards],
        rest=[_line(each, speech, visit) for each in rest],
    )


async def _look(tx: Tx) -> _Seen:
    apps = await refused_apps(tx, _SHOWN_MAX)
    return _Seen(tx.now, tuple(apps), await refused_minutes(tx, (tx.now - _HOUR_MS) // 60_000))


def _sentence(lately: list[RefusedApp], speech: Speech, visit: Visit) -> dict[str, str]:
    words = visit.words["sentence"]
    known = [each for each in lately if each.is_known]
    if known:
        requests = sum(each.requests for each in known)
        since = speech.moment(min(each.first_at for each in known))
        return {
            "tone": "broken",
            "seal": "bang",
            "fact": speech.counted(words, len({each.app or each.client for each in known})),
            "rest": speech.counted(
                words, requests, "requests", requests=f"{requests:,}", since=since
            ),
            "line": words["line"],
        }
    if lately:
        clients = len({each.client for each in lately})
        fact = speech.counted(words, clients, "strangers")
        line = words["strangers_line"]
        return {"tone": "waiting", "seal": "pause", "fact": fact, "rest": "", "line": line}
    return {
        "tone": "proven",
        "seal": "tick",
        "fact": words["none"],
        "rest": "",
        "line": words["none_rest"],
    }


def _card(each: RefusedApp, seen: _Seen, speech: Speech, visit: Visit) -> dict[str, Any]:
    words = visit.words
    minutes = seen.minutes.get(each.whose, {})
    mend, line = _mend(each, visit)
    purpose = words["frame"]["purposes"].get(each.purpose, each.purpose) if each.purpose else ""
    last = [words["last"].format(time=speech.moment(each.last_at, "time"))]
    if each.recipient:
        last.append(words["for_whom"].format(recipient=each.recipient))
    if purpose:
        last.append(purpose[:1].lower() + purpose[1:])
    return {
        "title": each.app or words["unknown"],
        "where": "，".join(_where(each)) if visit.language == "zh" else ", ".join(_where(each)),
        "requests": speech.number(each.requests, most=2**63),
        "since": words["since"].format(time=speech.moment(each.first_at)),
        "why": rich(_why(each, visit)),
        "chip": f"{each.status} {each.name}",
        "last": ("，" if visit.language == "zh" else ", ").join(last),
        "mend": rich(mend),
        "line": line,
        "create": _create(each),
        "bars": counted_bars(minutes, seen.now),
        "hour": words["bars"].format(count=sum(minutes.values())),
    }


def _where(each: RefusedApp) -> list[str]:
    return [part for part in (each.client, each.path) if part]


def _why(each: RefusedApp, visit: Visit) -> str:
    words = visit.words["why"]
    if each.kind in _ABOUT_THE_KEY:
        return str(words[each.kind])
    return each.message or str(words["no_message"])


def _mend(each: RefusedApp, visit: Visit) -> tuple[str, str]:
    """What to do, and the line to copy; empty: there is none."""
    words = visit.words["mend"]
    if each.kind in _ABOUT_THE_KEY:
        return str(words[each.kind]), _KEY_LINE
    if each.kind == "sender_invalid":
        return str(words["sender_invalid"]), _SENDER_LINE
    return str(words.get(each.name, words["other"])), ""


def _create(each: RefusedApp) -> str:
    """Where a key for it is made; empty: that would not help."""
    if each.kind not in _ABOUT_THE_KEY:
        return ""
    return "/console/keys/new?" + urlencode({"name": each.app}) if each.app else "/console/keys/new"


def _line(each: RefusedApp, speech: Speech, visit: Visit) -> dict[str, Any]:
    words = visit.words
    why = words["short"].get(each.kind) or each.message or words["why"]["no_message"]
    return {
        "title": each.app or each.client or words["unknown"],
        "why": why,
        "chip": f"{each.status} {each.name}",
        "requests": speech.number(each.requests, most=2**63),
        "last_at": each.last_at,
    }


PAGES: Final[tuple[Page, ...]] = (Page("/console/refusals", "GET", show, words="refusals"),)
