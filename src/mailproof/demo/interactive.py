"""The stage without the story: a sign-up, its mail, and switches, for people to play with.

Run from a checkout as `make demo INTERACTIVE=1`; the sign-up is the example in examples/signup.
"""

import os
import re
import secrets
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from mailproof.demo.breaks import Breaks, Stopped
from mailproof.demo.child import Child
from mailproof.demo.pager import Pager
from mailproof.demo.stage import DOMAIN, Stage
from mailproof.demo.telling import say, words_of
from mailproof.diagnosis.guidance import pick_language
from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.settings import Settings
from mailproof.testing import Sandbox

__all__ = ["play"]

_FOLDER: Final = Path("examples") / "signup"
_START_MAX_S: Final = 30.0
_LOOK_S: Final = 3_600.0
_URL: Final = r"http://127\.0\.0\.1:\d+"
_PERSON: Final = "admin"
_SIGNALED: Final = 128


def play(folder: Path, language: str) -> None:
    """Start everything, say where it is, and tell each alert as it comes, until `Stopped`."""
    words = words_of(language)["interactive"]
    with Breaks() as breaks, Stage(language, breaks, _provider()) as stage:
        password = secrets.token_urlsafe(9)
        stage.configure(stage.sandbox.api_key)
        server, public_url = stage.serve({"MAILPROOF_CONSOLE_PASSWORD": password})
        app_url = f"http://127.0.0.1:{_free_port()}"
        made = stage.run(["keys", "create", "tidewell", "--origin", app_url, "--json"])
        environ = {
            "MAILPROOF_URL": public_url,
            "MAILPROOF_API_KEY": msgspec.json.decode(made.out)["key"],
            "MAILPROOF_FROM": f"Tidewell <hello@{DOMAIN}>",
            "BASE_URL": app_url,
            "SECRET_KEY": secrets.token_urlsafe(32),
            "DATABASE_URL": f"sqlite+aiosqlite:///{stage.folder.as_posix()}/tidewell.db",
        }
        app = _start(folder, environ, app_url, breaks)
        try:
            say(
                words["opening"],
                app=app_url,
                inbox=f"{stage.sandbox.url}/inbox",
                console=f"{_admin_url(server)}/console",
                person=_PERSON,
                password=password,
                domain=DOMAIN,
            )
            _tell_alerts(stage.pager, words["alert"])
        finally:
            with breaks.held():
                app.stop()


def _provider() -> Sandbox:
    """One that has found the domain's records: all is well, until somebody breaks it."""
    domains = ((DOMAIN, DomainStatus.VERIFIED),)
    return Sandbox(Settings(rate_per_s=0, domains=domains))


def _start(folder: Path, environ: Mapping[str, str], url: str, breaks: Breaks) -> Child:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILPROOF_")}
    port = url.rpartition(":")[2]
    arguments = ["-m", "uvicorn", "--factory", "tidewell.app:make_app", "--port", port]
    with breaks.held():
        app = Child([*arguments, "--no-access-log"], {**kept, **environ}, folder)
    app.entry("Uvicorn running", within_s=_START_MAX_S)
    return app


def _admin_url(server: Child) -> str:
    number = server.entry(rf"Mailproof.*{_URL}", within_s=_START_MAX_S)
    found: list[str] = re.findall(_URL, server.lines[number])
    return found[-1]


def _tell_alerts(pager: Pager, words: str) -> None:
    """Each one as the people on duty get it."""
    told = 0
    while True:
        try:
            pager.wait_for(lambda _: len(pager.alerts) > told, _LOOK_S)  # noqa: B023
        except TimeoutError:  # an hour without an alert: all is well, and it goes on
            continue
        for alert in pager.alerts[told:]:
            say(words, title=alert.title)
            told += 1


def _free_port() -> int:
    """The sign-up's links hold its address, so that has to be known before it starts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def main() -> None:
    """Exits 1 where the example is not there: it comes with a checkout only."""
    language = pick_language(None, os.environ)
    if not _FOLDER.is_dir():
        say(words_of(language)["interactive"]["no_checkout"], folder=_FOLDER)
        sys.exit(1)
    try:
        play(_FOLDER.absolute(), language)
    except Stopped as stopped:
        say(f"\n{words_of(language)['stopped']}")
        sys.exit(_SIGNALED + stopped.number)


if __name__ == "__main__":
    main()
