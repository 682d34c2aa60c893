"""`mailproof demo`: the story of the hold."""

import os
import sys
from typing import Final

import click

from mailproof.demo.breaks import Breaks, Stopped
from mailproof.demo.stage import Stage
from mailproof.demo.story import Story, StoryBroke
from mailproof.demo.telling import words_of
from mailproof.diagnosis.guidance import pick_language

__all__ = ["demo"]

# What a shell makes of a program that a signal ended.
_SIGNALED: Final = 128


@click.command()
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="Default: MAILPROOF_LANGUAGE, else the locale."
)
def demo(*, lang: str | None) -> None:
    """Watch a mail that everybody would have lost being held, explained, and sent after all.

    Needs no account and no network; the provider is a sandbox on this machine. Takes about half a
    minute. Exits 0 only if every step showed what it promised.
    """
    language = pick_language(lang, os.environ)
    try:
        with Breaks() as breaks, Stage(language, breaks) as stage:
            Story(stage).tell()
    except StoryBroke as broke:
        click.echo(str(broke), err=True)
        sys.exit(1)
    except Stopped as stopped:
        click.echo(f"\n{words_of(language)['stopped']}", err=True)
        sys.exit(_SIGNALED + stopped.number)
