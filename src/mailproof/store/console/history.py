"""How a route has been: its last day in marks, and what is known of it."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from mailproof.mail.events import EventType
from mailproof.store.base import Tx
from mailproof.store.console.paces import HOUR_MS, Pace, last_sends, pace_of, paces_since
from mailproof.store.records.checks import Check, latest
from mailproof.store.shapes import EVERY_SENDER

__all__ = ["Mark", "RouteFacts", "Tone", "route_facts", "route_history"]

Tone = Literal["open", "slowed", "closed", "paused", "unknown"]

# From the best to the worst that a mark can tell.
_RANK: Final[tuple[Tone, ...]] = ("unknown", "open", "slowed", "closed", "paused")
# A route that closes and opens all the time is told by its newest changes.
_EVENTS_MAX: Final = 2_000
_CHECKS_MAX: Final = 2_000
_FAILURES_MAX: Final = 5_000
_MAILS_MAX: Final = 2_000
_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 24 * HOUR_MS

_CLOSES: Final = frozenset({EventType.ROUTE_CLOSED.value, EventType.ROUTE_PAUSED.value})
_BY_HAND: Final = frozenset({EventType.ROUTE_PAUSED.value, EventType.ROUTE_RESUMED.value})


class Mark(msgspec.Struct, frozen=True):
    """An equal part of a span that begins `at` (UTC in milliseconds), by the worst that was in it.

    `slowed`: open, but the provider asked for fewer calls, or a check found it bad. `unknown`:
    nothing is known of it then.
    """

    at: int
    tone: Tone


class RouteFacts(msgspec.Struct, frozen=True):
    """`sender` `*`: all of the provider. `last_sent_at`: when it last took a mail (UTC in ms), as
    far as the newest mails tell; of all of a provider, for sure. `typical_ms`: from
    acceptance to the provider's yes, the median of the last 24 hours. `last_check`: its last health
    check."""

    provider: str
    sender: str
    last_sent_at: int | None
    typical_ms: int | None
    last_check: Check | None


class _Change(msgspec.Struct, frozen=True):
    """In the order of the columns of `console/route_events`."""

    at: int
    type: str
    of_provider: bool
    id: int


class _Span(msgspec.Struct, frozen=True):
    """It was so from `at` until the next one."""

    at: int
    tone: Tone


async def route_history(
    tx: Tx, provider: str, sender: str, *, since: int, marks: int = 72
) -> list[Mark]:
    """From `since` (UTC in milliseconds) to now in `marks` parts. What closes all of a provider
    closes each of its senders."""
    changes = await tx.all(
        "console/route_events", _Change, provider=provider, sender=sender, most=_EVENTS_MAX
    )
    checks = await tx.all(
        "console/checks_since", _check, provider=provider, since=since, most=_CHECKS_MAX
    )
    slowed = await tx.all(
        "console/slowed_since", int, provider=provider, since=since, most=_FAILURES_MAX
    )
    known_at = min(
        ([changes[-1].at] if changes else [])
        + [at for at, _ in checks]
        + [minute * _MINUTE_MS for minute in slowed],
        default=None,
    )
    spans = _spans(changes[::-1], known_at)
    bad = [at for at, verdict in checks if verdict == "bad"]
    moments = sorted(bad + [max(since, minute * _MINUTE_MS) for minute in slowed])
    width = max(1, (tx.now - since) // marks)
    return [
        Mark(since + n * width, _worst(spans, moments, since + n * width, since + (n + 1) * width))
        for n in range(marks)
    ]


async def route_facts(tx: Tx) -> list[RouteFacts]:
    """Of every route, by provider and sender."""
    checks = {check.provider: check for check in await latest(tx)}
    of_day = await paces_since(tx, tx.now - _DAY_MS)
    sent: dict[tuple[str, str], int] = {}

    def take(provider: str, sender: str, at: int) -> None:
        for place in ((provider, sender), (provider, EVERY_SENDER)):
            sent[place] = max(sent.get(place, 0), at)

    await tx.all("console/last_sent_of", take, most=_MAILS_MAX)
    for each in await last_sends(tx):
        take(each.provider, EVERY_SENDER, each.at)
    routes = await tx.all("console/route_names", lambda *names: names)
    return [
        RouteFacts(
            provider,
            sender,
            sent.get((provider, sender)),
            pace_of(_of(of_day, provider), 0.5),
            checks.get(provider),
        )
        for provider, sender in routes
    ]


def _of(paces: Sequence[Pace], provider: str) -> list[Pace]:
    return [each for each in paces if each.provider == provider]


def _spans(changes: Sequence[_Change], known_at: int | None) -> list[_Span]:
    """How it stood after each change. Two routes and two causes are folded into one: it is open
    when neither the sender's nor the provider's is closed or paused."""
    shut: dict[tuple[bool, bool], bool] = {}
    spans: list[_Span] = []
    if known_at is not None:
        spans.append(_Span(known_at, _before(changes)))
    for change in changes:
        by_hand = change.type in _BY_HAND
        shut[by_hand, bool(change.of_provider)] = change.type in _CLOSES
        paused = any(is_shut for (hand, _), is_shut in shut.items() if hand)
        spans.append(
            _Span(change.at, "paused" if paused else "closed" if any(shut.values()) else "open")
        )
    return spans


def _before(changes: Sequence[_Change]) -> Tone:
    """How it stood before the first change that is known: what opened was closed before."""
    if not changes or changes[0].type in _CLOSES:
        return "open"
    return "paused" if changes[0].type in _BY_HAND else "closed"


def _worst(spans: Sequence[_Span], slowed: Sequence[int], begins: int, ends: int) -> Tone:
    """The worst in [begins, ends)."""
    place = bisect_right(spans, begins, key=lambda span: span.at)
    tones: list[Tone] = [spans[place - 1].tone if place else "unknown"]
    tones += [span.tone for span in spans[place:] if span.at < ends]
    after = bisect_right(slowed, begins - 1)
    if after < len(slowed) and slowed[after] < ends:
        tones.append("slowed")
    return max(tones, key=_RANK.index)


def _check(at: int, verdict: str) -> tuple[int, str]:
    return at, verdict
