"""Words about us: our login, our limits, our standing, and whether we may use this server.

They are asked before the words about the recipient: a server that refuses the sender says so in a
reply to RCPT, beside the recipient's address.
"""

from typing import Final

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import rule

__all__ = ["ACCOUNT", "BLOCKED", "LIMITS", "RELAY", "SENDER_PROOF", "SUSPENDED"]

R = Reason

_AUTH: Final = "RFC 4954, SMTP AUTH; replies of Postfix, Exim, Dovecot, Exchange"
_TLS: Final = "RFC 3207, STARTTLS; RFC 4954 section 4.12, 538"
_SENDER: Final = "RFC 7208, 6376, 7489: SPF, DKIM, DMARC; RFC 7372, their codes"
_OURS: Final = "submission services and hosting panels: limits of an account"
_BLOCK: Final = "DNSBL operators and MTAs: client and greeting restrictions"
_MESSAGE: Final = "RFC 5321, 5322, 6531; limits and filters of MTAs"
_LATER: Final = "RFC 5321 section 4.2.1; replies of overloaded or unreachable servers"
_NEGATED: Final = (
    r"(?:do(?:e?s)?(?:n[o']?t| not)|is(?:n't| not)|not|cannot|can't|couldn't|could not)"
)

ACCOUNT: Final = (
    rule(
        R.TLS_FAILURE,
        "Exchange Online 4.7.66; RFC 8996: a version of TLS that the server has switched off",
        reply=r"\b(?:tls|ssl) ?v?[123]\.\d\b.{0,60}(?:not (?:supported|allowed|accept)|unsupported|"
        r"deprecat|disabled|no longer)|(?:upgrade|update)\b.{0,40}\btls ?v?1\.[23]",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        _TLS,
        reply=r"start ?tls.{0,40}(?:first|requi|before)|(?:must|need|requires?|please).{0,30}"
        r"(?:start ?tls|tls|ssl|encrypt)|(?:encrypt\w+|tls|ssl|"
        r"secure connection) (?:is )?(?:requi|need)",
        guide="tls_mode",
    ),
    rule(R.RATE_LIMITED, _AUTH, reply=r"too many (?:login|auth\w*) (?:attempts|requests|tries)"),
    rule(
        R.CREDENTIALS_INVALID,
        _AUTH,
        reply=r"too (?:many|much) (?:fail|invalid|bad|wrong|incorrect|unsuccess)\w* "
        r"(?:log|auth|pass|att)|too (?:many|much) (?:login|auth\w*) (?:fail|err)|"
        r"(?:failed|invalid) (?:login|auth\w*) (?:attempt|limit)|"
        r"(?:auth\w*|log ?in|password) (?:fail|err)\w*.{0,20}(?:limit|exceed|too (?:many|much))",
    ),
    rule(
        R.PROVIDER_UNAVAILABLE,
        _AUTH,
        code=range(400, 500),
        stage=("auth", "starttls"),
        reply=r"temporar|internal|unavailable|not available|connection lost|try (?:again )?later",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        f"{_AUTH}: an empty login was sent",
        stage="auth",
        reply=r"(?:user|log ?in|pass|credential)\w*[^.]{0,24}"
        r"(?:null|empty|missing|blank|not (?:given|provided|supplied|specified))|"
        r"(?:null|empty|missing|blank) (?:user|log ?in|pass|credential)|"
        r"no (?:user ?name|log ?in|password|credentials) (?:given|provided|supplied|set)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _AUTH,
        code=534,
        reply=r"password|auth|mechanism|log ?in",
        guide="app_password",
    ),
    rule(
        R.CONFIGURATION_INVALID,
        "RFC 4954 section 4, 504: a mechanism that the server does not know",
        stage="auth",
        code=(451, 501, 502, 503, 504),
        reply=r"mechanism|auth\w* (?:type|mode)|not (?:implemented|supported|recogni|enabled)|"
        r"unrecogni",
        guide="tls_mode",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _AUTH,
        stage="auth",
        reply=r"(?:account|user|domain|mailbox)\b[^.;:]{0,25}"
        r"(?:suspend|block|lock|disabl|inactive|expired|closed|banned|frozen|terminated)",
    ),
    rule(
        R.CREDENTIALS_RESTRICTED,
        _AUTH,
        stage="auth",
        reply=r"(?:auth\w*|log ?in|smtp|service|client|protocol|pop3?|imap).{0,40}"
        r"(?:disabled|not (?:enabled|activated|allowed|permitted|open)|turned off|is closed)|"
        r"no permission|enable (?:smtp|less secure)|ip.{0,30}(?:not (?:allowed|in)|denied)|"
        r"(?:no|not have|without) (?:the )?(?:access )?(?:rights?|permissions?)\b",
    ),
    rule(
        R.CREDENTIALS_INVALID,
        _AUTH,
        origin=Origin.PROVIDER,
        code=(523, 535, 550, 553, 554),
        stage="auth",
    ),
)

SENDER_PROOF: Final = (
    rule(R.MESSAGE_INVALID, _MESSAGE, reply=r"duplicate header|multiple .{0,20}headers"),
    rule(
        R.SENDER_BLOCKED,
        _BLOCK,
        reply=r"(?:sender|mail ?from|helo|your|sending|from)\b.{0,12}(?:domain|"
        r"host).{0,40}(?:listed|black|block ?list)",
    ),
    rule(
        R.CONTENT_REJECTED,
        _MESSAGE,
        reply=r"(?:listed|black\w*|block\w*) (?:url|uri|link)\b|(?:url|uri|link|"
        r"body)\b.{0,60}(?:listed|black|block|surbl|uribl|\bdbl\b)|spam url|"
        r"\buribl\b|\bsurbl\b",
    ),
    rule(
        R.SENDER_UNAUTHENTICATED,
        _SENDER,
        reply=r"\bspf\b|\bdkim\b|\bdmarc\b|domainkeys|sender ?-?id\b|purported responsible|"
        r"sender is unauthenticated|unauthenticated email from|mismatch\w* client ip|spoof|"
        r"invalid ip for sending|sender's policy|"
        r"authentication (?:information|result)",
    ),
    rule(
        R.SENDER_UNAUTHENTICATED,
        "RFC 3463 section 3.2, X.1.8; Postfix reject_unknown_sender_domain; Exim sender verify",
        reply=r"invalid (?:sender|from|envelope)(?: address)? domain|"
        r"(?:sender|from|envelope)\b.{0,60}(?:domain|verif|resolv|mx)\b.{0,60}"
        r"(?:not found|fail|unresolv|"
        + _NEGATED
        + r" (?:exist|resolve|have|accept)|no (?:mx|dns)|null ?mx|invalid)|domain of sender|"
        r"sender verify fail|"
        r"(?:cannot|can't|unable to) (?:resolve|verify|find) (?:your|sender|"
        r"the sender)(?! (?:reverse|host|ip))",
    ),
    rule(
        R.SENDER_UNAUTHENTICATED,
        "RFC 3463 section 3.2, X.1.8: at MAIL, a domain that nobody finds is the sender's",
        stage="mail",
        reply=r"(?:no such|unknown|non-?exist\w*) (?:\w+ )?domain|unrout?e?able|"
        r"[\w-]\.[a-z]{2,} " + _NEGATED + r" exist|"
        r"domain\b.{0,60}(?:not found|unknown|" + _NEGATED + r" exist)",
    ),
)

LIMITS: Final = (
    rule(
        R.RECEIVER_UNAVAILABLE,
        _LATER,
        reply=r"(?:recipients?'?s?|domains?'?s?) (?:domain'?s? )?(?:daily|hourly) quota",
    ),
    rule(
        R.RATE_LIMITED,
        _OURS,
        origin=Origin.PROVIDER,
        reply=r"\bhourly\b|(?:per|each|an|this) (?:second|minute|hour)\b",
    ),
    rule(
        R.QUOTA_EXCEEDED,
        _OURS,
        reply=r"(?:daily|monthly|weekly|24.?h\w*|per (?:day|month)|plan'?s?|credits?|"
        r"trial)\b.{0,60}"
        r"(?:limit|quota|exceed|reached|exhaust|used up|expired|ended)|"
        r"(?:limit|quota|exceed\w*|maximum).{0,40}(?:daily|per (?:day|month)|\bday\b|month|24)|"
        r"(?:sending|relay|submission|outgoing|outbound|messages?) (?:quota|limit).{0,30}(?:exceed|"
        r"reach|used|hit)|(?:not enough|insufficient|no) (?:\w+ )?(?:quota|credits?)\b|recharge|"
        r"(?:limit|quota)\b.{0,60}\bupgrade\b|"
        r"exceed\w*.{0,30}(?:sending|relay|outgoing|outbound) (?:limit|quota)|out of credits|"
        r"insufficient (?:credit|balance|funds)|relay quota",
    ),
    rule(
        R.SENDER_BLOCKED,
        _BLOCK,
        reply=r"reputation|spam rate|\bip\b.{0,30}(?:is (?:generating|sending|flood)|"
        r"reject\w*: spam)",
    ),
    rule(
        R.RATE_LIMITED,
        _OURS,
        origin=Origin.PROVIDER,
        reply=r"\b(?:your|from this|by this) (?:account|user|sender)\b.{0,40}\brate\b|"
        r"too (?:many|much).{0,24}(?:from|by) (?:your|this) (?:account|user|sender)",
    ),
    rule(
        R.RECEIVER_UNAVAILABLE,
        _LATER,
        reply=r"(?:user|recipient|mailbox|account)\b.{0,60}(?:receiv|rate|too many|too quick|"
        r"too much)"
        r".{0,40}(?:messages?|mails?|e-?mails?|limit|quick)|queue quota",
    ),
    rule(
        R.RATE_LIMITED,
        _OURS,
        reply=r"too (?:many|much).{0,24}(?:connect|session|messages?|e?mails?\b|request|"
        r"submission)|"
        r"rate.?(?:limit|control|exceed|over)|throttl|frequen|(?:per|each|an|this) (?:second|"
        r"minute|"
        r"hour)|"
        r"concurren|sending rate|slow down|too (?:fast|quick|often)|excessive|hourly|"
        r"maximum (?:number of |simultaneous |concurrent )?(?:connections|messages|sessions)|"
        r"(?<!size )limit (?:for|on) .{0,20}(?:requests|connections|sessions|messages)|"
        r"(?:connections?|sessions?|messages?|mails?) (?:limit|count|rate).{0,20}(?:exceed|reach)",
    ),
    rule(
        R.RATE_LIMITED,
        "RFC 3463 section 3.6, X.5.3 as a temporary code: send to the rest in another transaction",
        code=range(400, 500),
        reply=r"too many (?:recipients|rcpt)|recipient limit|rate limit|limit exceed",
    ),
    rule(
        R.MESSAGE_INVALID,
        "RFC 5321 section 4.5.3.1.10, too many recipients for good",
        code=range(500, 600),
        reply=r"too many (?:recipients|rcpt)|recipient limit",
    ),
)

BLOCKED: Final = (
    rule(
        R.SENDER_BLOCKED,
        "RFC 5321 section 4.1.1.1: what is wrong with a greeting is the client's own name",
        stage="ehlo",
        code=range(500, 600),
        reply=r"domain|host|name|address|syntax",
    ),
    rule(
        R.SENDER_BLOCKED,
        _BLOCK,
        code=range(500, 600),
        reply=r"gr[ea]y-?list.{0,80}(?:block|black|dnsbl|\brbl\b)",
    ),
    rule(
        R.GREYLISTED,
        "RFC 6647; Postgrey, milter-greylist, SQLgrey",
        reply=r"gr[ea]y-? ?list|postgrey",
    ),
    rule(
        R.SENDER_BLOCKED,
        _BLOCK,
        reply=r"black ?-?list|block ?-?list|deny ?list|bad ?list|blocked (?:using|by(?! (?:this |"
        r"the |our )?(?:recipient|user|content|message|spam|virus|filter|anti))|"
        r"(?:for|due to) spam)|"
        r"dnsbl|\brbl\b|\brbls\b|spamhaus|spamcop|sorbs|uceprotect|barracudacentral|senderscore|"
        r"abuseat|mailspike|cloudmark (?:sender|csi)|csi\.cloudmark|proofpoint dynamic|"
        r"is listed (?:in|at|on|by)|"
        r"listed (?:in|at|on|by) [\w.]+\.(?:org|net|com|info)",
    ),
    rule(
        R.SENDER_BLOCKED,
        _BLOCK,
        reply=r"reverse (?:dns|host)|intrusion prevention|\bip\b.{0,20}(?:white|allow) ?-?list|"
        r"\bptr\b|\brdns\b|(?:helo|"
        r"ehlo)\b.{0,60}(?:reject|invalid|bad|must|"
        r"resolve|fqdn|requi|denied|refus)|"
        r"invalid (?:helo|ehlo)|may not be mail exchanger|dynamic(?:ally)? (?:ip|assigned|address)|"
        r"dial-?up|residential|hostname.{0,30}(?:not found|mismatch|unknown|resolve)|"
        r"valid sender domain|(?:is|as) an open relay|(?<!denied\. )ip name lookup failed",
    ),
    rule(
        R.SENDER_BLOCKED,
        _BLOCK,
        reply=r"\bips?\b.{0,50}(?:block|banned|not (?:allowed|permitted|accept)|denied|reject|"
        r"filtered|refus|"
        r"prohibit|untrusted)|(?:block|bann|reject|refus|(?<!relaying )deni|untrusted|"
        r"suspicious)\w*.{0,30}\bip\b|"
        r"client host (?:rejected|blocked|denied)|(?:your|sending|this) (?:host|server|network|mta|"
        r"system)\b.{0,40}"
        r"(?:block|denied|reject|bann|refus|not allowed)|spam(?:ming)? (?:source|host|sender|"
        r"activity)|"
        r"spammer|\bbanned\b(?! (?:file|attach|word|phrase|content|domain in|url|link|ext|subj))|"
        r"\d(?:\.\d{1,3}){3}\]? (?:(?:is|was|has been) )?(?:block|banned|reject|refus|denied)|"
        r"\bip\b.{0,12}address is flood|from (?:your|this) (?:ip|range|network|"
        r"country)",
    ),
)

RELAY: Final = (
    rule(
        R.CREDENTIALS_MISSING,
        _AUTH,
        origin=Origin.PROVIDER,
        reply=r"relay.{0,60}(?:auth\w* (?:is )?(?:required|needed)|authenticate|log ?in)",
    ),
    rule(
        R.RELAY_DENIED,
        "Postfix, sendmail, Exim, Exchange, qmail: relaying",
        reply=r"\brelay\w*(?!=).{0,60}(?:deni|not (?:permit|allow|authori)|prohibit|disallow|refus|"
        r"reject|block|error)|"
        r"\b(?:not (?:permitted|allowed|authori\w+|configured|able)|unable|cannot|can't|refuses?|"
        r"(?:do|does|will) not|don't|doesn't|won't|"
        r"no|den(?:y|ies)|open)\b.{0,30}relay|"
        r"n't (?:permitted|allowed|authori\w+)\b.{0,30}relay|"
        r"rcpthosts|not relaying|delivery is not allowed to|not a gateway|"
        r"non-?accepted domain|not.{0,20}local domain|"
        r"(?:cannot|can't|(?:do|does|will) not|won't|unable to) (?:deliver|handle|forward) "
        r"(?:e?mails?|messages?) (?:for|to)\b",
    ),
    rule(
        R.CREDENTIALS_MISSING,
        _AUTH,
        origin=Origin.PROVIDER,
        reply=r"auth\w* (?:is )?(?:required|needed|first)|need.{0,20}auth|not (?:logged in|"
        r"authenticated)|"
        r"(?:without|no|requires?) auth|unauthenticated|log ?in (?:is )?(?:required|first)|"
        r"(?:please|must|should|have to) (?:log ?in|auth)|authenticate (?:first|before|yourself)",
    ),
    rule(
        R.RECIPIENT_REFUSED,
        "a receiver that wants a login takes no mail from strangers for this recipient",
        origin=Origin.RECEIVER,
        reply=r"auth\w* (?:is )?(?:required|needed)|not authenticated|unauthenticated (?:mail|"
        r"sender)",
    ),
)

SUSPENDED: Final = (
    rule(
        R.ACCOUNT_SUSPENDED,
        _OURS,
        origin=Origin.PROVIDER,
        reply=r"\byour (?:account|domain|mailbox)\b.{0,40}(?:suspend|block|disabl|lock|restrict)|"
        r"outgoing spam",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        _OURS,
        origin=Origin.PROVIDER,
        reply=r"(?:not|n't) (?:allowed|authori[sz]ed|permitted) to (?:send|use) "
        r"(?:from|as|mail from|on behalf|this (?:sender|from|address))|(?:not|n't) own|"
        r"send\w* (?:as|from) .{0,30}(?:not|n't) (?:allowed|authori[sz]ed|permitted)|"
        r"(?:sender|mail ?from|from)\b.{0,50}(?:match|same|equal|identical|conform|consisten|"
        r"differ|correspond|belong)\w*.{0,40}(?:auth|user|log|account)|"
        r"(?<!null )(?<!empty )(?<!blank )"
        r"(?:sender|mail ?from|from|return.?path)\b(?: address| domain)?['\">]* (?:is |was )?not "
        r"(?:allowed|permitted|authori|configured|registered)|"
        r"non-?local (?:account|sender|address)|unauthori[sz]ed (?:sender|from)\b|"
        r"(?:sender|from|address)\b.{0,20} not (?:one )?(?:of )?your\b",
    ),
    rule(
        R.SENDER_UNVERIFIED,
        "submission servers that send for their own users only",
        origin=Origin.PROVIDER,
        stage="mail",
        reply=r"local (?:user|sender|account|address)s? only|only local|not (?:a )?local|"
        r"(?:mail ?from|sender)\b.{0,30}(?:unavailable|unknown|not found|(?:not|n't) exist)",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _OURS,
        origin=Origin.PROVIDER,
        stage="mail",
        reply=r"sender\b.{0,30}(?:has been|is|was) (?:\w+ )?(?:block|suspend|disabl|lock|restrict)",
    ),
    rule(
        R.SENDER_UNAUTHENTICATED,
        _SENDER,
        reply=r"(?:not|n't) (?:allowed|authori[sz]ed|permitted) to send (?:from|mail from)",
    ),
    rule(
        R.ACCOUNT_SUSPENDED,
        _OURS,
        origin=Origin.PROVIDER,
        stage=("connect", "ehlo", "mail", "data", "end-of-data"),
        reply=r"(?:account|sending|user|service|stream)\b.{0,60}(?:suspend|paused|deactivat|"
        r"terminat|"
        r"not (?:yet )?(?:been )?(?:activ|approv)|under review|disabled|n't allowed to send|"
        r"not allowed to send|locked|restricted)|account unavailable|unpaid|overdue",
    ),
)
