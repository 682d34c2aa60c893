"""Debian's own Prometheus scrapes `serve`, its rules fire, and its Alertmanager tells somebody."""

import json
import subprocess
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml  # type: ignore[import-untyped]

from mailproof.testing import Sandbox
from tests.docs.pages import ROOT, page
from tests.real.daemons import daemon, find, free_port, place
from tests.sandbox.receiver import Receiver
from tests.whole.house import MAIL, ask
from tests.whole.process import Served, write_config

pytestmark = pytest.mark.real

DEADLINE_S = 45.0
RULES = ROOT / "deploy" / "prometheus" / "rules.yml"
TOKEN = "an-admin-token-of-32-characters-x"


def test_promtool_finds_nothing_wrong_with_the_rules() -> None:
    done = subprocess.run(
        [find("promtool"), "check", "rules", "--lint=all", "--lint-fatal", RULES],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_fire_when_they_should_and_stay_quiet_when_not() -> None:
    done = subprocess.run(
        [find("promtool"), "test", "rules", RULES.with_name("rules_test.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


class Watched(msgspec.Struct, frozen=True):
    served: Served
    sandbox: Sandbox
    receiver: Receiver
    prometheus: str

    def query(self, expression: str) -> list[Any]:
        """Each series with its value."""
        asked = f"/api/v1/query?query={urllib.parse.quote(expression)}"
        answer = ask(self.prometheus, "GET", asked)
        return list(answer.json["data"]["result"])

    def until(self, expression: str, value: float) -> Any:
        """The first series, once it has this value."""
        ends = time.monotonic() + DEADLINE_S
        seen: list[Any] = []
        while time.monotonic() < ends:
            seen = self.query(expression)
            if seen and float(seen[0]["value"][1]) == value:
                return seen[0]
            threading.Event().wait(0.2)
        pytest.fail(f"{expression} is not {value}: {seen}")

    def told(self, alert: str) -> Any:
        """What Alertmanager posted of this alert."""
        ends = time.monotonic() + DEADLINE_S
        while time.monotonic() < ends:
            for post in tuple(self.receiver.posts):
                for each in json.loads(post.raw)["alerts"]:
                    if each["labels"]["alertname"] == alert:
                        return each
            threading.Event().wait(0.2)
        pytest.fail(f"nobody was told of {alert}: {[post.raw for post in self.receiver.posts]}")


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    with ExitStack() as opened:
        folder = opened.enter_context(place())
        sandbox = opened.enter_context(Sandbox())
        receiver = opened.enter_context(Receiver())
        config = write_config(
            folder,
            provider_url=sandbox.url,
            key=sandbox.api_key,
            # Not a loopback name: so it wants the token, as between machines.
            more=f'[server]\nadmin_host = "0.0.0.0"\nadmin_token = "{TOKEN}"\n',
        )
        served = opened.enter_context(Served(config, key=sandbox.api_key))
        alerting = opened.enter_context(alertmanager(folder, receiver.url))
        url = opened.enter_context(prometheus(folder, served, alerting))
        yield Watched(served, sandbox, receiver, url)


def alertmanager(folder: Path, receiver: str) -> AbstractContextManager[str]:
    port = free_port()
    config = folder / "alertmanager.yml"
    tree = {
        "route": {"receiver": "operator", "group_wait": "0s", "group_interval": "1s"},
        "receivers": [{"name": "operator", "webhook_configs": [{"url": receiver}]}],
    }
    config.write_text(yaml.safe_dump(tree), encoding="utf-8")
    arguments: list[str | Path] = [
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    return _at(f"127.0.0.1:{port}", "prometheus-alertmanager", arguments, r"address=127\.0\.0\.1")


def prometheus(folder: Path, served: Served, alerting: str) -> AbstractContextManager[str]:
    """With the page's own configuration, but often, and with other places."""
    port = free_port()
    (folder / "token").write_text(TOKEN, encoding="utf-8")
    # Somebody has to wait for a minute to learn of a closed way; a test does not.
    rules = RULES.read_text(encoding="utf-8")
    assert "route_closed_seconds) > 60" in rules
    rules = rules.replace("route_closed_seconds) > 60", "route_closed_seconds) > 0")
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    blocks = page("metrics", "en").split("```yaml\n")[1:]
    scrape, authorization = (block.partition("```")[0] for block in blocks)
    tree = yaml.safe_load(scrape)
    (job,) = tree["scrape_configs"]
    assert job["static_configs"][0]["targets"] == ["127.0.0.1:7026"]
    job["static_configs"][0]["targets"] = [urllib.parse.urlsplit(served.admin_url).netloc]
    job |= yaml.safe_load(authorization)
    job["authorization"]["credentials_file"] = str(folder / "token")
    tree["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    tree["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": [alerting]}]}]}
    config = folder / "prometheus.yml"
    config.write_text(yaml.safe_dump(tree), encoding="utf-8")
    arguments: list[str | Path] = [
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    ready = "Server is ready to receive web requests"
    return _at(f"http://127.0.0.1:{port}", "prometheus", arguments, ready)


@contextmanager
def _at(url: str, name: str, arguments: list[str | Path], ready: str) -> Iterator[str]:
    """A daemon, and where it is."""
    with daemon(name, arguments, ready=ready):
        yield url


def test_what_was_sent_is_counted_in_prometheus(watched: Watched) -> None:
    watched.until('up{job="mailproof"}', 1)
    for _ in range(5):
        assert watched.served.send(MAIL, mailproof_purpose="receipt").state == "sent"
    watched.until('mailproof_emails_accepted_total{purpose="receipt"}', 5)
    watched.until('mailproof_emails_total{purpose="receipt",state="sent"}', 5)
    watched.until('mailproof_attempts_total{outcome="accepted",provider="resend"}', 5)
    watched.until('mailproof_accept_to_sent_seconds_count{purpose="receipt"}', 5)
    watched.until("mailproof_store_readable", 1)


def test_a_placeholder_in_an_app_is_told_by_alertmanager(watched: Watched) -> None:
    watched.until('mailproof_refusals_total{kind="placeholder"}', 0)
    assert ask(watched.served.url, "POST", "/emails", MAIL, key="re_123456789").status == 400
    told = watched.told("MailproofAppRefused")
    assert told["status"] == "firing"
    assert told["labels"]["kind"] == "placeholder"
    assert told["annotations"]["runbook"] == "docs/operate.md#an-app-is-refused"


def test_a_closed_way_is_told_with_its_reason_and_so_is_its_end(watched: Watched) -> None:
    watched.sandbox.fail("unknown-key")
    watched.served.send(MAIL, mailproof_purpose="otp")
    told = watched.told("MailproofRouteClosed")
    assert told["labels"]["provider"] == "resend"
    assert told["labels"]["reason"] == "credentials_invalid"
    assert "resend is closed for *: credentials_invalid" in told["annotations"]["summary"]
    watched.until('mailproof_emails_waiting{purpose="otp",state="held"}', 1)
    watched.sandbox.heal()
    watched.until("max(mailproof_route_open)", 1)
    watched.until('mailproof_emails_total{purpose="otp",state="sent"}', 1)
