"""`mailproof health`: how the providers were when they were last asked, or how they are now."""

import sys
from typing import Any, Final

import click

from mailproof.cli.opening import CONFIG, JSON, LANG, Desk, at_desk, print_json
from mailproof.cli.tables import local_time, table
from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.report import report
from mailproof.gateway.shown import iso_time
from mailproof.store.base import Tx
from mailproof.store.records.checks import Check, insert, latest
from mailproof.store.records.feedback import FeedbackHealth, Trouble, feedback_health

__all__ = ["health"]

_DAY_MS: Final = 86_400_000
_TROUBLES: Final = {
    Trouble.WRONG_SECRET: "feedback_wrong_secret",
    Trouble.SILENT: "feedback_silent",
}

Found = tuple[list[Check], dict[str, FeedbackHealth]]


@click.command()
@click.option("--now", "check_now", is_flag=True, help="Ask the providers now; sends no mail.")
@CONFIG
@LANG
@JSON
def health(*, check_now: bool, config: str | None, lang: str | None, as_json: bool) -> None:
    """Show the last health check of each provider: its key, its domains, its quota, and how well it
    tells what becomes of its mails.

    Exits 1 when one is bad, or its webhook is ill; one that cannot tell is not.
    """

    async def work(desk: Desk) -> tuple[Desk, Found]:
        if check_now:
            from mailproof.cli.errands import check_providers

            for check in await check_providers(desk.settings, desk.database):
                await desk.database.write(insert, check)
        checks, feedback = await desk.database.read(_look)
        names = {each.name for each in desk.settings.providers}
        known = [check for check in checks if not names or check.provider in names]
        return desk, (known, feedback)

    desk, (checks, feedback) = at_desk(config, lang, work)
    if as_json:
        data = [_report(check, feedback.get(check.provider), desk) for check in checks]
        print_json({"data": data})
    elif not checks:
        key = "no_checks" if desk.settings.providers else "no_routes"
        click.echo(desk.words.phrases[key], err=True)
    else:
        _print(checks, feedback, desk)
    ill = any(each.trouble is not None for each in feedback.values())
    sys.exit(1 if ill or any(check.verdict == "bad" for check in checks) else 0)


async def _look(tx: Tx) -> Found:
    found = await feedback_health(tx, tx.now - _DAY_MS)
    return await latest(tx), {each.provider: each for each in found}


def _report(check: Check, feedback: FeedbackHealth | None, desk: Desk) -> dict[str, Any]:
    return {
        "provider": check.provider,
        "at": iso_time(check.at),
        "verdict": check.verdict,
        "reason": check.reason,
        "took_ms": check.took_ms,
        "facts": check.facts,
        "feedback": None if feedback is None else _told(feedback),
        "failure": None if check.failure is None else report(check.failure, desk.language),
    }


def _told(feedback: FeedbackHealth) -> dict[str, Any]:
    last, refused = feedback.last_event_at, feedback.last_refused_at
    return {
        "since": iso_time(feedback.since),
        "webhook": feedback.webhook,
        "trouble": feedback.trouble,
        "sent": feedback.sent,
        "confirmed": feedback.confirmed,
        "unverified": feedback.unverified,
        "events": feedback.events,
        "last_event_at": None if last is None else iso_time(last),
        "refused_signatures": feedback.refused_signatures,
        "last_refused_at": None if refused is None else iso_time(refused),
    }


def _feedback_lines(feedback: FeedbackHealth, desk: Desk) -> list[str]:
    phrases, last = desk.words.phrases, feedback.last_event_at
    lines = [
        phrases["feedback_line"].format(
            confirmed=feedback.confirmed,
            sent=feedback.sent,
            events=feedback.events,
            last=phrases["feedback_never"] if last is None else local_time(last),
            unverified=feedback.unverified,
        )
    ]
    if feedback.trouble is not None:
        base = desk.settings.public_url.rstrip("/")
        text = phrases[_TROUBLES[feedback.trouble]].format(
            count=feedback.refused_signatures,
            provider=feedback.provider,
            url=f"{base}/webhooks/{feedback.provider}",
        )
        lines.append(click.style(text, fg="red"))
    return lines


def _print(checks: list[Check], feedback: dict[str, FeedbackHealth], desk: Desk) -> None:
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
        told = feedback.get(check.provider)
        if not check.facts and check.failure is None and told is None:
            continue
        click.echo(f"\n{click.style(check.provider, bold=True)}")
        for name, value in check.facts.items():
            click.echo(f"  {name}: {value}")
        for line in _feedback_lines(told, desk) if told is not None else ():
            click.echo(f"  {line}")
        if check.failure is not None:
            cause, fix = guidance(desk.language).cause_and_fix(check.failure)
            click.echo("  " + phrases["cause_line"].format(text=cause))
            click.echo("  " + phrases["fix_line"].format(text=fix))
