"""`mailproof users`: who may sign in to the console."""

import re
import sys
from typing import Any, Final, Literal

import click

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, actor, at_desk, print_json, refuse
from mailproof.cli.tables import local_time, table
from mailproof.console.first import ADMIN
from mailproof.console.passwords import (
    PASSWORD_MAX,
    PASSWORD_MIN,
    hash_password,
    new_password,
)
from mailproof.gateway.shown import iso_time
from mailproof.store.console.people import (
    LastAdmin,
    Member,
    add_person,
    change_password,
    list_people,
    remove_person,
)

__all__ = ["users"]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")


class PersonName(click.ParamType[str]):
    """A name as people sign in with it: small letters, so that nobody need remember which."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        name = value.strip().lower()
        if not _NAME.fullmatch(name):
            self.fail("A name has 1 to 40 letters, digits, dots, hyphens or underscores (a-z).")
        return name


_OWN: Final = click.option(
    "--own", is_flag=True, help="Type the password, or give it on standard input."
)


@click.group()
def users() -> None:
    """People who may sign in to the console: add, list, remove, and their passwords."""


@users.command()
@click.argument("name", type=PersonName())
@click.option(
    "--role",
    type=click.Choice(["viewer", "admin"]),
    default="viewer",
    show_default=True,
    help="viewer: sees everything and can do nothing. admin: acts too.",
)
@_OWN
@CONFIG
@LANG
@JSON
def add(  # noqa: PLR0913 - one parameter per option
    name: str,
    *,
    role: Literal["viewer", "admin"],
    own: bool,
    config: str | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Let NAME sign in. The password is made here and printed this once, on standard output."""
    password = _password(own=own)
    hashed = hash_password(password)

    async def work(desk: Desk) -> Desk:
        if not await desk.database.write(add_person, name, role, hashed, actor=actor()):
            phrases = desk.words.phrases
            fix = phrases["user_taken_fix"].format(name=name)
            refuse(phrases["user_taken"].format(name=name), fix)
        return desk

    desk = at_desk(config, lang, work, make=True)
    _tell(desk, "user_added", name, "" if own else password, as_json=as_json, role=role)


@users.command("list")
@CONFIG
@LANG
@JSON
def list_all(*, config: str | None, lang: str | None, as_json: bool) -> None:
    """List who may sign in."""

    async def work(desk: Desk) -> tuple[Desk, list[Member]]:
        return desk, await desk.database.read(list_people)

    desk, found = at_desk(config, lang, work)
    if as_json:
        print_json({"data": [_report(each) for each in found]})
    elif not found:
        click.echo(desk.words.phrases["no_users"], err=True)
    else:
        columns = desk.words.columns
        rows = [
            (each.name, each.role, local_time(each.created_at), local_time(each.changed_at))
            for each in found
        ]
        heads = ("user", "role", "made", "password")
        click.echo(table([columns[head] for head in heads], rows))


@users.command()
@click.argument("name", type=PersonName())
@_OWN
@CONFIG
@LANG
@JSON
def password(name: str, *, own: bool, config: str | None, lang: str | None, as_json: bool) -> None:
    """Give NAME a new password; their sessions end. It is printed this once. Exits 1 when nobody
    has that name.
    """
    chosen = _password(own=own)
    hashed = hash_password(chosen)

    async def work(desk: Desk) -> Desk:
        phrases = desk.words.phrases
        if name == ADMIN and desk.settings.server.console_password is not None:
            refuse(phrases["user_ruled"], phrases["user_ruled_fix"])
        if not await desk.database.write(change_password, name, hashed, actor=actor()):
            refuse(phrases["no_user"].format(name=name), phrases["no_user_fix"])
        return desk

    desk = at_desk(config, lang, work)
    _tell(desk, "user_changed", name, "" if own else chosen, as_json=as_json)


@users.command()
@click.argument("name", type=PersonName())
@CONFIG
@LANG
@JSON
def remove(name: str, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Let NAME sign in no more; their sessions end. Exits 1 when nobody has that name, and when it
    is the last admin.
    """

    async def work(desk: Desk) -> Desk:
        phrases = desk.words.phrases
        try:
            removed = await desk.database.write(remove_person, name, actor=actor())
        except LastAdmin:
            refuse(phrases["last_admin"].format(name=name), phrases["last_admin_fix"])
        if not removed:
            refuse(phrases["no_user"].format(name=name), phrases["no_user_fix"])
        return desk

    desk = at_desk(config, lang, work)
    if as_json:
        print_json({"name": name, "removed": True})
    else:
        click.echo(desk.words.phrases["user_removed"].format(name=name))


def _password(*, own: bool) -> str:
    """A new one, or the one that somebody types or pipes in. Exits 2: it is too short or long."""
    if not own:
        return new_password()
    if sys.stdin.isatty():
        given: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        given = sys.stdin.readline().rstrip("\r\n")
    if not PASSWORD_MIN <= len(given) <= PASSWORD_MAX:
        raise click.UsageError(f"A password has {PASSWORD_MIN} to {PASSWORD_MAX} characters.")
    return given


def _tell(
    desk: Desk, phrase: str, name: str, password: str, *, as_json: bool, **facts: str
) -> None:
    """The password alone on standard output, where it was made here; the talk beside it."""
    if as_json:
        print_json({"name": name, **facts, **({"password": password} if password else {})})
        return
    click.echo(desk.words.phrases[phrase].format(name=name), err=bool(password))
    if password:
        click.echo(password)


def _report(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "role": member.role,
        "created_at": iso_time(member.created_at),
        "password_changed_at": iso_time(member.changed_at),
    }
