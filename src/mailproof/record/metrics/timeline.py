"""What a page of events comes to minute by minute, and how long its mails took. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from mailproof.mail.events import EventType
from mailproof.store.console.minutes import Happened
from mailproof.store.console.paces import Took, upper_of
from mailproof.store.records.totals import Group

__all__ = ["happened", "took"]

_E = EventType
_MINUTES_OF_AN_HOUR: Final = 60

# What an event counts as, which is a field of `Minute`; the others count as nothing.
COUNTS_AS: Final[Mapping[str, str]] = {
    _E.EMAIL_ACCEPTED.value: "accepted",
    _E.EMAIL_SENT.value: "sent",
    _E.EMAIL_HELD.value: "waiting",
    _E.EMAIL_DEFERRED.value: "waiting",
    _E.EMAIL_UNCONFIRMED.value: "waiting",
    _E.EMAIL_FAILED.value: "bad",
    _E.EMAIL_EXPIRED.value: "bad",
    _E.EMAIL_BOUNCED.value: "bad",
    _E.EMAIL_COMPLAINED.value: "bad",
    _E.EMAIL_SUPPRESSED.value: "other",
    _E.EMAIL_CANCELED.value: "other",
    _E.EMAIL_SUPERSEDED.value: "other",
    _E.EMAIL_SANDBOXED.value: "other",
}


def happened(groups: Collection[Group]) -> Iterator[Happened]:
    """What each minute and purpose gets; one may come several times."""
    for group in groups:
        if what := COUNTS_AS.get(group.type):
            yield Happened(group.minute, group.purpose, what, group.count)


def took(groups: Collection[Group]) -> Iterator[Took]:
    """How long the mails took that a provider has taken; one class may come several times."""
    for group in groups:
        if group.type != _E.EMAIL_SENT:
            continue
        classes = Counter(upper_of(age) for age in group.ages_ms)
        if unknown := group.count - classes.total():
            classes[0] = unknown
        for upper_ms, count in classes.items():
            yield Took(
                group.minute // _MINUTES_OF_AN_HOUR,
                group.purpose,
                group.attempt_provider or group.provider,
                upper_ms,
                count,
                group.last_at,
            )
