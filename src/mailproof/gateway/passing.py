"""A failure as an answer: the provider's own words if they are of Resend's shape, else a table."""

from collections.abc import Mapping
from typing import Final

from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.reading.harvest import parse_body
from mailproof.diagnosis.reasons import Reason
from mailproof.gateway.exchange import Headers, Refused
from mailproof.store.shapes import PAUSED

__all__ = ["SAID_AS", "pass_on"]

_R: Final = Reason
_ERRORS: Final = range(400, 600)

# What Resend would answer where another provider, or nobody, has refused the mail: status, name.
SAID_AS: Final[Mapping[Reason, tuple[int, str]]] = {
    _R.CREDENTIALS_MISSING: (401, "missing_api_key"),
    _R.CREDENTIALS_INVALID: (403, "invalid_api_key"),
    _R.CREDENTIALS_RESTRICTED: (401, "restricted_api_key"),
    _R.ACCOUNT_SUSPENDED: (403, "suspended_api_key"),
    _R.SANDBOX_RESTRICTED: (403, "validation_error"),
    _R.QUOTA_EXCEEDED: (429, "monthly_quota_exceeded"),
    _R.RATE_LIMITED: (429, "rate_limit_exceeded"),
    _R.SENDER_UNVERIFIED: (403, "validation_error"),
    _R.SENDER_UNAUTHENTICATED: (403, "validation_error"),
    _R.SENDER_BLOCKED: (403, "validation_error"),
    _R.RELAY_DENIED: (403, "validation_error"),
    _R.CONFIGURATION_INVALID: (500, "application_error"),
    _R.CLOCK_SKEW: (500, "application_error"),
    _R.SENDER_INVALID: (422, "invalid_from_address"),
    _R.RECIPIENT_INVALID: (422, "validation_error"),
    _R.MAILBOX_NOT_FOUND: (422, "validation_error"),
    _R.RECIPIENT_DOMAIN_NOT_FOUND: (422, "validation_error"),
    _R.MAILBOX_DISABLED: (422, "validation_error"),
    _R.MAILBOX_FULL: (422, "validation_error"),
    _R.RECIPIENT_SUPPRESSED: (422, "validation_error"),
    _R.RECIPIENT_REFUSED: (422, "validation_error"),
    _R.COMPLAINED: (422, "validation_error"),
    _R.GREYLISTED: (503, "application_error"),
    _R.RECEIVER_UNAVAILABLE: (503, "application_error"),
    _R.MESSAGE_INVALID: (422, "validation_error"),
    _R.MESSAGE_TOO_LARGE: (422, "validation_error"),
    _R.ATTACHMENT_REJECTED: (422, "invalid_attachment"),
    _R.CONTENT_REJECTED: (422, "validation_error"),
    _R.TEMPLATE_INVALID: (422, "validation_error"),
    _R.IDEMPOTENCY_CONFLICT: (409, "invalid_idempotent_request"),
    _R.IN_PROGRESS: (409, "concurrent_idempotent_requests"),
    _R.PROVIDER_UNAVAILABLE: (503, "application_error"),
    _R.BLOCKED_BY_INTERMEDIARY: (503, "application_error"),
    _R.DNS_FAILURE: (503, "application_error"),
    _R.CONNECTION_FAILED: (503, "application_error"),
    _R.TLS_FAILURE: (503, "application_error"),
    _R.TIMED_OUT: (503, "application_error"),
    _R.CONNECTION_LOST: (503, "application_error"),
    _R.UNKNOWN: (500, "application_error"),
}


def pass_on(failure: Failure | None, reason: str | None, headers: Headers) -> Refused:
    """The answer to a mail that ended refused. `reason` counts where no failure is known."""
    if failure is None:
        status, name = SAID_AS.get(_reason(reason), SAID_AS[_R.UNKNOWN])
        if reason == PAUSED:  # a person's doing: nobody has refused the mail
            status, name = SAID_AS[_R.PROVIDER_UNAVAILABLE]
        message = f"The mail was refused and will not be sent: {reason or _R.UNKNOWN}."
        return Refused(name, message, status=status, headers=headers)
    said = _own_words(failure)
    if said is None:
        said = (*SAID_AS[failure.reason], guidance("en").cause(failure))
    status, name, message = said
    return Refused(name, message, status=status, headers=headers)


def _own_words(failure: Failure) -> tuple[int, str, str] | None:
    seen = failure.evidence.seen
    if not isinstance(seen, HttpAnswer) or seen.status not in _ERRORS:
        return None
    body = parse_body(seen.body) if isinstance(seen.body, str) else seen.body
    match body:
        case {"name": str(name), "message": str(message)} if name and message:
            return seen.status, name, message
        case _:
            return None


def _reason(text: str | None) -> Reason:
    try:
        return Reason(text or "")
    except ValueError:  # a newer release wrote it
        return _R.UNKNOWN
