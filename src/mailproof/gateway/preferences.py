"""What a caller prefers: `Prefer: respond-async, wait=10, handling=strict` (RFC 7240)."""

import re
from typing import Final, Literal

import msgspec

__all__ = ["WAIT_MAX_S", "Preferences", "read_preferences"]

# A longer wait would hold a connection for what a look at the mail can tell as well.
WAIT_MAX_S: Final = 30.0

_PREFERENCE: Final = re.compile(
    r"""\s* ([!#$%&'*+.^_`|~\w-]+) \s* (?: = \s* ("(?:[^"\\]|\\.)*"|[^\s,;"]*) )? [^,]*""",
    re.VERBOSE,
)


class Preferences(msgspec.Struct, frozen=True):
    """`wait_s` None: as long as the key or the configuration says. `applied`: what was heeded, as
    it goes into `Preference-Applied`."""

    wait_s: float | None = None
    on_hold: Literal["refuse"] | None = None
    applied: str = ""


_NONE: Final = Preferences()


def read_preferences(header: str, *, waits: bool) -> Preferences:
    """Unknown preferences are ignored, as are senseless values (section 2); the first of a name
    counts. `waits` False: this endpoint never waits, so a `wait` is not heeded.

    `respond-async` with `wait=N` means: after N seconds (section 4.3).
    """
    if not header:
        return _NONE
    given: dict[str, str] = {}
    for match in _PREFERENCE.finditer(header):
        given.setdefault(match[1].lower(), (match[2] or "").strip('"'))
    applied = []
    wait_s: float | None = None
    if waits and "respond-async" in given:
        wait_s = 0.0
        applied.append("respond-async")
    if waits and (text := given.get("wait", "")).isdecimal() and text.isascii():
        wait_s = min(float(text[:9]), WAIT_MAX_S)
        applied.append(f"wait={int(wait_s)}")
    strict = given.get("handling", "").lower() == "strict"
    if strict:
        applied.append("handling=strict")
    return Preferences(wait_s, "refuse" if strict else None, ", ".join(applied))
