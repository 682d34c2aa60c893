"""`mailproof routes`: which ways out are open, which are closed, and how much mail waits."""

from typing import Any

import click
import msgspec

from mailproof.cli.opening import (
    CONFIG,
    JSON,
    LANG,
    Desk,
    actor,
    at_desk,
    print_json,
    refuse,
    refuse_providers,
)
from mailproof.cli.tables import local_time, table
from mailproof.diagnosis.guidance import guidance
from mailproof.gateway.shown import iso_time
from mailproof.store.mails.failures import failure_from_json
from mailproof.store.records.picture import COUNT_MAX, ClosedLane
from mailproof.store.routes.board import Board, OtherProviders, RouteShown, board
from mailproof.store.routes.board import reopen as reopen_routes
from mailproof.store.shapes import EVERY_SENDER, Routing

__all__ = ["routes"]


class _Given(msgspec.Struct, frozen=True):
    """Options that stood before the subcommand hold for it as well."""

    config: str | None
    lang: str | None
    as_json: bool


@click.group(invoke_without_command=True)
@CONFIG
@LANG
@JSON
@click.pass_context
def routes(ctx: click.Context, *, config: str | None, lang: str | None, as_json: bool) -> None:
    """Show the routes: each provider, the senders that are closed there, and what waits."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = _Given(config, lang, as_json)
        return

    async def work(desk: Desk) -> tuple[Desk, Board]:
        return desk, await desk.database.read(board)

    desk, found = at_desk(config, lang, work)
    if as_json:
        data = [_report(route) for route in found.routes]
        print_json({"data": data + [_stranded_report(lane) for lane in found.stranded]})
    else:
        _print(found, desk)


@routes.command()
@click.argument("name")
@CONFIG
@LANG
@JSON
@click.pass_obj
def reopen(
    given: _Given, name: str, *, config: str | None, lang: str | None, as_json: bool
) -> None:
    """Open a closed route by hand: what waits goes out, a little at first.

    NAME is a provider, or provider/sender for one sender there. Should the failure come back, the
    route closes again. Exits 1 when there is no such route.
    """

    async def work(desk: Desk) -> tuple[Desk, tuple[RouteShown, ...] | None]:
        routing = Routing(order=tuple(each.name for each in desk.settings.providers))
        try:
            return desk, await desk.database.write(reopen_routes, name, routing, actor=actor())
        except OtherProviders as error:
            refuse_providers(desk, error)

    desk, opened = at_desk(config or given.config, lang or given.lang, work)
    phrases = desk.words.phrases
    if opened is None:
        refuse(phrases["no_route"].format(name=name), phrases["no_route_fix"])
    if as_json or given.as_json:
        print_json({"data": [_report(route) for route in opened]})
        return
    for route in opened:
        click.echo(phrases["reopened"].format(route=_name(route), reason=route.reason))
    if not opened:
        click.echo(phrases["nothing_closed"].format(name=name))


def _report(route: RouteShown) -> dict[str, Any]:
    probe = route.next_probe_at
    return {
        "provider": route.provider,
        "sender": route.sender,
        "state": route.state,
        "reason": route.reason if route.state == "closed" else None,
        "since": iso_time(route.since),
        "waiting": route.waiting,
        "next_probe_at": None if probe is None else iso_time(probe),
    }


def _stranded_report(lane: ClosedLane) -> dict[str, Any]:
    """A sender that nobody is configured for: a route without a provider."""
    return {
        "provider": None,
        "sender": lane.sender,
        "state": "closed",
        "reason": lane.reason,
        "since": iso_time(lane.since),
        "waiting": lane.waiting,
        "next_probe_at": None,
    }


def _print(found: Board, desk: Desk) -> None:
    phrases, columns = desk.words.phrases, desk.words.columns
    if not found.routes:
        key = "no_routes_yet" if desk.settings.providers else "no_routes"
        click.echo(phrases[key], err=True)
    if found.routes:
        heads = ("route", "state", "reason", "since", "waiting", "probe")
        rows = [_row(route, desk) for route in found.routes]
        click.echo(table([columns[head] for head in heads], rows))
    for route in found.routes:
        if failure := failure_from_json(route.failure):
            cause, fix = guidance(desk.language).cause_and_fix(failure)
            click.echo(f"\n{click.style(_name(route), bold=True)}")
            click.echo(phrases["cause_line"].format(text=cause))
            click.echo(phrases["fix_line"].format(text=fix))
    for lane in found.stranded:
        since, count = local_time(lane.since), _waiting(lane.waiting, desk)
        facts = {"sender": lane.sender, "since": since, "reason": lane.reason, "count": count}
        click.echo(phrases["stranded"].format(**facts))


def _row(route: RouteShown, desk: Desk) -> tuple[str, ...]:
    phrases = desk.words.phrases
    closed = route.state == "closed"
    probe = route.next_probe_at
    return (
        f"{route.provider}/{phrases['all_routes']}"
        if route.sender == EVERY_SENDER
        else _name(route),
        phrases["route_closed" if closed else "route_open"],
        (route.reason or "-") if closed else "-",
        local_time(route.since),
        _waiting(route.waiting, desk),
        "-" if probe is None else local_time(probe),
    )


def _waiting(count: int, desk: Desk) -> str:
    phrases = desk.words.phrases
    if not count:
        return phrases["waiting_none"]
    return phrases["waiting_many"].format(count=count) if count >= COUNT_MAX else str(count)


def _name(route: RouteShown) -> str:
    """As `reopen` takes it."""
    return route.provider if route.sender == EVERY_SENDER else f"{route.provider}/{route.sender}"
