"""What a fault is: when it strikes, what it does."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

__all__ = ["HANG_MAX_S", "SLOW_MAX_S", "Act", "Kind", "Mishap", "Stage"]

# Longer than any client waits, yet not for ever: a forgotten fault must not keep connections.
HANG_MAX_S: Final = 600.0
SLOW_MAX_S: Final = 600.0


class Stage(StrEnum):
    """When it strikes."""

    HEAD = "before the request is read"
    READ = "after the request is read, before anything is done"
    ACCEPTED = "after the request is done (a mail is accepted), in place of the answer"
    RECEIVER = "after the answer, at the receiver"
    WEBHOOK = "after the answer, on the way of the webhooks"
    CONNECT = "SMTP: in place of the greeting"
    EHLO = "SMTP: at EHLO"
    STARTTLS = "SMTP: at STARTTLS"
    HANDSHAKE = "SMTP: when TLS begins, by STARTTLS or at once"
    AUTH = "SMTP: at AUTH"
    MAIL = "SMTP: at MAIL"
    RCPT = "SMTP: at RCPT, for that recipient"
    DATA = "SMTP: at DATA"
    DOT = "SMTP: after the whole mail, in place of accepting it"
    QUEUED = "SMTP: after the mail is accepted, in place of the answer"

    @property
    def is_smtp(self) -> bool:
        return self in _SMTP

    @property
    def verb(self) -> str:
        """The step of SMTP, as a reply is said to belong to it."""
        return "end-of-data" if self in {Stage.DOT, Stage.QUEUED} else self.name.lower()

    @property
    def knows_recipients(self) -> bool:
        """Can it be bound to a recipient? At HEAD too: then it waits for the whole request."""
        return not self.is_smtp or self in _WITH_RECIPIENTS

    @property
    def knows_subject(self) -> bool:
        """Has the whole mail come by then?"""
        return self in {Stage.DOT, Stage.QUEUED}

    @property
    def accepts(self) -> bool:
        """Is the mail accepted all the same?"""
        return self in {Stage.ACCEPTED, Stage.RECEIVER, Stage.WEBHOOK, Stage.QUEUED}


_WITH_RECIPIENTS: Final = frozenset({Stage.RCPT, Stage.DATA, Stage.DOT, Stage.QUEUED})
_SMTP: Final = _WITH_RECIPIENTS | {
    Stage.CONNECT,
    Stage.EHLO,
    Stage.STARTTLS,
    Stage.HANDSHAKE,
    Stage.AUTH,
    Stage.MAIL,
}


class Act(StrEnum):
    """What it does."""

    ANSWER = "answer"
    SLOW = "slow"
    HANG = "hang"
    RESET = "reset"
    TRUNCATE = "truncate"
    END = "end"
    NO_WEBHOOKS = "no-webhooks"
    LATE = "late"
    DOUBLE = "double"
    REORDER = "reorder"
    BAD_SIGNATURE = "bad-signature"
    HANG_UP = "hang-up"
    CUT = "cut"
    WITHHOLD = "withhold"
    CERTIFICATE = "certificate"


class Kind(msgspec.Struct, frozen=True):
    """One fault: `seconds` is its usual time, where it has one.

    `body`: of an SMTP reply, its text without the code, which is `status`; of what is withheld, the
    word in the answer to EHLO; of a certificate, its name; of an end, its name among the OUTCOMES.
    `reason`: what `mailproof explain` calls it, for SMTP.
    """

    stage: Stage
    act: Act
    what: str
    status: int = 200
    headers: Mapping[str, str] = {}
    body: Any = ""
    seconds: float = 0.0
    reason: str = ""


class Mishap(msgspec.Struct, frozen=True):
    """What goes wrong with the webhooks of one mail."""

    name: str
    act: Act
    late_s: float = 0.0
