"""The alerts: what needs a human, what was told to whom and when, and whether it got through."""

from time import monotonic
from typing import Any, Final

import msgspec
import structlog

from mailproof.alerts.wording import text_of_test
from mailproof.app import make_channels, open_providers_http
from mailproof.config.settings import AlertChannel
from mailproof.console.pages.alert_words import text_of_alert
from mailproof.console.pages.asking import Done
from mailproof.console.pages.phrasing import Speech
from mailproof.console.pages.rich import rich, steps_of
from mailproof.console.visit import Answer, Page, Visit
from mailproof.store.base import Tx
from mailproof.store.console.messages import AlertMessage, Undelivered, messages, undelivered
from mailproof.store.records.alerts import AlertRow, list_alerts

__all__ = ["PAGES"]

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.console")

_SHOWN_MAX: Final = 100
_HERE: Final = "/console/alerts"


class _Seen(msgspec.Struct, frozen=True):
    now: int
    alerts: tuple[AlertRow, ...]
    messages: tuple[AlertMessage, ...]
    failing: tuple[Undelivered, ...]


async def show(visit: Visit) -> Answer:
    return await _drawn(visit, None)


async def test(visit: Visit) -> Answer:
    """Send a test to one channel, and say what came of it: the answer can hold an error's words, so
    it is drawn here and not asked for again by an address."""
    name = (await visit.form()).get("channel", [""])[0]
    words = visit.words["tested"]
    if name not in {each.name for each in visit.parts.settings.alerts.channels}:
        return await _drawn(visit, Done(words["unknown"], "waiting"))
    began = monotonic()
    async with open_providers_http() as http:
        channels = make_channels(visit.parts.settings, http)
        channel = next(each for each in channels if each.name == name)
        error = await channel.deliver(text_of_test(visit.language))
    took_s = round(monotonic() - began, 1)
    _log.info("channel.tested", channel=name, actor=visit.actor, error=error, took_s=took_s)
    key, tone = ("good", "proven") if error is None else ("bad", "broken")
    facts = {"channel": name, "took": f"{took_s:.1f}", "error": error or ""}
    return await _drawn(visit, Done(words[key].format(**facts), tone))


async def stay(visit: Visit) -> Answer:
    """The page that a test has led to is not asked for again: it says what happened once."""
    if visit.request.header(b"console-version") is not None:
        return Answer(204, b"")
    return visit.redirect(_HERE)


async def _drawn(visit: Visit, done: Done | None) -> Answer:
    seen = await visit.read(_look)
    speech = Speech(visit.language, visit.zone, seen.now)
    by_alert: dict[int, list[AlertMessage]] = {}
    for each in seen.messages:
        by_alert.setdefault(each.alert_id, []).append(each)
    now_open = [each for each in seen.alerts if each.resolved_at is None]
    past = [each for each in seen.alerts if each.resolved_at is not None]
    return visit.page(
        "alerts.html",
        speech=speech,
        said=_sentence(now_open, seen, speech, visit),
        open=[_open(each, by_alert.get(each.id, []), speech, visit) for each in now_open],
        past=[_past(each, by_alert.get(each.id, []), speech, visit) for each in past],
        channels=[
            _channel(each, seen, speech, visit) for each in visit.parts.settings.alerts.channels
        ],
        done=done,
    )


async def _look(tx: Tx) -> _Seen:
    rows = await list_alerts(tx, _SHOWN_MAX)
    told = await messages(tx, [row.id for row in rows])
    return _Seen(tx.now, tuple(rows), tuple(told), tuple(await undelivered(tx)))


def _sentence(
    now_open: list[AlertRow], seen: _Seen, speech: Speech, visit: Visit
) -> dict[str, str]:
    words = visit.words["sentence"]
    rest = ""
    if seen.failing:
        rest = speech.counted(words, len(seen.failing), "failing")
    elif now_open and not visit.parts.settings.alerts.channels:
        rest = words["unheard"]
    if not now_open:
        tone, seal = ("waiting", "pause") if seen.failing else ("proven", "tick")
        return {
            "tone": tone,
            "seal": seal,
            "fact": words["none"],
            "rest": rest or words["none_rest"],
        }
    urgent = any(each.severity != "WARNING" for each in now_open)
    tone, seal = ("broken", "bang") if urgent else ("waiting", "pause")
    return {"tone": tone, "seal": seal, "fact": speech.counted(words, len(now_open)), "rest": rest}


def _open(
    alert: AlertRow, told: list[AlertMessage], speech: Speech, visit: Visit
) -> dict[str, Any]:
    text = text_of_alert(alert, visit.language, visit.zone)
    return {
        "id": alert.id,
        "tone": "waiting" if alert.severity == "WARNING" else "broken",
        "title": text.title,
        "name": alert.name,
        "since": visit.words["since"].format(time=speech.moment(alert.since, "time")),
        "cause": rich(text.told.cause),
        "steps": [rich(step) for step in steps_of(text.told.fix)],
        "runbook": text.told.runbook,
        "told": _told(told, speech, visit),
    }


def _past(
    alert: AlertRow, told: list[AlertMessage], speech: Speech, visit: Visit
) -> dict[str, Any]:
    text = text_of_alert(alert, visit.language, visit.zone)
    return {
        "title": text.title,
        "name": alert.name,
        "begin": alert.since,
        "end": alert.resolved_at,
        "count": alert.count,
        "told": _told(told, speech, visit),
    }


def _told(told: list[AlertMessage], speech: Speech, visit: Visit) -> list[str]:
    """What was told to which channel, and when."""
    words = visit.words["message"]
    return [_line(each, speech, visit) for each in told] or [words["nobody"]]


def _line(each: AlertMessage, speech: Speech, visit: Visit) -> str:
    words, facts = visit.words["message"], {"channel": each.channel, "error": each.error}
    if each.delivered_at is not None:
        key = "resolved" if each.kind == "resolved" else "delivered"
        return str(words[key]).format(time=speech.moment(each.delivered_at, "time"), **facts)
    if each.given_up_at is not None:
        return str(words["given_up"]).format(**facts)
    soon = speech.soon(each.due_at)
    if not each.tries:
        return str(words["due"]).format(soon=soon, **facts)
    key = "failed_one" if each.tries == 1 else "failed"
    return str(words[key]).format(soon=soon, tries=each.tries, **facts)


def _channel(channel: AlertChannel, seen: _Seen, speech: Speech, visit: Visit) -> dict[str, str]:
    words = visit.words
    failing = next((each for each in seen.failing if each.channel == channel.name), None)
    if failing is None:
        tone, state = "proven", words["channel_state"]["good"]
    else:
        facts = {"time": speech.moment(failing.since), "error": failing.error}
        tone = "broken"
        state = speech.counted(words["channel_state"], failing.count, "waiting", **facts)
    kind = words["apprise"] if channel.secret is None else words["webhook"]
    return {"name": channel.name, "kind": kind, "tone": tone, "state": state}


PAGES: Final[tuple[Page, ...]] = (
    Page(_HERE, "GET", show, words="alerts"),
    Page(f"{_HERE}/test", "GET", stay, words="alerts"),
    Page(f"{_HERE}/test", "POST", test, role="admin", words="alerts"),
)
