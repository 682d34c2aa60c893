"""Rules for Brevo (formerly Sendinblue): API v3 error codes and webhook events."""

from typing import Final

from mailproof.diagnosis.reasons import Next, Reason
from mailproof.diagnosis.rules import Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_CODES: Final = "Brevo API reference, error codes"
_SEND: Final = "Brevo API reference, send a transactional email"
_SECURITY: Final = "Brevo help, authorised IP addresses"
_EVENTS: Final = "Brevo docs, transactional webhooks"

_ACCOUNT: Final = (
    rule(
        R.CREDENTIALS_RESTRICTED,
        _SECURITY,
        text=r"(?:unrecogni[sz]ed|unauthori[sz]ed|unknown|new) ip\b|authori[sz]ed_ips"
        r"|\bip\b.{0,60}not "
        r"(?:in|authori[sz]ed|allowed)",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _CODES,
        name=("account_under_validation", "account_suspended", "account_disabled"),
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _CODES,
        text=r"(?:account|platform|sending)\b.{0,60}(?:suspend|block|disabl|deactivat|on hold"
        r"|under (?:validation|review)|not (?:yet )?(?:been )?activ|inactiv)|request activation",
    ),
    rule(R.QUOTA_EXCEEDED, _CODES, name="not_enough_credits"),
    rule(
        R.QUOTA_EXCEEDED,
        _CODES,
        text=r"(?:not enough|insufficient|no (?:more )?|out of |run out of )[\w ]{0,16}credits?"
        r"|(?:daily|monthly|plan|sending|email)\b.{0,30}(?:quota|limit).{0,30}(?:reach|exceed"
        r"|exhaust)",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _CODES,
        text=r"authentication not found|(?:api.?key|authentication|key)\b.{0,30}(?:missing"
        r"|not (?:provided|set))"
        r"|missing (?:api.?key|authentication)",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _CODES,
        text=r"key not found|api.?key\b.{0,40}(?:not enabled|disabled|invalid|expired|wrong"
        r"|incorrect|revoked)"
        r"|invalid (?:api.?key|key|credentials)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _CODES,
        name=("permission_denied", "reseller_permission_denied"),
    ),
    rule(R.CREDENTIALS_INVALID, _CODES, name="unauthorized"),
    rule(R.RATE_LIMITED, _CODES, name=("too_many_requests", "rate_limit_exceeded")),
    rule(R.IDEMPOTENCY_CONFLICT, _CODES, name=("duplicate_request", "idempotency_conflict")),
)

_MAIL: Final = (
    rule(
        R.SENDER_UNVERIFIED,
        _SEND,
        text=r"sender\b(?!\.email).{0,80}(?:not|n.t|in) ?(?:been )?(?:valid|verif|authenticat"
        r"|activ|exist|found|regist)(?!.{0,24}email (?:is )?required)|(?:validate"
        r"|verify) your sender|authenticate your domain|unverified (?:sender|domain)"
        r"|domain .{0,40}not (?:been )?(?:verif|authenticat)",
    ),
    rule(
        R.SENDER_INVALID,
        _SEND,
        text=r"(?:valid |invalid |missing )?\bsender\b.{0,40}(?:required|missing|mandatory"
        r"|invalid|must|valid)"
        r"|not valid in (?:from|sender)",
    ),
    rule(R.TEMPLATE_INVALID, _SEND, text=r"template"),
    rule(
        R.MESSAGE_TOO_LARGE,
        _SEND,
        text=TOO_LARGE + r"|(?:too (?:large|big)|exceed\w*|larger).{0,60}(?:\d ?mb|bytes|size)"
        r"|size.{0,40}exceed",
    ),
    rule(R.ATTACHMENT_REJECTED, _SEND, text=r"attachment|file (?:extension|format|type)"),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _SEND,
        text=r"(?:contact|recipient|email)s?\b.{0,40}(?:block|black|unsubscri|suppress)",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _SEND,
        text=r"(?:not valid|invalid|malformed)[\w ]{0,12} in (?:to|cc|bcc)\b|\b(?:to|cc"
        r"|bcc)\b.{0,24}"
        r"(?:not|in) ?valid|invalid (?:recipient|email address)|email address.{0,20}not valid",
    ),
    rule(R.CONFIGURATION_INVALID, _CODES, name=("method_not_allowed", "document_not_found")),
    rule(
        R.MESSAGE_INVALID,
        _CODES,
        name=(
            *("missing_parameter", "invalid_parameter", "out_of_range", "duplicate_parameter"),
            *("bad_request", "not_acceptable", "unsupported_media_type"),
        ),
    ),
    rule(
        R.MESSAGE_INVALID,
        f"{_CODES}: printed without its code",
        text=r"(?:subject|content|html|text|body|\bto\b|reply-?to|params?|tags?|headers?)\b.{0,40}"
        r"(?:missing|required|blank|empty|invalid|must)",
    ),
)

_POSTED: Final = (
    rule(
        R.COMPLAINED,
        _EVENTS,
        mark=("event=spam", "event=complaint", "event=spam_complaint", "event=complaints"),
    ),
    rule(
        R.RECIPIENT_INVALID,
        _EVENTS,
        mark=("event=invalid_email", "event=invalidemail", "event=invalid"),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_EVENTS}: Brevo did not try an address on its blocklist",
        mark=("event=blocked", "event=unsubscribed", "event=unsubscribe"),
    ),
    rule(
        R.CONTENT_REJECTED,
        f"{_EVENTS}: a filter took it for spam, and Brevo tries again",
        mark="event=deferred",
        text=r"\A\W*spam\W*\Z",
        next=Next.RETRY,
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        f"{_EVENTS}: Brevo's own error",
        mark="event=error",
        text=r"\A\W*(?:internal|technical|unexpected|temporary)?\W*(?:server )?(?:error"
        r"|failure)?\W*\Z",
    ),
)

TABLE: Final = Table("brevo", (*events(*_POSTED), *answers(*_ACCOUNT, *_MAIL)))
