"""More exact guidance that the words suggest, where the reason alone leaves it open.

The reason says what becomes of the mail, and rules find it by structure. Which record is missing,
or which kind of password is wanted, often stands only in the words, or follows from the From
address.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.guidance.sender_domain import sender_domain
from mailproof.diagnosis.guidance.texts import spoken
from mailproof.diagnosis.reasons import Reason

__all__ = ["HINTS", "PUBLIC_MAILBOXES", "Hint", "hint_for"]

# Mail services where anybody can open a mailbox; no provider lets an account verify them.
PUBLIC_MAILBOXES: Final = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.co.jp"
    " ymail.com aol.com icloud.com me.com mac.com proton.me protonmail.com gmx.com gmx.de"
    " gmx.net web.de mail.com zoho.com yandex.ru yandex.com mail.ru qq.com foxmail.com 163.com"
    " 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com naver.com daum.net"
    " hanmail.net".split()
)
# Their SMTP servers take no mailbox password, and say no more than "authentication failed".
CODE_MAILBOXES: Final = frozenset("qq.com foxmail.com 163.com 126.com yeah.net".split())
TESTING_SENDERS: Final = frozenset({"resend.dev"})


class Hint(msgspec.Struct, frozen=True):
    """One row: for these reasons, these lower-case words, or this domain in From, mean `name`.

    `at`: the domain means it at this provider alone; empty: at any.
    """

    name: str
    reasons: frozenset[Reason]
    words: re.Pattern[str] | None = None
    senders: frozenset[str] = frozenset()
    at: str = ""


def _hint(
    name: str,
    *reasons: Reason,
    words: str = "",
    senders: frozenset[str] = frozenset(),
    at: str = "",
) -> Hint:
    return Hint(name, frozenset(reasons), re.compile(words) if words else None, senders, at)


_R = Reason
_LOGIN: Final = (_R.CREDENTIALS_INVALID, _R.CREDENTIALS_RESTRICTED)
_UNAUTHENTICATED: Final = _R.SENDER_UNAUTHENTICATED

# The first that fits wins. Words: the replies of the systems named in each provider's rule tables.
HINTS: Final[tuple[Hint, ...]] = (
    _hint("public_mailbox", _R.SENDER_UNVERIFIED, senders=PUBLIC_MAILBOXES),
    _hint("testing_sender", _R.SANDBOX_RESTRICTED, senders=TESTING_SENDERS),
    _hint(
        "authorization_code",
        *_LOGIN,
        words=r"authorization code|授权码|mail\.qq\.com|mail\.(?:163|126)\.com"
        r"|user has no permission",
        senders=CODE_MAILBOXES,
        at="smtp",
    ),
    _hint("basic_auth_disabled", *_LOGIN, words=r"basic auth\w* is disabled|smtp_?client_?auth"),
    _hint(
        "app_password",
        *_LOGIN,
        words=r"app(?:lication)?[- ]?(?:specific[- ])?passw|parol[a-z]* prilozhen|p=badcredentials"
        r"|p=invalidsecondfactor",
    ),
    _hint(
        "from_differs_from_login",
        _R.SENDER_UNVERIFIED,
        words=r"same as auth|not owned by|authori[sz](?:ation|ed) user|conform with|sendas ?denied"
        r"|this (?:header|sender|from) address|not logged in as|as this sender|\b5\.7\.60\b"
        r"|must (?:match|equal|be).{0,20}(?:auth|login|logged)"
        r"|(?:sender|from)\b.{0,50}(?:match|same|equal|identical|differ|belong)\w*.{0,40}(?:auth|login)"
        r"|[发寄](?:件|信|送)[人者地].{0,16}(?:不一致|不匹配|不相?[符同])",
    ),
    _hint(
        "port_25_silent",
        _R.RECEIVER_UNAVAILABLE,
        words=r"connect to [^\s\[]{1,255}\[[^\]]{1,45}\]:25: "
        r"(?:(?:connection|operation) timed out|network is unreachable|no route to host)"
        r"|(?:connect|dial)\w*\b.{0,80}\b25\b.{0,40}(?:timed? ?out|timeout|unreachable)",
    ),
    _hint("dmarc_failed", _UNAUTHENTICATED, words=r"dmarc"),
    _hint(
        "sender_domain_missing",
        _UNAUTHENTICATED,
        words=r"\b[45]\.1\.8\b|domain (?:not found|(?:does not|doesn't) (?:exist|resolve))",
    ),
    _hint("dkim_failed", _UNAUTHENTICATED, words=r"\A(?s:(?!.*\bspf\b).*\bdkim\b)"),
    _hint("spf_failed", _UNAUTHENTICATED, words=r"\A(?s:(?!.*\bdkim\b).*(?:\bspf\b|client ip))"),
    _hint(
        "reverse_dns",
        _R.SENDER_BLOCKED,
        words=r"\bptr\b|reverse[- ](?:dns|lookup|mapping|host)|\brdns\b|\b[45]\.7\.25\b",
    ),
    _hint("helo_name", _R.SENDER_BLOCKED, words=r"\b(?:helo|ehlo)\b"),
    _hint(
        "blocklist",
        _R.SENDER_BLOCKED,
        words=r"spamhaus|spamcop|barracuda|sorbs|block ?list|black ?list|dnsbl|\brbl\b|\blisted\b",
    ),
    _hint(
        "certificate_expired", _R.TLS_FAILURE, words=r"expired|not[_ ]yet[_ ]valid|not yet current"
    ),
    _hint(
        "wrong_host_name",
        _R.TLS_FAILURE,
        words=r"host ?name.{0,20}mismatch|not valid for|altname|does ?n[o']t match|no alternative",
    ),
    _hint(
        "untrusted_issuer",
        _R.TLS_FAILURE,
        words=r"self[-_ ]signed|issuer|unable to (?:get|verify)|unknown (?:ca|authority)|pkix",
    ),
    _hint(
        "proxy_unreachable",
        *(_R.CONNECTION_FAILED, _R.TIMED_OUT, _R.DNS_FAILURE),
        words=r"\bproxy|proxyconn",
    ),
    _hint(
        "nothing_listens_here",
        _R.CONNECTION_FAILED,
        words=r"(?s:refused.{0,120}(?:127\.0\.0\.1|localhost|::1)|(?:127\.0\.0\.1|localhost|::1)"
        r".{0,120}refused)",
    ),
    _hint(
        "client_signature",
        _R.BLOCKED_BY_INTERMEDIARY,
        words=r"\b(?:error|code)\b.{0,12}\b1010\b|browser'?s? signature|browser_signature",
    ),
    _hint(
        "mail_filter",
        _R.BLOCKED_BY_INTERMEDIARY,
        words=r"greeting|\b(?:mfe|mcafee|avast|norton|kaspersky)\b.{0,40}smtp",
    ),
)

_BY_REASON: Final[Mapping[Reason, tuple[Hint, ...]]] = {
    reason: tuple(hint for hint in HINTS if reason in hint.reasons) for reason in Reason
}


def hint_for(failure: Failure) -> str | None:
    """The name of the hint that fits, if any."""
    hints = _BY_REASON[failure.reason]
    if not hints:
        return None
    domain = sender_domain(failure.evidence) if any(hint.senders for hint in hints) else None
    words = "\n".join(text for _, text in spoken(failure.evidence.seen)).lower()
    for hint in hints:
        is_here = hint.at in {"", failure.evidence.provider}
        if (is_here and domain in hint.senders) or (hint.words and hint.words.search(words)):
            return hint.name
    return None
