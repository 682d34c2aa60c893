"""From where on people are told: the thresholds of the rules, each with a default for most."""

from collections.abc import Mapping

import msgspec

__all__ = ["Limits", "Quota", "percent"]


class Quota(msgspec.Struct, frozen=True):
    """How many mails a provider takes from this account; None: not known."""

    per_day: int | None = None
    per_month: int | None = None


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Rates are parts of one: 0.05 is 5 %. Exactly on a limit nothing is told, except of a quota.

    `silence`: times the longest usual pause of critical mail; `volume_jump`: times the busiest hour
    of the week. `unverified`: mails a day whose end nobody can tell. `cursor_lag_s`: how far a
    follower of the event log may be behind, in seconds. `order`: the providers by preference;
    `quotas`: those that the configuration names, by provider.
    """

    silence: int = 3
    volume_jump: int = 5
    failure_rate: float = 0.2
    bounce_rate: float = 0.05
    complaint_rate: float = 0.001
    quota_used: float = 0.8
    unverified: int = 3
    cursor_lag_s: float = 60.0
    order: tuple[str, ...] = ()
    quotas: Mapping[str, Quota] = {}


def percent(part: float) -> str:
    """`0.1%`, `12.5%`, `80%`: as people write it, with two digits behind the point at most."""
    return f"{round(part * 100, 2):g}%"
