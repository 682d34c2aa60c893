"""How secrets look: one row for each kind, with the words without which it can't be there.

Most rows keep what stands before the secret (a label, a prefix), so that a reader still sees which
key it was. Every row leaves its own result alone, so redacting twice changes nothing.
"""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from mailproof.diagnosis.redaction.display_names import (
    BESIDE_EMAIL,
    IN_TEXT,
    mask_beside_email,
    mask_in_text,
)
from mailproof.diagnosis.redaction.mail_content import CONTENT, CONTENT_WORDS, SUBJECT, shorten

__all__ = ["KINDS", "REDACTED", "SECRET_KEY", "SECRET_KEY_WORDS", "TRACE_KEY", "Kind"]

REDACTED: Final = "[redacted]"

Shown = str | Callable[[re.Match[str]], str]


class Kind(msgspec.Struct, frozen=True):
    """One kind of secret. `near`: lower-case words of which one is there whenever it is.

    `signs`: of which each text that holds it has one too, as written; spares most the pattern.
    `person`: it tells who somebody is, and a mail's own id only looks like it.
    """

    near: tuple[str, ...]
    pattern: re.Pattern[str]
    shown: Shown = rf"\1{REDACTED}"
    signs: tuple[str, ...] = ("",)
    person: bool = False


_LABEL_ENDS: Final = (":", "=", "：")
# What ends a label and begins its value, in JSON, YAML, headers, URLs, PHP and Ruby dumps alike.
_GAP: Final = r"""["'\\\]]*\s{0,3}[:=：]>?\s{0,3}(?:\[\s?(?=["'\\]))?"""
# A quoted value ends at its own kind of quote.
_QUOTED: Final = r"""\\+["'][^"'\\\r\n]*|"(?:[^"\\\r\n]|\\.)*|'(?:[^'\\\r\n]|\\.)*"""
# Words that say that there is no value: hiding them would hide the diagnosis.
_NO_VALUE: Final = (
    r"(?!(?:null|none|undefined|nil|true|false|missing|required|invalid|expired|not|the|is)\b)"
)
_RANDOM: Final = r"(?=[\w+/.~-]*(?:\d|[a-z][A-Z]|=))"
_SMTP_VERB: Final = r"(?!(?i:auth|data|ehlo|helo|mail|noop|quit|rcpt|rset|starttls)\b)"


def _behind_label(found: re.Match[str]) -> str:
    value = found[2]
    opening = value[: len(value) - len(value.lstrip("\\\"'"))]
    return found[1] + opening + REDACTED


def _behind_prefix(found: re.Match[str]) -> str:
    return (found[found.lastindex] if found.lastindex else "") + REDACTED


def _mask(found: re.Match[str]) -> str:
    """`ada@acme.com` as `a…@acme.com`; the `to=` of a log line is no part of the address."""
    if found["id"]:
        return found["id"]
    local = found["local"] or ""
    label, equals, rest = local.partition("=")
    if not equals or not label.isalpha():
        label, equals, rest = "", "", local
    return f"{label}{equals}{rest[:1]}…{found['at']}"


# A Message-ID stays: it finds one mail in every log. `resend@2.1.0` is a version, no address.
ADDRESS: Final = Kind(
    ("@", "%40"),
    re.compile(
        r"(?P<id>(?i:\b(?:message|smtp)[-_]?id)[\"']?\s{0,2}[:=]\s{0,2}[\"']?<?[^\s<>@]{1,200}@)"
        r"|(?<![\w.!$%*+=?~-])(?:\"[^\"\r\n]{1,64}\"|(?P<local>[\w.!$*+=?~-][\w.!$%'*+=?~-]*?))"
        r"(?P<at>@|%40)(?!\d+(?:\.\d+)+(?![\w.-]))(?=[\w\[])"
    ),
    _mask,
    signs=("@", "%40"),
    person=True,
)

# A value that no sentence has at this place: it holds a digit, and is none of an error's numbers.
_ODD: Final = r"(?!\d\.\d+\.\d)(?=[^\s\"'<>,;()]*\d)[^\s\"'<>,;()]{6,}"
_RANDOM_WORD: Final = r"(?!HTTP/)(?=[\w+/=.~-]*\d)(?=[\w+/=.~-]*[A-Za-z])[\w+/=.~-]"
_INNER_SIGN: Final = r"[\w]{1,40}[!@#$%^&*][\w!@#$%^&*]{2,}"

_APP_PASSWORD: Final = r"[a-z]{4}(?: [a-z]{4}){3}\b"  # noqa: S105 - how Google shows them

# Secrets behind their name alone, without a colon.
_BEHIND_A_WORD: Final = (
    Kind(  # `password hunter22`, `password "correct horse"`
        ("pass", "pwd"),
        re.compile(
            r"((?i:(?<![\w-])(?:pass(?:word|wd|phrase|code)|pwd))[\"']?\s{1,3}(?:(?:is|was)\s)?"
            rf"(?:[\"'“](?=[^\"'”\r\n]{{1,200}}[\"'”])(?!\[)|(?!\[)(?={_ODD}|{_INNER_SIGN})"
            rf"|(?!must|does|have|that|this|were|will|with)(?={_APP_PASSWORD})))"
            rf"(?:{_APP_PASSWORD}|(?<=[\"'“])[^\"'”\r\n]+|[^\s\"'<>,;()]+)"
        ),
        signs=(" ", "\t"),
    ),
    Kind(  # `user ada password letmein`
        ("pass",),
        re.compile(
            r"((?i:\buser(?:name)?)[ :=]{1,2}[^\s,;]{1,100}[, ]{1,2}"
            r"(?i:(?:and |with )?pass(?:word)?)\s)"
            r"(?!(?i:and|does|expired|fail|has|incorrect|invalid|is|mismatch|missing|must|not"
            r"|rejected|required|too|was|wrong))[^\s\"'<>,;()\[]{3,}"
        ),
        signs=(" ",),
    ),
    Kind(  # `密码为 a1b2c3`, and the authorization codes of Chinese mailboxes: 16 letters
        ("密码", "口令", "授权码"),
        re.compile(
            r"((?:密码|口令|授权码)\s?[为是]?\s?[\"'“「]?)"
            r"(?:(?=[!-~]*\d)[!-Z^-~]{6,}|[a-z]{16}(?![a-z]))"
        ),
    ),
    Kind(  # `token "a1b2c3"`, `webhook secret x9y8z7w6`
        ("secret", "token", "key", "credential"),
        re.compile(
            r"((?i:(?<![\w-])(?:secret|token|credentials?|(?:api|access|secret|auth|private|server"
            r"|account|smtp|client|signing|webhook)[-_ ]?key))[\"']?\s{1,3}(?:(?:is|was)\s)?"
            rf"(?:[\"'“](?={_RANDOM_WORD}{{6}})|(?={_RANDOM_WORD}{{8}}))){_RANDOM_WORD}+"
        ),
        signs=(" ", "\t"),
    ),
)

KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        ("private key",),
        re.compile(r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)(?s:.*?)(?=-----END|\Z)"),
    ),
    Kind(  # user:password@ in a URL; in a database's or mail server's, it may hold a slash
        ("://",),
        re.compile(
            r"""(?i)(https?://)[^\s/?#"'<>@]{1,400}@|([a-z][a-z0-9+.-]{1,20}://)[^\s"'<>]{1,400}@"""
        ),
        lambda found: f"{found[1] or found[2]}{REDACTED}@",
        signs=("@",),
    ),
    Kind(
        ("authorization", "cookie"),
        re.compile(
            rf"(?i)((?:authorization|cookie){_GAP}[\"'\\]*(?:(?:bearer|basic|digest|token"
            r"|aws4-hmac-sha256|tc3-hmac-sha256|acs3-hmac-sha256)\s{1,3})?)[^\"'\\\r\n]+"
        ),
    ),
    Kind(
        ("bearer",),
        re.compile(
            r"(?i)\b(bearer\s{1,3})(?!(?:token|auth\w*|realm|error|scheme|header|credentials?)\b)"
            r"[\w.~+/=:-]{6,}"
        ),
    ),
    Kind(
        ("basic",),
        re.compile(rf"\b([Bb]asic\s{{1,3}})(?!realm){_RANDOM}[A-Za-z0-9+/=_-]{{8,}}"),
    ),
    Kind(("-u",), re.compile(r"""((?:\s|^)(?:-u|--user)[ =]["']?)[^\s"'\[]+""")),
    Kind(  # RFC 4954; behind AUTH in an EHLO answer stand names of mechanisms
        ("auth",),
        re.compile(
            r"\b((?i:auth\s+(?:plain|login|cram-md5|xoauth2|oauthbearer|ntlm))\s+)"
            rf"(?!CRAM-MD5|DIGEST-MD5|XOAUTH2){_RANDOM}[A-Za-z0-9+/=]{{4,}}"
        ),
        signs=(" ", "\t"),
    ),
    Kind(  # the answers to a server's 334, also as smtplib prints them
        ("334", "send:"),
        re.compile(
            r"((?:\b334\b[^\r\n\\]{0,60}(?:\\r|\\n|[\r\n])+(?:[A-Za-z]{1,6}: ?|>+ ?)?(?:b?['\"])?"
            rf"|\bsend: ?b?['\"])){_SMTP_VERB}[A-Za-z0-9+/]{{4,}}={{0,2}}(?=\\r|\\n|\s|['\"]|$)"
        ),
    ),
    Kind(
        ("pass", "pwd", "密码", "口令", "授权码"),
        re.compile(
            r"(?i)((?:pass(?:word|wd|phrase|code)?|pwd|密码|口令|授权码)(?:[_-]?(?:hash|value))?"
            rf"{_GAP}){_NO_VALUE}({_QUOTED}|[a-z]{{4}}(?: [a-z]{{4}}){{3}}\b|[^\s\"'\\]\S*)"
        ),
        _behind_label,
        signs=_LABEL_ENDS,
    ),
    Kind(
        ("secret", "token", "key", "signature", "auth", "credential", "otp"),
        re.compile(
            r"(?i)((?:secret|token|api[-_ ]?key|access[-_ ]?key|private[-_]?key|signature"
            r"|auth[-_]?code|credential|otp)(?:[-_]?(?:access|key|value|hash|id|s))*"
            rf"{_GAP}){_NO_VALUE}({_QUOTED}|[^\s,;&\"'<>\\]+)"
        ),
        _behind_label,
        signs=_LABEL_ENDS,
    ),
    Kind(  # a magic link's query parameter
        (
            *(
                "token=",
                "secret=",
                "sig=",
                "signature=",
                "otp=",
                "hash=",
                "ticket=",
                "jwt=",
                "auth=",
            ),
            *(f"{before}{name}=" for name in ("code", "key") for before in "?&#;_-."),
            "apikey=",
        ),
        re.compile(
            r"(?i)([?&#;](?!error|status)[\w.-]{0,40}?(?:token|code|key|secret|sig|signature|otp"
            r"|hash|ticket|jwt|auth)=)[^&#\s\"'<>]+"
        ),
    ),
    Kind(  # a magic link's path
        (
            *("/verify", "/reset", "/confirm", "/magic", "/login", "/invit", "/activate", "/auth"),
            *("/unsubscribe", "/services/", "/webhooks/", "/hook/"),
        ),
        re.compile(
            r"(/(?:verify|reset|confirm|magic|login|invit|activate|auth|unsubscribe)[\w-]{0,20}/"
            r"|/(?:services|webhooks|hook)/(?:[\w-]{1,40}/){0,2})"
            r"(?=[\w~-]{0,80}[0-9A-Z])[\w~=-]{10,}"
        ),
    ),
    Kind(  # not `error code 1010`: only words that announce a code to a person
        (
            *(" code", "code is", "otp", " pin", "pin is", "pass"),
            *("验证码", "校验码", "動態碼", "驗證碼", "コード", "인증"),
        ),
        re.compile(
            r"(?i)((?:\b(?:verif\w{1,9}|confirm\w{0,7}|security|sign-?in|log-?in|access|one-time"
            r"|auth\w{0,12}|your) (?:code|otp|pin|passcode)\b(?: is)?"
            r"|\b(?:code|otp|pin|passcode) is|验证码|校验码|動態碼|驗證碼|(?:認証|確認)コード"
            r"|인증 ?(?:번호|코드))\s?[是为為は:：]?\s?)"
            r"\d{4,8}\b"
        ),
    ),
    Kind(
        (" is your", "是您的", "为您的", "是你的", "为你的"),
        re.compile(
            r"(?i)()(?<![\w.])\d{4,8}"
            r"(?= is your\b[^.]{0,30}(?:code|pin|otp)|[是为][您你]的.{0,30}码)"
        ),
    ),
    Kind(  # keys whose prefix says whose they are
        (
            *("re_", "sg.", "sib-", "mlsn.", "mssp.", "key-", "aki", "asia", "ltai", "sts."),
            *("ec_", "eyj", "hp_", "ho_", "hs_", "at_", "xox", "aiza", "sk-", "k_", "md-"),
        ),
        re.compile(
            r"(?<![A-Za-z0-9])(?:(re_)\w{8,}|(SG\.)[\w-]{8,}(?:\.[\w-]+)?"
            r"|(x(?:key|smtp)sib-)[\w-]{8,}|(mlsn\.|mssp\.)[\w.]{6,}|((?:pub)?key-)(?=[A-Za-z]*\d)[0-9A-Za-z]{12,}"
            r"|(AKIA|ASIA)[A-Z0-9]{8,}|(LTAI|AKID)\w{8,}|(STS\.)\w{8,}|(whsec_)[\w+/=-]{8,}"
            r"|(eyJ)[\w-]{8,}(?:\.[\w-]*){0,2}|(gh[a-z]_|github_pat_)\w{12,}|(xox[a-z]-)[\w-]{8,}"
            r"|(AIza)[\w-]{20,}|(sk-)[\w-]{16,}|([rs]k_(?:live|test)_)\w{8,}|(md-)[\w-]{20,24}\b)"
        ),
        _behind_prefix,
    ),
    Kind(  # Mailgun's keys of today have no prefix, but a shape
        ("-",),
        re.compile(r"()\b[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}\b"),
        signs=("-",),
    ),
    *_BEHIND_A_WORD,
    Kind(
        ("phone", "mobile", "tel", "电话", "手机", "+"),
        re.compile(
            r"(?i)((?:phone|mobile|\btel\b[.:]|电话|手机)(?:\s?(?:number|no\.?|号码?))?[\"']{0,2}\s?"
            r"[:=：为是]?\s?[\"']?)(?<!\d)\+?\d[\d ().-]{6,18}\d|(?<![\w+.])(\+\d{2})\d{7,13}\b"
        ),
        lambda found: (found[1] or found[2]) + REDACTED,
    ),
    Kind(CONTENT_WORDS, CONTENT, shorten, signs=(":", "=")),
    Kind(("subject",), SUBJECT, shorten, signs=(":", "=")),
    Kind(("name",), BESIDE_EMAIL, mask_beside_email, signs=("@",), person=True),
    Kind(("@", "%40"), IN_TEXT, mask_in_text, signs=("<", "&lt;", "\\u003c"), person=True),
    ADDRESS,
)

# A key in a decoded body, or a header's name, whose value is a secret whatever it looks like; and
# the words of which one is in each such key.
SECRET_KEY_WORDS: Final = (
    *("pass", "pwd", "secret", "token", "key", "authorization", "cookie", "signature"),
    *("credential", "otp", "auth"),
)
SECRET_KEY: Final = re.compile(
    r"(?i)(?:pass(?:word|wd|phrase|code)?|pwd|secret|token|(?:api|access|secret|private)[-_]?key"
    r"|authorization|cookie|signature|credentials?|otp|auth[-_]?code)s?(?:[-_]?(?:value|hash))?$"
)

# A key whose value looks like an address and is a mail's own id.
TRACE_KEY: Final = re.compile(r"(?i)(?:message|smtp)[-_]?id$")
