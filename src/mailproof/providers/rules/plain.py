"""What every small provider says in nearly the same words, for those without a table of their own.

Elastic Email, Plunk, Loops, MailChannels, ZeptoMail, SMTP2GO, SendCloud, Mailtrap and the like have
few error codes or none: a JSON object with a sentence in it. So these rows read words, and stand
behind every structural rule.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Rule, rule
from mailproof.providers.rules.sizes import TOO_LARGE

__all__ = ["RULES"]

R = Reason

# A sentence from the network or a mail server is read by the tables for those, which come later.
_CHANNELS: Final = ("http", "sdk")
_SEEN: Final = (
    "error answers of small email APIs (Plunk, Loops, Elastic Email, MailChannels, Mailjet)"
)

RULES: Final[tuple[Rule, ...]] = (
    rule(
        R.SANDBOX_RESTRICTED,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:sandbox|test(?:ing)? mode|trial|pending approval).{0,80}(?:only|restrict"
        r"|limit|recipient|own)"
        r"|only send (?:test )?(?:e-?mails? )?to (?:your|verified|authorized)",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:daily|monthly|hourly|plan|free|account|credits?|sending|message"
        r"|email)\b.{0,24}(?:quota|limit|credits?)"
        r".{0,40}(?:exceed|reach|exhaust|used|hit)|(?:not enough|insufficient|no|out of|run out of)"
        r" (?:\w+ )?credits?|exceed\w* .{0,30}(?:quota|daily|monthly|plan)|额度.{0,6}(?:不足"
        r"|用完)|余额不足",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:account|project|user|organi[sz]ation|api.?key|subaccount)\b.{0,50}(?:suspend"
        r"|disabled|blocked"
        r"|deactivat|inactive|terminat|closed|under review|not (?:yet )?(?:been )?(?:activ"
        r"|approv|verif))"
        r"|(?:payment|billing).{0,30}(?:required|overdue|fail)|mail service not enabled",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _SEEN,
        channel=_CHANNELS,
        text=r"\bip\b.{0,50}(?:white.?list|allow.?list|not allowed|restricted)|delegation denied"
        r"|(?:insufficient|missing|lacks?|without)\b.{0,30}(?:permission|scope|privilege|right)s?\b"
        r"|(?:key|token|user|you)\b.{0,40}(?:not|n.t) (?:have )?(?:permi|allowed|authori[sz]ed)",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:missing|no|empty) (?:\w+ )?(?:api.?key|access token|bearer token"
        r"|authorization|auth token)"
        r"|(?:api.?key|token|authorization header)\b.{0,24}(?:missing|required|empty"
        r"|not (?:provided|found in))",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:invalid|incorrect|wrong|bad|unknown|expired"
        r"|malformed)[\w ]{0,20} ?(?:api.?key|token|credentials?"
        r"|password)|(?:api.?key|token|credentials?)\b.{0,40}(?:invalid|incorrect|expired"
        r"|revoked|not (?:found|valid"
        r"|match|exist))|unauthenticated|invalid authentication|认证失败|密钥.{0,6}错误",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _SEEN,
        status=401,
        channel=_CHANNELS,
        text=r"access denied|unauthori[sz]ed|not authenticated",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:domain|sender|from|identity)\b.{0,80}(?:not|n.t|un)[ -]?(?:been |yet "
        r"|a )*(?:verif|valid(?:ated)?\b"
        r"|authenticat|authori[sz]|regist|confirm|configur|linked)|unverified (?:domain"
        r"|sender)|inactive sender"
        r"|domain lockdown|verify your (?:sending )?domain",
    ),
    rule(
        R.TEMPLATE_INVALID,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:template|transactional ?(?:id|e-?mail))\b.{0,60}(?:not|n.t|in|un) ?(?:found"
        r"|exist|valid|publish|defined)"
        r"|merge (?:tag|var)|data ?variables",
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        _SEEN,
        channel=_CHANNELS,
        text=TOO_LARGE
        + r"|(?:message|email|payload|body|attachments?|total)\b.{0,24}(?:too (?:large|big)"
        r"|size.{0,24}(?:exceed|limit)"
        r"|exceed\w*.{0,24}(?:size|mb|bytes))",
    ),
    rule(
        R.ATTACHMENT_REJECTED,
        _SEEN,
        channel=_CHANNELS,
        text=r"\battachments?\b.{0,60}(?:invalid|not|fail|type)",
    ),
    rule(
        R.SENDER_INVALID,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:invalid|malformed|missing) ['\"`]?(?:from|sender)\b|['\"`]?\b(?:from"
        r"|sender)\b['\"`]? (?:address|email|field)?"
        r" ?(?:is|must|has)?.{0,12}(?:invalid|malformed|not (?:a )?valid)",
    ),
    rule(
        R.RECIPIENT_INVALID,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:invalid|malformed) ['\"`]?(?:to|recipient|cc|bcc"
        r"|e-?mail(?: address)?)\b(?! body|.{0,12}template)|['\"`]?\b(?:to"
        r"|recipients?)\b['\"`]? (?:address|email|field)?"
        r" ?(?:is|must|has|are)?.{0,12}(?:invalid|malformed|not (?:a )?valid)",
    ),
    rule(
        R.CONTENT_REJECTED,
        _SEEN,
        channel=_CHANNELS,
        text=r"(?:detected|classified|flagged|identified) as (?:spam|phish)",
    ),
)
