"""What is left when the words did not decide: the codes of RFC 3463 and RFC 5321.

An enhanced code is finer than a basic one; a basic code means what the stage makes of it: 550 to
RCPT is about the mailbox, 550 to AUTH about our account.
"""

from typing import Final

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.general.smtp_words import WEAK
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["TABLES"]

R = Reason

_RFC3463: Final = "RFC 3463; IANA, SMTP Enhanced Status Codes"
_RFC5321: Final = "RFC 5321 section 4.2.2"
_SYSEXITS: Final = "sysexits.h, as local delivery programs exit"


def _both(*subcodes: str) -> tuple[str, ...]:
    return tuple(f"{each}.{code}" for code in subcodes for each in ("4", "5"))


ENHANCED: Final = Table(
    "smtp.enhanced",
    (
        rule(R.CREDENTIALS_MISSING, "RFC 4954 section 6", code=530, origin=Origin.PROVIDER),
        rule(
            R.CREDENTIALS_INVALID,
            "RFC 4954 section 6, X.7.8",
            enhanced=_both("7.8"),
            origin=Origin.PROVIDER,
        ),
        rule(R.MAILBOX_NOT_FOUND, _RFC3463, enhanced=_both("1.1", "1.6", "1.10")),
        rule(
            R.RECIPIENT_DOMAIN_NOT_FOUND,
            _RFC3463,
            enhanced=("5.1.2", "5.4.4", "5.1.10"),
        ),
        rule(R.RECIPIENT_INVALID, _RFC3463, enhanced=_both("1.3")),
        rule(R.SENDER_INVALID, _RFC3463, enhanced=_both("1.7")),
        rule(
            R.SENDER_UNAUTHENTICATED,
            f"{_RFC3463}; RFC 7372",
            enhanced=_both("1.8", "7.20", "7.21", "7.22", "7.23", "7.24", "7.26", "7.27"),
        ),
        rule(R.SENDER_BLOCKED, "RFC 7372, reverse DNS", enhanced=_both("7.25")),
        rule(R.MAILBOX_DISABLED, _RFC3463, enhanced=("5.2.1", "5.7.13")),
        rule(R.MAILBOX_FULL, _RFC3463, enhanced=_both("2.2")),
        rule(R.MESSAGE_TOO_LARGE, _RFC3463, enhanced=_both("2.3", "3.4")),
        rule(R.MESSAGE_INVALID, _RFC3463, enhanced=("5.6.", "5.5.3")),
        rule(R.PROVIDER_UNAVAILABLE, _RFC3463, code=421, enhanced="4.4.", origin=Origin.PROVIDER),
        rule(
            R.PROVIDER_UNAVAILABLE,
            f"{_RFC3463}: X.4.2, the connection that we have",
            code=451,
            enhanced="4.4.2",
            origin=Origin.PROVIDER,
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            f"{_RFC3463}: network and routing of the receiver",
            enhanced=(
                *_both("4.2", "4.3", "4.6", "4.7", "4.9"),
                "4.2.1",
                "4.4.",
                "5.4.316",
                "5.4.317",
            ),
        ),
        rule(
            R.CONFIGURATION_INVALID,
            "RFC 4954 section 6; RFC 3463 section 3.8, X.7.4: a mechanism unknown here",
            enhanced=("5.7.4", "5.7.11"),
            origin=Origin.PROVIDER,
        ),
    ),
    replies=True,
)

BASIC: Final = Table(
    "smtp.basic",
    (
        rule(R.MAILBOX_NOT_FOUND, _SYSEXITS, mark="sysexit=67"),
        rule(R.RECIPIENT_DOMAIN_NOT_FOUND, _SYSEXITS, mark="sysexit=68"),
        rule(
            R.RECEIVER_UNAVAILABLE,
            _SYSEXITS,
            mark=[f"sysexit={n}" for n in (69, 71, 73, 74, 75, 78)],
        ),
        rule(R.RECIPIENT_REFUSED, _SYSEXITS, mark="sysexit=77"),
        rule(R.CREDENTIALS_INVALID, "RFC 4954 section 6", stage="auth", code=range(500, 600)),
        rule(R.PROVIDER_UNAVAILABLE, _RFC5321, stage=("auth", "starttls"), code=range(400, 500)),
        rule(
            R.CONFIGURATION_INVALID,
            "RFC 3207",
            stage="starttls",
            code=range(500, 600),
            guide="tls_mode",
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            "RFC 3464 section 2.3.3: delayed, still tried",
            channel="dsn",
            mark="action=delayed",
        ),
        rule(R.MAILBOX_FULL, _RFC5321, code=552, stage="rcpt"),
        rule(R.MESSAGE_TOO_LARGE, _RFC5321, code=552, stage=("mail", "data", "end-of-data")),
        rule(
            R.SENDER_BLOCKED,
            "RFC 3463 section 3.8: a policy before any mail is about the client",
            stage=("connect", "ehlo"),
            enhanced=("4.7.", "5.7."),
        ),
        rule(R.RECIPIENT_REFUSED, _RFC3463, enhanced="5.7."),
        rule(R.MAILBOX_NOT_FOUND, _RFC5321, code=(550, 551, 553), stage="rcpt"),
        rule(R.RECIPIENT_DOMAIN_NOT_FOUND, "RFC 7504", code=(521, 556), stage=("connect", "rcpt")),
        rule(R.SENDER_BLOCKED, _RFC5321, code=554, stage="connect"),
        rule(R.RECEIVER_UNAVAILABLE, _RFC3463, enhanced="5.4."),
        rule(R.RECEIVER_UNAVAILABLE, _RFC5321, channel=("dsn", "webhook"), enhanced="4."),
        rule(
            R.RECEIVER_UNAVAILABLE,
            f"{_RFC5321}: given up on, but refused for the time being only",
            channel=("dsn", "webhook"),
            code=range(400, 500),
        ),
        rule(
            R.RECIPIENT_REFUSED,
            "a bounce without a cause",
            channel=("dsn", "webhook"),
            enhanced="5.",
        ),
        rule(R.PROVIDER_UNAVAILABLE, _RFC5321, code=range(400, 500)),
        rule(
            R.RECIPIENT_REFUSED,
            "a bounce without a cause",
            channel="dsn",
            code=range(500, 600),
        ),
    ),
    replies=True,
)

TABLES: Final = (ENHANCED, WEAK, BASIC)
