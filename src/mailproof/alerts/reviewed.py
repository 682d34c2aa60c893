"""All rules over a review: what is looked at once a minute at most."""

from collections.abc import Callable, Iterator
from typing import Final

from mailproof.alerts.limits import Limits
from mailproof.alerts.surroundings import (
    cursors_stuck,
    feedback_failing,
    mail_unverified,
    quotas_running_out,
)
from mailproof.alerts.trends import critical_silent, degraded, rates, volume_jumps
from mailproof.store.records.alerts import Condition
from mailproof.store.records.picture import Picture
from mailproof.store.records.review import Review

__all__ = ["reviewed"]

_RULES: Final[tuple[Callable[[Picture, Review, Limits], Iterator[Condition]], ...]] = (
    critical_silent,
    degraded,
    rates,
    volume_jumps,
    quotas_running_out,
    feedback_failing,
    mail_unverified,
    cursors_stuck,
)


def reviewed(picture: Picture, review: Review, limits: Limits) -> list[Condition]:
    """Everything that a person should know held at the last review."""
    return [found for rule in _RULES for found in rule(picture, review, limits)]
