"""Why a mail did not go: the reasons, as a table.

One failure has exactly one reason. The reason decides what happens next; a rule may override a
default where its evidence is more exact (a reset time, a key bound to one domain).
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

import msgspec

__all__ = [
    "FACTS",
    "Closes",
    "Facts",
    "Failover",
    "Next",
    "Reader",
    "Reason",
    "Severity",
]


class Reason(StrEnum):
    """The name of what went wrong. Names never change once released: scripts rely on them."""

    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_INVALID = "credentials_invalid"
    CREDENTIALS_RESTRICTED = "credentials_restricted"
    ACCOUNT_SUSPENDED = "account_suspended"
    SANDBOX_RESTRICTED = "sandbox_restricted"
    QUOTA_EXCEEDED = "quota_exceeded"
    RATE_LIMITED = "rate_limited"
    SENDER_UNVERIFIED = "sender_unverified"
    SENDER_UNAUTHENTICATED = "sender_unauthenticated"
    SENDER_BLOCKED = "sender_blocked"
    RELAY_DENIED = "relay_denied"
    CONFIGURATION_INVALID = "configuration_invalid"
    CLOCK_SKEW = "clock_skew"
    SENDER_INVALID = "sender_invalid"
    RECIPIENT_INVALID = "recipient_invalid"
    MAILBOX_NOT_FOUND = "mailbox_not_found"
    RECIPIENT_DOMAIN_NOT_FOUND = "recipient_domain_not_found"
    MAILBOX_DISABLED = "mailbox_disabled"
    MAILBOX_FULL = "mailbox_full"
    RECIPIENT_SUPPRESSED = "recipient_suppressed"
    RECIPIENT_REFUSED = "recipient_refused"
    COMPLAINED = "complained"
    GREYLISTED = "greylisted"
    RECEIVER_UNAVAILABLE = "receiver_unavailable"
    MESSAGE_INVALID = "message_invalid"
    MESSAGE_TOO_LARGE = "message_too_large"
    ATTACHMENT_REJECTED = "attachment_rejected"
    CONTENT_REJECTED = "content_rejected"
    TEMPLATE_INVALID = "template_invalid"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    IN_PROGRESS = "in_progress"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    BLOCKED_BY_INTERMEDIARY = "blocked_by_intermediary"
    DNS_FAILURE = "dns_failure"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILURE = "tls_failure"
    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    UNKNOWN = "unknown"


class Next(StrEnum):
    """What becomes of the mail: `hold` burns no try, `retry` comes back later, `end` ends it."""

    HOLD = "hold"
    RETRY = "retry"
    END = "end"


class Failover(StrEnum):
    """Could another provider deliver it? `definite`: yes, if this one surely does not have it."""

    YES = "yes"
    NO = "no"
    DEFINITE = "definite"
    CRITICAL = "critical"


class Severity(StrEnum):
    """How loud the first occurrence is: the level of its log line."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class Reader(StrEnum):
    """What the person waiting can do. `none`: nothing, it goes out by itself."""

    NONE = "none"
    WAIT = "wait"
    CHECK_ADDRESS = "check_address"
    TRY_AGAIN_LATER = "try_again_later"
    CONTACT_SUPPORT = "contact_support"


class Closes(msgspec.Struct, frozen=True):
    """What a failure closes: every sender at a provider, one sender there, or (`rate`) only slows.

    `after` different mails within a minute; 1 is at once.
    """

    what: Literal["provider", "sender", "rate"]
    after: int = 1

    @property
    def at_once(self) -> bool:
        return self.what != "rate" and self.after == 1

    def __str__(self) -> str:
        return self.what if self.after == 1 else f"{self.what}/{self.after}"


class Facts(msgspec.Struct, frozen=True):
    """What follows from a reason. `tries`: after how many a retry ends; None: at the expiry."""

    next: Next
    closes: Closes | None
    failover: Failover
    severity: Severity
    reader: Reader
    tries: int | None = None


_R, _N, _F, _S, _W = Reason, Next, Failover, Severity, Reader
_PROVIDER, _SENDER, _RATE = Closes("provider"), Closes("sender"), Closes("rate")


def _provider_after(mails: int) -> Closes:
    return Closes("provider", mails)


FACTS: Final[Mapping[Reason, Facts]] = {
    _R.CREDENTIALS_MISSING: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.CREDENTIALS_INVALID: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.CREDENTIALS_RESTRICTED: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.ACCOUNT_SUSPENDED: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.SANDBOX_RESTRICTED: Facts(_N.HOLD, _SENDER, _F.YES, _S.ERROR, _W.NONE),
    _R.QUOTA_EXCEEDED: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.ERROR, _W.WAIT),
    _R.RATE_LIMITED: Facts(_N.RETRY, _RATE, _F.CRITICAL, _S.WARNING, _W.NONE),
    _R.SENDER_UNVERIFIED: Facts(_N.HOLD, _SENDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.SENDER_UNAUTHENTICATED: Facts(_N.RETRY, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT, 5),
    _R.SENDER_BLOCKED: Facts(_N.RETRY, None, _F.YES, _S.ERROR, _W.CONTACT_SUPPORT, 5),
    _R.RELAY_DENIED: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.CONFIGURATION_INVALID: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.CLOCK_SKEW: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.CRITICAL, _W.NONE),
    _R.SENDER_INVALID: Facts(_N.END, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT),
    _R.RECIPIENT_INVALID: Facts(_N.END, None, _F.NO, _S.WARNING, _W.CHECK_ADDRESS),
    _R.MAILBOX_NOT_FOUND: Facts(_N.END, None, _F.NO, _S.WARNING, _W.CHECK_ADDRESS),
    _R.RECIPIENT_DOMAIN_NOT_FOUND: Facts(_N.END, None, _F.NO, _S.WARNING, _W.CHECK_ADDRESS),
    _R.MAILBOX_DISABLED: Facts(_N.END, None, _F.NO, _S.WARNING, _W.CHECK_ADDRESS),
    _R.MAILBOX_FULL: Facts(_N.RETRY, None, _F.NO, _S.WARNING, _W.CHECK_ADDRESS, 5),
    _R.RECIPIENT_SUPPRESSED: Facts(_N.END, None, _F.NO, _S.WARNING, _W.CONTACT_SUPPORT),
    _R.RECIPIENT_REFUSED: Facts(_N.END, None, _F.NO, _S.WARNING, _W.CONTACT_SUPPORT),
    _R.COMPLAINED: Facts(_N.END, None, _F.NO, _S.WARNING, _W.NONE),
    _R.GREYLISTED: Facts(_N.RETRY, None, _F.NO, _S.INFO, _W.WAIT),
    _R.RECEIVER_UNAVAILABLE: Facts(_N.RETRY, None, _F.NO, _S.INFO, _W.WAIT),
    _R.MESSAGE_INVALID: Facts(_N.END, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT),
    _R.MESSAGE_TOO_LARGE: Facts(_N.END, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT),
    _R.ATTACHMENT_REJECTED: Facts(_N.END, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT),
    _R.CONTENT_REJECTED: Facts(_N.END, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT),
    _R.TEMPLATE_INVALID: Facts(_N.END, None, _F.NO, _S.ERROR, _W.CONTACT_SUPPORT),
    _R.IDEMPOTENCY_CONFLICT: Facts(_N.END, None, _F.NO, _S.ERROR, _W.NONE),
    _R.IN_PROGRESS: Facts(_N.RETRY, None, _F.NO, _S.INFO, _W.NONE),
    _R.PROVIDER_UNAVAILABLE: Facts(_N.RETRY, _provider_after(5), _F.DEFINITE, _S.WARNING, _W.NONE),
    _R.BLOCKED_BY_INTERMEDIARY: Facts(_N.RETRY, _provider_after(2), _F.YES, _S.ERROR, _W.NONE),
    _R.DNS_FAILURE: Facts(_N.RETRY, _provider_after(3), _F.YES, _S.WARNING, _W.NONE),
    _R.CONNECTION_FAILED: Facts(_N.RETRY, _provider_after(3), _F.DEFINITE, _S.WARNING, _W.NONE),
    _R.TLS_FAILURE: Facts(_N.HOLD, _PROVIDER, _F.YES, _S.ERROR, _W.NONE),
    _R.TIMED_OUT: Facts(_N.RETRY, _provider_after(5), _F.DEFINITE, _S.WARNING, _W.NONE),
    _R.CONNECTION_LOST: Facts(_N.RETRY, _provider_after(5), _F.NO, _S.WARNING, _W.NONE),
    _R.UNKNOWN: Facts(_N.RETRY, None, _F.YES, _S.ERROR, _W.CONTACT_SUPPORT, 3),
}
