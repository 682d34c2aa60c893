"""The providers of a configuration: what each needs, and what is odd about it."""

from typing import Final
from urllib.parse import urlsplit

from mailproof.config.book import Book
from mailproof.config.problems import ValuePath, Wrong
from mailproof.config.secrets import Reference, is_variable, missing
from mailproof.config.settings import NO_SECRET, ProviderSettings, ProviderType, Secret
from mailproof.config.signing import is_signing_secret
from mailproof.config.smtp import smtp_url
from mailproof.config.urls import is_loopback
from mailproof.diagnosis.placeholder import is_placeholder

__all__ = ["RESEND_URL", "fits_as_app_key", "read_providers"]

RESEND_URL: Final = "https://api.resend.com"
# A key that apps log in with must not be guessable. Resend's have 36 characters.
_APP_KEY_MIN: Final = 20
# Enough for a steady stream, and few enough for every mailbox service.
_CONNECTIONS: Final = 4
_OF_SMTP: Final = ("url", "connections")
_OF_HTTP: Final = ("api_key", "base_url", "webhook_secret", "accept_as_app_key")


def fits_as_app_key(key: str) -> bool:
    """Can a provider's key also let apps in? Not a short one, nor a placeholder from a template."""
    return len(key) >= _APP_KEY_MIN and not is_placeholder(key)


def read_providers(book: Book) -> tuple[ProviderSettings, ...]:
    """All of them, in order of preference. Without any, mail is accepted and held."""
    entries = book.sheet.within("providers")
    providers = tuple(_provider(book, path) for path in entries)
    if not providers:
        book.odd((), "providers.none_in_file" if book.file else "providers.none")
    seen: set[str] = set()
    for path, provider in zip(entries, providers, strict=True):
        name = provider.name.replace("-", "_")  # in a variable's name they look the same
        if name in seen:
            book.wrong((*path, "name"), "providers.twice", name=provider.name)
        seen.add(name)
    return providers


def _provider(book: Book, path: ValuePath) -> ProviderSettings:
    fields = book.sheet.fields(*path)
    kind: ProviderType = fields.get("type", "resend")
    if not book.given((*path, "type")):
        book.wrong((*path, "type"), "providers.type")
    is_smtp = kind == "smtp"
    for name in _OF_HTTP if is_smtp else _OF_SMTP:
        if book.given((*path, name)):
            book.odd((*path, name), "providers.unused", setting=name, type=kind)
    key = NO_SECRET if is_smtp else _api_key(book, (*path, "api_key"), kind)
    return ProviderSettings(
        name=fields.get("name", kind),
        type=kind,
        api_key=key,
        base_url="" if is_smtp else _base_url(book, (*path, "base_url"), kind),
        url=smtp_url(book, (*path, "url")) if is_smtp else NO_SECRET,
        connections=fields.get("connections", _CONNECTIONS),
        rate=fields.get("rate"),
        daily_quota=fields.get("daily_quota"),
        monthly_quota=fields.get("monthly_quota"),
        webhook_secrets=_webhook_secrets(book, (*path, "webhook_secret")),
        accept_as_app_key=not is_smtp
        and _accepts(
            book, (*path, "accept_as_app_key"), key, wanted=fields.get("accept_as_app_key")
        ),
    )


def _api_key(book: Book, path: ValuePath, kind: ProviderType) -> Secret:
    """A key that is missing stops nobody: mail is held until it is there."""
    secret = book.secret(path)
    if secret is None:
        if not book.given(path):
            book.odd(path, f"api_key.absent_{kind}")
        return NO_SECRET
    if wrong := missing(secret):
        book.odd(path, f"api_{wrong.key.replace('secret.', 'key.')}", **wrong.facts)
    elif is_placeholder(secret.read()) and not is_variable(secret):
        book.odd(path, "api_key.placeholder")
    elif kind != "sandbox":
        book.tell_literal(path, secret)
    return secret


def _base_url(book: Book, path: ValuePath, kind: ProviderType) -> str:
    url = book.sheet.values.get(path)
    if not isinstance(url, str):
        if kind == "sandbox" and not book.given(path):
            book.wrong(path, "base_url.sandbox")
        return RESEND_URL
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        book.odd(path, "base_url.plain")
    return url


def _webhook_secrets(book: Book, path: ValuePath) -> tuple[Secret, ...]:
    references = book.sheet.values.get(path)
    if not isinstance(references, tuple):
        return ()
    secrets = []
    for reference in references:
        if isinstance(reference, Reference):
            secret = book.resolve(reference, path)
            wrong = missing(secret)
            if wrong is None and not is_signing_secret(secret.read()):
                wrong = Wrong("webhook_secret.wrong", origin=secret.origin)
            if wrong:
                book.refuse(path, wrong)
            book.tell_literal(path, secret)
            secrets.append(secret)
    return tuple(secrets)


def _accepts(book: Book, path: ValuePath, key: Secret, *, wanted: bool | None) -> bool:
    """Off unless asked for; on where everything comes from the environment, so that an app needs
    one changed line only."""
    asked = not book.file if wanted is None else wanted
    if asked and (text := key.read()) and not fits_as_app_key(text):
        book.odd(path, "accept_as_app_key.ignored", least=str(_APP_KEY_MIN))
        return False
    return asked
