"""What mailbox providers of one country say: China, France, Germany, Russia, Korea, Japan.

Many answer in abbreviations (`MI:SPF`, `OFR_417`, `(BL)`), explained on a page of their postmaster.
"""

from typing import Final

from mailproof.diagnosis.reasons import Reason
from mailproof.diagnosis.rules import Table, rule

__all__ = ["REGIONS"]

R = Reason

_QQ: Final = "Tencent: QQ Mail and Exmail bounce reasons"
_NETEASE: Final = "NetEase: bounce codes (help_spam_16)"
_ORANGE: Final = "Orange and laposte.net: postmaster return codes"
_UNITED: Final = "GMX, web.de and mail.com: postmaster error messages"
_TELEKOM: Final = "T-Online: postmaster FAQ"
_RUSSIA: Final = "Mail.ru, Yandex and Rambler: postmaster pages"
_JAPAN: Final = "NTT docomo, au, SoftBank: replies to unknown users"
_KOREA: Final = "Naver and Daum: delivery blocking guides"
_CHINA: Final = "Sina, Sohu and Aliyun Mail: return code tables"

REGIONS: Final = (
    Table(
        "smtp.qq",
        (
            rule(R.CREDENTIALS_RESTRICTED, _QQ, stage="auth", reply=r"使用.{0,4}授权码"),
            rule(R.CREDENTIALS_INVALID, _QQ, stage="auth", code=535),
            rule(R.RATE_LIMITED, _QQ, reply=r"frequency limit"),
            rule(
                R.SENDER_BLOCKED,
                _QQ,
                reply=r"suspected (?:spam|bounce)|spam sender|ip .{0,20}(?:block|den)|black",
            ),
            rule(R.RATE_LIMITED, _QQ, reply=r"no=100072[2-5]"),
            rule(
                R.SENDER_UNAUTHENTICATED, _QQ, reply=r"(?:spf|dmarc|dkim|dns) check|may not exist"
            ),
            rule(R.CONTENT_REJECTED, _QQ, reply=r"content denied|no=1000726"),
            rule(R.RECIPIENT_REFUSED, _QQ, reply=r"rejected by recipient"),
            rule(
                R.MAILBOX_NOT_FOUND,
                _QQ,
                reply=r"mailbox (?:unavailable|not found)|no=1000728",
            ),
            rule(
                R.RECIPIENT_INVALID,
                _QQ,
                stage=("rcpt", ""),
                reply=r"bad address syntax|no=1000730",
            ),
            rule(R.CONFIGURATION_INVALID, _QQ, reply=r"secure connection is requi"),
        ),
        replies=True,
        when=(
            "qq.com",
            "frequency limited",
            "suspected",
            "secure connection is requi",
            "dns check failed",
            "rejected by recipients",
            "or access denied",
        ),
    ),
    Table(
        "smtp.netease",
        (
            rule(R.SENDER_UNAUTHENTICATED, _NETEASE, reply=r"\bmi:(?:spf|dma|dkim)"),
            rule(R.SENDER_INVALID, _NETEASE, reply=r"\bmi:imf"),
            rule(R.CONTENT_REJECTED, _NETEASE, reply=r"\bdt:(?:spm|vir|adv|ban)"),
            rule(R.SENDER_UNVERIFIED, _NETEASE, reply=r"\bdt:sum"),
            rule(
                R.SENDER_BLOCKED,
                _NETEASE,
                reply=r"\bhl:(?:rep|ipb|ihu|rbl|mep)|\bmi:(?:rip|nrip|nhd)|\bwm:bli",
            ),
            rule(R.RELAY_DENIED, _NETEASE, reply=r"\brp:frl"),
            rule(R.RECIPIENT_REFUSED, _NETEASE, reply=r"\bmi:(?:spb|rbl)|\bwm:blu"),
            rule(R.QUOTA_EXCEEDED, f"{_NETEASE}: of the day", reply=r"\b(?:mi:stc|rp:trc)\b"),
            rule(R.RATE_LIMITED, _NETEASE, reply=r"\b(?:hl|mi|rp):[a-z]{3}\b"),
            rule(
                R.CREDENTIALS_RESTRICTED,
                _NETEASE,
                stage="auth",
                reply=r"no permission|service is closed|not open",
            ),
        ),
        replies=True,
        when=("hl:", "mi:", "rp:", "dt:", "wm:", "163.com", "126.com", "netease", "no permission"),
    ),
    Table(
        "smtp.china",
        (
            rule(
                R.RATE_LIMITED,
                _CHINA,
                code=range(400, 500),
                reply=r"behaviou?r spam|spam behaviou?r",
            ),
            rule(
                R.SENDER_BLOCKED,
                _CHINA,
                reply=r"black ip|bad ip|ip in black|behaviou?r spam|spam behaviou?r",
            ),
            rule(
                R.ACCOUNT_SUSPENDED,
                _CHINA,
                code=541,
                reply=r"account .{0,20}allowed to send",
            ),
            rule(
                R.MAILBOX_DISABLED,
                _CHINA,
                code=542,
                reply=r"account .{0,20}allowed to receive",
            ),
            rule(
                R.CONFIGURATION_INVALID,
                "AliMail: an account of its own that did not come through its SMTP host",
                code=502,
                reply=r"is a local account",
            ),
            rule(R.RELAY_DENIED, "AliMail: return codes", code=503, reply=r"n't a local account"),
            rule(
                R.RATE_LIMITED,
                "AliMail: return codes",
                code=(504, 505),
                reply=r"\brcpts?\b.{0,60}maximum",
            ),
            rule(R.RECIPIENT_SUPPRESSED, "Aliyun DirectMail: SMTP return codes", code=559),
            rule(
                R.ACCOUNT_SUSPENDED,
                "Aliyun DirectMail: SMTP return codes",
                reply=r"main account unavailable",
            ),
        ),
        replies=True,
        when=(" ip", "allowed to", "rcptto", "main account", "behavio", "local acc", "rcpt"),
    ),
    Table(
        "smtp.orange",
        (
            rule(R.SENDER_BLOCKED, _ORANGE, reply=r"_(?:102|103|630)\b|bloquee? pour|#216 lpn"),
            rule(R.RATE_LIMITED, _ORANGE, reply=r"_(?:001|104|109)\b|trop de connex"),
            rule(R.SENDER_UNAUTHENTICATED, _ORANGE, reply=r"_402\b"),
            rule(R.SENDER_INVALID, _ORANGE, reply=r"_(?:403|405)\b|emetteur invalide"),
            rule(R.MAILBOX_NOT_FOUND, _ORANGE, reply=r"_416\b|destinataire invalide"),
            rule(R.MAILBOX_FULL, _ORANGE, reply=r"_417\b|pleine"),
            rule(R.MAILBOX_DISABLED, _ORANGE, reply=r"_(?:420|425|426)\b|est bloque"),
            rule(R.CONTENT_REJECTED, _ORANGE, reply=r"_(?:506|510|513)\b|mail rejete"),
            rule(R.RECEIVER_UNAVAILABLE, _ORANGE, reply=r"essayer plus tard|_(?:10\d|201|505)\b"),
        ),
        replies=True,
        when=("ofr", "lpn0", "lpn_"),
    ),
    Table(
        "smtp.united_internet",
        (
            rule(
                R.SENDER_BLOCKED,
                _UNITED,
                reply=r"bad dns ptr|ip address is b|(?:ip|domain) based|c=(?:rdns|bl|bip)\b",
            ),
            rule(R.SENDER_UNAUTHENTICATED, _UNITED, reply=r"invalid dns mx|spf policy"),
            rule(R.RECIPIENT_REFUSED, _UNITED, reply=r"due to policy restrictions"),
            rule(R.RECEIVER_UNAVAILABLE, _UNITED, reply=r"nemesis.{0,60}not available$"),
        ),
        replies=True,
        when=(
            "gmx",
            "web.de",
            "mail.com",
            "resource record",
            "policy restrictions",
            "spf policy",
            "block listed",
        ),
    ),
    Table(
        "smtp.t_online",
        (rule(R.SENDER_BLOCKED, _TELEKOM, reply=r"ip=\S+ - |\((?:bl|nowl|dyn)\)"),),
        replies=True,
        when=("ip=", "t-online"),
    ),
    Table(
        "smtp.russia",
        (
            rule(
                R.CREDENTIALS_INVALID,
                _RUSSIA,
                code=535,
                reply=r"parol prilozheniya|application password",
                guide="app_password",
            ),
            rule(R.SENDER_BLOCKED, _RUSSIA, reply=r"access from ip|ip.{0,30}notspam"),
            rule(R.MAILBOX_DISABLED, _RUSSIA, code=540, reply=r"inactive|blocked"),
            rule(R.RECIPIENT_REFUSED, _RUSSIA, reply=r"on the target address"),
        ),
        replies=True,
        when=(
            "mail.ru",
            "yandex",
            "ya.cc",
            "rambler",
            "target address",
            "rejected: inactive",
            "rejected: blocked",
            "notspam",
        ),
    ),
    Table(
        "smtp.japan",
        (rule(R.MAILBOX_FULL, _JAPAN, code=552, remote=r"docomo", enhanced="5.2.2"),),
        replies=True,
        when=("docomo",),
    ),
    Table(
        "smtp.korea",
        (
            rule(R.SENDER_BLOCKED, _KOREA, reply=r"your ip.{0,30}(?:filter|block)|realip"),
            rule(R.RECIPIENT_REFUSED, _KOREA, reply=r"user.s reject list"),
        ),
        replies=True,
        when=("naver", "daum", "hanmail", "your ip", "reject list"),
    ),
)
