"""What the mailbox providers of the world say: the words that only they use.

A word of a known system beats a generic code, because each has its own habits: at Microsoft
`5.4.1 Access denied` is an unknown user, at Yahoo a temporary deferral is a bad reputation.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["RECEIVERS"]

R = Reason

_GOOGLE: Final = "Google: SMTP errors and codes (support.google.com/a/answer/3726730)"
_EXCHANGE: Final = "Microsoft: Non-delivery reports in Exchange Online"
_OUTLOOK: Final = "Microsoft: outlook.com SMTP error codes (postmaster)"
_YAHOO: Final = "Yahoo: SMTP error codes (senders.yahooinc.com)"
_APPLE: Final = "Apple: iCloud Mail postmaster page"
_COMCAST: Final = "Comcast: postmaster SMTP error codes"
_COX: Final = "Cox and Spectrum: email error codes"
_GODADDY: Final = "GoDaddy: secureserver.net bounce codes (IBnnn)"

RECEIVERS: Final = (
    Table(
        "smtp.google",
        (
            rule(
                R.CREDENTIALS_RESTRICTED,
                _GOOGLE,
                reply=r"secondfactor|application-specific|weblogin|via your web browser",
                guide="app_password",
            ),
            rule(R.RELAY_DENIED, _GOOGLE, reply=r"relay denied|credentials for relay"),
            rule(R.RATE_LIMITED, _GOOGLE, enhanced="4.5.3", reply=r"too many recipients"),
            rule(
                R.QUOTA_EXCEEDED,
                _GOOGLE,
                reply=r"daily .{0,40}limit|sending limit|email quota exceeded|(?:sms|"
                r"mail)relaylimit",
            ),
            rule(R.RATE_LIMITED, _GOOGLE, reply=r"too many login|try again later, closing"),
            rule(
                R.SENDER_UNAUTHENTICATED,
                _GOOGLE,
                enhanced=[f"{c}.7.{n}" for c in "45" for n in (26, 27, 30, 32, 40)],
            ),
            rule(
                R.SENDER_BLOCKED,
                _GOOGLE,
                enhanced=[f"{c}.7.{n}" for c in "45" for n in (23, 25, 28)],
            ),
            rule(
                R.SENDER_BLOCKED,
                _GOOGLE,
                reply=r"low reputation|unsolicited mail originating|send email directly to our",
            ),
            rule(
                R.CONTENT_REJECTED,
                _GOOGLE,
                reply=r"likely unsolicited|nature of the content|links within|spam classification",
            ),
            rule(
                R.RECEIVER_UNAVAILABLE,
                _GOOGLE,
                reply=r"receiving mail (?:at a rate|too (?:quick|fast))|receivingrate",
            ),
            rule(
                R.ATTACHMENT_REJECTED,
                _GOOGLE,
                reply=r"p=blockedmessage|potential security|illegal ?attachment",
            ),
            rule(R.SENDER_INVALID, _GOOGLE, reply=r"address(?:es)? in from"),
            rule(
                R.MESSAGE_INVALID,
                _GOOGLE,
                reply=r"not rfc ?\d+ compliant|noncompliant|(?:valid|same) message-?id",
            ),
            rule(R.RECIPIENT_REFUSED, _GOOGLE, reply=r"has a policy that prohibit"),
        ),
        replies=True,
        when=("gsmtp", "google", "gmail", "potential security"),
    ),
    Table(
        "smtp.microsoft",
        (
            rule(
                R.CREDENTIALS_INVALID,
                _EXCHANGE,
                enhanced=("5.7.3", "5.7.139"),
                stage="auth",
                reply=r"credentials were incorrect|5\.7\.3 authentication unsuccess",
            ),
            rule(R.CREDENTIALS_RESTRICTED, _EXCHANGE, enhanced="5.7.139"),
            rule(R.CREDENTIALS_MISSING, _EXCHANGE, enhanced="5.7.57"),
            rule(R.RELAY_DENIED, _EXCHANGE, enhanced=("5.7.54", "5.7.64")),
            rule(
                R.SENDER_UNVERIFIED,
                _EXCHANGE,
                reply=r"sendasdenied|send as this sender|unregistered domain",
            ),
            rule(
                R.ACCOUNT_SUSPENDED,
                _EXCHANGE,
                reply=r"bad outbound sender|outboundspam|wascl|tenant has exceeded threshold",
            ),
            rule(
                R.QUOTA_EXCEEDED,
                _EXCHANGE,
                reply=r"submissionquota|submission quota|external recipient rate|"
                r"for message recipients",
            ),
            rule(
                R.SENDER_UNAUTHENTICATED,
                _EXCHANGE,
                enhanced=("5.7.509", "5.7.515", "5.7.23", "4.7.515", "5.7.510"),
            ),
            rule(
                R.RATE_LIMITED,
                _EXCHANGE,
                enhanced=("5.2.121", "5.7.508"),
            ),
            rule(R.RATE_LIMITED, _EXCHANGE, reply=r"concurrent.{0,60}(?:limit|exceed)"),
            rule(
                R.SENDER_BLOCKED,
                _OUTLOOK,
                reply=r"\b(?:sc|dy|ou)-00\d\b|\(s(?:3\d|8)\d\d\)|banned send|ip reputation|"
                r"on our block list|traffic not accepted from this ip|listed in spamhaus|"
                r"\bblocked using ",
            ),
            rule(R.RECIPIENT_REFUSED, f"{_EXCHANGE}: external forwarding", enhanced="5.7.520"),
            rule(
                R.SENDER_BLOCKED,
                _EXCHANGE,
                reply=r"[45]\.7\.[5-7]\d\d,? (?:access denied|service unavailable)",
            ),
            rule(
                R.RECEIVER_UNAVAILABLE,
                _EXCHANGE,
                enhanced=("5.2.122", "4.7.3", "4.7.500", "4.4.62", "5.4.14"),
            ),
            rule(R.RECEIVER_UNAVAILABLE, _EXCHANGE, reply=r"insufficient system resources"),
            rule(
                R.RECIPIENT_DOMAIN_NOT_FOUND,
                _EXCHANGE,
                enhanced=("5.4.310", "4.4.310"),
            ),
            rule(
                R.MAILBOX_NOT_FOUND,
                _EXCHANGE,
                reply=r"recipient address(?:es)? rejected ?: access denied|recip(?:ient)?notfound",
            ),
            rule(
                R.MAILBOX_FULL,
                _EXCHANGE,
                reply=r"storedrv\.deliver.{0,60}(?:full|quota)|quotaexceeded",
            ),
            rule(
                R.MESSAGE_TOO_LARGE,
                _EXCHANGE,
                reply=r"recipsizelimit|sendersizelimit|msgsize",
            ),
            rule(
                R.RECIPIENT_REFUSED,
                _EXCHANGE,
                reply=r"transport\.rules|resolver\.rst|allowed senders|restricted to senders",
            ),
            rule(
                R.RECIPIENT_REFUSED,
                _EXCHANGE,
                enhanced=("5.7.124", "5.7.129", "5.7.133", "5.7.134", "5.7.136", "5.7.703"),
            ),
            rule(
                R.MESSAGE_INVALID,
                _EXCHANGE,
                reply=r"cat\.invalidcontent|barelinefeed|invalid characters",
            ),
        ),
        replies=True,
        when=(
            "outlook.com",
            "office",
            "microsoft",
            "hotmail",
            "postmaster.live",
            "aka.ms",
            "storedrv",
            "resolver.",
            "transport.rules",
            "cat.inv",
            "sendas",
            "send as",
            "as(",
            "sc-00",
            "dy-00",
            "ou-00",
            "5.7.5",
            "5.7.6",
            "5.7.7",
            "5.7.13",
            "5.4.31",
            "4.7.500",
            "bad outbound",
            "5.4.1",
            "addresses rejected",
        ),
    ),
    Table(
        "smtp.yahoo",
        (
            rule(
                R.SENDER_BLOCKED,
                _YAHOO,
                reply=r"\[(?:ip)?tss?\d\d\]|\[bl\d\d\]|user complaints|permanently deferred",
            ),
            rule(R.SENDER_UNAUTHENTICATED, f"{_YAHOO}: DMARC", enhanced="5.7.9"),
            rule(R.CONTENT_REJECTED, _YAHOO, reply=r"\[ph\d\d\]|not allowed - \[(?:299|320)\]"),
            rule(
                R.MESSAGE_INVALID,
                _YAHOO,
                reply=r"headers are not rfc|\[291\]",
            ),
            rule(
                R.RECEIVER_UNAVAILABLE,
                _YAHOO,
                reply=r"receiving mail too quick|temporary domain|#4\.16\.",
            ),
            rule(R.RATE_LIMITED, _YAHOO, reply=r"max messages? per connection|\[gl\d\d\]"),
        ),
        replies=True,
        when=(
            "yahoo",
            "aol.com",
            "verizonmedia",
            "[ts",
            "per connection",
            "4.16.",
            "[ph",
            "too quickly",
            "message not allowed",
        ),
    ),
    Table(
        "smtp.apple",
        (
            rule(R.RECIPIENT_REFUSED, _APPLE, reply=r"\[(?:cs|hm|bs)\d\d\]"),
            rule(R.RATE_LIMITED, _APPLE, reply=r"excessive volume|too many errors"),
            rule(R.MAILBOX_DISABLED, _APPLE, reply=r"inactive email"),
        ),
        replies=True,
        when=("apple", "icloud", "me.com", "[cs0", "[hm0", "[bs0"),
    ),
    Table(
        "smtp.us_cable",
        (
            rule(R.SENDER_BLOCKED, _COMCAST, reply=r"#(?:bl|pt|hl)\d{6}|attrbl|fix reverse dns"),
            rule(R.RATE_LIMITED, _COMCAST, reply=r"#(?:rl|cl)\d{6}"),
            rule(R.MAILBOX_NOT_FOUND, _COMCAST, reply=r"not our customer|unallocated"),
            rule(R.RECEIVER_UNAVAILABLE, _COMCAST, reply=r"too many recent messages"),
            rule(R.RATE_LIMITED, _COX, reply=r"\bcxthrt|aup#.{0,6}thr"),
            rule(R.SENDER_BLOCKED, _COX, reply=r"\bcx(?:bl|dns)|aup#|sender rejected"),
        ),
        replies=True,
        when=(
            "comcast",
            "xfinity",
            "unallocated",
            "our customer",
            "cox.",
            "spectrum.net",
            "charter.",
            "aup#",
            "attrbl",
            "att.net",
            "reverse dns",
        ),
    ),
    Table(
        "smtp.godaddy",
        (
            rule(R.CONFIGURATION_INVALID, _GODADDY, reply=r"\bib401\b"),
            rule(R.SENDER_INVALID, _GODADDY, reply=r"\bib50[12]\b"),
            rule(R.SENDER_UNAUTHENTICATED, _GODADDY, reply=r"\bib50[68]\b|per (?:its|it's) spf"),
            rule(R.RATE_LIMITED, _GODADDY, reply=r"\bib(?:007|504|510|60\d)\b"),
            rule(R.RECEIVER_UNAVAILABLE, _GODADDY, reply=r"\bib10[012]\b"),
            rule(R.CONTENT_REJECTED, _GODADDY, reply=r"\bib(?:212|7\d\d)\b"),
            rule(R.SENDER_BLOCKED, _GODADDY, reply=r"\bib(?:1\d\d|3\d\d|9\d\d)\b"),
        ),
        replies=True,
        when=(" ib", "secureserver", "x.co/"),
    ),
)
