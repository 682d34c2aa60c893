"""`mailproof keys`: what apps show to be let in."""

from typing import Any, Literal

import click

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, actor, at_desk, print_json, refuse
from mailproof.cli.tables import local_time, table
from mailproof.gateway.shown import iso_time
from mailproof.mail.purposes import lookup
from mailproof.store.nodes.keys import ApiKey, create_key, list_keys, make_key, revoke_key

__all__ = ["keys"]


@click.group()
def keys() -> None:
    """Make, list and revoke the API keys of apps."""


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice(["send", "full"]),
    default="send",
    show_default=True,
    help="send: send, and read the app's own mails. full: read everything.",
)
@click.option("--purpose", default="", help="Of mails that do not say what they are for.")
@click.option(
    "--wait", type=click.FloatRange(0, 300), metavar="SECONDS", help="Wait so long for an outcome."
)
@click.option(
    "--on-hold",
    type=click.Choice(["promise", "refuse"]),
    help="When a mail must be held: promise that it goes later, or refuse it.",
)
@click.option(
    "--origin",
    default="",
    metavar="URL",
    help="The web page that may read the statuses of its mails.",
)
@CONFIG
@LANG
@JSON
def create(  # noqa: PLR0913 - one parameter per option
    name: str,
    *,
    scope: Literal["send", "full"],
    purpose: str,
    wait: float | None,
    on_hold: Literal["promise", "refuse"] | None,
    origin: str,
    config: str | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Make a key for the app NAME. It is printed this once, on standard output.

    Two keys of one name are one app: so keys can be replaced one after the other.
    """
    made = make_key()

    async def work(desk: Desk) -> Desk:
        known = {each.purpose.name: each.purpose for each in desk.settings.purposes.values()}
        found = lookup(purpose, known)
        if found is None:
            phrases = desk.words.phrases
            fix = phrases["no_such_purpose_fix"].format(names=", ".join(sorted(known)))
            refuse(phrases["no_such_purpose"].format(name=purpose), fix, code=2)
        await desk.database.write(
            create_key,
            made,
            name,
            actor=actor(),
            scope=scope,
            purpose=found.name,
            wait_ms=None if wait is None else round(wait * 1_000),
            on_hold=on_hold,
            origin=origin,
        )
        return desk

    if not name.strip():
        raise click.BadParameter("An app needs a name.", param_hint="NAME")
    desk = at_desk(config, lang, work, make=True)
    if as_json:
        print_json({"id": made.id, "name": name.strip(), "scope": scope, "key": made.secret})
        return
    phrases = desk.words.phrases
    click.echo(phrases["key_made"].format(id=made.id, name=name.strip()), err=True)
    click.echo(made.secret)
    click.echo(phrases["key_hint"], err=True)


@keys.command("list")
@CONFIG
@LANG
@JSON
def list_all(*, config: str | None, lang: str | None, as_json: bool) -> None:
    """List the keys, the newest first. A key itself can never be shown again."""

    async def work(desk: Desk) -> tuple[Desk, list[ApiKey]]:
        return desk, await desk.database.read(list_keys)

    desk, found = at_desk(config, lang, work)
    if as_json:
        print_json({"data": [_report(key) for key in found]})
    elif not found:
        click.echo(desk.words.phrases["no_keys"], err=True)
    else:
        columns = desk.words.columns
        heads = ("id", "app", "scope", "purpose", "made", "revoked")
        click.echo(table([columns[head] for head in heads], [_row(key) for key in found]))


@keys.command()
@click.argument("key", metavar="ID_OR_NAME")
@CONFIG
@LANG
@JSON
def revoke(key: str, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Revoke a key, by its id, or by its app's name where that has one key only.

    Every process knows it within a second; mail that the key brought goes on. Exits 1 when there is
    no such key.
    """

    async def work(desk: Desk) -> tuple[Desk, ApiKey]:
        phrases = desk.words.phrases
        found = await desk.database.read(list_keys)
        meant = [each.id for each in found if each.id == key] or [
            each.id for each in found if each.name == key and each.revoked_at is None
        ]
        if len(meant) > 1:
            fix = phrases["several_keys_fix"].format(ids=", ".join(meant))
            refuse(phrases["several_keys"].format(name=key), fix)
        revoked = await desk.database.write(revoke_key, meant[0], actor=actor()) if meant else None
        if revoked is None:
            refuse(phrases["no_key"].format(id=key), phrases["no_key_fix"])
        return desk, revoked

    desk, revoked = at_desk(config, lang, work)
    if as_json:
        print_json(_report(revoked))
    else:
        click.echo(desk.words.phrases["key_revoked"].format(id=revoked.id, name=revoked.name))


def _report(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scope": key.scope,
        "purpose": key.purpose,
        "wait_s": None if key.wait_ms is None else key.wait_ms / 1_000,
        "on_hold": key.on_hold,
        "origin": key.origin,
        "created_at": iso_time(key.created_at),
        "revoked_at": None if key.revoked_at is None else iso_time(key.revoked_at),
    }


def _row(key: ApiKey) -> tuple[str, ...]:
    revoked = "-" if key.revoked_at is None else local_time(key.revoked_at)
    return key.id, key.name, key.scope, key.purpose or "-", local_time(key.created_at), revoked
