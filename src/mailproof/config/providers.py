"""The providers of a configuration: what each needs, and what is odd about it."""

from typing import Final, Literal
from urllib.parse import urlsplit

from mailproof.config.book import Book
from mailproof.config.problems import ValuePath, Wrong
from mailproof.config.secrets import Reference, is_variable, missing
from mailproof.config.settings import ProviderSettings, Secret
from mailproof.config.signing import is_signing_secret
from mailproof.config.urls import is_loopback
from mailproof.diagnosis.placeholder import is_placeholder

__all__ = ["RESEND_URL", "fits_as_app_key", "read_providers"]

RESEND_URL: Final = "https://api.resend.com"
# A key that apps log in with must not be guessable. Resend's have 36 characters.
_APP_KEY_MIN: Final = 20
_NO_KEY: Final = Secret("none", lambda: "")


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
    kind: Literal["resend", "sandbox"] = fields.get("type", "resend")
    if not book.given((*path, "type")):
        book.wrong((*path, "type"), "providers.type")
    key = _api_key(book, (*path, "api_key"), kind)
    return ProviderSettings(
        name=fields.get("name", kind),
        type=kind,
        api_key=key,
        base_url=_base_url(book, (*path, "base_url"), kind),
        rate=fields.get("rate"),
        webhook_secrets=_webhook_secrets(book, (*path, "webhook_secret")),
        accept_as_app_key=_accepts(
            book, (*path, "accept_as_app_key"), key, wanted=fields.get("accept_as_app_key")
        ),
    )


def _api_key(book: Book, path: ValuePath, kind: Literal["resend", "sandbox"]) -> Secret:
    """A key that is missing stops nobody: mail is held until it is there."""
    secret = book.secret(path)
    if secret is None:
        if not book.given(path):
            book.odd(path, f"api_key.absent_{kind}")
        return _NO_KEY
    if wrong := missing(secret):
        book.odd(path, f"api_{wrong.key.replace('secret.', 'key.')}", **wrong.facts)
    elif is_placeholder(secret.read()) and not is_variable(secret):
        book.odd(path, "api_key.placeholder")
    elif kind != "sandbox":
        book.tell_literal(path, secret)
    return secret


def _base_url(book: Book, path: ValuePath, kind: Literal["resend", "sandbox"]) -> str:
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
