"""What Resend tells of a mail: the events that it posts, signed by Svix, and its answer when asked.

Sources: resend.com/docs/webhooks (event types, verifying), the published API (`WebhookEvent…`,
`Email.last_event`), docs.svix.com/receiving/verifying-payloads/how-manual.
"""

import binascii
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from mailproof.diagnosis.evidence import Context, Event, Evidence
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.redaction.redact import redact_evidence
from mailproof.mail.address import Address
from mailproof.mail.fate import Fate
from mailproof.mail.invalid import InvalidInput
from mailproof.providers.base import ProviderEvent, WebhookRefused
from mailproof.providers.diagnose import diagnose
from mailproof.providers.resend_mail import STAMP_TAG

__all__ = ["TOLERANCE_S", "answered", "events_in", "verified"]

_PROVIDER: Final = "resend"
# As Svix's own libraries have it: a request from longer ago may be somebody's recording.
TOLERANCE_S: Final = 300
_HEADERS: Final = (
    ("svix-id", "svix-timestamp", "svix-signature"),
    ("webhook-id", "webhook-timestamp", "webhook-signature"),
)
_ID_MAX: Final = 200
_DIGITS_MAX: Final = 12

_FATES: Final[Mapping[str, Fate]] = {
    "email.sent": Fate.SENT,
    "email.delivery_delayed": Fate.DELAYED,
    "email.delivered": Fate.DELIVERED,
    "email.bounced": Fate.BOUNCED,
    "email.complained": Fate.COMPLAINED,
    "email.failed": Fate.FAILED,
    "email.suppressed": Fate.SUPPRESSED,
}
# An opened mail has been delivered before. `scheduled` and `canceled` are no fate of ours: the
# engine schedules, and cancels nothing at Resend.
_LAST_EVENTS: Final[Mapping[str, Fate]] = {
    **{name.removeprefix("email."): fate for name, fate in _FATES.items()},
    "opened": Fate.DELIVERED,
    "clicked": Fate.DELIVERED,
}
_WELL: Final = frozenset({Fate.SENT, Fate.DELIVERED})

_UNSIGNED: Final = WebhookRefused(
    "unsigned",
    "This address takes webhooks of Resend, and the request has no `svix-id`, `svix-timestamp` and "
    "`svix-signature`.",
)
_WRONG: Final = WebhookRefused(
    "wrong_signature",
    "The signature does not fit. The signing secret of this webhook, which Resend shows on its "
    "page, must be the `webhook_secret` of this provider in Mailproof's configuration.",
)
_UNREADABLE: Final = WebhookRefused("unreadable", "The body is signed well and is no event.")


class _Bounce(msgspec.Struct, frozen=True):
    type: str = ""
    codes: tuple[str, ...] = msgspec.field(default=(), name="diagnosticCode")


class _Data(msgspec.Struct, frozen=True):
    email_id: str = ""
    sender: str = msgspec.field(default="", name="from")
    to: tuple[str, ...] = ()
    tags: Any = None
    bounce: _Bounce | None = None


class _Posted(msgspec.Struct, frozen=True):
    type: str
    created_at: str = ""
    data: Any = None


class _Email(msgspec.Struct, frozen=True):
    last_event: str = ""
    sender: str = msgspec.field(default="", name="from")
    to: tuple[str, ...] = ()
    tags: Any = None


_posted_of: Final = msgspec.json.Decoder(_Posted).decode
_email_of: Final = msgspec.json.Decoder(_Email).decode


def verified(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now: int
) -> str | WebhookRefused:
    """The id of the event, which is the same when it is posted again. `now`: UTC in milliseconds.

    `secrets`: one of them must fit; two while the secret is changed.
    """
    found = next(
        (
            tuple(headers[name] for name in names)
            for names in _HEADERS
            if all(headers.get(name) for name in names)
        ),
        None,
    )
    if found is None or len(found[0]) > _ID_MAX:
        return _UNSIGNED
    event_id, stamp, signatures = found
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= _DIGITS_MAX):
        return _UNSIGNED
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return _WRONG  # what Resend signs is JSON in UTF-8
    # The library's own `verify` knows neither Svix's headers nor any clock but the machine's.
    right = list(_signatures(event_id, int(stamp), text, secrets))
    given = [signature.encode() for signature in signatures.split(" ")]
    fits = [hmac.compare_digest(one, other) for one in right for other in given]
    if not any(fits):
        return _WRONG
    off_s = now // 1000 - int(stamp)
    if abs(off_s) > TOLERANCE_S:
        return WebhookRefused(
            "old",
            f"The signature is right, and its time is {off_s} seconds before the time here. Either "
            "the request was recorded and is played again, or a clock is wrong.",
        )
    return event_id


def events_in(
    body: bytes, event_id: str, *, now: int
) -> tuple[ProviderEvent, ...] | WebhookRefused:
    """What a genuine request tells; nothing: it is of a kind that moves no mail."""
    try:
        posted = _posted_of(body)
        fate = _FATES.get(posted.type)
        if fate is None:
            return ()
        data = msgspec.convert(posted.data, _Data)
    except (msgspec.DecodeError, RecursionError):
        return _UNREADABLE
    people = _addresses(data.to)
    codes = () if data.bounce is None else data.bounce.codes
    blamed = _blamed(people, codes) if fate is Fate.BOUNCED else people
    raw = msgspec.json.decode(body)
    return (
        ProviderEvent(
            event_id=event_id,
            provider_message_id=data.email_id,
            email_id=_stamp_in(data.tags),
            fate=fate,
            at=_time(posted.created_at, now),
            recipients=blamed or people,
            sure=bool(blamed),
            hard=data.bounce is not None and data.bounce.type == "Permanent",
            failure=_failure(fate, raw, data.sender, people),
            raw=_redacted(raw),
        ),
    )


def answered(message_id: str, body: Any) -> ProviderEvent | None:
    """What `GET /emails/{id}` says. None: nothing that is a fate. Whether a bounce was for good, it
    does not say."""
    try:
        email = _email_of(body if isinstance(body, str | bytes) else msgspec.json.encode(body))
    except (msgspec.DecodeError, RecursionError):
        return None
    fate = _LAST_EVENTS.get(email.last_event)
    if fate is None:
        return None
    event = {
        "type": f"email.{email.last_event}",
        "data": {"email_id": message_id, "from": email.sender, "to": list(email.to)},
    }
    people = _addresses(email.to)
    return ProviderEvent(
        event_id=f"asked:{message_id}:{email.last_event}",
        provider_message_id=message_id,
        email_id=_stamp_in(email.tags),
        fate=fate,
        at=0,  # it does not say when
        recipients=people,
        sure=fate is Fate.DELIVERED or len(people) == 1,
        failure=_failure(fate, event, email.sender, people),
        raw=_redacted(event),
    )


def _signatures(event_id: str, at_s: int, text: str, secrets: Iterable[str]) -> Iterable[bytes]:
    for secret in secrets:
        try:
            signer = Webhook(secret)
            yield signer.sign(event_id, datetime.fromtimestamp(at_s, UTC), text).encode()
        except (binascii.Error, EmptyWebhookSecretError, ValueError, OverflowError):
            continue  # no secret at all, which the configuration tells; or a time that never was


def _addresses(texts: Iterable[str]) -> tuple[str, ...]:
    found = []
    for text in texts:
        try:
            found.append(Address.parse(text, where="to").mailbox)
        except InvalidInput:
            continue  # it cannot be one of ours, whose addresses were read the same way
    return tuple(found)


def _blamed(people: tuple[str, ...], codes: tuple[str, ...]) -> tuple[str, ...]:
    """Whom a bounce is of. Resend gives one answer of a mail server per recipient that it bounced
    for, without saying which answer is whose; empty: nobody can tell."""
    if len(people) <= 1 or len(codes) >= len(people):
        return people
    said = " ".join(codes).lower()
    return tuple(person for person in people if person.lower() in said)


def _stamp_in(tags: Any) -> str:
    """Posted as an object, answered as a list of names and values."""
    if isinstance(tags, dict):
        return str(tags.get(STAMP_TAG, ""))
    if isinstance(tags, list):
        for tag in tags:
            if isinstance(tag, dict) and tag.get("name") == STAMP_TAG:
                return str(tag.get("value", ""))
    return ""


def _time(text: str, otherwise: int) -> int:
    """Of `2026-10-06T23:47:56.678Z`, in milliseconds."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _failure(fate: Fate, event: Any, sender: str, people: tuple[str, ...]) -> Failure | None:
    if fate in _WELL:
        return None
    return diagnose(Evidence(Event(event), _PROVIDER, Context(sender, people)))


def _redacted(event: Any) -> Any:
    seen = redact_evidence(Evidence(Event(event), _PROVIDER)).seen
    return seen.event if isinstance(seen, Event) else None
