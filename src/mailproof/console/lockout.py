"""Who has mistyped too often, and until when they wait.

Counted in this process and lost when it ends: guessing is what it slows, and the password's own
cost slows it too. Both counts are bounded, so that nobody can fill the memory with names.
"""

from collections import OrderedDict
from typing import Final

import msgspec

__all__ = ["FIRST_PAUSE_MS", "NAME_FAILURES", "Lockout"]

NAME_FAILURES: Final = 5
_ADDRESS_FAILURES: Final = 20
_WITHIN_MS: Final = 15 * 60_000
FIRST_PAUSE_MS: Final = 30_000
_LAST_PAUSE_MS: Final = 15 * 60_000
_KEPT: Final = 10_000


class _Tally(msgspec.Struct):
    failed_at: list[int]  # UTC ms, the last ones
    until: int = 0
    pause_ms: int = FIRST_PAUSE_MS


class Lockout:
    """After 5 failures for a name, or 20 from an address, within 15 minutes: a pause of 30 seconds,
    and after each further failure one that is twice as long, up to 15 minutes. Times in UTC ms."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, _Tally] = OrderedDict()
        self._addresses: OrderedDict[str, _Tally] = OrderedDict()

    def until(self, name: str, address: str, now: int) -> int:
        """When they may try again; 0: now."""
        found = (self._names.get(name), self._addresses.get(address))
        latest = max((each.until for each in found if each is not None), default=0)
        return latest if latest > now else 0

    def tried(self, name: str, now: int) -> None:
        """Somebody types a password for that name. Counted before it is known whether it is the
        right one: many at the same moment must not be more tries than one after the other."""
        _count(_tally(self._names, name), NAME_FAILURES, now)

    def not_checked(self, name: str, now: int) -> None:
        """The last try of that name came to nothing: it was no guess, and counts for none."""
        tally = self._names.get(name)
        if tally is None or not tally.failed_at:
            return
        tally.failed_at.pop()
        if tally.until > now:  # by this very try: while they waited, none was taken
            tally.pause_ms = max(FIRST_PAUSE_MS, tally.pause_ms // 2)
            tally.until = now if tally.pause_ms > FIRST_PAUSE_MS else 0

    def failed(self, address: str, now: int) -> None:
        """It was wrong; `address` empty: nobody knows where it came from."""
        if address:
            _count(_tally(self._addresses, address), _ADDRESS_FAILURES, now)

    def left(self, name: str, now: int) -> int:
        """How many tries that name has before a pause."""
        tally = self._names.get(name)
        recent = 0 if tally is None else sum(at > now - _WITHIN_MS for at in tally.failed_at)
        return max(0, NAME_FAILURES - recent)

    def succeeded(self, name: str) -> None:
        """It was right: the name begins anew. The address does not, or whoever has a name of their
        own could guess at others' for ever."""
        self._names.pop(name, None)


def _tally(tallies: OrderedDict[str, _Tally], key: str) -> _Tally:
    tally = tallies.setdefault(key, _Tally([]))
    tallies.move_to_end(key)
    if len(tallies) > _KEPT:
        tallies.popitem(last=False)
    return tally


def _count(tally: _Tally, most: int, now: int) -> None:
    if tally.until and now - tally.until >= _WITHIN_MS:
        tally.until, tally.pause_ms = 0, FIRST_PAUSE_MS  # they have been good for long enough
        tally.failed_at = []
    tally.failed_at = [at for at in tally.failed_at if at > now - _WITHIN_MS][-most:]
    tally.failed_at.append(now)
    if tally.until or len(tally.failed_at) >= most:
        tally.until = now + tally.pause_ms
        tally.pause_ms = min(tally.pause_ms * 2, _LAST_PAUSE_MS)
