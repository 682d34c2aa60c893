"""What happened to a mail, in words: its events and attempts in order, what repeats folded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.console.pages.evidence import quoted
from mailproof.console.pages.telling import Teller
from mailproof.diagnosis.reasons import Next
from mailproof.mail.events import EventType
from mailproof.store.base import Event
from mailproof.store.mails.listing import AttemptShown, Shown

__all__ = ["Line", "ProbedRoute", "timeline"]

E = EventType

# The tone of an event's dot, and whether it is full: something is proven, waits, or is broken.
_TONES: Final[Mapping[str, tuple[str, bool]]] = {
    E.EMAIL_ACCEPTED: ("proven", True),
    E.EMAIL_SENT: ("proven", True),
    E.EMAIL_DELIVERED: ("proven", True),
    E.EMAIL_HELD: ("waiting", True),
    E.EMAIL_DEFERRED: ("waiting", True),
    E.EMAIL_UNCONFIRMED: ("waiting", True),
    E.EMAIL_DELAYED: ("waiting", False),
    E.EMAIL_UNVERIFIED: ("waiting", False),
    E.EMAIL_LEASE_LOST: ("waiting", False),
    E.EVENT_IGNORED: ("waiting", False),
    E.EMAIL_BOUNCED: ("broken", True),
    E.EMAIL_COMPLAINED: ("broken", True),
    E.EMAIL_FAILED: ("broken", True),
    E.EMAIL_EXPIRED: ("broken", True),
}
_OTHER: Final = ("moving", False)

# `why` of an event, and the fact that says it.
_WHY: Final[Mapping[str, str]] = {
    "by_hand": "by_hand",
    "settled": "settled",
    "handed_back": "handed_back",
    "not_begun": "not_begun",
    "on_unknown": "on_unknown",
    "provider_removed": "provider_removed",
    "scheduled": "scheduled_over",
}
# A fact that belongs to one type of event, whatever its data says.
_OF_TYPE: Final[Mapping[str, str]] = {
    E.EMAIL_DELAYED: "delayed",
    E.EMAIL_UNVERIFIED: "unverified",
    E.EMAIL_LEASE_LOST: "lease_lost",
    E.EMAIL_REVEALED: "revealed",
}
_ENDS_ATTEMPT: Final = frozenset({E.EMAIL_SENDING, E.ATTEMPT_STARTED})
# An attempt and what followed, again and again: of such rounds the first one is told in full.
_ROUND_BEGINS: Final = E.EMAIL_SENDING
_FOLDED_LEAST: Final = 2  # rounds
# A provider's event that comes so long after what it tells of says when that was.
_LATE_MS: Final = 60_000


class Line(msgspec.Struct, frozen=True):
    """One thing that happened, UTC in ms. `full`: its dot. `actor`: who did it, in words.

    `reason`: the machine's name of why. `folded`: what is told of in one line.
    """

    at: int
    tone: str
    full: bool
    fact: str
    rest: str
    actor: str = ""
    reason: str = ""
    folded: tuple["Line", ...] = ()


class ProbedRoute(msgspec.Struct, frozen=True):
    """The closed route that a held mail waits for. Times in UTC milliseconds."""

    provider: str
    sender: str
    reason: str | None
    since: int
    probes: int
    next_probe_at: int | None


class _Step(msgspec.Struct, frozen=True):
    """`name`: what steps are compared by, to know a round that comes again."""

    name: tuple[str, str]
    line: Line


def timeline(shown: Shown, teller: Teller, route: ProbedRoute | None = None) -> list[Line]:
    """All that happened, the oldest first. `route`: what a held mail waits for now."""
    lines = list(_folded(list(_steps(shown, teller)), teller))
    if route is not None:
        lines.append(_probed(route, teller))
    return lines


def _steps(shown: Shown, teller: Teller) -> Iterator[_Step]:
    attempts = {each.lease_no: each for each in shown.attempts if each.outcome != "accepted"}
    for event in shown.events:
        attempt = None
        if event.type not in _ENDS_ATTEMPT:
            attempt = attempts.pop(event.data.get("attempt", -1), None)
        if attempt is not None:
            yield _Step(
                (f"attempt.{attempt.outcome}", attempt.reason or ""), _tried(attempt, teller)
            )
        yield _Step((event.type, str(event.data.get("reason", ""))), _line(event, teller))


def _line(event: Event, teller: Teller) -> Line:
    tone, full = _TONES.get(event.type, _OTHER)
    return Line(
        at=event.at,
        tone=tone,
        full=full,
        fact=teller.words["events"].get(event.type, event.type),
        rest=teller.joined(*(teller.tidy(each) for each in _facts(event, teller))),
        actor=teller.actor(event.actor) if event.actor else "",
        reason=str(event.data.get("reason", "")),
    )


def _facts(event: Event, teller: Teller) -> Iterator[str]:
    """What is known of it besides, each as a sentence."""
    facts, data = teller.words["facts"], event.data
    provider = teller.provider(data.get("provider"))
    if event.type == E.EMAIL_ACCEPTED:
        form = facts["accepted" if data.get("purpose") else "accepted_plain"]
        yield form.format(app=data.get("app", ""), purpose=teller.purpose(data.get("purpose", "")))
        return
    if event.type in _ENDS_ATTEMPT and "attempt" in data:
        yield facts["attempt"].format(attempt=data["attempt"], provider=provider)
    if event.type == E.EMAIL_SENT and "age_ms" in data:
        yield facts["took"].format(provider=provider, age=teller.span(data["age_ms"]))
    if event.type == E.EVENT_IGNORED and "state" in data:
        yield facts["fate"].format(state=teller.state(str(data.get("fate", ""))))
        yield facts["ignored"].format(state=teller.state(data["state"]))
    elif "fate" in data and event.type == E.RECIPIENT_CHANGED:
        yield facts["fate"].format(state=teller.state(str(data["fate"])))
    if event.type in _OF_TYPE:
        yield facts[_OF_TYPE[event.type]].format(provider=provider)
    told_late = event.at - data.get("happened_at", event.at) >= _LATE_MS
    yield from _known(data, teller, provider, told_late=told_late)
    if event.type == E.EMAIL_HELD and "attempt" not in data:
        yield facts["held_at_once"]


def _known(
    data: Mapping[str, Any], teller: Teller, provider: str, *, told_late: bool
) -> Iterator[str]:
    """Facts that may come with any event. `told_late`: it was told long after it had happened."""
    facts = teller.words["facts"]
    if data.get("probe"):
        yield facts["probe"]
    if data.get("attempt_reason"):
        yield facts["attempt_reason"].format(reason=teller.reason(data["attempt_reason"]))
    if data.get("closed_route"):
        yield facts["closed_route"]
    if data.get("via"):
        via = "told_when_asked" if data["via"] == "asked" else "told_by_webhook"
        yield facts[via].format(provider=provider)
    if told_late and isinstance(data.get("happened_at"), int):
        yield facts["happened_at"].format(at=teller.moment(data["happened_at"]))
    if isinstance(data.get("recipients"), int):
        yield facts["recipients"].format(n=data["recipients"])
    if isinstance(data.get("due_at"), int):
        yield facts["due_at"].format(due=teller.moment(data["due_at"]))
    if data.get("by"):
        yield facts["by"].format(by=data["by"])
    if data.get("cause"):
        yield facts["cause"].format(cause=teller.words["causes"].get(data["cause"], data["cause"]))
    if (why := _WHY.get(str(data.get("why")))) is not None:
        yield facts[why]
    if data.get("was"):
        yield facts["was"].format(state=teller.state(data["was"]))
    if data.get("outcome") == "unknown":
        yield facts["unknown"]


def _tried(attempt: AttemptShown, teller: Teller) -> Line:
    """An attempt that came to nothing, or to nothing that anybody heard of."""
    words, facts = teller.words["timeline"], teller.words["facts"]
    failure = attempt.failure
    told, fault = "", ""
    asked = attempt.outcome == "refused" and (failure is None or failure.origin != "network")
    if failure is not None:
        number, sentence = quoted(failure.evidence.seen)
        quote = f"“{sentence}”" if sentence else ""
        comma, stop = ("，", "。") if teller.language == "zh" else (", ", ".")
        told = comma.join(filter(None, (number, quote)))
        told = f"{told}{stop}" if told else ""
        if attempt.outcome == "refused" and failure.next is Next.HOLD:
            fault = facts["refused_fault"]
    kind = "unknown" if attempt.outcome == "unknown" else "refused" if asked else "no_answer"
    return Line(
        at=attempt.ended_at,
        tone="waiting" if attempt.outcome == "unknown" else "broken",
        full=True,
        fact=words[kind].format(provider=teller.provider(attempt.provider)),
        rest=teller.joined(told, fault),
        reason=attempt.reason or "",
    )


def _folded(steps: Sequence[_Step], teller: Teller) -> Iterator[Line]:
    """Rounds that are like the one before, `_FOLDED_LEAST` or more of them, as one line."""
    rounds = list(_rounds(steps))
    place = 0
    while place < len(rounds):
        yield from (step.line for step in rounds[place])
        same = place + 1
        while same < len(rounds) and _name(rounds[same]) == _name(rounds[place]):
            same += 1
        # The last round of a run may be followed by others: it stays open to be read.
        again = rounds[place + 1 : same]
        if len(again) >= _FOLDED_LEAST and _name(rounds[place])[0][0] == _ROUND_BEGINS:
            yield _fold([step.line for each in again for step in each], len(again), teller)
        else:
            for each in again:
                yield from (step.line for step in each)
        place = same


def _rounds(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    """The steps, cut before each one that begins a round."""
    current: list[_Step] = []
    for step in steps:
        if step.name[0] == _ROUND_BEGINS and current:
            yield current
            current = []
        current.append(step)
    if current:
        yield current


def _name(steps: Sequence[_Step]) -> list[tuple[str, str]]:
    return [step.name for step in steps]


def _fold(lines: list[Line], count: int, teller: Teller) -> Line:
    words, last = teller.words["timeline"], lines[-1]
    fact = words["folded_one"] if count == 1 else words["folded"].format(n=count)
    rest = teller.tidy(words["folded_rest"].format(last=teller.moment(last.at)))
    return Line(
        last.at,
        last.tone,
        full=False,
        fact=fact,
        rest=rest,
        reason=last.reason,
        folded=tuple(lines),
    )


def _probed(route: ProbedRoute, teller: Teller) -> Line:
    words = teller.words["timeline"]
    if route.reason == "paused":
        return Line(
            route.since, "waiting", full=False, fact=words["paused"], rest="", reason="paused"
        )
    fact = {0: words["probed_never"], 1: words["probed_one"]}.get(
        route.probes, words["probed"].format(n=route.probes)
    )
    rest = ""
    if route.next_probe_at is not None:
        rest = teller.tidy(words["next_probe"].format(next=teller.clock(route.next_probe_at)))
    return Line(teller.now, "waiting", full=False, fact=fact, rest=rest, reason=route.reason or "")
