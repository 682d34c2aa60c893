"""The steps of the tour. Each checks that it showed what it promised, or the tour breaks."""

import inspect
import os
import subprocess  # runs only this interpreter with this package
import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import click
import msgspec

from mailproof.demo import signup
from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.settings import Settings
from mailproof.testing import Sandbox

__all__ = ["DOMAIN", "Tour", "TourBroke", "pending"]

DOMAIN: Final = "acme.test"
SENDER: Final = f"Acme <hello@{DOMAIN}>"
USER: Final = "ada@example.org"
_COMMAND_MAX_S: Final = 60.0
# What a child process needs to run at all; the rest of the caller's environment (real keys,
# proxies) stays out of the tour.
_PASSED_ON: Final = ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP", "NO_COLOR", "COLUMNS", "TERM")


def pending() -> Sandbox:
    """A provider that knows the app's domain, and waits for its DNS records."""
    domains = ((DOMAIN, DomainStatus.PENDING),)
    return Sandbox(Settings(rate_per_s=0, domains=domains), dns_port=0)


class TourBroke(Exception):
    """A step did not show what it promised."""


class Ran(msgspec.Struct, frozen=True):
    """A finished command."""

    out: str
    talk: str
    exit_code: int


class Tour:
    """Six steps with one sandbox, not yet started, told in one language (`en` or `zh`)."""

    def __init__(self, language: str, sandbox: Sandbox) -> None:
        self._language = language
        text = (files("mailproof.demo") / "words" / f"{language}.toml").read_text("utf-8")
        self._words: Mapping[str, Any] = tomllib.loads(text)
        self._sandbox = sandbox

    def walk(self) -> None:
        """Tell the whole story on stdout. Raises `TourBroke` where it does not hold."""
        steps: Sequence[Callable[[], Mapping[str, Any]]] = (
            self.silence,
            self.explain,
            self.doctor,
            self.mended,
            self.arrives,
            self.honest,
        )
        with self._sandbox:
            self._say(self._words["opening"], url=self._sandbox.url)
            for number, step in enumerate(steps, 1):
                words = self._words["steps"][step.__name__]
                self._say("\n" + click.style(f"{number}. {words['title']}", bold=True))
                self._say(words["before"])
                try:
                    facts = step()
                except TourBroke as broke:
                    text = self._words["broke"].format(number=number, what=broke)
                    raise TourBroke(text) from broke
                self._say(words["after"], **facts)
        self._say("\n" + self._words["ending"], steps=len(steps))

    def silence(self) -> Mapping[str, Any]:
        self._show(inspect.getsource(signup.send_activation))
        ran = self._signup()
        _must("Check your email" in ran.out, "the app did not claim that a mail was sent")
        _must(not ran.talk, f"the app was not silent: {ran.talk}")
        _must(not self._sandbox.mails, "a mail arrived that should have been refused")
        return {"mails": 0, "log_lines": len(ran.talk.splitlines())}

    def explain(self) -> Mapping[str, Any]:
        status, body = signup.post_mail(USER, self._settings())
        pasted = f"HTTP/1.1 {status}\n\n{body}\n"
        self._show(pasted)
        ran = self._mailproof("explain", "--lang", self._language, typed=pasted)
        _must(ran.exit_code == 0, f"explain ended with {ran.exit_code}: {ran.talk}")
        _must("sender_unverified" in ran.out, "explain did not name the reason")
        _must(DOMAIN in ran.out, "explain did not name the domain")
        return {}

    def doctor(self) -> Mapping[str, Any]:
        ran = self._doctor()
        _must(ran.exit_code == 1, f"doctor ended with {ran.exit_code}: {ran.talk}")
        _must(DOMAIN in ran.out, "doctor did not name the domain")
        return {"exit_code": ran.exit_code}

    def mended(self) -> Mapping[str, Any]:
        self._sandbox.verify_domain(DOMAIN)
        ran = self._doctor()
        _must(ran.exit_code == 0, f"doctor still ended with {ran.exit_code}: {ran.talk}")
        return {"exit_code": ran.exit_code}

    def arrives(self) -> Mapping[str, Any]:
        self._signup()
        mails = self._sandbox.mails
        _must(len(mails) == 1, f"{len(mails)} mails arrived, not one")
        return {"mails": 1, "sender": mails[0].sender, "subject": mails[0].subject}

    def honest(self) -> Mapping[str, Any]:
        self._show(inspect.getsource(signup.send_activation_mended))
        self._sandbox.fail("500,count=2")
        broken, mended = self._signup(), self._signup("--mended")
        _must("Check your email" in broken.out, "the broken app did not claim success")
        _must(not broken.talk, f"the broken app was not silent: {broken.talk}")
        _must("could not send" in mended.out, "the mended app did not tell the user")
        _must("500" in mended.talk, "the mended app left no line in the log")
        _must(len(self._sandbox.mails) == 1, "a mail arrived in spite of the 500")
        return {}

    def _signup(self, *flags: str) -> Ran:
        return self._run(["-m", "mailproof.demo.signup", USER, *flags], f"signup {USER}", flags)

    def _mailproof(self, *arguments: str, typed: str = "") -> Ran:
        return self._run(["-m", "mailproof", *arguments], "mailproof", arguments, typed)

    def _doctor(self) -> Ran:
        host, port = self._sandbox.nameserver
        return self._mailproof("doctor", "--nameserver", f"{host}:{port}", "--lang", self._language)

    def _settings(self) -> dict[str, str]:
        return {**self._sandbox.env, "RESEND_FROM": SENDER}

    def _run(
        self, arguments: list[str], shown: str, shown_arguments: Sequence[str], typed: str = ""
    ) -> Ran:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        self._say(click.style("$ " + " ".join((shown, *shown_arguments)), fg="cyan"))
        done = subprocess.run(  # noqa: S603 - our own interpreter, our own arguments
            [sys.executable, *arguments],
            input=typed,
            capture_output=True,
            check=False,
            encoding="utf-8",
            env={**passed_on, **self._settings(), "PYTHONUTF8": "1"},
            timeout=_COMMAND_MAX_S,
        )
        self._show(done.stdout + done.stderr)
        return Ran(done.stdout, done.stderr, done.returncode)

    def _show(self, text: str) -> None:
        for line in text.strip("\n").splitlines():
            click.echo(f"    {line}".rstrip())

    def _say(self, text: str, **facts: Any) -> None:
        if text:
            click.echo(text.format(**facts) if facts else text)


def _must(held: object, what: str) -> None:
    if not held:
        raise TourBroke(what)
