"""What is looked at once a minute at most: what is usual, rates, quotas, feedback, followers."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from mailproof.store.base import Tx
from mailproof.store.records.checks import Check, latest
from mailproof.store.records.feedback import FeedbackHealth, feedback_health
from mailproof.store.records.tallies import DAY_MINUTES, USUAL_DAYS

__all__ = [
    "SHORT_MS",
    "BehindCursor",
    "Counted",
    "Review",
    "Rhythm",
    "Volume",
    "keep_samples",
    "take_review",
]

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = DAY_MINUTES * _MINUTE_MS
# The two spans over which counters are compared.
SHORT_MS: Final = 600_000
# Of fewer mails in an hour nobody need hear, however many times the usual they are.
VOLUME_LEAST: Final = 100
_SAMPLES_KEPT_MINUTES: Final = 2 * DAY_MINUTES

# Counters that the follower of the event log keeps (`/metrics` shows them): of mails by the state
# that they came to, and of attempts by provider and outcome.
_EMAILS: Final = "mailproof_emails_total"
_ATTEMPTS: Final = "mailproof_attempts_total"
_OF_STATE: Final[Mapping[str, str]] = {
    "failed": "unsent",
    "expired": "unsent",
    "bounced": "bounced",
    "complained": "complained",
}
_BY: Final = "by:"


class Rhythm(msgspec.Struct, frozen=True):
    """Critical mail of an app and purpose within the last week. In minutes since 1970."""

    app: str
    purpose: str
    accepted: int
    first_minute: int
    last_minute: int
    longest_gap: int


class Volume(msgspec.Struct, frozen=True):
    """An app that sends much. `recent`: mails in this hour or the one before, whichever had more.

    `usual`: the most in one hour of the week before these, None: none came. `first_hour`: the first
    that is known, since 1970.
    """

    app: str
    recent: int
    usual: int | None
    first_hour: int


class Counted(msgspec.Struct, frozen=True):
    """What happened within one span: mails that a provider took, by provider; those that ended
    unsent (failed or expired), bounced, or were complained of."""

    taken: Mapping[str, int] = {}
    unsent: int = 0
    bounced: int = 0
    complained: int = 0

    @property
    def sent(self) -> int:
        return sum(self.taken.values())


class BehindCursor(msgspec.Struct, frozen=True):
    """A follower of the event log that stands still (`error`, `failing_since`), or has not dealt
    with all events yet: the first of these happened at `next_at`. UTC in milliseconds."""

    name: str
    error: str | None
    failing_since: int | None
    next_at: int | None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """One moment, UTC in milliseconds. `lately`: the last ten minutes; `day`: the last 24 hours.

    `began`: since when somebody looks: what was not dealt with before need not be a fault.
    `samples`: what is to be remembered of counters that have risen: name, minute, value.
    `last_event_at`: None: nothing has ever happened here.
    """

    now: int
    began: int = 0
    rhythms: tuple[Rhythm, ...] = ()
    volumes: tuple[Volume, ...] = ()
    lately: Counted = Counted()
    day: Counted = Counted()
    checks: tuple[Check, ...] = ()
    feedback: tuple[FeedbackHealth, ...] = ()
    cursors: tuple[BehindCursor, ...] = ()
    samples: tuple[tuple[str, int, int], ...] = ()
    last_event_at: int | None = None


class _Sampled(msgspec.Struct, frozen=True):
    name: str
    newest: int | None
    day_ago: int | None
    lately: int | None


async def take_review(tx: Tx, began: int) -> Review:
    """All of it, from one view of the database, in queries whose cost does not rise with the mails
    that are there."""
    now = tx.now
    day, hour = now // _DAY_MS, now // _HOUR_MS
    counters = _summed(await tx.all("records/counters", _counter, names=[_EMAILS, _ATTEMPTS]))
    sampled = await tx.all(
        "records/samples",
        _Sampled,
        names=sorted(counters),
        early=(now - _DAY_MS) // _MINUTE_MS,
        late=(now - SHORT_MS) // _MINUTE_MS,
    )
    return Review(
        now=now,
        began=began,
        rhythms=tuple(await tx.all("records/rhythms", Rhythm, day=day - USUAL_DAYS)),
        volumes=tuple(
            await tx.all(
                "records/volumes",
                Volume,
                recent=hour - 1,
                start=hour - 1 - USUAL_DAYS * 24,
                before=hour - 1,
                least=VOLUME_LEAST,
            )
        ),
        lately=_since(counters, sampled, lambda each: each.lately),
        day=_since(counters, sampled, lambda each: each.day_ago),
        checks=tuple(await latest(tx)),
        feedback=await feedback_health(tx, now - _DAY_MS),
        cursors=tuple(await tx.all("records/cursors_behind", BehindCursor)),
        samples=tuple(_samples(counters, sampled, now // _MINUTE_MS)),
        last_event_at=await tx.one("records/newest_event_at", int),
    )


async def keep_samples(tx: Tx, review: Review) -> None:
    """Remember what its counters stood at; what is older than two days goes."""
    await tx.many("records/add_samples", review.samples)
    minute = review.now // _MINUTE_MS
    if minute % 60 == 0:
        await tx.run("records/sweep_samples", before=minute - _SAMPLES_KEPT_MINUTES)


def _summed(counters: Iterable[tuple[str, Mapping[str, str], int]]) -> dict[str, int]:
    """Counters added up to what the rules ask: `unsent`, `bounced`, `complained`, `by:PROVIDER`."""
    sums = {"unsent": 0, "bounced": 0, "complained": 0}
    for name, labels, value in counters:
        if name == _ATTEMPTS and labels.get("outcome") == "accepted":
            key = f"{_BY}{labels.get('provider')}"
        else:
            key = _OF_STATE.get(labels.get("state", ""), "")
        if key:
            sums[key] = sums.get(key, 0) + value
    return sums


def _samples(
    counters: Mapping[str, int], sampled: Sequence[_Sampled], minute: int
) -> Iterator[tuple[str, int, int]]:
    """One that is new since there are samples stood at zero before."""
    begun = any(each.newest is not None for each in sampled)
    for each in sampled:
        if begun and each.newest is None:
            yield each.name, minute - 1, 0
        if each.newest != counters[each.name]:
            yield each.name, minute, counters[each.name]


def _since(
    counters: Mapping[str, int],
    sampled: Sequence[_Sampled],
    earlier: Callable[[_Sampled], int | None],
) -> Counted:
    """What rose. At the very first look nothing can be said to have risen."""
    begun = any(each.newest is not None for each in sampled)
    risen: dict[str, int] = {}
    for each in sampled:
        base, value = earlier(each), counters[each.name]
        if base is None:
            base = 0 if begun else value
        risen[each.name] = max(0, value - base)
    return Counted(
        taken={
            name.removeprefix(_BY): count for name, count in risen.items() if name.startswith(_BY)
        },
        unsent=risen["unsent"],
        bounced=risen["bounced"],
        complained=risen["complained"],
    )


def _counter(name: str, labels: str, value: int) -> tuple[str, Mapping[str, str], int]:
    decoded: Any = msgspec.json.decode(labels)
    return name, decoded, value
