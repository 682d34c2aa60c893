"""`mailproof refusals`: requests that were answered with an error, so that no mail exists."""

from typing import Any

import click

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, at_desk, print_json
from mailproof.cli.tables import local_time, table
from mailproof.gateway.shown import iso_time
from mailproof.store.records.refusals import RefusalRow, list_refusals

__all__ = ["refusals"]


@click.command()
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@CONFIG
@LANG
@JSON
def refusals(*, limit: int, config: str | None, lang: str | None, as_json: bool) -> None:
    """List what apps asked for and were refused, the newest first; equal ones within a minute are
    one row with a count.
    """

    async def work(desk: Desk) -> tuple[Desk, list[RefusalRow]]:
        return desk, await desk.database.read(list_refusals, limit)

    desk, rows = at_desk(config, lang, work)
    if as_json:
        print_json({"data": [_report(row) for row in rows]})
    elif not rows:
        click.echo(desk.words.phrases["no_refusals"], err=True)
    else:
        columns = desk.words.columns
        heads = ("last", "count", "app", "client", "path", "name", "purpose")
        click.echo(table([columns[head] for head in heads], [_row(row) for row in rows]))


def _report(row: RefusalRow) -> dict[str, Any]:
    return {
        "first_at": iso_time(row.first_at),
        "last_at": iso_time(row.last_at),
        "count": row.count,
        "app": row.app,
        "path": row.path,
        "name": row.name,
        "client": row.client,
        "purpose": row.purpose,
        "status": row.status,
        "kind": row.kind,
        "recipient": row.recipient,
        "message": row.message,
    }


def _row(row: RefusalRow) -> tuple[str, ...]:
    return (
        local_time(row.last_at),
        str(row.count),
        row.app or "-",
        row.client or "-",
        row.path,
        f"{row.status} {row.name}",
        row.purpose or "-",
    )
