"""`mailproof tail`: what happens, as it happens."""

import asyncio
import contextlib
import sys
from typing import Any, Final

import click

from mailproof.cli.mail_page import event_words
from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, at_desk, print_json
from mailproof.cli.tables import local_time
from mailproof.gateway.shown import iso_time
from mailproof.store.base import Database, Event
from mailproof.store.records import events

__all__ = ["tail"]

# How often a follower looks whether somebody has written; a look costs microseconds.
_LOOK_S: Final = 0.5


@click.command()
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="Begin so far back.",
)
@click.option("--no-follow", is_flag=True, help="Print these and exit.")
@click.option(
    "--overview",
    is_flag=True,
    help="One screen instead: how things are, what waits, what happened last. `q` ends it.",
)
@CONFIG
@LANG
@JSON
def tail(  # noqa: PLR0913 - one for each option
    *,
    lines: int,
    no_follow: bool,
    overview: bool,
    config: str | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Follow the event log: a line for each thing that happens, until Ctrl-C.

    With --json one object a line. With --overview one screen, kept up to date; where the output is
    no terminal, or with --no-follow, it is printed once.
    """
    if overview:
        if as_json:
            raise click.UsageError("--overview is for people; --json gives the events.")
        _watch(config, lang, once=no_follow or not sys.stdout.isatty())
        return

    async def work(desk: Desk) -> None:
        position = await desk.database.read(events.position_before, lines)
        while True:
            page = await desk.database.read(events.after, position)
            for event in page:
                if as_json:
                    print_json(event_object(event))
                else:
                    click.echo(_line(event, desk))
            sys.stdout.flush()
            if page:
                position = page[-1].id
                continue
            if no_follow:
                return
            await _written(desk.database)

    with contextlib.suppress(KeyboardInterrupt):  # how a follower is told to stop
        at_desk(config, lang, work)


def _watch(config: str | None, lang: str | None, *, once: bool) -> None:
    # Imported here: what the console knows is not needed to follow lines.
    from mailproof.cli.watching import print_once, watch

    with contextlib.suppress(KeyboardInterrupt):  # how a follower is told to stop
        at_desk(config, lang, print_once if once else watch)


async def _written(database: Database) -> None:
    """Return when another process has written, or may have: PostgreSQL does not tell."""
    await asyncio.sleep(_LOOK_S)
    while not await database.changed():  # noqa: ASYNC110 - no event crosses to another process
        await asyncio.sleep(_LOOK_S)


def event_object(event: Event) -> dict[str, Any]:
    """An event in one flat object: what it is about, then its own facts."""
    about: dict[str, Any] = {"id": event.id, "at": iso_time(event.at), "type": event.type}
    if event.email_id is not None:
        about["email_id"] = event.email_id
    if event.actor:
        about["actor"] = event.actor
    return {**event.data, **about}


def _line(event: Event, desk: Desk) -> str:
    """For people: mails in words, all else by name and facts."""
    at = local_time(event.at, precise=True)
    if event.email_id is not None:
        return f"{at}  {event.email_id}  {event_words(event, desk.words)}"
    facts = [f"{name}={value}" for name, value in event.data.items() if name != "failure"]
    if event.actor:
        facts.append(f"actor={event.actor}")
    return "  ".join((at, event.type, " ".join(facts))).rstrip()
