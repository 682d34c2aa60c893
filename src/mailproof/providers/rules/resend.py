"""Resend: its error names first, then the words that tell one `validation_error` from another.

The same name stands for a wrong key, an unverified domain, the testing mode and a bad field, so
the words decide there. Its events carry the bounce types of Amazon SES, which it sends through.
"""

from typing import Final

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Closes, Reason
from mailproof.diagnosis.rules import Table, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_ERRORS: Final = "Resend API reference, Errors"
_EVENTS: Final = "Resend webhooks, Event types"
_BOUNCES: Final = "Resend dashboard, Email bounces"
_NODE: Final = "resend-node, fetchRequest"
_PYTHON: Final = "resend-python, request.py"
_API: Final = ("http", "sdk", "exception")
_SENDER: Final = Closes("sender")

_ACCOUNT: Final = (
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        _PYTHON,
        text=r"expected json response but got: text/html",
        status=(200, 301, 302, 400, 401, 403, 404, 405),
        guide="not_json",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        _PYTHON,
        channel=_API,
        text=r"(?:expected json|(?:failed|unable|could not) (?:to )?(?:parse"
        r"|decode)).{0,40}(?:response|json)",
        ambiguous=True,
    ),
    rule(R.CREDENTIALS_MISSING, _ERRORS, name=("missing_api_key", "no_api_key")),
    rule(
        R.CREDENTIALS_MISSING,
        "Resend SDKs, constructor: it throws before any request",
        channel=("exception", "sdk"),
        text=r"pass it to the constructor|api_?key (?:client )?option must be set",
        ambiguous=False,
        guide="key_not_given",
    ),
    rule(R.CREDENTIALS_INVALID, "Resend: send with SMTP", code=535, text=r"api[ _]?key not found"),
    rule(
        R.CREDENTIALS_MISSING,
        "Resend SDKs, constructor",
        channel=_API,
        text=r"(?:missing|no|without|provide|set|requires?) (?:an? |the "
        r"|your )?(?:resend )?api[ _]?key\b|api[ _]?key (?:is |was )?(?:missing|required"
        r"|not (?:set|provided|configured|found|given))|(?:make sure|ensure|check)\b.{0,24}"
        r"api[ _]?key.{0,8} (?:set|present|provided|configured|defined)\b"
        r"|api[ _]?key\b.{0,40}\b(?:null|nil|undefined|none) (?:given|provided|passed)",
    ),
    rule(R.ACCOUNT_SUSPENDED, _ERRORS, name=("suspended_api_key", "account_suspended")),
    rule(
        R.ACCOUNT_SUSPENDED,
        "Resend help, account under review",
        channel=_API,
        text=r"\b(?:account|team|api key|sending|organization)\b.{0,40}\b(?:suspended|paused"
        r"|under review|disabled|blocked|banned|deactivated|on hold)\b"
        r"|\bsuspended\b.{0,20}\b(?:account|team|key)\b",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _ERRORS,
        name="restricted_api_key",
        text=r"not active|inactive|revoked|deleted|expired",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        "Resend dashboard, API key bound to a domain",
        channel=_API,
        text=r"(?:api|access) (?:key|token)\b.{0,60}(?:authorized|allowed|permitted|permission"
        r"|access|restricted) (?:to|for)\b.{0,40}(?:send|from|domain)[^.]{0,40}\bfrom\b"
        r"|domain.{0,30}(?:associated )?with your api key"
        r"|api key.{0,40}(?:another|different|other|specific|this) domain",
        closes=_SENDER,
        guide="key_of_another_domain",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _ERRORS,
        name=(
            "restricted_api_key",
            "invalid_permission",
            "missing_scope",
            "insufficient_scope",
        ),
        guide="sending_only_key",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _ERRORS,
        channel=_API,
        text=r"restricted to only|only (?:be used to )?send emails"
        r"|missing (?:the )?(?:required )?(?:scope|permission)"
        r"|(?:scope|permission)s? (?:is |are )?(?:missing|insufficient)"
        r"|insufficient (?:scope|permission)",
        guide="sending_only_key",
    ),
    rule(R.CREDENTIALS_INVALID, _ERRORS, name=("invalid_api_key", "api_key_not_found")),
    rule(
        R.CREDENTIALS_INVALID,
        _ERRORS,
        channel=_API,
        text=r"(?:api[ _]?key|access token|bearer token)[^.]{0,20}(?:\binvalid|not valid"
        r"|isn.t valid|incorrect|malformed|not found|does(?: not|n.t) exist|revoked|expired"
        r"|unknown|not recogni[sz]ed|not active|inactive)"
        r"|(?:invalid|wrong|unknown|incorrect|malformed|expired"
        r"|revoked) (?:resend )?(?:api[ _]?key|access token|bearer token)",
    ),
)

_SENDER_RULES: Final = (
    rule(
        R.SANDBOX_RESTRICTED,
        _ERRORS,
        channel=_API,
        text=r"only send (?:testing|test) emails|(?:testing|test) emails? (?:only )?to your own"
        r"|only (?:be sent|send|deliver).{0,20}to your own (?:verified )?(?:e-?mail )?address"
        r"|resend\.dev.{0,40}(?:own|verify|testing)",
        guide="own_address_only",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _ERRORS,
        channel=_API,
        text=r"\bdomain\b.{0,60}(?:not|n.t|never) (?:been |yet |be )?(?:verif|add|regist|found"
        r"|set up)|(?:unverified|pending|failed) (?:sender |sending )?domain"
        r"|domain (?:verification )?(?:is |status )?(?:pending|failed|unverified)"
        r"|verify (?:a|your|the) (?:sending )?domain|not (?:authorized|allowed"
        r"|permitted) to send (?:e-?mails? |messages? )?from|domain mismatch"
        r"|sender.{0,20}not verif",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _ERRORS,
        name=("domain_not_verified", "unverified_domain", "domain_not_found"),
    ),
)

_LIMITS: Final = (
    rule(
        R.QUOTA_EXCEEDED,
        _ERRORS,
        name=("daily_quota_exceeded", "email_above_quota", "quota_exceeded"),
        guide="daily_quota",
    ),
    rule(R.QUOTA_EXCEEDED, _ERRORS, name="monthly_quota_exceeded", guide="monthly_quota"),
    rule(
        R.QUOTA_EXCEEDED,
        _ERRORS,
        channel=_API,
        text=r"(?:daily|monthly|sending|email|transactional)[ _-](?:\w+[ _-]){0,2}(?:quota"
        r"|limit)\b|quota (?:has been |was |is )?(?:reached|exceeded|exhausted)"
        r"|(?:reached|exceeded)[ _](?:your |the )?(?:\w+[ _]){0,3}quota|above quota"
        r"|limit of your plan",
    ),
    rule(
        R.RATE_LIMITED,
        _ERRORS,
        name=("rate_limit_exceeded", "ratelimiterror", "ratelimitexceedederror"),
    ),
    rule(
        R.RATE_LIMITED,
        _ERRORS,
        channel=_API,
        text=r"too many requests|rate.?limit|requests? per (?:second|minute)",
    ),
    rule(R.IN_PROGRESS, _ERRORS, name=("concurrent_idempotent_requests", "resource_locked")),
    rule(
        R.IN_PROGRESS,
        _ERRORS,
        channel=_API,
        text=r"(?:original|previous|another|first|same) request.{0,40}(?:in progress|running"
        r"|processed|already|pending)|still (?:in progress|being processed)",
    ),
    rule(R.MESSAGE_INVALID, _ERRORS, name="invalid_idempotency_key", guide="idempotency_key"),
    rule(R.IDEMPOTENCY_CONFLICT, _ERRORS, name="invalid_idempotent_request"),
    rule(
        R.IDEMPOTENCY_CONFLICT,
        _ERRORS,
        channel=_API,
        text=r"idempotency.?key.{0,60}(?:different|another|other|mismatch|modified|not match)",
    ),
)

_MAIL: Final = (
    rule(R.ATTACHMENT_REJECTED, _ERRORS, name="invalid_attachment"),
    rule(
        R.MESSAGE_TOO_LARGE,
        "Resend docs, Attachments: 40 MB an email",
        channel=_API,
        text=TOO_LARGE + r"|(?:too (?:large|big)|exceed\w*|over|above|larger|bigger|maximum"
        r"|limit)\b.{0,50}\b(?:\d+ ?(?:mb|mib|megabytes?|bytes)|size)"
        r"|size.{0,30}(?:exceed|too (?:large|big)|limit)|(?:entity|payload|content) too large",
    ),
    rule(
        R.ATTACHMENT_REJECTED,
        "Resend docs, Attachments",
        channel=_API,
        text=r"\battachments?\b|file type|file extension|content[_ ]?id\b.{0,20}(?:invalid|128)",
    ),
    rule(
        R.TEMPLATE_INVALID,
        "Resend API reference, Templates",
        channel=_API,
        text=r"\btemplate\b|\bvariables?\b.{0,40}(?:missing|required|not provided|undefined"
        r"|invalid|reserved)|(?:missing|required|undefined) (?:template )?variable"
        r"|render.{0,12} (?:react )?component",
    ),
    rule(R.CONTENT_REJECTED, _ERRORS, name="security_error"),
    rule(
        R.CONTENT_REJECTED,
        _ERRORS,
        channel=_API,
        text=r"security (?:issue|reason|concern|risk)|phishing|malicious|\bspam\b(?! folder)",
    ),
    rule(R.SENDER_INVALID, _ERRORS, name="invalid_from_address"),
    rule(
        R.SENDER_INVALID,
        _ERRORS,
        channel=_API,
        text=r"[`'\"]from[`'\"]|\bfrom\b[^a-z]{0,3}(?:field|address|email"
        r"|parameter)\b.{0,40}(?:invalid|missing|required|must|need|malformed|format)"
        r"|(?:invalid|missing|malformed)[^a-z]{1,3}from\b"
        r"|(?:missing|required).{0,40}: ?\[?from\b",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _ERRORS,
        channel=_API,
        text=r"(?:invalid|malformed|wrong|missing)[^a-z]{1,3}(?:to|cc|bcc)\b"
        r"|[`'\"](?:to|cc|bcc)(?:\.\d+|\[\d+\])?[`'\"].{0,40}(?:invalid|follow|format"
        r"|not a valid|malformed|valid email|ascii)|testing email address instead"
        r"|\b(?:recipient|to)\b (?:e-?mail )?(?:address )?(?:is )?(?:invalid|not valid"
        r"|malformed)|invalid (?:recipient|email address)",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _ERRORS,
        name=("invalid_region", "invalid_access", "method_not_allowed"),
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _ERRORS,
        channel=_API,
        text=r"\bregion\b (?:must|is|not)|(?:endpoint|path|route|url"
        r"|resource you requested).{0,20}(?:not exist|not found|unknown)"
        r"|(?:method|verb).{0,10}not (?:be )?(?:allowed|supported)|cannot (?:get|post|put) /",
    ),
    rule(
        R.MESSAGE_INVALID,
        _ERRORS,
        name=(
            "missing_required_field",
            "missing_required_parameter",
            "missing_required_fields",
            "missingrequiredfieldserror",
            "invalid_parameter",
            "invalid_scheduled_at",
            "invalid_tag",
        ),
    ),
    rule(
        R.MESSAGE_INVALID,
        _ERRORS,
        channel=_API,
        text=r"\btags? (?:should|must|can|name|value)|must (?:be|have|contain|not|only)\b"
        r"|(?:missing|invalid|unknown|unexpected|unsupported"
        r"|unrecognized)[^a-z]{1,3}(?!header)\w+[^a-z]{1,3}?.{0,14}(?:fields?|property"
        r"|parameter|argument)|(?:field|parameter|property)s?\b.{0,40}(?:missing|invalid"
        r"|required|must|allowed|recogni[sz]ed)|(?:one or more|required|missing|body"
        r"|json).{0,12}(?:fields?|parameters?)|scheduled[_ ]?at"
        r"|not a valid (?:json|date|uuid)",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _ERRORS,
        name="not_found",
        status=404,
    ),
    rule(
        R.MESSAGE_INVALID,
        _ERRORS,
        name=("validation_error", "validationerror", "invalidrequesterror"),
        status=(0, 200, 400, 422),
    ),
)

_OUTAGE: Final = (
    rule(
        R.CONNECTION_FAILED,
        _NODE,
        channel=_API,
        text=r"unable to fetch data|request could not be resolved",
        guide="cause_hidden_by_sdk",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        _ERRORS,
        name=("application_error", "internal_server_error", "service_unavailable"),
        status=(0, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 529, 530),
        text=r"internal server error|unable to process|unexpected error|unavailable|try again"
        r"|overload|maintenance|error occurred|timeout|gateway|^$",
    ),
    rule(
        R.BLOCKED_BY_INTERMEDIARY,
        "resend-node names an answer that is no JSON so, whatever its status was",
        name="application_error",
        status=(200, 400, 401, 403, 404, 405, 407, 511),
        text=r"internal server error|unable to process your request",
        guide="not_json",
    ),
)

# The type of a bounce lies (`Transient` for a mail that is too large); a diagnostic code, read by
# the mail servers' table behind this one, and the subtype say more.
_EVENT_RULES: Final = (
    rule(
        R.RECIPIENT_SUPPRESSED,
        _EVENTS,
        name=(
            "email.suppressed",
            "onaccountsuppressionlist",
            "suppressed",
            "globalsuppressionlist",
        ),
    ),
    rule(R.COMPLAINED, _EVENTS, name=("email.complained", "complaint")),
    rule(R.MAILBOX_FULL, _BOUNCES, name="mailboxfull"),
    rule(R.MESSAGE_TOO_LARGE, _BOUNCES, name="messagetoolarge"),
    rule(R.CONTENT_REJECTED, _BOUNCES, name="contentrejected"),
    rule(R.ATTACHMENT_REJECTED, _BOUNCES, name="attachmentrejected"),
    rule(R.MAILBOX_NOT_FOUND, _BOUNCES, name="noemail"),
)

# Accepted with 200 and refused later: the provider speaks, not a receiver.
_FAILED: Final = (
    rule(
        R.QUOTA_EXCEEDED,
        _EVENTS,
        name="email.failed",
        text=r"quota|limit",
        says=Origin.PROVIDER,
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _EVENTS,
        name="email.failed",
        text=r"domain",
        says=Origin.PROVIDER,
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _EVENTS,
        name="email.failed",
        text=r"api.?key",
        says=Origin.PROVIDER,
    ),
    rule(
        R.RECIPIENT_INVALID,
        _EVENTS,
        name="email.failed",
        text=r"recipient|invalid.{0,10}address",
        says=Origin.PROVIDER,
    ),
)

TABLE: Final = Table(
    "resend",
    (*_EVENT_RULES, *_FAILED, *_ACCOUNT, *_SENDER_RULES, *_LIMITS, *_MAIL, *_OUTAGE),
)
