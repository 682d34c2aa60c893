"""The SMTP URL as it is written: `smtp://user:password@host:port`, `smtps://` for TLS at once."""

import ipaddress
from collections.abc import Mapping
from typing import Final, Literal, get_args
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

__all__ = ["SCHEMES", "SmtpUrl", "Tls", "read_smtp_url"]

# Scheme and the port that it means (RFC 8314 section 3.3: 465 is TLS at once, 587 STARTTLS).
SCHEMES: Final[Mapping[str, int]] = {
    "smtp": 587,
    "smtps": 465,
    "smtp+starttls": 587,
    "submission": 587,
}
_OWN_NETWORK: Final = (".local", ".internal", ".lan", ".localhost", ".home.arpa")

Tls = Literal["starttls", "implicit", "none"]


class SmtpUrl(msgspec.Struct, frozen=True):
    """A URL that names a server. `tls_asked`: what `?tls=` says; empty: nothing."""

    scheme: str
    host: str
    port: int
    login: str = ""
    password: str = ""
    tls_asked: Tls | Literal[""] = ""

    @property
    def implicit_tls(self) -> bool:
        return self.scheme == "smtps"

    @property
    def tls(self) -> Tls:
        """How the conversation is encrypted: always, but on this machine, or where it is asked not
        to be. What is asked for and not offered is a fault, never left out."""
        if self.tls_asked:
            return self.tls_asked
        if self.implicit_tls:
            return "implicit"
        return "none" if self.is_loopback else "starttls"

    @property
    def is_loopback(self) -> bool:
        """This machine itself."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

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


def read_smtp_url(text: str) -> SmtpUrl | None:
    """Read the URL; None when it names no server. What is special in a login is percent-encoded."""
    text = text.strip().strip("\"'")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES or not parts.hostname or port == 0:
        return None
    if "@" in parts.path + parts.query + parts.fragment:
        return None  # a `/`, `?` or `#` in the password has ended the host
    tls = _tls_asked(parts.query)
    if tls is None:
        return None
    return SmtpUrl(
        scheme,
        parts.hostname,
        port or _port(scheme, tls),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tls,
    )


def _tls_asked(query: str) -> Tls | Literal[""] | None:
    """None: something that we do not know. Options of other programs are theirs."""
    values = parse_qs(query, keep_blank_values=True).get("tls")
    if values is None:
        return ""
    return next((tls for tls in get_args(Tls) if [tls] == [each.lower() for each in values]), None)


def _port(scheme: str, tls: str) -> int:
    return SCHEMES["smtps"] if tls == "implicit" else SCHEMES[scheme]
