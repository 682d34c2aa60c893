"""What the engine goes by: purposes, spans, limits. Made once, from the configuration."""

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from mailproof.mail.purposes import UNSPECIFIED, OnUnknown, Purpose, lookup

__all__ = ["Handling", "MatchRule", "Policy"]

OnHold = Literal["promise", "refuse"]


class MatchRule(msgspec.Struct, frozen=True):
    """Mail that fits has this purpose although nobody said so."""

    purpose: str
    subject: re.Pattern[str] | None
    sender: re.Pattern[str] | None

    def fits(self, *, subject: str, sender: str) -> bool:
        asked = ((self.subject, subject), (self.sender, sender))
        patterns = [(pattern, text) for pattern, text in asked if pattern is not None]
        return bool(patterns) and all(pattern.search(text) for pattern, text in patterns)


class Handling(msgspec.Struct, frozen=True):
    """A purpose, and what to answer when its mail is held while the caller waits."""

    purpose: Purpose
    on_hold: OnHold = "promise"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Spans in seconds. `rates`: calls a second by provider; who is not in it, has no limit.

    `at_once`: calls to a provider at the same time. `in_flight_max`: bytes of mail on their way to
    the disk, beyond which we say that we are overloaded.
    """

    purposes: Mapping[str, Handling]
    matches: tuple[MatchRule, ...] = ()
    rates: Mapping[str, float] = {}
    probe_interval_s: float = 10.0
    check_interval_s: float = 60.0
    deadline_s: float = 30.0
    lease_s: float = 120.0
    at_once: int = 64
    drain_s: float = 20.0
    contents_s: float = 7 * 86_400
    mails_s: float = 90 * 86_400
    in_flight_max: int = 256 * 1024 * 1024

    def handling(self, name: str) -> Handling:
        """Of a purpose by its exact name, as stored; unknown: as if none had been given."""
        return self.purposes.get(name) or Handling(UNSPECIFIED)

    def named(self, name: str) -> Handling | None:
        """Of a purpose as somebody wrote it (`Magic-Link`); None: there is none of that name."""
        if (exact := self.purposes.get(name)) is not None:
            return exact
        found = lookup(name, {key: each.purpose for key, each in self.purposes.items()})
        return None if found is None else self.handling(found.name)

    @property
    def resends(self) -> tuple[str, ...]:
        """The purposes whose mail is sent again when nobody knows whether it went."""
        return tuple(
            name
            for name, each in self.purposes.items()
            if each.purpose.on_unknown is OnUnknown.RESEND
        )
