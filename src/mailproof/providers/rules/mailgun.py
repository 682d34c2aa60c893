"""Rules for Mailgun: the Messages API in both regions, its relay, events old and new."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_API: Final = "Mailgun API reference, Messages"
_CODES: Final = "Mailgun docs, API response codes"
_DOMAIN: Final = "Mailgun: the answer `Domain … is not allowed to send: …`"
_EVENTS: Final = "Mailgun docs, events: failure reasons and delivery-status codes"

_ACCOUNT: Final = (
    rule(
        R.MESSAGE_TOO_LARGE,
        f"{_API}: 25 MB",
        text=TOO_LARGE
        + r"|(?:too (?:large|big)|exceed\w*|larger|maximum).{0,60}(?:\d ?mb|bytes|size)"
        r"|size.{0,40}exceed",
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        "Mailgun docs, sandbox domain",
        text=r"(?:sandbox|free accounts?).{0,60}test|test purposes|authorized recipient",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _DOMAIN,
        text=r"domain.{0,120}(?:unverified|(?:not|await\w*|pending) (?:yet )?(?:been )?verif)"
        r"|requires dns"
        r"|verify your domain"
        r"|dns records",
    ),
    rule(
        R.RATE_LIMITED,
        f"{_DOMAIN}: a window that ends at a named time",
        text=r"limited to .{0,30}/ ?(?:hour|minute|second)"
        r"|(?:recipient|recipients|bytes?|message|messages|hourly"
        r"|sending)(?: rate)? limit.{0,20}"
        r"(?:exceed|reach)|limit exceeded.{0,10}try again|try again after|too (?:fast"
        r"|many requests)",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        "Mailgun docs, plan limits",
        text=r"(?:monthly|daily|plan|free|credit|allowance|message)\b.{0,40}(?:limit|quota"
        r"|exceed|exhaust)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        "Mailgun docs, IP access and key roles",
        text=r"\bip\b.{0,50}(?:white.?list|allow.?list|not allowed)|insufficient (?:permission"
        r"|role)"
        r"|(?:key|role|user|you)\b.{0,40}not (?:have )?(?:permi|allowed to|authori[sz]ed to)",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _DOMAIN,
        text=r"activate your|(?:account|domain|sending|key|ip)\b.{0,80}(?:disabled|suspend"
        r"|inactiv|closed"
        r"|blocked|on hold|probation|under review|locked|cancel)|business verification"
        r"|verify your (?:account|phone"
        r"|business)|upgrade|payment|past due|overdue",
    ),
    rule(R.ACCOUNT_SUSPENDED, _CODES, status=402),
    rule(
        R.CREDENTIALS_MISSING,
        _CODES,
        text=r"(?:no|missing) (?:api.?key|credentials|authorization)"
        r"|authorization header (?:is )?missing",
    ),
    rule(R.CREDENTIALS_INVALID, f"{_CODES}; a key of the other region", status=401),
    rule(
        R.CREDENTIALS_INVALID,
        _CODES,
        text=r"invalid (?:private|api).?key|invalid credentials|\bunauthorized\b|^forbidden$"
        r"|authentication failed|incorrect (?:api|username)",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "Mailgun docs: a domain lives in one region (US or EU) and one account",
        text=r"domain (?:\S+ )?(?:is )?not found|magnificent api"
        r"|domain (?:\S+ )?does ?n.t exist|no such domain",
    ),
    rule(R.CONFIGURATION_INVALID, _CODES, status=(404, 405)),
)

_MAIL: Final = (
    rule(
        R.TEMPLATE_INVALID, _API, text=r"templates?\b.{0,80}(?:not|n.t|no|in|un)\W?\w*|t:variables"
    ),
    rule(R.ATTACHMENT_REJECTED, _API, text=r"\b(?:attachment|inline)\b"),
    rule(R.SENDER_INVALID, _API, text=r"['\"`]?\bfrom\b['\"`]? (?:parameter|address|field|is)"),
    rule(
        R.RECIPIENT_INVALID,
        _API,
        text=r"(?<!-)\b(?:to|cc|bcc)\b['\"`]? (?:parameter|address|field)? ?(?:is "
        r"|are )?(?:not (?:a )?|n.t (?:a )?|in)valid"
        r"|(?:invalid|malformed)[\w ]{0,20} recipient|recipient.{0,30}invalid|no valid recipients",
    ),
    rule(
        R.MESSAGE_INVALID,
        _API,
        text=r"need at least one of|(?:parameter|field|header|value)s? .{0,50}(?:miss|requir"
        r"|invalid|must|not)"
        r"|is missing|too many (?:recipients|tags)|invalid|o:\w+|v:\w+|deliverytime",
    ),
    rule(R.CONTENT_REJECTED, _API, text=r"spam|virus|phish"),
    rule(R.MESSAGE_INVALID, _CODES, status=400, text=r"bad request"),
)

_POSTED: Final = (
    rule(R.COMPLAINED, _EVENTS, mark="event=complained"),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _EVENTS,
        mark=(
            *("reason=suppress-bounce", "reason=suppress-complaint", "reason=suppress-unsubscribe"),
            *("code=605", "code=606", "code=607", "event=unsubscribed"),
        ),
    ),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _EVENTS,
        text=r"not delivering to (?:a |an )?\w*[\w ]{0,30}(?:bounced|unsubscribed|marked"
        r"|complain|spam)",
    ),
    rule(R.GREYLISTED, _EVENTS, mark="reason=greylisted"),
    rule(
        R.RECIPIENT_DOMAIN_NOT_FOUND,
        f"{_EVENTS}: code 498, even where it is called temporary",
        text=r"\bno mx\b|no (?:valid )?mail servers? (?:found )?for|(?:domain|host).{0,40}"
        r"(?:does ?n.t|does not) exist|nxdomain",
    ),
    rule(R.RECIPIENT_DOMAIN_NOT_FOUND, _EVENTS, mark="code=498"),
    rule(
        R.RECEIVER_UNAVAILABLE,
        f"{_EVENTS}: code 499 and 602, given up for age",
        text=r"(?:unable|failed|cannot) to connect to mx|connection (?:timed out"
        r"|refused) .{0,20}mx",
    ),
    rule(
        R.CONTENT_REJECTED,
        f"{_EVENTS}: rejected by Mailgun's own filter",
        mark="event=rejected",
        text=r"spam|virus|phish|malicious|content",
    ),
)

# Asked when no word of the receiver decided: an event that only has Mailgun's class for it.
_LAST: Final = (
    rule(
        R.SENDER_BLOCKED,
        f"{_EVENTS}: refused by the mailbox provider for reputation",
        mark="reason=espblock",
    ),
)

TABLE: Final = Table("mailgun", (*events(*_POSTED), *answers(*_ACCOUNT, *_MAIL), *events(*_LAST)))
