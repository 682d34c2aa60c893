"""The SMTP URL as it is written: `smtp://user:password@host:port`, `smtps://` for TLS at once."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.finding import Noted, failed, fine, warned
from mailproof.doctor.settings import Setting, Settings

__all__ = ["SmtpUrl", "check_smtp_url", "read_smtp_url"]

CHECK: Final = "smtp.url"

_SCHEMES: Final = {"smtp": 587, "smtps": 465, "smtp+starttls": 587, "submission": 587}
_IMPLICIT_TLS: Final = 465
_EXAMPLE_HOST: Final = re.compile(
    r"(?:smtp|mail|host|server|localhost\.example)?\.?(?:example|your-?domain|domain|host|server)"
    r"\.(?:com|net|org|tld)|host|your[-_.]?\w*",
    re.IGNORECASE,
)
_OWN_NETWORK: Final = (".local", ".internal", ".lan", ".localhost", ".home.arpa")
# What these services want as the login, whatever the account is called (their SMTP pages).
_FIXED_LOGIN: Final = {"smtp.resend.com": "resend", "smtp.sendgrid.net": "apikey"}


class SmtpUrl(msgspec.Struct, frozen=True):
    """A URL that names a server; `password` is kept only to know whether there is one."""

    scheme: str
    host: str
    port: int
    login: str = ""
    password: str = ""

    @property
    def implicit_tls(self) -> bool:
        return self.scheme == "smtps"

    @property
    def is_own(self) -> bool:
        """This machine, a container beside it or the own network, where no provider's rules hold:
        there a catcher of test mail or a relay without a login are quite in order."""
        try:
            return ipaddress.ip_address(self.host).is_private
        except ValueError:
            return "." not in self.host or self.host.endswith(_OWN_NETWORK)

    def __repr__(self) -> str:  # a password must not reach a traceback or a log
        return f"<SmtpUrl {self.scheme}://{self.host}:{self.port}>"


def read_smtp_url(setting: Setting | None) -> SmtpUrl | None:
    """Read the URL; None when it names no server."""
    text = setting.value.strip().strip("\"'") if setting is not None else ""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _SCHEMES or not parts.hostname or port == 0:
        return None
    if "@" in parts.path + parts.query + parts.fragment:
        return None  # a `/`, `?` or `#` in the password has ended the host
    return SmtpUrl(
        scheme,
        parts.hostname,
        port or _SCHEMES[scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


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
    if url.implicit_tls and url.port in {25, 587, 2525}:
        yield failed(CHECK, "smtp_url.tls_too_early", facts, evidence=evidence)
    if not url.implicit_tls and url.port == _IMPLICIT_TLS:
        yield failed(CHECK, "smtp_url.tls_too_late", facts, evidence=evidence)
    wanted = _FIXED_LOGIN.get(url.host.lower(), "")
    if url.login and not url.password:
        yield failed(CHECK, "smtp_url.no_password", facts, evidence=evidence)
    elif not url.login and not url.is_own and url.port != 25:
        yield warned(CHECK, "smtp_url.no_login", facts, severity=Severity.ERROR, evidence=evidence)
    elif wanted and url.login != wanted:
        fixed = facts | {"login": wanted}
        yield failed(CHECK, "smtp_url.wrong_login", fixed, evidence=evidence)
    if url.port not in {25, 465, 587, 2525} and not url.is_own:
        yield warned(CHECK, "smtp_url.odd_port", facts, evidence=evidence)


def _unreadable(setting: Setting, facts: dict[str, str]) -> Noted:
    text = setting.value.strip().strip("\"'")
    scheme, mark, rest = text.partition("://")
    if not mark:
        return failed(CHECK, "smtp_url.no_scheme", facts)
    if scheme.lower() not in _SCHEMES:
        return failed(CHECK, "smtp_url.wrong_scheme", facts | {"scheme": scheme[:20]})
    login = rest.rpartition("@")[0]
    if re.search(r"[/#?@\[\]%]", login):
        # Such a character ends the host for a URL parser, and the password's rest becomes the port.
        return failed(CHECK, "smtp_url.unescaped", facts)
    return failed(CHECK, "smtp_url.malformed", facts)
