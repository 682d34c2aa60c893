"""Keeps the overview on the terminal up to date, and prints it once where there is no terminal."""

from typing import Final

import click

from mailproof.cli.opening import Desk
from mailproof.cli.overview import Seen, drawn, drawn_away, local_zone, look
from mailproof.cli.screen import Screen, size
from mailproof.cli.spans import Line, colours, joined
from mailproof.console.pages.sentence import store_away
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.store.base import StoreUnavailable

__all__ = ["print_once", "watch"]

_LOOK_S: Final = 1.0
# What changes without a write: what is due, what has expired, since when.
_LOOK_ANEW_AFTER: Final = 5


async def print_once(desk: Desk) -> None:
    """One screen, as wide as the terminal, or as one of 80 by 24. Raises what the store raises."""
    zone = local_zone()
    seen = await desk.database.read(look, desk.settings, zone)
    *lines, _ = drawn(seen, desk.language, zone, size())
    for line in lines:
        click.echo(joined(line, colour=False))


async def watch(desk: Desk) -> None:
    """Draw until somebody presses `q`. A store that cannot be read is said, and asked again."""
    zone, ticks = local_zone(), 0
    lines: list[Line] = []
    seen: Seen | None = None
    drawn_for: tuple[int, int] | None = None
    with Screen(colour=colours()) as screen:
        while True:
            try:
                if seen is None or ticks % _LOOK_ANEW_AFTER == 0 or await desk.database.changed():
                    seen = await desk.database.read(look, desk.settings, zone)
                    drawn_for = None
                if drawn_for != size():
                    drawn_for = size()
                    lines = drawn(seen, desk.language, zone, drawn_for)
            except StoreUnavailable as error:
                now = desk.database.now()
                said = store_away(redact_text(str(error)), desk.language, zone, now)
                seen, lines = None, drawn_away(said, desk.language, size())
            screen.paint(lines)
            ticks += 1
            if await screen.ended(_LOOK_S):
                return
