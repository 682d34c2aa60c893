"""`mailproof explain`: what went wrong, in plain words, from whatever was pasted."""

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from mailproof.diagnosis.evidence import Context
from mailproof.diagnosis.guidance import OperatorLanguage, pick_language
from mailproof.explain.decoding import NotText, text_of
from mailproof.explain.intake import newest
from mailproof.explain.lines import Explainer, explain_lines
from mailproof.explain.reading import Reading, read
from mailproof.explain.telling import laid_out, notes, reported, tell
from mailproof.providers.catalog import PROVIDERS

__all__ = ["explain"]

_WIDTH_MAX: Final = 100
_FILE_NAME: Final = re.compile(
    r"[^\s{}\"'<>]+\.(?:log|txt|json|jsonl|ndjson|eml|msg|csv|tsv|html?|out|err)", re.IGNORECASE
)


@click.command(no_args_is_help=False)
@click.argument("words", nargs=-1, metavar="[FILE | - | TEXT...]")
@click.option(
    "--provider",
    type=click.Choice(list(PROVIDERS)),
    help="Whose answer it is, if explain cannot tell.",
)
@click.option(
    "--from", "sender", default="", metavar="ADDRESS", help="The From address of the mail."
)
@click.option(
    "--to", "recipients", multiple=True, metavar="ADDRESS", help="A recipient; may be repeated."
)
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="Default: MAILPROOF_LANGUAGE, else the locale."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--jsonl", "as_lines", is_flag=True, help="Read a case per line, print a JSON object per line."
)
def explain(  # noqa: PLR0913 - one parameter per option
    words: tuple[str, ...],
    *,
    provider: str | None,
    sender: str,
    recipients: tuple[str, ...],
    lang: str | None,
    as_json: bool,
    as_lines: bool,
) -> None:
    """Say why a mail did not go, in one sentence, with cause and fix.

    Paste anything: an HTTP answer, a whole cURL output, an SMTP line, a traceback, a Node error, a
    bounce, a log. As arguments, from a FILE, or on standard input:

    \b
      mailproof explain 403 '{"name":"validation_error","message":"..."}'
      mailproof explain error.log
      pbpaste | mailproof explain

    Exits 0 when it could read its input (also if the failure is unknown, or nothing failed), 2
    when it could not: no file, a directory, no text.
    """
    language = pick_language(lang, os.environ)
    if as_lines:
        raise SystemExit(_explain_lines(words, language, provider or ""))
    paste, dropped = _paste(words)
    context = Context(sender=sender, to=recipients)
    reading = read(paste, provider=provider or "", context=context)
    if reading is None:
        raise click.UsageError(
            "There is nothing to explain: the input is empty. Paste the error, its status line or"
            " the bounce mail, for example: mailproof explain '535 5.7.8 Bad credentials'"
        )
    _print(msgspec.structs.replace(reading, dropped=dropped), language, as_json=as_json)


def _explain_lines(words: tuple[str, ...], language: OperatorLanguage, provider: str) -> int:
    explainer = Explainer(language, provider=provider)
    if not words or words == ("-",):
        explain_lines(sys.stdin.buffer, sys.stdout.buffer, explainer)
    else:
        for word in words:
            with _file(word).open("rb") as cases:
                explain_lines(cases, sys.stdout.buffer, explainer)
    return 1 if explainer.any_bad else 0


def _paste(words: tuple[str, ...]) -> tuple[str, int]:
    """The text to read, from standard input, a file, or the arguments; and the bytes left out."""
    dropped, raw = 0, " ".join(words).encode("utf-8", "surrogateescape")
    if not words or words == ("-",):
        if sys.stdin.isatty():
            key = "Ctrl-Z, Enter" if os.name == "nt" else "Ctrl-D"
            click.echo(f"Paste the error, then press {key}.", err=True)
        raw, dropped = newest(sys.stdin.buffer)
    elif len(words) == 1 and (_FILE_NAME.fullmatch(words[0]) or _is_path(words[0])):
        with _file(words[0]).open("rb") as file:
            raw, dropped = newest(file)
    try:
        return text_of(raw), dropped
    except NotText as error:
        raise click.UsageError(f"{error} There is no error in it to explain.") from error


def _is_path(word: str) -> bool:
    try:
        return len(word) < 1_000 and Path(word).exists()
    except (OSError, ValueError):  # a text that cannot be a path
        return False


def _file(word: str) -> Path:
    path = Path(word)
    if path.is_dir():
        raise click.UsageError(
            f"{word!r} is a directory. Give the path of the file in it that has the error."
        )
    if not path.exists():
        raise click.UsageError(
            f"No file {word!r} here. Give the path of a file, or quote the text to explain."
        )
    if not os.access(path, os.R_OK):
        raise click.UsageError(
            f"{word!r} may not be read by this user. Change its permissions, or pipe it in."
        )
    return path


def _print(reading: Reading, language: OperatorLanguage, *, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(reported(reading, language))))
        for note in notes(reading, language):
            click.echo(note, err=True)
        return
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDTH_MAX)
    told = laid_out(
        tell(reading, language), width=width, strong=lambda text: click.style(text, bold=True)
    )
    click.echo(told, nl=False)
