"""How a mail gets on after it was accepted: its events, decided by its recipients."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from mailproof.sandbox.messages.addresses import read_mailbox
from mailproof.sandbox.messages.message import Message, Moment

__all__ = ["FAULT_DOMAIN", "OUTCOMES", "TEST_DOMAIN", "outcome_of", "plan"]

TEST_DOMAIN: Final = "resend.dev"
FAULT_DOMAIN: Final = "fault.test"


class _Step(msgspec.Struct, frozen=True):
    event: str
    detail: Mapping[str, Any] = {}


def _bounce(kind: str, subtype: str, message: str, diagnostic: str) -> _Step:
    bounce = {
        "type": kind,
        "subType": subtype,
        "message": message,
        "diagnosticCode": [diagnostic],
    }
    return _Step("bounced", {"bounce": bounce})


_SENT, _DELIVERED = _Step("sent"), _Step("delivered")
_SUPPRESSED = _Step(
    "suppressed",
    {
        "suppressed": {
            "type": "OnAccountSuppressionList",
            "reason": "previous_bounce",
            "message": "The recipient is on this account's suppression list.",
            "diagnosticCode": ["smtp; 550 5.1.1 previously bounced"],
        }
    },
)

# The first four are Resend's own test recipients (name@resend.dev, a +label allowed:
# resend.com/docs/dashboard/emails/send-test-emails); all are understood at fault.test as well.
# Kinds and subtypes of bounces: the published API, WebhookEventBounce.
OUTCOMES: Final[Mapping[str, tuple[_Step, ...]]] = {
    "delivered": (_SENT, _DELIVERED),
    "bounced": (
        _SENT,
        _bounce(
            "Permanent",
            "General",
            "The recipient's mail server rejected the message for good.",
            "smtp; 550 5.1.1 user unknown",
        ),
    ),
    "complained": (_SENT, _DELIVERED, _Step("complained")),
    "suppressed": (_SUPPRESSED,),
    "delayed": (_SENT, _Step("delivery_delayed"), _DELIVERED),
    "mailbox-full": (
        _SENT,
        _bounce(
            "Transient",
            "MailboxFull",
            "The recipient's mailbox was full.",
            "smtp; 452 4.2.2 mailbox full",
        ),
    ),
    "content-rejected": (
        _SENT,
        _bounce(
            "Transient",
            "ContentRejected",
            "The recipient's mail server refused the contents.",
            "smtp; 554 5.7.1 message content rejected",
        ),
    ),
    "quota-failed": (_Step("failed", {"failed": {"reason": "reached_daily_quota"}}),),
    "unconfirmed": (_SENT,),
}
_TEST_RECIPIENTS: Final = ("delivered", "bounced", "complained", "suppressed")


def outcome_of(recipients: Iterable[str]) -> str:
    """Which outcome these recipients ask for: the first that is not `delivered`."""
    for recipient in recipients:
        mailbox = read_mailbox(recipient)
        if mailbox is None:
            continue
        name = mailbox.local.partition("+")[0]
        if mailbox.domain == TEST_DOMAIN and name not in _TEST_RECIPIENTS:
            continue
        magic = mailbox.domain in {TEST_DOMAIN, FAULT_DOMAIN} and name in OUTCOMES
        if magic and name != "delivered":
            return name
    return "delivered"


def plan(message: Message, now: float, step_s: float, outcome: str = "") -> tuple[Moment, ...]:
    """The moments of a mail accepted at `now`: one event each `step_s`, from its schedule on."""
    begins = now
    moments: list[Moment] = []
    if message.scheduled_at is not None and message.scheduled_at > now:
        begins = message.scheduled_at
        moments.append(Moment(now, "scheduled"))
    steps = OUTCOMES[outcome or outcome_of(message.recipients)]
    moments += [
        Moment(begins + number * step_s, step.event, step.detail)
        for number, step in enumerate(steps, start=1)
    ]
    return tuple(moments)
