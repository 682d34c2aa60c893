"""`mailproof routes`: which ways out are open, which are closed, and how much mail waits."""

from collections.abc import Awaitable, Callable
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
from mailproof.store.base import Tx
from mailproof.store.console.pausing import pause as pause_route
from mailproof.store.console.pausing import resume as resume_route
from mailproof.store.mails.failures import failure_from_json
from mailproof.store.records.picture import COUNT_MAX, ClosedLane
from mailproof.store.routes.board import (
    Board,
    OtherProviders,
    RouteShown,
    board,
    refuse_other_providers,
)
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
        facts = {"route": _name(route), "reason": route.reason, "since": local_time(route.since)}
        key = "reopened" if route.paused_at is None else "still_paused"
        click.echo(phrases[key].format(**facts))
    if not opened:
        click.echo(phrases["nothing_closed"].format(name=name))


@routes.command()
@click.argument("name")
@click.option("--note", default="", help="Why, for the others.")
@CONFIG
@LANG
@JSON
@click.pass_obj
def pause(  # noqa: PLR0913 - one for each option
    given: _Given, name: str, *, note: str, config: str | None, lang: str | None, as_json: bool
) -> None:
    """Close a route by hand: its mail goes another way, or waits until you resume it.

    NAME is a provider, or provider/sender for one sender there. Exits 1 when there is no such
    route, or it is paused already.
    """

    async def work(desk: Desk) -> tuple[Desk, RouteShown | None, bool]:
        return await _by_hand(desk, name, _pausing(note))

    desk, route, done = at_desk(config or given.config, lang or given.lang, work)
    _say(desk, route, "paused" if done else "paused_already", name, as_json or given.as_json)
    if not done:
        raise SystemExit(1)


@routes.command()
@click.argument("name")
@CONFIG
@LANG
@JSON
@click.pass_obj
def resume(
    given: _Given, name: str, *, config: str | None, lang: str | None, as_json: bool
) -> None:
    """Let mail go again by a route that was paused.

    NAME is a provider, or provider/sender for one sender there. Exits 1 when it is not paused.
    """

    async def work(desk: Desk) -> tuple[Desk, RouteShown | None, bool]:
        return await _by_hand(desk, name, _resuming)

    desk, route, done = at_desk(config or given.config, lang or given.lang, work)
    still = route is not None and route.state == "closed"
    said = ("resumed_closed" if still else "resumed") if done else "not_paused"
    _say(desk, route, said, name, as_json or given.as_json)
    if not done:
        raise SystemExit(1)


Deed = Callable[[Tx, str, str, Routing], Awaitable[bool]]


def _pausing(note: str) -> Deed:
    async def deed(tx: Tx, provider: str, sender: str, routing: Routing) -> bool:
        return await pause_route(tx, provider, sender, routing, actor=actor(), note=note)

    return deed


async def _resuming(tx: Tx, provider: str, sender: str, routing: Routing) -> bool:
    return await resume_route(tx, provider, sender, routing, actor=actor())


async def _by_hand(desk: Desk, name: str, deed: Deed) -> tuple[Desk, RouteShown | None, bool]:
    """Do it to one route; what it is afterwards, None: there is none."""
    provider, _, sender = name.partition("/")
    sender = sender or EVERY_SENDER
    routing = Routing(order=tuple(each.name for each in desk.settings.providers))
    try:
        await desk.database.read(refuse_other_providers, routing.order)
    except OtherProviders as error:
        refuse_providers(desk, error)
    done = await desk.database.write(deed, provider, sender, routing)
    shown = (await desk.database.read(board)).routes
    found = [each for each in shown if (each.provider, each.sender) == (provider, sender)]
    return desk, found[0] if found else None, done


def _say(desk: Desk, route: RouteShown | None, said: str, name: str, as_json: bool) -> None:  # noqa: FBT001
    phrases = desk.words.phrases
    if route is None:
        refuse(phrases["no_route"].format(name=name), phrases["no_route_fix"])
    if as_json:
        print_json({"data": [_report(route)]})
        return
    click.echo(phrases[said].format(route=_name(route), reason=route.reason))


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
    } | _pause_report(route)


def _pause_report(route: RouteShown) -> dict[str, Any]:
    """Only of what is paused: who reads the others need not know of it."""
    if route.paused_at is None:
        return {}
    return {"paused_by": route.paused_by, "paused_note": route.paused_note}


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
        if route.paused_at is not None:
            key = "paused_line" if route.paused_note else "paused_by"
            text = phrases[key].format(actor=route.paused_by, note=route.paused_note)
            click.echo(f"\n{click.style(_name(route), bold=True)} {text}")
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
        phrases["route_paused" if route.paused_at else "route_closed" if closed else "route_open"],
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
