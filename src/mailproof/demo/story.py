"""The steps of the story. Each checks that what it tells has happened, or the story breaks."""

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

from mailproof.demo import signup
from mailproof.demo.child import Child, Ended
from mailproof.demo.pager import Alert
from mailproof.demo.stage import DOMAIN, SENDER, USER, WRONG_KEY, Ran, Stage
from mailproof.demo.telling import say, show, show_command, words_of

__all__ = ["Story", "StoryBroke"]

_ALERT_MAX_S: Final = 20.0
_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

_APP_KEY: Final = re.compile(r"^mp_\S+$", re.MULTILINE)
# Where it listens, keeps the mail, sends it, and sends alerts.
_WELCOME_LINES: Final = 4

Facts = Mapping[str, Any]


class StoryBroke(Exception):
    """A step did not show what it promised."""


class Story:
    """Told once, on a stage that has been entered, in the stage's language.

    `patience_s`: so long a line of the log is waited for. A probe comes after 1, 2, 4, 8 … s here.
    """

    def __init__(self, stage: Stage, *, patience_s: float = 30.0) -> None:
        self._patience_s = patience_s
        self._words = words_of(stage.language)
        self._stage = stage
        self._server: Child | None = None
        self._gateway = ""
        self._email_id = ""

    def tell(self) -> None:
        """The whole story on stdout. Raises `StoryBroke` where it does not hold."""
        steps: Sequence[Callable[[], Facts]] = (
            self.silence,
            self.asked,
            self.warned,
            self.held,
            self.next_gate,
            self.released,
            self.timeline,
        )
        say(self._words["opening"], url=self._stage.sandbox.url)
        for number, step in enumerate(steps, 1):
            words = self._words["steps"][step.__name__]
            click.echo("\n" + click.style(f"{number}. {words['title']}", bold=True))
            say(words["before"])
            try:
                facts = step()
            except (StoryBroke, Ended, TimeoutError) as broke:
                text = self._words["broke"].format(number=number, what=broke)
                raise StoryBroke(text) from broke
            say(words["after"], **facts)
        click.echo()
        say(self._words["ending"], steps=len(steps))

    def silence(self) -> Facts:
        """The app as it is: straight to the provider, with a wrong key."""
        stage = self._stage
        show(inspect.getsource(signup.send_activation))
        stage.open_app(stage.sandbox.url, WRONG_KEY)
        before = len(stage.app.lines)
        self._sign_up()
        stage.app.stop()  # before it has ended, a line of it may still be on its way
        log = stage.app.lines[before:]
        mails = len(stage.sandbox.mails)
        _must(mails == 0, "a mail arrived that should have been refused")
        _must(not log, f"the app was not silent: {log}")
        return {"mails": mails, "log_lines": len(log)}

    def asked(self) -> Facts:
        """What two commands say of it that need no server."""
        sandbox = self._stage.sandbox
        env = {"RESEND_API_KEY": WRONG_KEY, "RESEND_BASE_URL": sandbox.url, "RESEND_FROM": SENDER}
        status, body = signup.post_mail(USER, env)
        explained = self._mailproof("explain", str(status), body)
        _must(explained.exit_code == 0, f"explain ended with {explained.exit_code}")
        _must("credentials_invalid" in explained.out, "explain did not name the reason")
        show(explained.out.split("\n\n")[1])
        host, port = sandbox.nameserver
        doctor = self._mailproof("doctor", "--nameserver", f"{host}:{port}", env=env)
        _must(doctor.exit_code == 1, f"doctor ended with {doctor.exit_code}")
        show(doctor.out.split("\n\n")[0])
        return {"exit_code": doctor.exit_code}

    def warned(self) -> Facts:
        """Mailproof starts between app and provider, and asks the provider at once."""
        stage = self._stage
        show_command("cat mailproof.toml")
        show(stage.configure(WRONG_KEY))
        made = self._mailproof("keys", "create", "signup", "--purpose", "registration")
        key = _APP_KEY.search(made.out)
        if key is None or made.exit_code != 0:
            raise StoryBroke(f"keys create made no key: {made.out}")
        show(_APP_KEY.sub("mp_…", made.out))
        show_command("mailproof serve")
        self._server, self._gateway = stage.serve()
        welcome = self._server.entry(r"Ctrl-C", within_s=_ALERT_MAX_S)
        show("\n".join(self._server.lines[welcome - _WELCOME_LINES : welcome]))
        self._show_entry(r"critical.*route\.closed.*reason=credentials_invalid")
        self._show_alert(lambda alert: "credentials_invalid" in alert.title)
        stage.open_app(self._gateway, key[0])
        return {"gateway": self._gateway, "provider": stage.sandbox.url}

    def held(self) -> Facts:
        """The same user, the same code; this time the mail is kept."""
        log = self._sign_up()
        _must(not log, f"the app was not silent: {log}")
        _must(not self._stage.sandbox.mails, "a mail arrived although the key is wrong")
        listed = self._mailproof("emails", "list", "--state", "held")
        show(listed.out, wide=True)
        ids = _ID.findall(listed.out)
        _must(len(ids) == 1, f"{len(ids)} mails are held, not one")
        self._email_id = ids[0]
        _must("credentials_invalid" in listed.out, "the list does not say what the mail waits for")
        return {"mails": 0}

    def next_gate(self) -> Facts:
        """The operator writes the right key into the file; behind it stands the next fault."""
        stage = self._stage
        sandbox = stage.sandbox
        show_command("echo re_… > resend.key")
        stage.put_key(sandbox.api_key)
        self._show_entry(r"critical.*route\.closed.*reason=sender_unverified")
        self._show_alert(lambda alert: "sender_unverified" in alert.title)
        stage.pager.wait_for(
            lambda alert: alert.mood == "success" and DOMAIN not in alert.title, _ALERT_MAX_S
        )
        routes = self._mailproof("routes")
        show(routes.out.split("\n\n")[0], wide=True)
        _must(
            re.search(rf"resend/{re.escape(DOMAIN)}.*sender_unverified", routes.out),
            "routes did not name the reason",
        )
        _must(not sandbox.mails, "a mail arrived although the domain is not verified")
        return {"mails": 0}

    def released(self) -> Facts:
        """The domain is verified, and nobody does anything else."""
        sandbox = self._stage.sandbox
        sandbox.verify_domain(DOMAIN)
        self._show_entry(rf"email\.sent.*{self._email_id}", details=0)
        resolved = self._stage.pager.wait_for(
            lambda alert: alert.mood == "success" and DOMAIN in alert.title, _ALERT_MAX_S
        )
        _show_message(resolved)
        mails = sandbox.mails
        _must(len(mails) == 1, f"{len(mails)} mails arrived, not one")
        (mail,) = mails
        _must(mail.to == (USER,), f"the mail went to {mail.to}")
        return {"mails": 1, "sender": mail.sender, "subject": mail.subject}

    def timeline(self) -> Facts:
        """All of it can be read afterwards; nothing is open any more."""
        shown = self._mailproof("emails", "show", self._email_id)
        show(shown.out)
        _must(shown.exit_code == 0, f"emails show ended with {shown.exit_code}")
        mails = self._stage.sandbox.mails
        _must(len(mails) == 1, f"{len(mails)} mails arrived, not one")
        _must(mails[0].id in shown.out, "emails show does not name the provider's id")
        listed = self._stage.run(["alerts", "list", "--json"])
        alerts = json.loads(listed.out)["data"]
        resolved = [each for each in alerts if each["resolved_at"]]
        _must(len(resolved) == len(alerts) == 2, f"of the alerts, not two are over: {listed.out}")
        moods = [alert.mood for alert in self._stage.pager.alerts]
        _must(moods.count("failure") == moods.count("success") == 2, f"alerts came as {moods}")
        return {"alerts": len(moods), "provider_id": mails[0].id}

    def _sign_up(self) -> list[str]:
        """A user fills in the form; what the app's log says of it."""
        stage = self._stage
        before = len(stage.app.lines)
        said = stage.sign_up()
        show(f"{USER}  →  {said}")
        _must(signup.CLAIM in said, f"the page said {said!r}")
        return stage.app.lines[before:]

    def _mailproof(self, *arguments: str, env: Mapping[str, str] | None = None) -> Ran:
        quoted = [f"'{part}'" if re.search(r"[\s{]", part) else part for part in arguments]
        show_command(" ".join(("mailproof", *quoted)))
        return self._stage.run(arguments, env)

    def _show_entry(self, pattern: str, *, details: int = 2) -> None:
        """A line of Mailproof's log, with the cause and the fix below it."""
        if self._server is None:
            raise StoryBroke("the server was not started")
        number = self._server.entry(pattern, within_s=self._patience_s, details=details)
        show("\n".join(self._server.lines[number : number + 1 + details]))

    def _show_alert(self, fits: Callable[[Alert], bool]) -> None:
        alert = self._stage.pager.wait_for(fits, _ALERT_MAX_S)
        _must(alert.mood == "failure", f"the alert came as {alert.mood}")
        _must(alert.text.count("\n") >= 4, f"the alert says too little: {alert.text}")
        _show_message(alert)


def _show_message(alert: Alert) -> None:
    click.echo()
    show(f"▌ {alert.title}")
    show("\n".join(f"▌ {line}" for line in alert.text.splitlines()))


def _must(held: object, what: str) -> None:
    if not held:
        raise StoryBroke(what)
