"""What the story happens on: a provider, an app, a pager, and Mailproof between them.

All of it on this machine, in a folder that is gone afterwards.
"""

import http.client
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlencode, urlsplit

import msgspec

from mailproof.demo.breaks import Breaks
from mailproof.demo.child import Child
from mailproof.demo.pager import Pager
from mailproof.demo.telling import inner_width, words_of
from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.settings import Settings
from mailproof.testing import Sandbox

__all__ = ["DOMAIN", "SENDER", "USER", "WRONG_KEY", "Ran", "Stage", "provider"]

DOMAIN: Final = "acme.test"
SENDER: Final = f"Acme <hello@{DOMAIN}>"
USER: Final = "ada@example.org"
# As long as a real one, and of no account.
WRONG_KEY: Final = "re_Wr0ngK3y_8Hq2LmZ5tXv7Bn4Pc6Ds"

_START_MAX_S: Final = 30.0
_COMMAND_MAX_S: Final = 60.0
_PAGE_MAX_S: Final = 30.0
_URL: Final = r"http://127\.0\.0\.1:\d+"
_KEY_FILE: Final = "resend.key"
# What a child process needs to run at all; the rest of the caller's environment (real keys,
# proxies, a configuration of Mailproof) stays out of the story.
_PASSED_ON: Final = ("PATH", "HOME", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "TZ", "NO_COLOR",
                     "PYTHONPATH")  # fmt: skip
_CONFIGURATION: Final = """\
language = "{language}"

[[providers]]
name = "resend"
type = "resend"
api_key = "file:{key_file}"
base_url = "{provider}"  # {note_provider}

[[alerts.channels]]
name = "pager"
url = "{pager}"

[delivery]
probe_interval = "1s"  # {note_probe}

[log]
format = "console"
"""


class Ran(msgspec.Struct, frozen=True):
    """A finished command. `out`: all that it said."""

    out: str
    exit_code: int


def provider() -> Sandbox:
    """A provider that knows the app's domain, and waits for its DNS records."""
    domains = ((DOMAIN, DomainStatus.PENDING),)
    return Sandbox(Settings(rate_per_s=0, domains=domains), dns_port=0)


class Stage:
    """Enter it, and provider and pager are there; leave it, and nothing of it is left."""

    def __init__(self, language: str, breaks: Breaks, sandbox: Sandbox | None = None) -> None:
        self.sandbox = provider() if sandbox is None else sandbox
        self.pager = Pager()
        self.language = language
        self._breaks = breaks
        self._opened = ExitStack()
        self._app: Child | None = None
        self._app_url = ""

    def __enter__(self) -> Self:
        with self._breaks.held(), self._opened:
            folder = tempfile.TemporaryDirectory(prefix="mailproof-demo-")
            self.folder = Path(self._opened.enter_context(folder))
            self._opened.enter_context(self.sandbox)
            self._opened.enter_context(self.pager)
            self._opened = self._opened.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._breaks.held():
            self._opened.close()

    @property
    def app(self) -> Child:
        """The sign-up form, once it was opened."""
        if self._app is None:
            raise LookupError("The app is not running.")
        return self._app

    def open_app(self, base_url: str, api_key: str) -> None:
        """Start the sign-up form, or start it anew with these two settings."""
        if self._app is not None:
            self._app.stop()
        env = {"RESEND_BASE_URL": base_url, "RESEND_API_KEY": api_key, "RESEND_FROM": SENDER}
        self._app = self._start(["-m", "mailproof.demo.signup"], env)
        number = self._app.entry(_URL, within_s=_START_MAX_S)
        self._app_url = self._app.lines[number]

    def sign_up(self) -> str:
        """Send the form as a user's browser does; what the page says then."""
        line = http.client.HTTPConnection(urlsplit(self._app_url).netloc, timeout=_PAGE_MAX_S)
        try:
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            line.request("POST", "/", urlencode({"email": USER}), headers)
            page = line.getresponse().read().decode()
        finally:
            line.close()
        found = re.search(r"<h1>(.*?)</h1>", page)
        return page if found is None else found[1]

    def configure(self, key: str) -> str:
        """Write Mailproof's configuration, with this provider key in a file; its text."""
        self.put_key(key)
        words = words_of(self.language)
        text = _CONFIGURATION.format(
            language=self.language,
            note_provider=words["note_provider"],
            note_probe=words["note_probe"],
            key_file=_KEY_FILE,
            provider=self.sandbox.url,
            pager=self.pager.channel,
        )
        (self.folder / "mailproof.toml").write_text(text, encoding="utf-8")
        return text

    def put_key(self, key: str) -> None:
        """Replace the key in the file that the configuration names."""
        (self.folder / _KEY_FILE).write_text(key + "\n", encoding="utf-8")

    def serve(self, env: Mapping[str, str] | None = None) -> tuple[Child, str]:
        """Start `mailproof serve` on a free port; where apps reach it."""
        arguments = ["-m", "mailproof", "serve", "--port", "0", "--admin-port", "0"]
        server = self._start(arguments, env or {})
        number = server.entry(rf"Mailproof.*{_URL}", within_s=_START_MAX_S)
        found = re.search(_URL, server.lines[number])
        return server, "" if found is None else found[0]

    def run(self, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Ran:
        """Run one command of Mailproof to its end. Raises `Ended`: it does not end."""
        command = self._start(["-m", "mailproof", *arguments], env or {})
        exit_code = command.wait(_COMMAND_MAX_S)
        return Ran("\n".join(command.lines), exit_code)

    def _start(self, arguments: Sequence[str], env: Mapping[str, str]) -> Child:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        own = {
            "MAILPROOF_LANGUAGE": self.language,
            "COLUMNS": str(inner_width()),
            "PYTHONUTF8": "1",
            "PYTHONUNBUFFERED": "1",
        }
        with self._breaks.held():
            child = Child(arguments, {**passed_on, **own, **env}, self.folder)
            self._opened.callback(child.stop)
        return child
