"""What becomes of a mail once its provider has it, as the provider tells, and where that leaves it.

An event tells of one recipient, of some or of all; the mail's own state is derived by a rule.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from mailproof.mail.lifecycle import State

__all__ = ["FINAL", "STATE_OF", "Fate", "of_recipients"]


class Fate(StrEnum):
    """What a provider can tell. `delayed`: it tries again by itself."""

    SENT = "sent"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


# Of these the provider tells no more, unless a recipient complains or a bounce comes late.
FINAL: Final = frozenset(Fate) - {Fate.SENT, Fate.DELAYED}

STATE_OF: Final[Mapping[Fate, State]] = {
    Fate.SENT: State.SENT,
    Fate.DELAYED: State.SENT,  # it is there, and goes on by itself
    Fate.DELIVERED: State.DELIVERED,
    Fate.BOUNCED: State.BOUNCED,
    Fate.COMPLAINED: State.COMPLAINED,
    Fate.FAILED: State.FAILED,
    Fate.SUPPRESSED: State.SUPPRESSED,
}

# One of these decides for all: somebody has to look at it.
_WORST_FIRST: Final = (State.COMPLAINED, State.BOUNCED, State.SUPPRESSED)


def of_recipients(states: Iterable[str]) -> State:
    """The state of a mail that its provider has, by those of its recipients.

    The first that fits: `complained`, `bounced`, `suppressed` if one of them is; `failed` if all
    are; `delivered` if all are that the provider took it for; else `sent`.
    """
    found = set(states)
    for worst in _WORST_FIRST:
        if worst in found:
            return worst
    # Whom the provider refused at once, it does not have it for.
    taken = found - {State.FAILED}
    if not taken:
        return State.FAILED if found else State.SENT
    return State.DELIVERED if taken == {State.DELIVERED} else State.SENT
