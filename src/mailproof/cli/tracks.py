"""How far a mail has come, in five signs: accepted, sent, delivered. The line ends where proof
ends. The same track as on the console's pages."""

from collections.abc import Mapping
from typing import Final

from mailproof.mail.lifecycle import State

__all__ = ["TONES", "TRACKS", "TRACK_COLUMNS", "track"]

TRACK_COLUMNS: Final = 5
TRACKS: Final[Mapping[State, str]] = {
    State.SCHEDULED: "○ ○ ○",
    State.QUEUED: "● ○ ○",
    State.SENDING: "●─◦ ○",
    State.DEFERRED: "●┄◦ ○",
    State.HELD: "●┄‖ ○",
    State.UNCONFIRMED: "●─◌ ○",
    State.SENT: "●─● ○",
    State.DELIVERED: "●─●─●",
    State.BOUNCED: "●─●─✕",
    State.COMPLAINED: "●─●─✕",
    State.FAILED: "●─✕ ○",
    State.EXPIRED: "●┄✕ ○",
    State.SUPPRESSED: "● –",
    State.CANCELED: "● –",
    State.SUPERSEDED: "● –",
    State.SANDBOXED: "● –",
}
# Colour alone never tells states apart: the word always stands beside.
TONES: Final[Mapping[State, str]] = {
    **dict.fromkeys((State.DEFERRED, State.HELD, State.UNCONFIRMED), "waiting"),
    **dict.fromkeys((State.SENT, State.DELIVERED), "proven"),
    **dict.fromkeys((State.BOUNCED, State.COMPLAINED, State.FAILED, State.EXPIRED), "broken"),
}


def track(state: State) -> str:
    """Always `TRACK_COLUMNS` wide."""
    return TRACKS[state].ljust(TRACK_COLUMNS)
