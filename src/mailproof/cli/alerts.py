"""`mailproof alerts`: what people were told, and whether they can be reached."""

import asyncio
import sys
from time import monotonic
from typing import Any

import click
import msgspec

from mailproof.alerts.wording import cause_of, runbook_of, text_of_test
from mailproof.cli.opening import (
    CONFIG,
    JSON,
    LANG,
    Desk,
    at_desk,
    load_settings,
    print_json,
    refuse,
    speak,
)
from mailproof.cli.tables import local_time, table
from mailproof.cli.words import words
from mailproof.config.settings import Settings
from mailproof.gateway.shown import iso_time
from mailproof.store.records.alerts import AlertRow, list_alerts

__all__ = ["alerts"]


class _Tested(msgspec.Struct, frozen=True):
    """`error` None: the service took the message."""

    channel: str
    took_s: float
    error: str | None


@click.group()
def alerts() -> None:
    """List alerts, and send a test message to the channels."""


@alerts.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@CONFIG
@LANG
@JSON
def list_all(*, limit: int, config: str | None, lang: str | None, as_json: bool) -> None:
    """List the alerts, open ones first, then the newest."""

    async def work(desk: Desk) -> tuple[Desk, list[AlertRow]]:
        return desk, await desk.database.read(list_alerts, limit)

    desk, rows = at_desk(config, lang, work)
    phrases, columns = desk.words.phrases, desk.words.columns
    if as_json:
        print_json({"data": [_report(row, desk) for row in rows]})
    elif not rows:
        click.echo(phrases["no_alerts"], err=True)
    else:
        heads = ("alert", "about", "count", "since", "resolved")
        shown = [
            (
                row.name,
                row.about or "-",
                str(row.count),
                local_time(row.since),
                local_time(row.resolved_at) if row.resolved_at else phrases["still_open"],
            )
            for row in rows
        ]
        click.echo(table([columns[head] for head in heads], shown))
        _explain([row for row in rows if row.resolved_at is None], desk)


def _explain(rows: list[AlertRow], desk: Desk) -> None:
    """Why each alert is open, and where to read more."""
    phrases = desk.words.phrases
    for row in rows:
        cause, runbook = _cause(row, desk), runbook_of(row.name, desk.language)
        click.echo(f"\n{click.style(f'{row.name} {row.about}'.rstrip(), bold=True)}")
        click.echo("  " + phrases["cause_line"].format(text=cause))
        if runbook:
            click.echo("  " + phrases["runbook_line"].format(text=runbook))


def _cause(row: AlertRow, desk: Desk) -> str:
    return cause_of(row.name, row.about, row.facts, desk.language)


@alerts.command("test")
@click.argument("channel", required=False)
@CONFIG
@LANG
@JSON
def send_test(channel: str | None, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Send a test message to one CHANNEL, or to all. Exits 1 when one did not take it."""
    settings = load_settings(config, lang)
    phrases = words(settings.language).phrases
    names = [each.name for each in settings.alerts.channels]
    if not names:
        refuse(phrases["no_channels"], phrases["no_channels_fix"])
    if channel is not None and channel not in names:
        fix = phrases["no_such_channel_fix"].format(names=", ".join(names))
        refuse(phrases["no_such_channel"].format(name=channel), fix, code=2)
    speak(settings)
    tested = asyncio.run(_test(settings, [channel] if channel else names))
    if as_json:
        print_json({"data": tested})
    else:
        for each in tested:
            key = "test_sent" if each.error is None else "test_failed"
            facts = {"channel": each.channel, "took": f"{each.took_s:.1f}", "error": each.error}
            click.echo(phrases[key].format(**facts))
    sys.exit(1 if any(each.error is not None for each in tested) else 0)


async def _test(settings: Settings, names: list[str]) -> list[_Tested]:
    """All channels at once: a silent one keeps nobody waiting for the others."""
    from mailproof.alerts.channels import Channel
    from mailproof.app import make_channels, open_providers_http

    async def one(channel: Channel) -> _Tested:
        began = monotonic()
        error = await channel.deliver(text_of_test(settings.language))
        return _Tested(channel.name, round(monotonic() - began, 3), error)

    async with open_providers_http() as http:
        channels = make_channels(settings, http)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(each)) for each in channels if each.name in names]
    return [task.result() for task in tasks]


def _report(row: AlertRow, desk: Desk) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "about": row.about,
        "severity": row.severity,
        "count": row.count,
        "since": iso_time(row.since),
        "opened_at": iso_time(row.opened_at),
        "resolved_at": None if row.resolved_at is None else iso_time(row.resolved_at),
        "cause": _cause(row, desk),
        "runbook": runbook_of(row.name, desk.language),
    }
