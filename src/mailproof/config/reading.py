"""Read the configuration: the file, the environment over it, and everything checked at once."""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from mailproof.config.alerting import read_alerting
from mailproof.config.book import Book
from mailproof.config.document import Unreadable, read_document
from mailproof.config.environment import add_default_provider, overlay
from mailproof.config.problems import ConfigInvalid, Origin, Problem, Remarks, path_text
from mailproof.config.providers import read_providers
from mailproof.config.purposes import read_purposes
from mailproof.config.serving import (
    check_delivery,
    check_loop,
    check_proxies,
    read_server,
    read_store,
)
from mailproof.config.settings import Delivery, Logging, Retention, Settings
from mailproof.config.sheet import Sheet, lay_flat, read_values
from mailproof.diagnosis.guidance.language import OperatorLanguage, pick_language

__all__ = ["Loaded", "load", "read_settings"]


class Loaded(msgspec.Struct, frozen=True):
    """The settings, what is odd about them, and where each one that was given stands.

    `origins` is by path, such as `providers[0].rate`; what is not in it is a default.
    """

    settings: Settings
    warnings: tuple[Problem, ...]
    origins: Mapping[str, Origin]


def read_settings(*, path: str | None, environ: Mapping[str, str], cwd: Path) -> Settings:
    """The settings alone, for those who need no more. Raises `ConfigInvalid` as `load` does."""
    return load(path=path, environ=environ, cwd=cwd).settings


def load(
    *,
    path: str | None,
    environ: Mapping[str, str],
    cwd: Path,
    language: OperatorLanguage | None = None,
) -> Loaded:
    """Read the file at `path`, else `MAILPROOF_CONFIG`, else `mailproof.toml` in `cwd`, else none.

    Each setting can be overridden by its variable. Raises `ConfigInvalid` with all that is wrong;
    `language`: what it speaks, None: the configuration's own.
    """
    remarks, sheet = Remarks(), Sheet()
    try:
        document = read_document(path, environ, cwd)
    except Unreadable as error:
        spoken = language or pick_language(None, environ)
        raise ConfigInvalid((error.problem,), (), spoken, error.file) from error
    lay_flat(document, sheet, remarks)
    if not document.name:
        add_default_provider(sheet, environ)
    overlay(sheet, environ, remarks)
    read_values(sheet, remarks)
    own: OperatorLanguage = sheet.fields().get("language") or pick_language(None, environ)
    # Where a path leads must not change with the working directory later.
    folder = Path(os.path.abspath(document.folder))
    settings = _settings(Book(sheet, remarks, environ, folder, document.name), own)
    warnings = tuple(remarks.warnings)
    if remarks.problems:
        raise ConfigInvalid(tuple(remarks.problems), warnings, language or own, document.name)
    origins = {path_text(where): given.origin for where, given in sheet.given.items()}
    return Loaded(settings, warnings, origins)


def _settings(book: Book, language: OperatorLanguage) -> Settings:
    """All of it, also where something is wrong: what comes after is still looked at."""
    fields = book.sheet.fields()
    providers, server = read_providers(book), read_server(book)
    delivery = Delivery(**book.sheet.fields("delivery"))
    public_url = fields.get("public_url", "")
    check_proxies(book)
    check_delivery(book, delivery)
    check_loop(book, providers, server, public_url)
    return Settings(
        file=book.file,
        language=language,
        store_url=read_store(book, book.folder),
        public_url=public_url,
        support_url=fields.get("support_url", ""),
        trusted_proxies=fields.get("trusted_proxies", ()),
        delivery=delivery,
        providers=providers,
        purposes=read_purposes(book),
        alerts=read_alerting(book, providers),
        retention=Retention(**book.sheet.fields("retention")),
        server=server,
        log=Logging(**book.sheet.fields("log")),
    )
