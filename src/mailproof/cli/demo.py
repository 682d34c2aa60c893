"""`mailproof demo`: the tour."""

import os
import sys

import click

from mailproof.demo.tour import Tour, TourBroke, pending
from mailproof.diagnosis.guidance import pick_language

__all__ = ["demo"]


@click.command()
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="Default: MAILPROOF_LANGUAGE, else the locale."
)
def demo(*, lang: str | None) -> None:
    """Watch a broken little app being explained, diagnosed and mended.

    Needs no account and no network; the provider is a sandbox on this machine. Exits 0 only if
    every step showed what it promised.
    """
    try:
        Tour(pick_language(lang, os.environ), pending()).walk()
    except TourBroke as broke:
        click.echo(str(broke), err=True)
        sys.exit(1)
