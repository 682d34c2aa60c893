"""Rules for MailerSend: validation answers with their `#MS` numbers, warnings, activity events."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_API: Final = "MailerSend developer docs, email API"
_GENERAL: Final = "MailerSend developer docs, general: status codes, rate and API quota"
_EVENTS: Final = "MailerSend developer docs, webhook events"

_ACCOUNT: Final = (
    rule(
        R.ACCOUNT_SUSPENDED,
        f"{_API}: accepted with 202, and kept back",
        header="x-send-paused=true",
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        f"{_API}: 202 with warnings",
        mark=("type=all_suppressed", "type=some_suppressed"),
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        "MailerSend help, trial accounts",
        text=r"#ms42225|trial (?:account|plan|domain)|administrator.s email|until .{0,40}approv",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _API,
        text=r"#ms42207|domain.{0,50}(?:must|not|n.t|un)[\w ]{0,14}(?:verif|exist|found)"
        r"|verif\w+ domain",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _GENERAL,
        text=r"(?:daily|monthly|api|request|email|plan)\b.{0,30}(?:quota|limit).{0,30}(?:reach"
        r"|exceed|exhaust)"
        r"|(?:reached|exceeded) .{0,50}(?:quota|(?:daily|monthly|plan|email"
        r"|recipients?) limit)|\bcredits?\b",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _GENERAL,
        text=r"(?:account|domain|sending)\b.{0,50}(?:suspend|paus|disabl|block|inactiv|under review"
        r"|not (?:yet )?(?:been )?approv|terminat)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _GENERAL,
        text=r"\bip\b.{0,50}(?:white.?list|allow.?list|not allowed)|(?:token|action|you"
        r"|user)\b.{0,40}"
        r"(?:not (?:have )?(?:permi|allowed|authori[sz]ed)|unauthori[sz]ed|missing (?:the )?scope"
        r"|(?:not|n.t) have .{0,24}(?:scope|permission|abilit)"
        r"|lacks?)|invalid (?:scope|abilit)"
        r"|domain.{0,40}(?:not|n.t) (?:associated|linked|assigned).{0,24}(?:token|key)",
    ),
    rule(R.CREDENTIALS_INVALID, _GENERAL, text=r"unauthenticated|invalid (?:api )?token"),
    rule(
        R.PROVIDER_UNAVAILABLE,
        f"{_GENERAL}: 421 is maintenance",
        status=421,
        channel=("http", "sdk", "exception"),
    ),
    rule(R.ACCOUNT_SUSPENDED, f"{_GENERAL}: payment required", status=402),
)

_MAIL: Final = (
    rule(R.SENDER_INVALID, _API, field=r"^from\b"),
    rule(R.RECIPIENT_INVALID, _API, field=r"^(?:to|cc|bcc)\.\d+\.email|^(?:to|cc|bcc)\.email"),
    rule(
        R.MESSAGE_TOO_LARGE,
        _API,
        text=TOO_LARGE
        + r"|(?:too (?:large|big)|exceed\w*|greater than|larger).{0,60}(?:\d ?mb|bytes"
        r"|kilobytes|size)",
    ),
    rule(R.ATTACHMENT_REJECTED, _API, field=r"attachment"),
    rule(R.ATTACHMENT_REJECTED, _API, text=r"attachment|file (?:extension|type)"),
    rule(R.TEMPLATE_INVALID, _API, field=r"template|personalization|variables"),
    rule(
        R.TEMPLATE_INVALID,
        _API,
        text=r"templates?\b.{0,60}(?:not (?:found|exist)|n.t exist|invalid|no longer)"
        r"|personalization",
    ),
    rule(R.SENDER_INVALID, f"{_API}: #MS42209", text=r"#ms42209|from\.email"),
    rule(R.RECIPIENT_INVALID, _API, text=r"\b(?:to|cc|bcc)\.\d+\.email"),
    rule(
        R.MESSAGE_INVALID,
        _API,
        status=(400, 422),
        text=r"must|required|invalid|given data|missing|may not|cannot|#ms422",
    ),
    rule(
        R.MESSAGE_INVALID,
        f"{_API}: printed without its status",
        text=r"given data was invalid|#ms422\d\d|must provide",
    ),
)

_POSTED: Final = (
    rule(
        R.COMPLAINED,
        _EVENTS,
        mark=("type=activity.spam_complaint", "type=spam_complaint", "type=spam_complaints"),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _EVENTS,
        mark=("type=activity.unsubscribed", "type=unsubscribed"),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _EVENTS,
        mark=("object=recipient_bounce", "object=recipient"),
        text=r"suppress|block ?list(?:ed)? recipient|on (?:the )?(?:hard bounce|unsubscribe"
        r"|spam)\w* list",
    ),
    rule(
        R.UNKNOWN,
        f"{_EVENTS}: the provider has no reason either",
        mark="reason=unknown reason",
    ),
)

TABLE: Final = Table("mailersend", (*events(*_POSTED), *answers(*_ACCOUNT, *_MAIL)))
