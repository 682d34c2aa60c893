"""What a page of events comes to: which counters rise, and by how much. Pure."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from mailproof.diagnosis.reasons import Reason
from mailproof.mail.events import OF_STATE, EventType
from mailproof.record.metrics.catalog import AGES_S, NONE, OTHER
from mailproof.store.records.totals import Added, Group
from mailproof.store.shapes import PAUSED, AttemptOutcome

__all__ = [
    "ACCEPTED",
    "AGES",
    "ATTEMPTS",
    "BUCKET",
    "EMAILS",
    "EVENTS",
    "SUM_MS",
    "Known",
    "counted",
    "le",
]

ACCEPTED: Final = "mailproof_emails_accepted_total"
EMAILS: Final = "mailproof_emails_total"
ATTEMPTS: Final = "mailproof_attempts_total"
EVENTS: Final = "mailproof_events_total"
AGES: Final = "mailproof_accept_to_sent_seconds"
# A histogram is kept as its buckets, each for itself, and the sum of what fell into them.
BUCKET: Final = "_bucket"
SUM_MS: Final = "_sum_ms"

_STATE_OF: Final[Mapping[str, str]] = {
    event.value: state.value for state, event in OF_STATE.items()
}
_TYPES: Final = frozenset(event.value for event in EventType)
_REASONS: Final = frozenset({PAUSED, *(reason.value for reason in Reason)})
_OUTCOMES: Final = frozenset(outcome.value for outcome in AttemptOutcome)
# States that are counted once more, by what brought a mail there: event, counter, its label.
_OWN: Final[Mapping[str, tuple[str, str]]] = {
    EventType.EMAIL_HELD.value: ("mailproof_held_total", "reason"),
    EventType.EMAIL_EXPIRED.value: ("mailproof_expired_total", "reason"),
    EventType.EMAIL_UNCONFIRMED.value: ("mailproof_unconfirmed_total", "provider"),
}


class Known(msgspec.Struct, frozen=True):
    """The names that the configuration knows: no other becomes a label."""

    purposes: frozenset[str]
    providers: frozenset[str]


def counted(groups: Collection[Group], known: Known) -> Iterator[Added]:
    """Each counter that rises; one may come several times."""
    for group in groups:
        yield Added(EVENTS, {"type": _one_of(_TYPES, group.type)}, group.count)
        purpose = _one_of(known.purposes, group.purpose)
        if group.type == EventType.EMAIL_ACCEPTED:
            yield Added(ACCEPTED, {"purpose": purpose}, group.count)
        elif (state := _STATE_OF.get(group.type)) is not None:
            yield Added(EMAILS, {"state": state, "purpose": purpose}, group.count)
        yield from _by_cause(group, known)
        if group.attempt_outcome:
            labels = {
                "provider": _one_of(known.providers, group.attempt_provider),
                "outcome": _one_of(_OUTCOMES, group.attempt_outcome),
                "reason": _one_of(_REASONS, group.attempt_reason),
            }
            yield Added(ATTEMPTS, labels, group.count)
        yield from _ages(group, purpose)


def le(seconds: float) -> str:
    """The upper end of the bucket that it falls into, as Prometheus writes it."""
    place = bisect_left(AGES_S, seconds)
    return str(AGES_S[place]) if place < len(AGES_S) else "+Inf"


def _ages(group: Group, purpose: str) -> Iterator[Added]:
    # Clocks of two nodes may differ by more than a mail took.
    ages_ms = [max(age, 0) for age in group.ages_ms]
    if not ages_ms:
        return
    for end, count in Counter(le(age / 1000) for age in ages_ms).items():
        yield Added(AGES + BUCKET, {"purpose": purpose, "le": end}, count)
    yield Added(AGES + SUM_MS, {"purpose": purpose}, sum(ages_ms))


def _by_cause(group: Group, known: Known) -> Iterator[Added]:
    own = _OWN.get(group.type)
    if own is None:
        return
    name, label = own
    named = {"reason": group.reason, "provider": group.provider}[label]
    names = {"reason": _REASONS, "provider": known.providers}[label]
    yield Added(name, {label: _one_of(names, named)}, group.count)


def _one_of(known: Collection[str], name: str) -> str:
    if not name:
        return NONE
    return name if name in known else OTHER
