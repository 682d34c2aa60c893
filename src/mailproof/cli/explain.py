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
from mailproof.diagnosis.report import report
from mailproof.explain.decoding import READ_MAX, text_of
from mailproof.explain.lines import Explainer, explain_lines
from mailproof.explain.reading import Reading, read
from mailproof.explain.telling import laid_out, tell
from mailproof.providers.catalog import PROVIDERS

__all__ = ["explain"]

_WIDTH_MAX: Final = 100
_BYTES_MAX: Final = 4 * READ_MAX
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

    Exits 0 when it could read its input (also if the failure is unknown), 2 when it could not.
    """
    language = pick_language(lang, os.environ)
    if as_lines:
        raise SystemExit(_explain_lines(words, language, provider or ""))
    paste = text_of(_paste(words)) if len(words) < 2 else " ".join(words)
    context = Context(sender=sender, to=recipients)
    reading = read(paste, provider=provider or "", context=context)
    if reading is None:
        raise click.UsageError(
            "There is nothing to explain: the input is empty. Paste the error, its status line or"
            " the bounce mail, for example: mailproof explain '535 5.7.8 Bad credentials'"
        )
    _print(reading, language, paste, as_json=as_json)


def _explain_lines(words: tuple[str, ...], language: OperatorLanguage, provider: str) -> int:
    explainer = Explainer(language, provider=provider)
    if not words or words == ("-",):
        explain_lines(sys.stdin.buffer, sys.stdout.buffer, explainer)
    else:
        for word in words:
            with _file(word).open("rb") as cases:
                explain_lines(cases, sys.stdout.buffer, explainer)
    return 1 if explainer.any_bad else 0


def _paste(words: tuple[str, ...]) -> bytes:
    """The bytes to read: standard input, a file, or the one argument itself."""
    if not words or words == ("-",):
        if sys.stdin.isatty():
            key = "Ctrl-Z, Enter" if os.name == "nt" else "Ctrl-D"
            click.echo(f"Paste the error, then press {key}.", err=True)
        return sys.stdin.buffer.read(_BYTES_MAX)
    word = words[0]
    if _FILE_NAME.fullmatch(word) or _is_file(word):
        path = _file(word)
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _BYTES_MAX))
            return file.read()
    return word.encode("utf-8", "surrogateescape")


def _is_file(word: str) -> bool:
    try:
        return len(word) < 1_000 and Path(word).is_file()
    except (OSError, ValueError):  # a text that cannot be a path
        return False


def _file(word: str) -> Path:
    path = Path(word)
    if not path.is_file():
        raise click.UsageError(
            f"No file {word!r} here. Give the path of a file, or quote the text to explain."
        )
    if not os.access(path, os.R_OK):
        raise click.UsageError(
            f"{word!r} may not be read by this user. Change its permissions, or pipe it in."
        )
    return path


def _print(reading: Reading, language: OperatorLanguage, paste: str, *, as_json: bool) -> None:
    if as_json:
        told = msgspec.json.format(msgspec.json.encode(report(reading.failure, language)))
        click.echo(told)
        return
    width = min(shutil.get_terminal_size((80, 24)).columns, _WIDTH_MAX)
    click.echo(
        laid_out(
            tell(reading, language, paste),
            width=width,
            strong=lambda text: click.style(text, bold=True),
        ),
        nl=False,
    )
