"""The command line: a group whose commands are imported when they are called, not before."""

import difflib
import importlib
import io
import os
import sys
from collections.abc import Mapping
from typing import Final

import click

from mailproof import __version__

__all__ = ["COMMANDS", "mailproof", "main"]

# Name: where it is, and its line in the help, which no command is imported for.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "explain": ("mailproof.cli.explain:explain", "Say in plain words why a mail did not go."),
    "doctor": (
        "mailproof.cli.doctor:doctor",
        "Find what stops your mail, from key to DNS to ports.",
    ),
    "serve": ("mailproof.cli.serve:serve", "Take mail in, keep it until it is out, and tell."),
    "send": ("mailproof.cli.send:send", "Send one mail and say what became of it."),
    "emails": ("mailproof.cli.emails:emails", "Look at mails, send them again, cancel them."),
    "tail": ("mailproof.cli.tail:tail", "Follow what happens, as it happens."),
    "routes": ("mailproof.cli.routes:routes", "Show which ways out are closed, and reopen one."),
    "refusals": ("mailproof.cli.refusals:refusals", "Show what apps asked for and were refused."),
    "health": ("mailproof.cli.health:health", "Show how the providers are."),
    "keys": ("mailproof.cli.keys:keys", "Make, list and revoke the API keys of apps."),
    "users": ("mailproof.cli.users:users", "Say who may sign in to the console."),
    "suppressions": (
        "mailproof.cli.suppressions:suppressions",
        "List, add and remove addresses that get no mail.",
    ),
    "alerts": ("mailproof.cli.alerts:alerts", "List alerts, and test their channels."),
    "db": ("mailproof.cli.db:db", "Bring the store up to date, check it, back it up."),
    "outbox": ("mailproof.cli.outbox:outbox", "Hand over mail from an app's own database."),
    "sandbox": ("mailproof.cli.sandbox:sandbox", "Run a local Resend that fails on demand."),
    "config": ("mailproof.cli.config:config", "Check the configuration, or show what is in force."),
    "demo": ("mailproof.cli.demo:demo", "Watch a mail being held, explained, and sent after all."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}:{name} is no command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(_no_such_command(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


def _no_such_command(name: str) -> str:
    close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(COMMANDS)}."
    return f"No command {name!r}. {hint}"


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mailproof")
@click.pass_context
def mailproof(ctx: click.Context) -> None:
    """Keep every mail until it is out, and find out why one did not go.

    \b
      mailproof serve                      a gateway in front of Resend: holds what cannot go yet
      mailproof explain error.log          what went wrong, in plain words
      mailproof doctor --env-file .env     what is wrong with your setup
      mailproof sandbox                    a Resend of your own to test against

    Answers come in English or Chinese: --lang zh, or MAILPROOF_LANGUAGE=zh.
    """
    if os.environ.get("NO_COLOR"):  # no-color.org; without it click colours a terminal only
        ctx.color = False


def main() -> None:
    """Run the command line: the console script and `python -m mailproof`."""
    _speak_utf8()
    try:
        # Windows would expand %NAMES% and wildcards in arguments: a pasted error is no pattern.
        mailproof(prog_name="mailproof", windows_expand_args=False)
    except SystemExit:
        _flush_quietly()
        raise


def _speak_utf8() -> None:
    """Chinese must come out on a Windows console in any code page, and in a pipe under `LANG=C`."""
    encoding = None if os.environ.get("PYTHONIOENCODING") else "utf-8"
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def _flush_quietly() -> None:
    """A reader that left early (`| head`) is no error of ours; Python would print one at exit."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
