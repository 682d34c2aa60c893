"""Rules for Postmark: the API's `ErrorCode` numbers, its bounce types and its SMTP answers."""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Rule, Table, answers, events, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["TABLE"]

R = Reason

_CODES: Final = "Postmark API overview, error codes"
_EMAIL: Final = "Postmark Email API"
_TYPES: Final = "Postmark Bounce API, bounce types"
_SUPPORT: Final = "Postmark support articles"


def _numbered(reason: Reason, *numbers: int) -> Rule:
    """One reason for several numbers. SDKs rename the key, so `Code` counts as well.

    A number that is also an HTTP status is believed under its own key only.
    """
    own = tuple(f"{key}={number}" for number in numbers for key in ("errorcode", "error_code"))
    bare = tuple(f"code={number}" for number in numbers)
    postmark_error_code = tuple(f"postmarkapierrorcode={number}" for number in numbers)
    return rule(reason, _CODES, mark=(*own, *bare, *postmark_error_code))


_ANSWERS: Final = (
    rule(
        R.CREDENTIALS_MISSING,
        f"{_CODES}: code 10 is used for both, the words tell",
        text=r"no (?:account|server|api)\b.{0,40}tokens? (?:were|was|are|is)? ?(?:supplied"
        r"|provided|given)"
        r"|(?:tokens?|x-postmark-server-token).{0,40}(?:missing|not (?:supplied|provided|present))",
    ),
    _numbered(R.CREDENTIALS_INVALID, 10),
    rule(
        R.CREDENTIALS_INVALID,
        _CODES,
        text=r"(?:valid|wrong|bad|unknown|incorrect)[\w ]{0,12} (?:(?:server|account"
        r"|api)[ -]?)+(?:token|key)",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _EMAIL,
        text=r"sender signature.{0,60}(?:not|n.t|un)|not (?:a |an )?(?:\w+ )?sender signature"
        r"|(?:domain|signature).{0,40}(?:not|n.t|un) ?(?:been )?(?:verif|confirm|defin)",
    ),
    _numbered(R.SENDER_UNVERIFIED, 400, 401, 501, 503, 507, 510),
    _numbered(R.QUOTA_EXCEEDED, 405),
    rule(
        R.QUOTA_EXCEEDED,
        _CODES,
        text=r"out of credits|credits? (?:exhaust|used)|used (?:up )?.{0,20}credits"
        r"|(?:monthly|plan|sending) (?:volume|limit|quota)",
    ),
    rule(
        R.SANDBOX_RESTRICTED,
        f"{_CODES}: an account that is not approved yet sends to its own domain only",
        text=r"pending approval|account is pending|share the same domain|in (?:test|sandbox) mode",
    ),
    _numbered(R.SANDBOX_RESTRICTED, 412),
    _numbered(R.ACCOUNT_SUSPENDED, 413),
    rule(
        R.ACCOUNT_SUSPENDED,
        _CODES,
        text=r"account (?:may|can|must|is|has)[\w ]{0,20}(?:not send|suspend|disabl|inactiv"
        r"|block|paus)"
        r"|(?:stream|server).{0,50}(?:archived|paused|disabled|suspended)",
    ),
    _numbered(R.RECIPIENT_SUPPRESSED, 406),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _CODES,
        text=r"marked (?:as )?inactive|inactive (?:recipient|address)|suppress",
    ),
    _numbered(R.ATTACHMENT_REJECTED, 411),
    _numbered(R.MESSAGE_INVALID, 402, 403, 409, 410, 511),
    _numbered(R.CONFIGURATION_INVALID, *range(1220, 1241), 701),
    rule(
        R.CONFIGURATION_INVALID,
        _CODES,
        text=r"(?:message )?stream\b.{0,60}(?:not|n.t|in)\W?(?:exist|found|valid)"
        r"|wrong (?:message )?stream|stream (?:type|id).{0,40}(?:not|invalid)",
    ),
    _numbered(R.TEMPLATE_INVALID, *range(1100, 1134)),
    rule(
        R.TEMPLATE_INVALID,
        _EMAIL,
        text=r"templates?(?:id|alias|model)?\b.{0,80}(?:not|n.t|in)\W?(?:exist|found|valid"
        r"|active|associated|pars)"
        r"|templatemodel",
    ),
    _numbered(R.PROVIDER_UNAVAILABLE, 100),
    rule(R.RATE_LIMITED, _CODES, mark=("errorcode=429", "error_code=429", "code=429")),
    rule(
        R.MESSAGE_INVALID,
        f"{_EMAIL}: a field may be too long, not only a message",
        text=r"\b(?:tag|metadata|subject|field name)s?\b.{0,40}(?:too long|limited|exceed)",
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        f"{_EMAIL}: 10 MB a message, 5 MB a body",
        text=TOO_LARGE
        + r"|(?:too (?:large|big|long)|exceed\w*|larger|maximum).{0,60}(?:\d ?[mk]b|bytes"
        r"|size|characters)"
        r"|(?:size|length).{0,40}exceed",
    ),
    rule(
        R.MESSAGE_INVALID,
        f"{_CODES}: Reply-To is neither the sender nor a recipient",
        text=r"['\"`\[ ]reply[-_]?to\b",
    ),
    rule(R.ATTACHMENT_REJECTED, _EMAIL, text=r"attachment|content-?type .{0,30}not allowed"),
    rule(
        R.SENDER_INVALID,
        f"{_CODES}: 300 covers every field, the words name it",
        text=r"['\"`\[]?\bfrom\b['\"`\]]? (?:address|value|field|e-?mail)|(?:parsing|invalid"
        r"|missing|the)"
        r" ['\"`\[]from['\"`\]]",
    ),
    rule(
        R.RECIPIENT_INVALID,
        f"{_CODES}: 300 covers every field, the words name it",
        text=r"(?:invalid|illegal|parsing|malformed|bad).{0,24}['\"`\[]?\b(?:to|cc|bcc"
        r"|recipient)\b['\"`\]]?"
        r"(?: (?:address|value|field|e-?mail)|['\"`\]:])",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _EMAIL,
        text=r"illegal e-?mail (?:address|domain)|not a valid e-?mail address"
        r"|invalid e-?mail address",
    ),
    _numbered(R.MESSAGE_INVALID, 300),
    rule(
        R.MESSAGE_INVALID,
        _EMAIL,
        status=422,
        text=r"invalid|required|must|missing|json|zero recipients|no more than|cannot|provide"
        r"|limited",
    ),
)

_POSTED: Final = (
    rule(R.COMPLAINED, _TYPES, mark=("recordtype=spamcomplaint", "type=spamcomplaint")),
    rule(R.COMPLAINED, _TYPES, mark="suppressionreason=spamcomplaint"),
    rule(
        R.RECIPIENT_SUPPRESSED,
        _TYPES,
        mark=(
            *("type=unsubscribe", "type=manuallydeactivated", "type=unconfirmed"),
            "recordtype=subscriptionchange",
        ),
    ),
    rule(R.RECIPIENT_INVALID, _TYPES, mark="type=bademailaddress"),
    rule(R.TEMPLATE_INVALID, _TYPES, mark="type=templaterenderingfailed"),
    rule(R.MESSAGE_INVALID, _TYPES, mark="type=smtpapierror"),
    rule(R.SENDER_UNAUTHENTICATED, _TYPES, mark="type=dmarcpolicy"),
    rule(R.CONTENT_REJECTED, _TYPES, mark=("type=spamnotification", "type=virusnotification")),
    rule(R.MAILBOX_NOT_FOUND, f"{_TYPES}: moved to another address", mark="type=addresschange"),
    rule(
        R.RECIPIENT_REFUSED,
        f"{_TYPES}: the recipient's side wants a proof or takes no relayed mail",
        mark=("type=challengeverification", "type=openrelaytest"),
    ),
    rule(
        R.UNKNOWN,
        f"{_TYPES}: not a failure of this mail",
        mark=("type=autoresponder", "type=subscribe"),
    ),
    rule(
        R.RECIPIENT_DOMAIN_NOT_FOUND,
        f"{_TYPES}: the words of Postmark's resolver",
        mark="type=dnserror",
        text=r"unroutable|no mx|does not exist|nxdomain|domain not found|no such (?:domain|host)",
    ),
    rule(R.RECEIVER_UNAVAILABLE, _TYPES, mark="type=dnserror"),
    rule(R.CONFIGURATION_INVALID, f"{_TYPES}: our inbound hook failed", mark="type=inbounderror"),
)

TABLE: Final = Table("postmark", (*events(*_POSTED), *answers(*_ANSWERS)))
