"""The URL of an SMTP server in a configuration, and what is odd about it."""

from typing import Final

from mailproof.config.book import Book
from mailproof.config.problems import ValuePath
from mailproof.config.secrets import missing
from mailproof.config.settings import NO_SECRET, Secret
from mailproof.providers.smtp_url import SmtpUrl, read_smtp_url

__all__ = ["smtp_url"]

_IMPLICIT_TLS: Final = 465
_NOT_IMPLICIT: Final = frozenset({25, 587, 2525})


def smtp_url(book: Book, path: ValuePath) -> Secret:
    """A URL that is missing stops nobody: mail is held until it is there. One that is there and
    names no server is wrong: it never will."""
    secret = book.secret(path)
    if secret is None:
        if not book.given(path):
            book.odd(path, "smtp_url.absent")
        return NO_SECRET
    if wrong := missing(secret):
        book.odd(path, f"smtp_{wrong.key.replace('secret.', 'url.')}", **wrong.facts)
        return secret
    url = read_smtp_url(secret.read())
    if url is None:
        # Without the value: a password is in it.
        book.wrong(path, "smtp_url.wrong", origin=secret.origin)
    else:
        if url.password:
            book.tell_literal(path, secret)
        _tell_flaw(book, path, url)
    return secret


def _tell_flaw(book: Book, path: ValuePath, url: SmtpUrl) -> None:
    facts = {"host": url.host, "port": str(url.port)}
    if url.login and not url.password:
        book.odd(path, "smtp_url.no_password", host=url.host)
    elif url.tls == "none" and not url.is_own:
        book.odd(path, "smtp_url.plain", host=url.host)
    elif url.tls == "starttls" and url.port == _IMPLICIT_TLS:
        book.odd(path, "smtp_url.tls_too_late", **facts)
    elif url.tls == "implicit" and url.port in _NOT_IMPLICIT:
        book.odd(path, "smtp_url.tls_too_early", **facts)
