"""What a provider's event tells: open its envelope, and see who speaks in it.

An event is mostly the receiver's word, passed on. Some are the provider's own doing (it dropped,
refused or could not build the mail): only those may close a route.
"""

from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reading.harvest import Harvest, harvest, parse_body

__all__ = ["Told", "read_event"]

_ENVELOPES_MAX: Final = 6

# The provider did it and no mail server was asked. Keys and values as the providers post them.
_OWN_DOING: Final = frozenset(
    {
        # Amazon SES, "Contents of event data"
        *("eventtype=reject", "eventtype=rendering failure", "bouncesubtype=suppressed"),
        *("bouncesubtype=onaccountsuppressionlist", "bouncesubtype=unsubscribedrecipient"),
        "delaytype=internalfailure",
        # SendGrid, Mailgun, Brevo, Mandrill, SMTP2GO, Mailjet: names of events
        *("event=dropped", "event=rejected", "event=reject", "event=blocked", "event=error"),
        *("event=invalid_email", "event=invalid", "error=preblocked", "error_related_to=mailjet"),
        *("reason=suppress-bounce", "reason=suppress-complaint", "reason=suppress-unsubscribe"),
        # Postmark, "Bounce types", and its subscription changes
        *("type=manuallydeactivated", "type=bademailaddress", "type=templaterenderingfailed"),
        *("type=smtpapierror", "type=inbounderror", "recordtype=subscriptionchange"),
        # SparkPost, "Event types"
        *("type=policy_rejection", "type=generation_rejection", "type=generation_failure"),
        # Resend, "Event types"
        *("type=email.failed", "type=email.suppressed"),
        # Azure Communication Services, EmailDeliveryReportReceived
        *("status=suppressed", "status=quarantined"),
    }
)
# Legacy Mailgun posts `event=dropped` with the receiver's code for what the receiver refused.
_QUOTED: Final = ("reason=hardfail", "reason=old", "reason=espblock", "reason=bounce")


class Told(msgspec.Struct, frozen=True):
    """What it says and who says it. `remote`: the mail server it came from, where one is named."""

    found: Harvest
    origin: Origin
    remote: str = ""


def read_event(event: Any) -> Told:
    """Read an event, in whatever envelope it came. Never raises, whatever was posted."""
    found = harvest(_without_boilerplate(_unsealed(event)))
    own = not _OWN_DOING.isdisjoint(found.marks) and found.marks.isdisjoint(_QUOTED)
    remote = [mark[8:] for mark in found.marks if mark.startswith("mx-host=")]
    return Told(found, Origin.PROVIDER if own else Origin.RECEIVER, remote[0] if remote else "")


def _unsealed(event: Any) -> Any:
    """Take it out of SNS (`Message`), EventBridge (`detail`), SQS, Lambda or a form field."""
    for _ in range(_ENVELOPES_MAX):
        if isinstance(event, str) and (inner := parse_body(event)) is not None:
            event = inner
        elif isinstance(event, list) and len(event) == 1:
            event = event[0]
        elif isinstance(event, dict) and (key := _seal(event)):
            event = event[key]
        else:
            break
    return event


def _seal(event: dict[Any, Any]) -> str:
    keys = event.keys()
    if "detail-type" in keys and "detail" in keys:
        return "detail"
    if "Message" in keys and not keys.isdisjoint(("TopicArn", "TopicARN", "SignatureVersion")):
        return "Message"
    if "Message" in keys and event.get("Type") == "Notification":
        return "Message"
    for body in ("body", "Body"):
        if body in keys and not keys.isdisjoint(("eventSource", "ReceiptHandle", "receiptHandle")):
            return body
    return next((key for key in ("Records", "Sns", "mandrill_events") if key in keys), "")


def _without_boilerplate(event: Any) -> Any:
    """Postmark explains each bounce type with examples "
    "(`ex: mailbox not found`): not what was said."""
    if isinstance(event, dict) and "RecordType" in event:
        return {key: value for key, value in event.items() if key not in ("Description", "Name")}
    return event
