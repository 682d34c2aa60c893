"""`mailproof doctor`: find out what keeps mail from going out."""

import ipaddress
import os
import shutil
import sys
from pathlib import Path
from typing import Final

import click
import msgspec

from mailproof.cli.opening import load_settings
from mailproof.diagnosis.guidance import pick_language
from mailproof.doctor.configured import with_configuration
from mailproof.doctor.finding import Status
from mailproof.doctor.page import page
from mailproof.doctor.run import Options, run
from mailproof.doctor.settings import read_settings
from mailproof.doctor.words import LANGUAGES, told

__all__ = ["doctor"]

_COLOURS: Final = {
    Status.FAILED: "red",
    Status.WARNING: "yellow",
    Status.CANNOT_TELL: "yellow",
    Status.SKIPPED: "bright_black",
    Status.OK: "green",
}
_WIDTH_MAX: Final = 100


class Nameserver(click.ParamType[tuple[str, int]]):
    """`HOST` or `HOST:PORT`, an IP address: to find a name server by name, one would be needed."""

    name = "host[:port]"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        bracketed, _, after = value.rpartition("]")
        host, _, port = (
            (bracketed.lstrip("["), "", after.lstrip(":")) if bracketed else value.partition(":")
        )
        if value.count(":") > 1 and not bracketed:
            host, port = value, ""
        try:
            return str(ipaddress.ip_address(host)), int(port or 53)
        except ValueError:
            self.fail(f"{value!r} is no address. Write one such as 1.1.1.1 or 127.0.0.1:5353.")


class MailAddress(click.ParamType[str]):
    """One address, checked before anything is asked."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        local, at, domain = value.partition("@")
        if not local or not at or "." not in domain or any(char.isspace() for char in value):
            self.fail(f"{value!r} is not one email address. Write name@example.com.")
        return value


@click.command()
@click.option(
    "--env-file",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Read settings from this .env file; its values win over the environment.",
)
@click.option(
    "--config",
    metavar="FILE",
    help="Check the providers and the database of this mailproof.toml.",
)
@click.option("--send-test", type=MailAddress(), help="Send one real mail to this address.")
@click.option("--nameserver", type=Nameserver(), help="Ask this DNS server, not the system's.")
@click.option(
    "--lang", type=click.Choice(LANGUAGES), help="Default: MAILPROOF_LANGUAGE, else the locale."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(  # noqa: PLR0913 - one parameter for each option
    *,
    env_file: Path | None,
    config: str | None,
    send_test: str | None,
    nameserver: tuple[str, int] | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Walk from the settings to the mail server: say what stops mail, and the exact fix.

    Reads RESEND_API_KEY, RESEND_FROM, RESEND_BASE_URL, SMTP_URL and DATABASE_URL from the
    environment, and from a file only with --env-file or --config. Takes less than ten seconds and
    sends no mail unless asked to. Exits 0 when nothing failed, 1 when something did, 2 when it was
    called wrongly.
    """
    settings = read_settings(os.environ, env_file)
    if config is not None:
        settings = with_configuration(settings, load_settings(config, lang), Path(config).name)
    language = pick_language(lang, os.environ)
    notes = run(settings, os.environ, Options(test_to=send_test or "", nameserver=nameserver))
    findings = told(notes, language, settings.secrets)
    if as_json:
        sys.stdout.write(msgspec.json.encode({"findings": findings}).decode() + "\n")
    else:
        columns = min(shutil.get_terminal_size().columns, _WIDTH_MAX)
        click.echo(page(findings, language, width=columns, paint=_paint))
    sys.exit(1 if any(each.status is Status.FAILED for each in findings) else 0)


def _paint(text: str, status: Status) -> str:
    # click.echo takes the colours out again where the output is no terminal.
    return click.style(text, fg=_COLOURS[status])
