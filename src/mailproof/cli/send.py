"""`mailproof send`: one mail from the command line, accepted like any other."""

import sys
from datetime import UTC, datetime
from typing import Any, NoReturn

import click

from mailproof.cli.mail_page import ASKS_FOR_SOMEBODY, where_it_is
from mailproof.cli.opening import (
    CONFIG,
    JSON,
    LANG,
    Desk,
    at_desk,
    print_json,
    refuse,
    refuse_providers,
)
from mailproof.diagnosis.guidance import guidance
from mailproof.engine.mailroom import Mailroom
from mailproof.engine.receipts import Caller, Closed, KeyConflict, Overloaded, Receipts
from mailproof.gateway.shown import mail_summary
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.lifecycle import WAITING, State
from mailproof.mail.message import Email
from mailproof.store.mails.listing import Mail, show
from mailproof.store.nodes.nodes import living
from mailproof.store.routes.board import OtherProviders

__all__ = ["send"]

# The app that mails from the command line belong to.
_APP = "cli"
_OPTIONS = {"from": "--from", "to": "--to", "subject": "--subject", "html": "--html or --text"}


@click.command()
@click.option("--to", multiple=True, required=True, metavar="ADDRESS", help="May be repeated.")
@click.option("--from", "sender", required=True, metavar="ADDRESS")
@click.option("--subject", required=True)
@click.option("--text", help="Plain text; - reads it from standard input.")
@click.option("--html", help="HTML; - reads it from standard input.")
@click.option("--purpose", default="", help="What it is for, such as registration.")
@click.option("--idempotency-key", metavar="KEY", help="The same key never sends a second mail.")
@click.option(
    "--wait",
    type=click.FloatRange(0, 300),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for the first attempt.",
)
@CONFIG
@LANG
@JSON
def send(  # noqa: PLR0913 - one parameter per option
    *,
    to: tuple[str, ...],
    sender: str,
    subject: str,
    text: str | None,
    html: str | None,
    purpose: str,
    idempotency_key: str | None,
    wait: float,
    config: str | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Send one mail and say what became of it.

    Once accepted it is on disk and ends in a state that says what happened, also after this command
    has ended. Exits 1 when it is held or failed, or was not accepted.
    """
    tree: dict[str, Any] = {"from": sender, "to": list(to), "subject": subject}
    for name, body in (("text", text), ("html", html)):
        if body is not None:
            tree[name] = sys.stdin.read() if body == "-" else body

    async def work(desk: Desk) -> tuple[Desk, Mail]:
        from mailproof.cli.errands import open_mailroom

        def clock() -> datetime:
            return datetime.fromtimestamp(desk.database.now() / 1000, UTC)

        try:
            email = Email.from_json(
                tree, clock=clock, purpose=purpose, idempotency_key=idempotency_key
            )
            async with open_mailroom(desk.settings, desk.database) as mailroom:
                email_id = await _accepted(mailroom, email, wait, desk)
        except InvalidInput as error:
            where = _OPTIONS.get(error.where.partition("[")[0], error.where)
            refuse(f"{where}: {error.problem}.", error.fix, code=2)
        except OtherProviders as error:
            refuse_providers(desk, error)
        shown = await desk.database.read(show, email_id)
        if shown is None:
            raise LookupError(f"The mail {email_id} was accepted and is not there.")
        if shown.mail.state in WAITING - {State.HELD}:
            await _warn_if_nobody_sends(desk)
        return desk, shown.mail

    desk, mail = at_desk(config, lang, work, make=True)
    if as_json:
        print_json(mail_summary(mail, desk.language))
    else:
        click.echo(mail.id)
        click.echo(where_it_is(mail, desk.language), err=True)
        if mail.failure is not None:
            cause, fix = guidance(desk.language).cause_and_fix(mail.failure)
            click.echo(desk.words.phrases["cause_line"].format(text=cause), err=True)
            click.echo(desk.words.phrases["fix_line"].format(text=fix), err=True)
    sys.exit(1 if mail.state in ASKS_FOR_SOMEBODY else 0)


async def _accepted(mailroom: Mailroom, email: Email, wait_s: float, desk: Desk) -> str:
    """Its id. Exits 1 when it was not accepted, and says why."""
    answer = await mailroom.accept(Caller(app=_APP), [email], endpoint="/emails", wait_s=wait_s)
    if isinstance(answer, Receipts):
        return answer.mails[0].id
    return _refused(answer, desk)


def _refused(answer: KeyConflict | Closed | Overloaded, desk: Desk) -> NoReturn:
    phrases = desk.words.phrases
    match answer:
        case KeyConflict():
            refuse(phrases["send_conflict"], phrases["send_conflict_fix"])
        case Overloaded(retry_after_s=wait):
            fix = phrases["send_overloaded_fix"].format(wait=f"{wait:g}")
            refuse(phrases["send_overloaded"], fix)
        case Closed(sender=sender, reason=reason, failure=failure):
            fix = "" if failure is None else guidance(desk.language).fix(failure)
            refuse(phrases["send_closed"].format(sender=sender, reason=reason), fix)


async def _warn_if_nobody_sends(desk: Desk) -> None:
    if not any(node.engine for node in await desk.database.read(living)):
        click.echo(desk.words.phrases["waits_for_engine"], err=True)
