"""`mailproof suppressions`: addresses that get no mail any more."""

from typing import Any

import click

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, actor, at_desk, print_json, refuse
from mailproof.cli.tables import local_time, table
from mailproof.gateway.shown import iso_time
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.store.base import Tx
from mailproof.store.nodes.installation import installation
from mailproof.store.records.suppressions import (
    Cause,
    Suppression,
    SuppressionPage,
    list_suppressions,
)
from mailproof.store.records.suppressions import add as add_suppression
from mailproof.store.records.suppressions import remove as remove_suppression

__all__ = ["suppressions"]


class MailAddress(click.ParamType[str]):
    """One address, as the store keeps it."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return Address.parse(value, where="address").mailbox
        except InvalidInput as error:
            self.fail(f"{error.problem}. {error.fix}")


@click.group()
def suppressions() -> None:
    """Addresses that get no mail any more: list, add, remove."""


@suppressions.command("list")
@click.option("--address", type=MailAddress(), help="What speaks against this one.")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option(
    "--before", type=int, metavar="ID", help="Those noted before this one: the next page."
)
@CONFIG
@LANG
@JSON
def list_all(  # noqa: PLR0913 - one parameter per option
    *,
    address: str | None,
    limit: int,
    before: int | None,
    config: str | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """List what speaks against addresses, the newest first."""

    async def work(desk: Desk) -> tuple[Desk, SuppressionPage]:
        lookup = None
        if address is not None:
            lookup = (await desk.database.write(installation)).lookup(address)
        page = await desk.database.read(
            list_suppressions, lookup=lookup, before_id=before, limit=limit
        )
        return desk, page

    desk, page = at_desk(config, lang, work)
    if as_json:
        print_json({"data": [_report(row) for row in page.suppressions], "has_more": page.has_more})
        return
    phrases, columns = desk.words.phrases, desk.words.columns
    if not page.suppressions:
        click.echo(phrases["no_suppressions"], err=True)
        return
    heads = ("address", "cause", "since", "by", "note")
    rows = [
        (row.address, phrases[row.cause], local_time(row.created_at), row.actor, row.note)
        for row in page.suppressions
    ]
    click.echo(table([columns[head] for head in heads], rows))
    if page.has_more:
        click.echo(phrases["more_mails"].format(id=page.suppressions[-1].id), err=True)


@suppressions.command()
@click.argument("address", type=MailAddress())
@click.option("--note", default="", help="Why, for those who come later.")
@CONFIG
@LANG
@JSON
def add(address: str, *, note: str, config: str | None, lang: str | None, as_json: bool) -> None:
    """Send no mail to this address any more, whatever it is for."""

    async def work(desk: Desk) -> tuple[Desk, bool]:
        async def write(tx: Tx) -> bool:
            lookup = (await installation(tx)).lookup(address)
            return await add_suppression(
                tx, address=address, lookup=lookup, cause=Cause.MANUAL, actor=actor(), note=note
            )

        return desk, await desk.database.write(write)

    desk, added = at_desk(config, lang, work, make=True)
    if as_json:
        print_json({"address": address, "added": added})
    else:
        key = "suppressed" if added else "suppressed_already"
        click.echo(desk.words.phrases[key].format(address=address))


@suppressions.command()
@click.argument("address", type=MailAddress())
@CONFIG
@LANG
@JSON
def remove(address: str, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Forget everything that speaks against an address, bounces and complaints too.

    Exits 1 when nothing does.
    """

    async def work(desk: Desk) -> tuple[Desk, int]:
        async def write(tx: Tx) -> int:
            return await remove_suppression(
                tx, (await installation(tx)).lookup(address), actor=actor()
            )

        return desk, await desk.database.write(write)

    desk, count = at_desk(config, lang, work)
    phrases = desk.words.phrases
    if not count:
        refuse(phrases["not_suppressed"].format(address=address), "")
    if as_json:
        print_json({"address": address, "removed": count})
    else:
        click.echo(phrases["unsuppressed"].format(address=address, count=count))


def _report(row: Suppression) -> dict[str, Any]:
    return {
        "id": row.id,
        "address": row.address,
        "cause": row.cause,
        "email_id": row.email_id,
        "actor": row.actor,
        "note": row.note,
        "created_at": iso_time(row.created_at),
    }
