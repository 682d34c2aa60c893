"""Rules for Twilio SendGrid: the v3 Mail Send API, its SMTP relay and the Event Webhook."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_API: Final = "SendGrid v3 API reference, Mail Send errors"
_LOGIN: Final = "SendGrid docs, API and SMTP authentication errors"
_SMTP: Final = "SendGrid docs, SMTP errors and troubleshooting"
_DROPS: Final = "SendGrid docs, drops"
_WEBHOOK: Final = "SendGrid Event Webhook reference"

_ACCOUNT: Final = (
    rule(
        R.QUOTA_EXCEEDED,
        _LOGIN,
        text=r"(?:maximum|max) credits|credits? (?:limit |have been |has been )?(?:exceed"
        r"|exhaust|used up)"
        r"|exceeded (?:your|the) (?:messaging|sending|email|plan) limits?"
        r"|reached your .{0,30}limit",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        "SendGrid docs, IP access management",
        text=r"\bip\b.{0,60}(?:white.?list|allow.?list|not (?:allowed|permitted|authorized))"
        r"|not (?:on|in) (?:the|your) (?:white|allow).?list",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        "SendGrid docs, two-factor authentication: a key is needed in place of the password",
        text=r"two.?factor|basic auth\w* .{0,40}(?:disabled|not (?:allowed|supported)|deprecated)",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _LOGIN,
        text=r"not authorized to send (?:e-?)?mail(?! (?:from|as|on))|account .{0,40}(?:suspend"
        r"|disabl|deactivat"
        r"|terminat"
        r"|frozen|ban|clos|under review|not (?:yet )?(?:been )?(?:activ|provision))"
        r"|your account has been (?:temporarily )?(?:blocked|limited)",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        "SendGrid docs, sender identity",
        text=r"verified sender|sender identity|from address .{0,30}(?:does not|doesn.t|not) match"
        r"|(?:domain|sender|from).{0,50}not (?:been )?(?:verif|authenticated)"
        r"|not (?:authorized|allowed|permitted) to send (?:\w+ ){0,2}(?:from|as|on behalf)\b",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _LOGIN,
        text=r"authorization required|unauthenticated senders|(?:missing|no) (?:api.?key"
        r"|authorization)"
        r"|authorization header (?:is )?(?:missing|required|not)",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _LOGIN,
        text=r"authorization grant|invalid_grant|bad user ?name|wrong credentials"
        r"|expired,? or revoked"
        r"|(?:api.?key|token).{0,40}(?:invalid|malformed|revoked|not (?:valid|start|exist|found))"
        r"|invalid (?:api.?key|token|credentials)|authentication failed",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _LOGIN,
        status=(401, 403),
        text=r"access forbidden|(?:no|n.t|not) (?:have |been granted )?(?:access|permission"
        r"|authority)"
        r"|permission|scope|not authorized|not allowed",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        f"{_LOGIN}: printed without its status",
        text=r"access forbidden|permission denied|required scopes?",
    ),
)

_MAIL: Final = (
    rule(
        R.CONFIGURATION_INVALID,
        f"{_API}: a pool of addresses is part of the account",
        field=r"ip_pool",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _API,
        text=r"\bip pool\b|data residency|region(?:al)? (?:host|endpoint)",
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        f"{_API}; Mail Send limitations (30 MB)",
        text=TOO_LARGE
        + r"|(?:total |combined |message |payload |request |attachment |content )?(?:size|length)"
        r".{0,60}(?:exceed|less than|under|larger|more than|too (?:large|big)).{0,60}"
        r"(?:\d ?[mk]i?b|bytes|limit|size)|exceeds? .{0,40}(?:\d ?mb|size limit|bytes)|too large",
    ),
    rule(R.ATTACHMENT_REJECTED, _API, field=r"attachment"),
    rule(R.ATTACHMENT_REJECTED, _API, text=r"\battachments?\b"),
    rule(R.TEMPLATE_INVALID, _API, field=r"template"),
    rule(
        R.TEMPLATE_INVALID,
        _API,
        text=r"template.{0,60}(?:not (?:found|exist|active)|does ?n.t exist|valid|no active|syntax)"
        r"|handlebars|substitution",
    ),
    rule(R.SENDER_UNVERIFIED, f"{_API}: well-formed and refused", status=403, field=r"^from\b"),
    rule(R.SENDER_INVALID, _API, field=r"^from\b"),
    rule(
        R.RECIPIENT_INVALID,
        _API,
        field=r"personalizations[.\[\]\d]*\.(?:to|cc|bcc)\b.{0,6}\bemail|^(?:to|cc"
        r"|bcc)\b.{0,6}email",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _API,
        field=r"personalizations[.\[\]\d]*\.(?:to|cc|bcc)\b",
        text=r"valid (?:email )?address|malformed|invalid",
    ),
    rule(
        R.MESSAGE_INVALID,
        _API,
        field=r"^(?:personalizations|subject|content|headers|custom_args|categories|reply_to"
        r"|send_at"
        r"|batch_id|asm|mail_settings|tracking_settings|sections)",
    ),
    rule(
        R.SENDER_INVALID,
        _API,
        text=r"\bfrom\b (?:object|address|email|field|parameter).{0,80}(?:must|required|valid"
        r"|missing)"
        r"|(?:invalid|missing|empty) from\b",
    ),
    rule(
        R.CONTENT_REJECTED,
        _SMTP,
        text=r"(?:spam|virus|phish|malicious) content|content .{0,30}spam",
    ),
    rule(
        R.MESSAGE_INVALID,
        _API,
        status=(400, 406, 415, 422),
        text=r"invalid|required|must|missing|bad request|unsupported|malformed|json|utf.?8"
        r"|unexpected"
        r"|at least|no more than|should|cannot|duplicate|parameter",
    ),
)

_POSTED: Final = (
    rule(R.COMPLAINED, _WEBHOOK, mark=("event=spamreport", "event=spam_report")),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _WEBHOOK,
        mark=("event=unsubscribe", "event=group_unsubscribe"),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _DROPS,
        mark="event=dropped",
        text=r"(?:bounced|unsubscribed|spam report\w*|blocked|suppressed)[\w ]{0,12} ?address"
        r"|suppress"
        r"|unsubscribe|bounce list|duplicate",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _DROPS,
        mark="event=dropped",
        text=r"quota|credits?|over (?:the )?(?:package|plan)|limit exceeded",
    ),
    rule(
        R.CONTENT_REJECTED, _DROPS, mark="event=dropped", text=r"spam (?:content|check)|virus|phish"
    ),
    rule(
        R.MESSAGE_INVALID,
        _DROPS,
        mark="event=dropped",
        text=r"smtpapi|invalid (?:smtp )?header|(?:header|json).{0,20}invalid",
    ),
    rule(R.TEMPLATE_INVALID, _DROPS, mark="event=dropped", text=r"template|render|substitution"),
    rule(
        R.RECIPIENT_INVALID,
        _DROPS,
        mark="event=dropped",
        text=r"^\s*invalid(?: (?:e-?mail|address|recipient).{0,20})?\s*$",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _DROPS,
        mark="event=dropped",
        text=r"account|suspend|disabled|deactivat|terminat",
    ),
    rule(
        R.RECIPIENT_DOMAIN_NOT_FOUND,
        f"{_WEBHOOK}: the words of SendGrid's own resolver",
        text=r"(?:mx info|lookup ).{0,120}(?:no such host|unrecogni[sz]ed address|nxdomain)"
        r"|unable to resolve mx",
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        f"{_WEBHOOK}: the words of SendGrid's own dialer",
        text=r"unable to get mx info|error dialing remote|i/o timeout|dial tcp",
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_DROPS}: SendGrid drops what is on a suppression list",
        mark="event=dropped",
    ),
)

TABLE: Final = Table("sendgrid", (*events(*_POSTED), *answers(*_ACCOUNT, *_MAIL)))
