"""`mailproof emails`: look at mails, send them again, cancel them."""

import re
import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, NoReturn

import click
import msgspec

from mailproof.cli.mail_page import ASKS_FOR_SOMEBODY, mail_page
from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, actor, at_desk, print_json, refuse
from mailproof.cli.tables import columns_of, local_time, table
from mailproof.cli.tracks import track
from mailproof.gateway.keyring import ProviderKey, somebody_of
from mailproof.gateway.shown import mail_in_full, mail_summary
from mailproof.gateway.status.links import StatusLinks
from mailproof.mail.lifecycle import State
from mailproof.store.base import Tx
from mailproof.store.mails.desk import MOVED_MAX, Answer, Moved
from mailproof.store.mails.desk import cancel as cancel_mails
from mailproof.store.mails.desk import retry as retry_mails
from mailproof.store.mails.finding import Wanted
from mailproof.store.mails.listing import Mail, MailPage, listing, matching, seq_of
from mailproof.store.mails.listing import show as show_mail

__all__ = ["emails"]

_SPAN: Final = re.compile(r"(\d+)([smhd])")
_SPAN_MS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
# Purposes that are not configured (any more) live as long as a mail without one.
_LIFETIME_MS: Final = 86_400_000
_SUBJECT_MAX: Final = 40
# Answers that leave nothing to be done.
_FINE: Final = frozenset({Answer.DONE, Answer.ALREADY})

Work = Callable[..., Awaitable[list[Moved]]]


@click.group()
def emails() -> None:
    """Look at mails, send them again, cancel them."""


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which mails are meant."""
    for option in (
        click.option("--since", metavar="WHEN", help="Accepted since: 30m, 24h, 7d, or a time."),
        click.option("--app", metavar="NAME", help="Of this app."),
        click.option("--purpose", metavar="NAME", help="For this purpose."),
        click.option("--reason", metavar="NAME", help="For this reason, such as mailbox_full."),
        click.option("--state", metavar="NAME", help="In this state, such as held or failed."),
    ):
        command = option(command)
    return command


class Filter(msgspec.Struct, frozen=True):
    """As it was typed."""

    state: str | None
    reason: str | None
    purpose: str | None
    app: str | None
    since: str | None

    @property
    def is_empty(self) -> bool:
        return not any(msgspec.structs.astuple(self))

    def wanted(self, desk: Desk) -> Wanted:
        """Exits 2 for a state that there is not, or a time that is none."""
        phrases = desk.words.phrases
        if self.state is not None and self.state not in set(State):
            states = ", ".join(State)
            fix = phrases["no_such_state_fix"].format(states=states)
            refuse(phrases["no_such_state"].format(state=self.state), fix, code=2)
        return Wanted(
            app=self.app,
            state=self.state,
            purpose=self.purpose,
            reason=self.reason,
            since=None if self.since is None else _since(self.since, desk),
        )


@emails.command("list")
@filters
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--before", metavar="ID", help="Those accepted before this mail: the next page.")
@CONFIG
@LANG
@JSON
def list_emails(
    *,
    config: str | None,
    lang: str | None,
    as_json: bool,
    limit: int,
    before: str | None,
    **given: str | None,
) -> None:
    """List mails, the newest first."""

    async def work(desk: Desk) -> tuple[Desk, MailPage]:
        wanted = Filter(**given).wanted(desk)

        async def read(tx: Tx) -> MailPage | None:
            seq = None if before is None else await seq_of(tx, before)
            if before is not None and seq is None:
                return None
            values = msgspec.structs.asdict(wanted)
            return await listing(tx, **values, before_seq=seq, limit=limit)

        page = await desk.database.read(read)
        if page is None:
            _no_such_mail(desk, before or "")
        return desk, page

    desk, page = at_desk(config, lang, work)
    if as_json:
        data = [mail_summary(mail, desk.language) for mail in page.mails]
        print_json({"data": data, "has_more": page.has_more})
        return
    phrases = desk.words.phrases
    if not page.mails:
        click.echo(phrases["no_mails"], err=True)
        return
    columns = desk.words.columns
    heads = ("id", "state", "reason", "purpose", "to", "subject", "accepted")
    named = [columns[head] for head in heads]
    plain = table(named, [_row(mail) for mail in page.mails])
    click.echo(_with_tracks(named, page) or plain)
    if page.has_more:
        click.echo(phrases["more_mails"].format(id=page.mails[-1].id), err=True)


@emails.command()
@click.argument("email_id", metavar="ID")
@CONFIG
@LANG
@JSON
def show(email_id: str, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Show one mail: where it is, why, what to do, and all that happened to it.

    Exits 0 when it is out, on its way or was not meant to go; 1 when it is held, ended badly, or
    does not exist.
    """

    async def work(desk: Desk) -> Any:
        shown = await desk.database.read(show_mail, email_id)
        link = None if shown is None else await _status_url(desk, shown.mail)
        return desk, shown, link

    desk, shown, link = at_desk(config, lang, work)
    if shown is None:
        _no_such_mail(desk, email_id)
    if as_json:
        print_json(mail_in_full(shown, desk.language, link))
    else:
        click.echo(
            mail_page(shown, desk.language, strong=lambda text: click.style(text, bold=True))
        )
    sys.exit(1 if shown.mail.state in ASKS_FOR_SOMEBODY else 0)


@emails.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@filters
@click.option("--may-double", is_flag=True, help="Also what a provider may have already.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@CONFIG
@LANG
@JSON
def retry(  # noqa: PLR0913 - one parameter per option
    ids: tuple[str, ...],
    *,
    config: str | None,
    lang: str | None,
    as_json: bool,
    may_double: bool,
    yes: bool,
    **given: str | None,
) -> None:
    """Send mails again: what failed, expired or was canceled starts anew, what waits is due now.

    A mail that a provider may have already is sent again only with --may-double. Exits 1 when one
    of them could not be sent again.
    """

    async def work(desk: Desk) -> int:
        lifetimes = _lifetimes(desk)

        def act(part: Sequence[str]) -> Awaitable[list[Moved]]:
            return desk.database.write(
                retry_mails,
                part,
                actor=actor(),
                lifetime_ms=lambda purpose: lifetimes.get(purpose, _LIFETIME_MS),
                may_double=may_double,
            )

        chosen = await _chosen(desk, ids, Filter(**given), "ask_retry", yes=yes)
        return await _move(desk, chosen, act, "retry_done", as_json=as_json)

    sys.exit(at_desk(config, lang, work))


@emails.command()
@click.argument("ids", nargs=-1, metavar="[ID...]")
@filters
@click.option("--yes", is_flag=True, help="Do not ask.")
@CONFIG
@LANG
@JSON
def cancel(
    ids: tuple[str, ...],
    *,
    config: str | None,
    lang: str | None,
    as_json: bool,
    yes: bool,
    **given: str | None,
) -> None:
    """Cancel mails that wait. What is with a provider cannot be stopped any more.

    Exits 1 when one of them could not be canceled.
    """

    async def work(desk: Desk) -> int:
        def act(part: Sequence[str]) -> Awaitable[list[Moved]]:
            return desk.database.write(cancel_mails, part, actor=actor())

        chosen = await _chosen(desk, ids, Filter(**given), "ask_cancel", yes=yes)
        return await _move(desk, chosen, act, "cancel_done", as_json=as_json)

    sys.exit(at_desk(config, lang, work))


async def _chosen(
    desk: Desk, ids: Sequence[str], given: Filter, question: str, *, yes: bool
) -> Sequence[str]:
    """The mails that are meant, the oldest first; many are asked about before they are touched."""
    phrases = desk.words.phrases
    if ids:
        if not given.is_empty:
            refuse(phrases["filter_and_ids"], phrases["filter_and_ids_fix"], code=2)
        return ids
    if given.state is None:
        refuse(phrases["name_mails"], phrases["name_mails_fix"], code=2)
    wanted, found, position = given.wanted(desk), list[str](), None
    while True:
        part, position = await desk.database.read(matching, wanted, before_seq=position)
        found += part
        if position is None:
            break
    if not found:
        click.echo(phrases["no_matching"], err=True)
    elif not yes:
        asked = phrases[question].format(count=len(found))
        if not sys.stdin.isatty():
            refuse(asked, phrases["ask_fix"], code=2)
        if not click.confirm(asked, err=True):
            refuse(phrases["not_done"], "", code=0)
    return found[::-1]


async def _move(
    desk: Desk,
    ids: Sequence[str],
    act: Callable[[Sequence[str]], Awaitable[list[Moved]]],
    done: str,
    *,
    as_json: bool,
) -> int:
    """Do it, so many in a transaction, and tell what became of each. Returns the exit code."""
    moved: list[Moved] = []
    unique = list(dict.fromkeys(ids))
    with click.progressbar(length=len(unique), file=sys.stderr, hidden=len(unique) < 5_000) as bar:
        for start in range(0, len(unique), MOVED_MAX):
            part = unique[start : start + MOVED_MAX]
            moved += await act(part)
            bar.update(len(part))
    if as_json:
        print_json({"data": [_moved_report(each) for each in moved]})
    else:
        for each in moved:
            click.echo(f"{each.id}  {_told(each, desk, done)}")
        if len(moved) > 1:
            count = sum(each.answer is Answer.DONE for each in moved)
            text = desk.words.phrases["summary"].format(done=count, refused=len(moved) - count)
            click.echo(text, err=True)
    return 0 if all(each.answer in _FINE for each in moved) else 1


def _moved_report(moved: Moved) -> dict[str, Any]:
    return {**msgspec.structs.asdict(moved), "done": moved.answer is Answer.DONE}


def _told(moved: Moved, desk: Desk, done: str) -> str:
    answers = desk.words.answers
    text = answers[done if moved.answer is Answer.DONE else moved.answer].format(
        was=moved.was, reason=moved.reason, repeated_as=moved.repeated_as
    )
    if moved.maybe_sent and moved.answer is Answer.DONE:
        text += f" {answers['maybe_sent']}"
    return text


def _with_tracks(heads: Sequence[str], page: MailPage) -> str:
    """The same with how far each mail has come; empty where that is no terminal, or too narrow."""
    if not sys.stdout.isatty():
        return ""
    rows = [_row(mail) for mail in page.mails]
    tracked = [
        (first, f"{track(mail.state)} {state}", *rest)
        for (first, state, *rest), mail in zip(rows, page.mails, strict=True)
    ]
    text = table(heads, tracked)
    wide = max(columns_of(line) for line in text.splitlines())
    return text if wide <= shutil.get_terminal_size().columns else ""


def _row(mail: Mail) -> tuple[str, ...]:
    subject = mail.subject
    if len(subject) > _SUBJECT_MAX:
        subject = subject[: _SUBJECT_MAX - 1] + "…"
    to = mail.addresses("to")
    more = f" +{len(to) - 1}" if len(to) > 1 else ""
    return (
        mail.id,
        mail.state.value,
        mail.reason or "-",
        mail.purpose or "-",
        (to[0] if to else "-") + more,
        subject,
        local_time(mail.created_at),
    )


async def _status_url(desk: Desk, mail: Mail) -> str | None:
    """Made with any good key of its app, as the gateway makes it with the caller's."""
    provider_keys = [
        ProviderKey(each.name, each.api_key.read)
        for each in desk.settings.providers
        if each.accept_as_app_key
    ]
    caller = await somebody_of(desk.database, mail.app, provider_keys)
    if caller is None:
        return None
    links = StatusLinks(desk.settings.public_url, desk.database.now)
    return links.link(caller, mail.id, mail.purpose)


def _lifetimes(desk: Desk) -> dict[str, int]:
    return {
        name: round(each.purpose.expires_s * 1_000) for name, each in desk.settings.purposes.items()
    }


def _since(text: str, desk: Desk) -> int:
    if span := _SPAN.fullmatch(text):
        return desk.database.now() - int(span[1]) * _SPAN_MS[span[2]]
    try:
        return round(datetime.fromisoformat(text).astimezone().timestamp() * 1_000)
    except (ValueError, OverflowError, OSError):
        phrases = desk.words.phrases
        refuse(phrases["since_invalid"].format(text=text), phrases["since_invalid_fix"], code=2)


def _no_such_mail(desk: Desk, email_id: str) -> NoReturn:
    phrases = desk.words.phrases
    refuse(phrases["no_mail"].format(id=email_id), phrases["no_mail_fix"])
