"""`mailproof config`: is the configuration right, and what is in force, and why."""

import os
import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from mailproof.config.problems import ConfigInvalid, Problem, Told, tell
from mailproof.config.reading import load
from mailproof.config.showing import laid_out, rows_of
from mailproof.config.words import page_words
from mailproof.diagnosis.guidance.language import OperatorLanguage

__all__ = ["config"]

_FILE: Final = click.option(
    "--config",
    "path",
    metavar="FILE",
    help="Default: MAILPROOF_CONFIG, else ./mailproof.toml, else the environment alone.",
)
_LANG: Final = click.option(
    "--lang",
    type=click.Choice(["en", "zh"]),
    help="Default: the configuration's own language, else the locale.",
)
_JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@click.group()
def config() -> None:
    """Look at the configuration: mailproof.toml, and the environment over it."""


@config.command()
@_FILE
@_LANG
@_JSON
def check(*, path: str | None, lang: OperatorLanguage | None, as_json: bool) -> None:
    """Say all that is wrong or odd: where it stands, what it is, and the right form.

    Nothing is sent and no server is asked. Exits 0 when the configuration can be used, also with
    warnings; 1 when it cannot; 2 when this was called wrongly.
    """
    try:
        loaded = load(path=path, environ=os.environ, cwd=Path.cwd(), language=lang)
    except ConfigInvalid as invalid:
        _report(invalid.problems, invalid.warnings, invalid.language, invalid.file, as_json=as_json)
        sys.exit(1)
    settings = loaded.settings
    _report((), loaded.warnings, lang or settings.language, settings.file, as_json=as_json)


@config.command()
@_FILE
@_LANG
@_JSON
def show(*, path: str | None, lang: OperatorLanguage | None, as_json: bool) -> None:
    """Show every setting in force and where it comes from; of a secret, only that.

    Exits 0 when the configuration can be used, 1 when it cannot, 2 when this was called wrongly.
    """
    try:
        loaded = load(path=path, environ=os.environ, cwd=Path.cwd(), language=lang)
    except ConfigInvalid as invalid:
        click.echo(str(invalid), err=True)
        sys.exit(1)
    rows = rows_of(loaded)
    if as_json:
        data = [{"path": row.path, "value": row.value, "origin": row.source} for row in rows]
        _print_json({"file": loaded.settings.file, "data": data})
    else:
        click.echo(laid_out(rows))


def _report(
    problems: tuple[Problem, ...],
    warnings: tuple[Problem, ...],
    language: OperatorLanguage,
    file: str,
    *,
    as_json: bool,
) -> None:
    told = {"problems": tell(problems, language), "warnings": tell(warnings, language)}
    if as_json:
        _print_json({"file": file, "ok": not problems, **told})
        return
    page = page_words(language)
    for each in told["problems"]:
        click.echo(_entry(each, click.style(page["problem"], fg="red", bold=True)))
    for each in told["warnings"]:
        click.echo(_entry(each, click.style(page["warning"], fg="yellow")))
    last = page["bad"] if problems else page["good"]
    click.echo(last.format(file=file or page["no_file"], count=len(problems)))


def _entry(told: Told, label: str) -> str:
    return f"{label}  {told}"


def _print_json(answer: object) -> None:
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")
