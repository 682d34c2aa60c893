"""The SMTP URL as it is written: `smtp://user:password@host:port`, `smtps://` for TLS at once."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.finding import Noted, failed, fine, warned
from mailproof.doctor.settings import Setting, Settings
from mailproof.providers.smtp_url import SCHEMES, SmtpUrl
from mailproof.providers.smtp_url import read_smtp_url as read_url

__all__ = ["SmtpUrl", "check_smtp_url", "read_smtp_url"]

CHECK: Final = "smtp.url"

_IMPLICIT_TLS: Final = 465
# RFC 6409: mail is handed in at 587 and passed on between servers at 25, which clouds close.
_BETWEEN_SERVERS: Final = 25
_EXAMPLE_HOST: Final = re.compile(
    r"(?:smtp|mail|host|server|localhost\.example)?\.?(?:example|your-?domain|domain|host|server)"
    r"\.(?:com|net|org|tld)|host|your[-_.]?\w*",
    re.IGNORECASE,
)
# What these services want as the login, whatever the account is called (their SMTP pages).
_FIXED_LOGIN: Final = {"smtp.resend.com": "resend", "smtp.sendgrid.net": "apikey"}


def read_smtp_url(setting: Setting | None) -> SmtpUrl | None:
    """Read the URL; None when it names no server."""
    return read_url(setting.value) if setting is not None else None


def check_smtp_url(settings: Settings) -> Iterator[Noted]:
    """Everything that is wrong with the URL that no server has to tell."""
    setting = settings.smtp_url
    if setting is None:
        return
    facts = {"name": setting.name, "origin": setting.where}
    if not setting.value.strip():
        yield failed(CHECK, "smtp_url.empty", facts, evidence=f"{setting.name}=")
        return
    url = read_smtp_url(setting)
    if url is None:
        yield _unreadable(setting, facts)
        return
    facts |= {"host": url.host, "port": str(url.port), "scheme": url.scheme}
    evidence = (
        f"{setting.name}={url.scheme}://{'$LOGIN@' if url.login else ''}{url.host}:{url.port}"
    )
    flaws = list(_flaws(url, facts, evidence))
    yield from flaws or [fine(CHECK, "smtp_url.ok", facts, evidence=evidence)]


def _flaws(url: SmtpUrl, facts: dict[str, str], evidence: str) -> Iterator[Noted]:
    if _EXAMPLE_HOST.fullmatch(url.host):
        yield failed(CHECK, "smtp_url.placeholder", facts, evidence=evidence)
    at_once = url.tls == "implicit"
    if at_once and url.port in {25, 587, 2525}:
        yield failed(CHECK, "smtp_url.tls_too_early", facts, evidence=evidence)
    if not at_once and url.port == _IMPLICIT_TLS:
        yield failed(CHECK, "smtp_url.tls_too_late", facts, evidence=evidence)
    wanted = _FIXED_LOGIN.get(url.host.lower(), "")
    if url.login and not url.password:
        yield failed(CHECK, "smtp_url.no_password", facts, evidence=evidence)
    elif not url.login and not url.is_own and url.port != _BETWEEN_SERVERS:
        yield warned(CHECK, "smtp_url.no_login", facts, severity=Severity.ERROR, evidence=evidence)
    elif wanted and url.login != wanted:
        fixed = facts | {"login": wanted}
        yield failed(CHECK, "smtp_url.wrong_login", fixed, evidence=evidence)
    if url.port == _BETWEEN_SERVERS and not url.is_own:
        yield warned(CHECK, "smtp_url.port_25", facts, evidence=evidence)
    if url.port not in {25, 465, 587, 2525} and not url.is_own:
        yield warned(CHECK, "smtp_url.odd_port", facts, evidence=evidence)


def _unreadable(setting: Setting, facts: dict[str, str]) -> Noted:
    text = setting.value.strip().strip("\"'")
    scheme, mark, rest = text.partition("://")
    if not mark:
        return failed(CHECK, "smtp_url.no_scheme", facts)
    if scheme.lower() not in SCHEMES:
        return failed(CHECK, "smtp_url.wrong_scheme", facts | {"scheme": scheme[:20]})
    login = rest.rpartition("@")[0]
    if re.search(r"[/#?@\[\]%]", login):
        # Such a character ends the host for a URL parser, and the password's rest becomes the port.
        return failed(CHECK, "smtp_url.unescaped", facts)
    return failed(CHECK, "smtp_url.malformed", facts)
