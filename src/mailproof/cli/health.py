"""`mailproof health`: how the providers were when they were last asked, or how they are now."""

import sys
from typing import Any

import click

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, at_desk, print_json
from mailproof.cli.tables import local_time, table
from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.report import report
from mailproof.gateway.shown import iso_time
from mailproof.store.records.checks import Check, insert, latest

__all__ = ["health"]


@click.command()
@click.option("--now", "check_now", is_flag=True, help="Ask the providers now; sends no mail.")
@CONFIG
@LANG
@JSON
def health(*, check_now: bool, config: str | None, lang: str | None, as_json: bool) -> None:
    """Show the last health check of each provider: its key, its domains, its quota.

    Exits 1 when one is bad; one that cannot tell is not.
    """

    async def work(desk: Desk) -> tuple[Desk, list[Check]]:
        if check_now:
            from mailproof.cli.errands import check_providers

            for check in await check_providers(desk.settings, desk.database):
                await desk.database.write(insert, check)
        checks = await desk.database.read(latest)
        names = {each.name for each in desk.settings.providers}
        return desk, [check for check in checks if not names or check.provider in names]

    desk, checks = at_desk(config, lang, work)
    if as_json:
        print_json({"data": [_report(check, desk) for check in checks]})
    elif not checks:
        key = "no_checks" if desk.settings.providers else "no_routes"
        click.echo(desk.words.phrases[key], err=True)
    else:
        _print(checks, desk)
    sys.exit(1 if any(check.verdict == "bad" for check in checks) else 0)


def _report(check: Check, desk: Desk) -> dict[str, Any]:
    return {
        "provider": check.provider,
        "at": iso_time(check.at),
        "verdict": check.verdict,
        "reason": check.reason,
        "took_ms": check.took_ms,
        "facts": check.facts,
        "failure": None if check.failure is None else report(check.failure, desk.language),
    }


def _print(checks: list[Check], desk: Desk) -> None:
    phrases, columns = desk.words.phrases, desk.words.columns
    heads = ("provider", "verdict", "reason", "checked", "took")
    rows = [
        (
            check.provider,
            phrases[check.verdict],
            check.reason or "-",
            local_time(check.at),
            f"{check.took_ms} ms",
        )
        for check in checks
    ]
    click.echo(table([columns[head] for head in heads], rows))
    for check in checks:
        if not check.facts and check.failure is None:
            continue
        click.echo(f"\n{click.style(check.provider, bold=True)}")
        for name, value in check.facts.items():
            click.echo(f"  {name}: {value}")
        if check.failure is not None:
            cause, fix = guidance(desk.language).cause_and_fix(check.failure)
            click.echo("  " + phrases["cause_line"].format(text=cause))
            click.echo("  " + phrases["fix_line"].format(text=fix))
