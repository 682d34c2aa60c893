"""Rules: bounces whose words did not decide, read by the classes that providers give them.

`HINTS` are asked before the general SMTP codes, because a class is finer than a bare 550 or 5.7.1;
`TABLE` after them, for events that say no more than hard, soft or undetermined.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, events, rule

__all__ = ["HINTS", "TABLE"]

R = Reason

# A code about the address or the mailbox (RFC 3463 sections 3.2, 3.3) is finer than any class.
_NO_FINER_CODE: Final = r"(?s)\A(?!.*(?<![\d.])[45]\.[12]\.[1-9])"
_SENDGRID: Final = "SendGrid Event Webhook, bounce classifications"
_SPARKPOST: Final = "SparkPost bounce classification codes"

HINTS: Final = Table(
    "bounces.hints",
    events(
        rule(
            R.MAILBOX_NOT_FOUND,
            _SENDGRID,
            mark="bounce_classification=invalid address",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.MAILBOX_DISABLED,
            _SENDGRID,
            mark="bounce_classification=mailbox unavailable",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.CONTENT_REJECTED,
            _SENDGRID,
            mark="bounce_classification=content",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.SENDER_BLOCKED,
            _SENDGRID,
            mark="bounce_classification=reputation",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.RATE_LIMITED,
            _SENDGRID,
            mark=(
                "bounce_classification=frequency or volume too high",
                "bounce_classification=frequency/volume",
            ),
            text=_NO_FINER_CODE,
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            _SENDGRID,
            mark="bounce_classification=technical failure",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.MAILBOX_NOT_FOUND,
            f"{_SPARKPOST}: 10 invalid recipient",
            mark="bounce_class=10",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            f"{_SPARKPOST}: 20 soft, 21 DNS, 24 timeout, 70 transient",
            mark=(*("bounce_class=20", "bounce_class=21", "bounce_class=24", "bounce_class=70"),),
            text=_NO_FINER_CODE,
        ),
        rule(
            R.MAILBOX_FULL,
            f"{_SPARKPOST}: 22 mailbox full",
            mark="bounce_class=22",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.MESSAGE_TOO_LARGE,
            f"{_SPARKPOST}: 23 too large",
            mark="bounce_class=23",
        ),
        rule(
            R.SENDER_BLOCKED,
            f"{_SPARKPOST}: 50 mail block, 51 spam block by reputation",
            mark=("bounce_class=50", "bounce_class=51"),
            text=_NO_FINER_CODE,
        ),
        rule(
            R.CONTENT_REJECTED,
            f"{_SPARKPOST}: 52 spam content",
            mark="bounce_class=52",
            text=_NO_FINER_CODE,
        ),
        rule(
            R.ATTACHMENT_REJECTED,
            f"{_SPARKPOST}: 53 prohibited attachment",
            mark="bounce_class=53",
        ),
        rule(
            R.RECIPIENT_REFUSED,
            f"{_SPARKPOST}: 54 relaying denied, 100 challenge",
            mark=("bounce_class=54", "bounce_class=100"),
            text=_NO_FINER_CODE,
        ),
    ),
)

# A bounce without a cause. Names of events and fields as posted.
TABLE: Final = Table(
    "bounces",
    events(
        rule(
            R.UNKNOWN,
            "a provider that says it cannot tell (SES Undetermined, Postmark Unknown, SparkPost 1)",
            mark=(
                *("bouncetype=undetermined", "type=undetermined", "type=unknown"),
                *("bounce_class=1", "bounce_class=30", "bounce_class=60", "category=unknown"),
                "bounce_description=general",
            ),
        ),
        rule(
            R.RECEIVER_UNAVAILABLE,
            "soft, transient, delayed: the receiver's server did not take it now",
            mark=(
                *("bouncetype=transient", "type=transient", "type=softbounce", "bounce=soft"),
                *("event=soft_bounce", "event=softbounce", "event=soft-bounce", "type=soft"),
                *("event=deferred", "event=deferral", "event=delayed", "event=delay"),
                *("event=temporary_fail", "severity=temporary", "hard_bounce=false"),
                *("type=soft_bounced", "type=deferred", "type=activity.soft_bounced"),
                *("type=activity.deferred", "type=delay", "type=email.delivery_delayed"),
                *("eventtype=deliverydelay", "bounce_type=soft", "bouncetype=soft"),
                *("status=deferred", "event=softbounced", "type=temporary", "type=expired"),
                *("reason=old", "code=499", "code=602"),  # Mailgun gave up for age
            ),
        ),
        rule(
            R.SENDER_BLOCKED,
            "Postmark Bounce API, bounce types: ISP block, for content or a blocklist",
            provider="postmark",
            mark="type=blocked",
        ),
        rule(
            R.RECIPIENT_REFUSED,
            "hard, permanent: the receiver's server will not take it, and nobody says why",
            mark=(
                *("bouncetype=permanent", "type=permanent", "type=hardbounce", "bounce=hard"),
                *("event=hard_bounce", "event=hardbounce", "event=hard-bounce", "type=hard"),
                *("severity=permanent", "hard_bounce=true", "event=bounce", "event=bounced"),
                *("event=permanent_fail", "type=hard_bounced", "type=activity.hard_bounced"),
                *("type=bounce", "type=email.bounced", "bounce_type=hard", "bouncetype=hard"),
                *("type=blocked", "status=bounced", "event=failed", "recordtype=bounce"),
                *(
                    "type=dm:deliver:fail",
                    "type=out_of_band",
                    "notificationtype=bounce",
                    "eventtype=bounce",
                ),
            ),
        ),
    ),
)
