"""The From address as it is written: what can be told without asking anybody."""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.finding import Noted, failed, fine, skipped, warned
from mailproof.doctor.settings import Setting, Settings
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput

__all__ = ["Sender", "check_sender", "read_sender"]

CHECK: Final = "sender"

_PLACEHOLDER: Final = re.compile(
    r"""
    .{1,3} | [x*.\-_]+ | <[^@]*> | \$\{?\w+\}? | process\.env\.\w+
    | (?:your|my|insert|enter|change|replace)[\w\s.-]*
    | todo | tbd | none | null | undefined | false | true | test | changeme | placeholder | example
    """,
    re.VERBOSE | re.IGNORECASE,
)
_EXAMPLE_DOMAIN: Final = re.compile(
    r"(?:.+\.)?(?:example\.(?:com|net|org)|(?:your-?|my-?)?domain\.(?:com|net|org|tld)"
    r"|your-?(?:app|company|site|website)\.(?:com|io|dev))",
    re.IGNORECASE,
)

# Domains where anybody can have a mailbox: nobody can add DNS records there, so no provider can
# verify them, and their DMARC policies make receivers drop such mail from elsewhere.
PUBLIC_MAILBOXES: Final = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com passport.com
    outlook.fr outlook.de outlook.jp hotmail.co.uk hotmail.fr hotmail.de hotmail.it live.cn
    live.co.uk
    yahoo.com yahoo.co.uk yahoo.co.jp yahoo.co.in yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.com.br
    ymail.com rocketmail.com aol.com icloud.com me.com mac.com proton.me protonmail.com pm.me
    qq.com vip.qq.com foxmail.com 163.com vip.163.com 126.com yeah.net 188.com sina.com sina.cn
    vip.sina.com sohu.com tom.com 139.com 189.cn wo.cn 21cn.com aliyun.com 263.net
    gmx.com gmx.net gmx.de web.de t-online.de freenet.de mail.de posteo.de orange.fr wanadoo.fr
    free.fr laposte.net sfr.fr libero.it virgilio.it tiscali.it terra.com.br uol.com.br bol.com.br
    mail.ru inbox.ru list.ru bk.ru yandex.ru yandex.com ya.ru rambler.ru ukr.net
    naver.com daum.net hanmail.net nate.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp
    zoho.com zohomail.com fastmail.com hey.com tutanota.com tuta.io mail.com hushmail.com
    comcast.net verizon.net att.net sbcglobal.net btinternet.com rediffmail.com seznam.cz
    wp.pl o2.pl
    """.split()
)


class Sender(msgspec.Struct, frozen=True):
    """A From address in two parts; `domain` in lower case and, for DNS, in ASCII."""

    mailbox: str
    domain: str

    @property
    def is_testing(self) -> bool:
        """Resend's shared domain: mail from it goes to the account's own address only."""
        return self.domain == "resend.dev"

    @property
    def is_public(self) -> bool:
        return self.domain in PUBLIC_MAILBOXES


def read_sender(setting: Setting | None) -> Sender | None:
    """Read `name@example.com` or `Name <name@example.com>`; None when it is neither."""
    if setting is None:
        return None
    try:
        address = Address.parse(setting.value.strip(), where=setting.name)
    except InvalidInput:
        return None
    return Sender(address.mailbox, address.wire.rpartition("@")[2].lower())


def check_sender(settings: Settings) -> Iterator[Noted]:
    """What is wrong with the From address that no server has to tell."""
    setting = settings.sender
    if setting is None:
        yield warned(CHECK, "sender.missing", severity=Severity.ERROR)
        return
    facts = {"name": setting.name, "origin": setting.where, "value": setting.value.strip()[:80]}
    if not facts["value"]:
        yield failed(CHECK, "sender.empty", facts, evidence=f"{setting.name}=")
        return
    evidence = f"{setting.name}={facts['value']}"
    sender = read_sender(setting)
    if sender is None:
        yield _unreadable(setting, facts, evidence)
        return
    facts |= {"domain": sender.domain, "address": sender.mailbox}
    if sender.is_testing:
        yield failed(CHECK, "sender.testing", facts, severity=Severity.ERROR, evidence=evidence)
    elif _EXAMPLE_DOMAIN.fullmatch(sender.domain):
        yield failed(CHECK, "sender.example_domain", facts, evidence=evidence)
    elif sender.is_public and settings.api_key is not None:
        yield failed(CHECK, "sender.public_mailbox", facts, evidence=evidence)
    elif sender.is_public:
        yield skipped(CHECK, "sender.public_mailbox_smtp", facts)
    else:
        yield fine(CHECK, "sender.ok", facts, evidence=evidence)


def _unreadable(setting: Setting, facts: dict[str, str], evidence: str) -> Noted:
    value = setting.value.strip()
    if _PLACEHOLDER.fullmatch(value):
        return failed(CHECK, "sender.placeholder", facts, evidence=evidence)
    if value[0] in "\"'“‘" and value[-1] in "\"'”’" and len(value) > 2:
        return failed(CHECK, "sender.quoted", facts, evidence=evidence)
    if "@" not in value and "." in value and " " not in value:
        return failed(CHECK, "sender.only_domain", facts, evidence=evidence)
    return failed(CHECK, "sender.malformed", facts, evidence=evidence)
