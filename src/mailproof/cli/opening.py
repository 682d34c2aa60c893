"""What the operator's commands share: options, configuration, the open store, and saying no."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click
import msgspec

from mailproof.cli.words import Words, words
from mailproof.config.problems import ConfigInvalid
from mailproof.config.reading import load
from mailproof.config.settings import Settings
from mailproof.config.urls import sqlite_path
from mailproof.diagnosis.guidance import OperatorLanguage, pick_language
from mailproof.store.base import Database, StoreError
from mailproof.store.routes.board import OtherProviders

__all__ = [
    "CONFIG",
    "JSON",
    "LANG",
    "Desk",
    "actor",
    "at_desk",
    "load_settings",
    "print_json",
    "refuse",
    "refuse_providers",
    "speak",
]

Result = TypeVar("Result")

CONFIG: Final = click.option(
    "--config",
    metavar="FILE",
    help="Configuration. Default: MAILPROOF_CONFIG, else mailproof.toml here.",
)
LANG: Final = click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="Default: as configured, else the locale."
)
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


class Desk(msgspec.Struct, frozen=True):
    """An open store, the configuration that led to it, and the language to speak."""

    database: Database
    settings: Settings
    language: OperatorLanguage

    @property
    def words(self) -> Words:
        return words(self.language)


def at_desk(
    config: str | None,
    lang: str | None,
    work: Callable[[Desk], Awaitable[Result]],
    *,
    make: bool = False,
) -> Result:
    """Open the store of this configuration, do `work`, close it.

    A store that does not exist yet is made only where `make` says so: an empty one, made in a wrong
    folder by looking at it, would answer "no mail". Exits 2 when it cannot be opened.
    """
    settings = load_settings(config, lang)
    file = sqlite_path(settings.store_url.read())
    if file is not None and not make and not file.exists():
        said = words(settings.language).phrases
        refuse(said["no_store"].format(where=file), said["no_store_fix"], code=2)
    speak(settings)
    try:
        return asyncio.run(_work(settings, work))
    except StoreError as error:
        refuse(str(error), words(settings.language).phrases["store_fix"], code=2)


def load_settings(config: str | None, lang: str | None) -> Settings:
    """The configuration; `lang` wins over its language. Exits 2 when it is wrong."""
    chosen: OperatorLanguage | None = pick_language(lang, {}) if lang else None
    try:
        settings = load(path=config, environ=os.environ, cwd=Path.cwd(), language=chosen).settings
    except ConfigInvalid as error:
        refuse(str(error), "", code=2)
    return msgspec.structs.replace(settings, language=chosen) if chosen else settings


def speak(settings: Settings) -> None:
    """What goes wrong beside the answer is said on standard error; what goes well is not."""
    from mailproof.record.logs import configure

    configure("WARNING", settings.log.format, settings.language)


def actor() -> str:
    """Who does it, for the event: `cli:` and the name of the user of this machine."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user may have no name
        return f"cli:{os.getuid()}" if hasattr(os, "getuid") else "cli:"


def print_json(value: Any) -> None:
    """One JSON object on a line, on standard output."""
    click.echo(msgspec.json.encode(value).decode())


def refuse(problem: str, fix: str, *, code: int = 1) -> NoReturn:
    """Say what is wrong and what to do, on standard error, and exit."""
    click.echo(problem, err=True)
    if fix:
        click.echo(f"  {fix}", err=True)
    sys.exit(code)


def refuse_providers(desk: Desk, error: OtherProviders) -> NoReturn:
    """This configuration is not that of the server: exits 2."""
    phrases = desk.words.phrases
    problem = phrases["other_providers"].format(names=", ".join(error.missing))
    refuse(problem, phrases["other_providers_fix"], code=2)


async def _work(settings: Settings, work: Callable[[Desk], Awaitable[Result]]) -> Result:
    from mailproof.app import open_store

    database = await open_store(settings)
    try:
        return await work(Desk(database, settings, settings.language))
    finally:
        await database.close()
