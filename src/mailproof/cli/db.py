"""`mailproof db`: the store's schema, its soundness, its backup."""

import sys
from pathlib import Path

import click
import msgspec

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, at_desk, print_json, refuse
from mailproof.store.base import StoreError
from mailproof.store.nodes.soundness import Soundness, soundness

__all__ = ["db"]


@click.group()
def db() -> None:
    """Bring the store's schema up to date, check it, copy it."""


@db.command()
@CONFIG
@LANG
@JSON
def migrate(*, config: str | None, lang: str | None, as_json: bool) -> None:
    """Make the store, or bring its schema up to date. `serve` does so too, when it starts."""
    desk, found = at_desk(config, lang, _sound, make=True)
    if as_json:
        print_json({"where": desk.database.where, "schema": found.schema})
    else:
        said = desk.words.phrases["migrated"]
        click.echo(said.format(where=desk.database.where, version=found.schema))


@db.command()
@CONFIG
@LANG
@JSON
def check(*, config: str | None, lang: str | None, as_json: bool) -> None:
    """Check that the store is whole. Exits 1 when it is not."""
    desk, found = at_desk(config, lang, _sound)
    where, phrases = desk.database.where, desk.words.phrases
    if as_json:
        print_json({"where": where, **msgspec.structs.asdict(found)})
    else:
        if found.damage:
            click.echo(phrases["db_damaged"].format(where=where, found="; ".join(found.damage)))
            click.echo(f"  {phrases['db_damaged_fix']}")
        if found.without_content:
            click.echo(phrases["db_incomplete"].format(count=found.without_content))
            click.echo(f"  {phrases['db_incomplete_fix']}")
        if not found.damage and not found.without_content:
            counts = {"mails": found.mails, "waiting": found.waiting, "events": found.events}
            click.echo(phrases["db_good"].format(where=where, version=found.schema, **counts))
    sys.exit(1 if found.damage or found.without_content else 0)


@db.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@CONFIG
@LANG
@JSON
def backup(file: Path, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Write a consistent copy to a new FILE, while mail goes on.

    It holds addresses, contents and the installation's secret: keep it as safe as the store.
    """

    async def work(desk: Desk) -> tuple[Desk, int]:
        try:
            return desk, await desk.database.backup(str(file))
        except StoreError as error:
            refuse(str(error), "")

    desk, size = at_desk(config, lang, work)
    if as_json:
        print_json({"file": str(file), "size_bytes": size})
    else:
        megabytes = f"{size / 1_000_000:.1f}"
        said = desk.words.phrases["backed_up"]
        click.echo(said.format(file=file, size=megabytes, where=desk.database.where))


async def _sound(desk: Desk) -> tuple[Desk, Soundness]:
    return desk, await desk.database.read(soundness)
