"""Words about the recipient and about the mail itself."""

from typing import Final

from mailproof.diagnosis.reasons import Next, Reason
from mailproof.diagnosis.rules import rule

__all__ = ["CONTENT", "RECIPIENT"]

R = Reason

_MAILBOX: Final = "RFC 5321 section 4.2.3; Postfix, Exim, sendmail, qmail, Exchange, Dovecot"
_DOMAIN: Final = "RFC 7505, null MX; Postfix, Exim, Exchange, Google: lookups of the domain"
_MESSAGE: Final = "RFC 5321, 5322, 6531; limits and filters of MTAs"
_NEGATED: Final = (
    r"(?:do(?:e?s)?(?:n[o']?t| not)|is(?:n't| not)|not|cannot|can't|couldn't|could not)"
)

RECIPIENT: Final = (
    rule(
        R.RECIPIENT_SUPPRESSED,
        "relays with a suppression list: not tried",
        reply=r"suppress|previously bounced|bounced? (?:address|list)|unsubscribed|do.not.(?:mail|"
        r"send) list",
    ),
    rule(
        R.SENDER_INVALID,
        _MESSAGE,
        stage="mail",
        code=range(500, 600),
        reply=r"bad.{0,20}(?:address|syntax)|address syntax|syntax error|malformed|"
        r"invalid (?:sender|address|from)|(?:from|sender) (?:is )?invalid|"
        r"fully.qualified|null sender",
    ),
    rule(
        R.SENDER_INVALID,
        _MESSAGE,
        reply=r"(?:invalid|bad|malformed|missing|no|without|blank|empty|null)"
        r"(?: an?| the| its)? ['\"]?(?:from|sender|return.path|envelope from)\b|"
        r"domain (?:name |part )?(?:is )?(?:required|missing|needed).{0,9}sender|"
        r"sender (?:address )?(?:rejected: )?.{0,30}(?:fully.qualified|invalid|malformed|syntax|"
        r"not (?:a )?valid)|from.{0,12}header.{0,30}(?:missing|invalid|malformed)",
    ),
    rule(
        R.RECIPIENT_INVALID,
        f"{_MAILBOX}; RFC 2606 and 6761, reserved names",
        reply=r"reserved (?:by|in|per|under) rfc|rfc ?-?(?:2606|6761)|"
        r"(?:domain|address|tld|name) (?:is )?reserved|"
        r"domain (?:name |part )?(?:is )?(?:required|missing|needed)|"
        r"(?:bad|invalid|illegal|malformed).{0,24}(?:address|mailbox|recipient)? ?(?:syntax|"
        r"format)|"
        r"syntax.{0,30}(?:address|recipient|mailbox)|address syntax|malformed (?:address|"
        r"recipient)|"
        r"not a valid (?:rfc|e?-?mail address|smtp address)|fully.qualified (?:e-?mail )?address|"
        r"illegal char|blank mailhost",
    ),
    rule(
        R.RECIPIENT_INVALID,
        "RFC 5321 section 4.1.1.11: 501 and 555 are about the form of an address",
        code=(501, 555),
        stage=("rcpt", ""),
        reply=r"syntax(?!: (?:he|eh|au))|parse.{0,12}address|"
        r"(?:invalid|bad|illegal).{0,12}(?:address|recipient|rcpt)",
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        _DOMAIN,
        reply=r"(?:dns|name ?server|\bmx|(?:host|name|domain) lookup)\b.{0,60}(?:fail(?:ed|ure)?|"
        r"timed? ?out|"
        r"timeout|servfail|"
        r"malformed|unexpected|temporar|try again)|servfail|hostname lookup",
    ),
    rule(
        R.RECIPIENT_DOMAIN_NOT_FOUND,
        _DOMAIN,
        reply=r"null mx|nxdomain|name service error|no such (?:domain|host)|unknown (?:host|"
        r"domain)\b|"
        r"(?:invalid|bad|nonexist\w*|unrout\w*|unreachable) (?:mail |recipient |"
        r"destination )?(?:domain|host)|"
        r"(?:host|domain)\b.{0,60}(?:not found|unknown|not reachable|"
        + _NEGATED
        + r" (?:exist|resolve|receive|accept)|has no (?:mx|mail)|no mx)|"
        r"no (?:valid |relevant )?(?:mx|mail (?:server|exchanger)|answers)|host not found|"
        r"no-domain\b|does not accept mail|(?:unable to|could not|cannot) find mx|"
        r"mx.{0,20}(?:do not|not) point|mx.{0,60}non-?existent",
    ),
    rule(
        R.MAILBOX_FULL,
        _MAILBOX,
        reply=r"over.?quota|over (?:its |the |his |their )?(?:quota|limit|storage)|"
        r"(?:mail ?box|inbox|maildir|account|folder|user|recipient|storage|disk)\b.{0,40}"
        r"(?:\bfull\b|quota|over ?flow|exceed\w* (?:its |the )?(?:size|storage|quota|limit))|"
        r"full (?:mail ?box|inbox)|quota (?:has been |is )?(?:exceed|violat|reached|full)|"
        r"exceed\w*.{0,30}(?:quota|storage|mailbox size|allocation)|out of (?:storage|space)|"
        r"(?:no|not enough|insufficient).{0,12}(?:space|room) (?:left )?(?:in|for|"
        r"on).{0,12}(?:mailbox|user|account|inbox)|"
        r"mailbox size limit|storage (?:limit|allocation)",
    ),
    rule(
        R.MAILBOX_DISABLED,
        _MAILBOX,
        next=Next.RETRY,
        reply=r"(?:(?<!delivery )temporar\w*|currently).{0,20}"
        r"(?:lock|suspend|disabl|inactiv|block|on hold)|"
        r"(?:suspend|lock|disabl)\w* temporar",
    ),
    rule(
        R.MAILBOX_DISABLED,
        _MAILBOX,
        reply=r"(?:mail ?box|account|user|recipient|address|e-?mail|customer|alias|"
        r"destination)\b.{0,70}"
        r"(?:disabled|inactive|suspend|deactivat|discontinu|expired|frozen|\blocked\b|closed|"
        r"inactivity|"
        r"terminat|deleted|dormant|on hold|retired|is blocked|not active|"
        r"no longer (?:active|accept|in use)|abandon)|"
        r"(?:disabled|inactive|suspend\w*|expired|locked|deactivated|closed|dormant) "
        r"(?:mail ?box|account|user|recipient|address|e-?mail)",
    ),
    rule(
        R.RECIPIENT_REFUSED,
        _MAILBOX,
        reply=r"(?:reject|refus|block|den)\w* by (?:the |this |its )?(?:recipient|user)|"
        r"recipient.{0,12}(?:preference|polic)|(?:user|recipient|personal)'?s? "
        r"(?:black|block|reject|deny|white|allow) ?-?list|organi[sz]ation.{0,12}policy|"
        r"allow(?:ed)? senders|"
        r"permission to (?:send|e?mail)",
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        "Postfix reject_unverified_recipient: verification has not finished",
        reply=r"unverified address|verification in progress|verification (?:temporar|failed temp)",
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        "RFC 5321 section 4.2.3, 450: a mailbox that is busy, or blocked for the time being",
        code=range(400, 500),
        stage=("rcpt", "data", "end-of-data", ""),
        reply=r"(?:recipient|mail ?box|user|>)\W{0,3}(?:(?:is|currently|temporarily) ){0,2}"
        r"(?:unavailable|not available)",
    ),
    rule(
        R.MAILBOX_NOT_FOUND,
        _MAILBOX,
        reply=r"(?:user|mail ?box|recipient|rcpt|account|address(?:ee)?|alias|local.?part|customer|"
        r"person|"
        r"destinataire|e-?mail)\b(?! address.{0,30}(?:sender|from)\b).{0,70}(?:unknown|"
        r"not (?:found|listed|recogni|our)|"
        + _NEGATED
        + r" (?:exist|have|found|known|be found|a valid|valid|recogni)|(?:is |as )invalid|"
        r"unallocated|undeliverable|no longer (?:valid|on|exist))|"
        r"unknown (?:user|recipient|mail ?box|address|local|account|or (?:illegal|invalid))|"
        r"no (?:such|mail ?box|user)|(?:invalid|bad|unrou?te?able|undeliverable|non-?exist\w*|"
        r"unknown) "
        r"(?:user|recipient|mail ?box|rcpt|destination|account|local)|(?:undeliverable|"
        r"unknown) address|"
        r"not (?:a|our|an?) (?:valid |known |local )?(?:customer|user|mailbox|recipient|address)|"
        r"(?<!sender )address rejected\b(?!:| (?:for|due|by)\b)|recipnotfound|mailbox unavailable|"
        r"no valid recipients?|no longer (?:valid|on (?:this )?server)|unrou?te?able address",
    ),
    rule(
        R.MAILBOX_NOT_FOUND,
        f"{_MAILBOX}: for good",
        code=range(500, 600),
        stage=("rcpt", ""),
        reply=r"(?:recipient|account|user|mail ?box) (?:is |was )?(?:unavailable|not available)",
    ),
)

CONTENT: Final = (
    rule(
        R.MESSAGE_TOO_LARGE,
        f"{_MESSAGE}: the size of what was sent, not its kind",
        reply=r"(?:size|length|volume) of .{0,30}(?:attach|content|data|mail|message)"
        r".{0,40}(?:max|threshold|limit|exceed|large|big)|"
        r"attach\w*.{0,24}(?:too (?:large|big|long)|size|exceed)",
    ),
    rule(
        R.ATTACHMENT_REJECTED,
        _MESSAGE,
        reply=r"attachment|(?:file|extension)s?\b.{0,30}(?:not allowed|banned|forbidden|prohibit|"
        r"block)|"
        r"(?:banned|forbidden|blocked|prohibited|dangerous|executable).{0,20}(?:file|extension|"
        r"executable)",
    ),
    rule(
        R.MESSAGE_TOO_LARGE,
        _MESSAGE,
        reply=r"(?:message|e?-?mail|data|size|length)\b(?!\.).{0,40}"
        r"(?:(?<!header )(?<!headers )(?<!queue )(?<!for )(?<!line )"
        r"(?<!line is )too (?:large|big|long)|"
        r"exceed.{0,40}(?:size|limit|maximum|fixed|value|permitted|allowed))|"
        r"(?<!header )(?<!headers )too (?:large|big)\b|"
        r"size limit|maximum (?:message )?size|too much mail data|exceed\w*.{0,30}(?:size|length)",
    ),
    rule(
        R.CONTENT_REJECTED,
        _MESSAGE,
        reply=r"\bspam(?:my|assassin)?\b|rspamd|clamav|virus|viral|phish|malware|unsolicited|junk|infected|trojan|"
        r"\bub[em]\b|"
        r"(?:prohibit|forbid|malicious|bad|banned)\w*.{0,12}(?:link|url|word|phrase|domain in)|"
        r"content.{0,24}(?:reject|den|filter|block|not accept|unaccept|prohibit|violat)|"
        r"(?:reject|block|den|prohibit|banned|inappropriate)\w*.{0,30}content|suspicious",
    ),
    rule(
        R.MESSAGE_INVALID,
        _MESSAGE,
        reply=r"rfc ?-?(?:2822|5322|5321|822|2045)\b|headers?\b.{0,30}(?:error|missing|invalid|too|"
        r"malformed|duplicate|not)|"
        r"(?:duplicate|missing|invalid|malformed|multiple|bad|illegal).{0,24}headers?|\bmime\b|"
        r"bare (?:lf|cr|line)|"
        r"line (?:is )?too long|line length|smtputf8|8-?bit|"
        r"missing.{0,12}(?:date|message-id|subject)|"
        r"invalid content|"
        r"malformed (?:message|mail)|lone (?:cr|lf)",
    ),
)
