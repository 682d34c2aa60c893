"""Rules over what is usual: silence, sudden floods, rates of what went wrong, the second choice.

Pure. Each takes what stands in the database and the limits, and gives the conditions that hold.
"""

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from mailproof.alerts.limits import Limits, percent
from mailproof.mail.events import Level
from mailproof.store.records.alerts import Condition
from mailproof.store.records.picture import Picture
from mailproof.store.records.review import Counted, Review, Rhythm

__all__ = [
    "BOUNCE_RATE",
    "COMPLAINT_RATE",
    "CRITICAL_SILENT",
    "DEGRADED",
    "FAILURE_RATE",
    "VOLUME_JUMP",
    "critical_silent",
    "degraded",
    "next_silence_at",
    "rates",
    "volume_jumps",
]

CRITICAL_SILENT: Final = "critical_silent"
VOLUME_JUMP: Final = "volume_jump"
FAILURE_RATE: Final = "failure_rate"
BOUNCE_RATE: Final = "bounce_rate"
COMPLAINT_RATE: Final = "complaint_rate"
DEGRADED: Final = "degraded"

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
# So many mails, and two days, so that a night is among them, say when an app's mail comes.
_HISTORY_MAILS: Final = 20
_HISTORY_MINUTES: Final = 2 * 1_440
# Mail that comes all the time may still pause for as long as a deployment takes.
_SILENCE_LEAST_MINUTES: Final = 15
# An app must have been there for a day before an hour of it can be unusual.
_HISTORY_HOURS: Final = 24


def critical_silent(_: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """Critical mail of an app and purpose that used to come and does not any more.

    Its longest pause of a week covers nights and weekends; after our own start, apps get time to
    come back.
    """
    now = review.now // _MINUTE_MS
    for rhythm in review.rhythms:
        if _has_history(rhythm) and now > _silent_from(rhythm, review, limits):
            yield Condition(
                CRITICAL_SILENT,
                f"{rhythm.app}/{rhythm.purpose}",
                Level.ERROR.value,
                rhythm.accepted,
                rhythm.last_minute * _MINUTE_MS,
                {
                    "app": rhythm.app,
                    "purpose": rhythm.purpose,
                    "usual_s": rhythm.longest_gap * 60,
                },
            )


def next_silence_at(review: Review, limits: Limits) -> int | None:
    """When the next of these would hold if no mail came, UTC in milliseconds; None: never."""
    now = review.now // _MINUTE_MS
    times = [
        _silent_from(rhythm, review, limits) + 1
        for rhythm in review.rhythms
        if _has_history(rhythm)
    ]
    return min((at * _MINUTE_MS for at in times if at > now), default=None)


def _has_history(rhythm: Rhythm) -> bool:
    known = rhythm.last_minute - rhythm.first_minute
    return rhythm.accepted >= _HISTORY_MAILS and known >= _HISTORY_MINUTES


def _silent_from(rhythm: Rhythm, review: Review, limits: Limits) -> int:
    """The last minute at which its silence is still a usual one."""
    pause = max(limits.silence * rhythm.longest_gap, _SILENCE_LEAST_MINUTES)
    return max(rhythm.last_minute + pause, review.began // _MINUTE_MS + _SILENCE_LEAST_MINUTES)


def volume_jumps(_: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """An app that sends far more in an hour than in the busiest hour of its week."""
    for volume in review.volumes:
        usual = volume.usual or 0
        known_hours = review.now // _HOUR_MS - volume.first_hour
        if volume.recent > limits.volume_jump * usual and known_hours >= _HISTORY_HOURS:
            yield Condition(
                VOLUME_JUMP,
                volume.app,
                Level.WARNING.value,
                volume.recent,
                review.now,
                {"app": volume.app, "usual": usual},
            )


class _Rate(msgspec.Struct, frozen=True):
    """How many of how many. Of fewer than `least`, `absolute` say something; 0: nothing does."""

    name: str
    level: Level
    span: Callable[[Review], Counted]
    bad: Callable[[Counted], int]
    of: Callable[[Counted], int]
    limit: Callable[[Limits], float]
    least: int
    absolute: int = 0


_RATES: Final = (
    _Rate(
        FAILURE_RATE,
        Level.ERROR,
        lambda review: review.lately,
        lambda counted: counted.unsent,
        lambda counted: counted.unsent + counted.sent,
        lambda limits: limits.failure_rate,
        least=20,
    ),
    _Rate(
        BOUNCE_RATE,
        Level.WARNING,
        lambda review: review.day,
        lambda counted: counted.bounced,
        lambda counted: counted.sent,
        lambda limits: limits.bounce_rate,
        least=100,
    ),
    # Large mailbox providers want less than 0.1 % (Google, "Email sender guidelines").
    _Rate(
        COMPLAINT_RATE,
        Level.ERROR,
        lambda review: review.day,
        lambda counted: counted.complained,
        lambda counted: counted.sent,
        lambda limits: limits.complaint_rate,
        least=1_000,
        absolute=3,
    ),
)


def rates(_: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """Too many of the mails of a span failed, bounced, or were complained of."""
    for rate in _RATES:
        counted = rate.span(review)
        bad, of, limit = rate.bad(counted), rate.of(counted), rate.limit(limits)
        if bad > limit * of if of >= rate.least else 0 < rate.absolute <= bad:
            yield Condition(
                rate.name,
                "",
                rate.level.value,
                bad,
                review.now,
                {"bad": bad, "of": of, "rate": percent(bad / max(of, 1)), "limit": percent(limit)},
            )


def degraded(picture: Picture, review: Review, limits: Limits) -> Iterator[Condition]:
    """Mail goes, but by another provider than the first choice.

    It is over when the first one takes mail again and the other none; that no mail came at all says
    nothing.
    """
    if not limits.order:
        return
    first, *others = limits.order
    told = {alert.about for alert in picture.alerts if alert.name == DEGRADED}
    for provider in others:
        lately, day = (span.taken.get(provider, 0) for span in (review.lately, review.day))
        lasts = provider in told and day and not review.lately.taken.get(first)
        if lately or lasts:
            yield Condition(
                DEGRADED,
                provider,
                Level.WARNING.value,
                day,
                review.now,
                {"provider": provider, "first": first},
            )
