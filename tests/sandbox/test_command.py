"""`mailproof sandbox` as a person starts it."""

import json
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import pytest

from mailproof.sandbox.faults.table import FAULTS

Run = Callable[..., "subprocess.Popen[str]"]
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C needs a console on Windows")


@pytest.fixture
def run() -> Iterator[Run]:
    with ExitStack() as running:

        def start(*options: str) -> "subprocess.Popen[str]":
            process = subprocess.Popen(
                [sys.executable, "-m", "mailproof", "sandbox", *options],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
            running.enter_context(process)
            running.callback(process.kill)
            return process

        yield start


def ready(process: "subprocess.Popen[str]") -> Any:
    """The JSON that it prints once it listens."""
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def ask(url: str, body: Any = None, key: str = "") -> Any:
    headers = {"user-agent": "test/1", "authorization": f"Bearer {key}"}
    request = Request(url, None if body is None else json.dumps(body).encode(), headers)
    with build_opener(ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


@POSIX
def test_it_says_where_it_is_takes_mail_logs_it_and_ends_with_ctrl_c(run: Run) -> None:
    process = run(
        "--port", "0", "--json", "--domain", "shop.test", "--key", "re_mine", "--lang", "en"
    )
    told = ready(process)
    assert told["env"]["RESEND_API_KEY"] == "re_mine"
    assert told["domains"] == {"shop.test": "verified"}
    mail = {"from": "a@shop.test", "to": "delivered@resend.dev", "subject": "Hi", "text": "Hi"}
    sent = ask(f"{told['url']}/emails", mail, key="re_mine")
    (seen,) = ask(f"{told['url']}/_sandbox/mails")["data"]
    assert seen["id"] == sent["id"]

    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=10)
    assert process.returncode == 0
    line = json.loads(talk.splitlines()[0])
    assert (line["event"], line["path"], line["status"]) == ("sandbox.request", "/emails", 200)
    assert "Stopped. Mails accepted: 1." in talk
    assert "Traceback" not in talk


@POSIX
def test_a_person_gets_lines_for_the_environment_and_is_told_how_to_break_it(run: Run) -> None:
    process = run("--port", "0", "--lang", "zh", "--webhook", "http://127.0.0.1:9/hooks")
    assert process.stdout is not None
    lines = [process.stdout.readline().strip() for _ in range(4)]
    process.send_signal(signal.SIGINT)
    _, talk = process.communicate(timeout=10)
    names = [line.partition("=")[0] for line in lines[:3]]
    assert names == ["RESEND_API_KEY", "RESEND_BASE_URL", "RESEND_API_URL"]
    assert lines[3].startswith("# http://127.0.0.1:9/hooks is signed with whsec_")
    assert "本地 Resend 已在" in talk
    assert "500@fault.test" in talk


def test_faults_quotas_and_switches_are_set_at_the_start(run: Run) -> None:
    process = run(
        "--port", "0", "--json", "--quota", "daily=0", "--rate", "0",
        "--switch", "over_quota=fail_later", "--fault", "503,count=1,path=/domains",
    )  # fmt: skip
    url = ready(process)["url"]
    (fault,) = ask(f"{url}/_sandbox/faults")["data"]
    assert (fault["name"], fault["left"], fault["path"]) == ("503", 1, "/domains")
    mail = {"from": "a@acme.test", "to": "delivered@resend.dev", "subject": "Hi", "text": "Hi"}
    assert "id" in ask(f"{url}/emails", mail, key="re_sandbox_full_access_key")


def test_all_faults_are_listed_with_what_they_do(run: Run) -> None:
    listed, _ = run("--list-faults").communicate(timeout=10)
    assert [line.split()[0] for line in listed.splitlines()] == list(FAULTS)
    for line in listed.splitlines():
        reason = FAULTS[line.split()[0]].reason
        assert line.endswith(f" -> {reason}") if reason else " -> " not in line


def test_it_takes_mail_over_smtp_where_it_is_asked_to(run: Run) -> None:
    process = run(
        "--port", "0", "--smtp-port", "0", "--smtps-port", "0", "--smtp-login", "a@b.test:p/w",
        "--json",
    )  # fmt: skip
    told = ready(process)
    where = urlsplit(told["env"]["SMTP_URL"])
    assert (where.username, where.password) == ("a%40b.test", "p%2Fw")
    assert told["env"]["SMTPS_URL"].startswith("smtps://")
    context = ssl.create_default_context(cafile=told["smtp_authority"])
    with smtplib.SMTP(where.hostname or "", where.port or 0, timeout=5) as client:
        client.starttls(context=context)
        client.login("a@b.test", "p/w")
        client.sendmail("a@b.test", ["ada@kunde.test"], b"From: a@b.test\r\n\r\nHi\r\n")
    (mail,) = ask(f"{told['url']}/_sandbox/mails")["data"]
    assert (mail["via"], mail["key"]) == ("smtp", "a@b.test")


def test_a_port_in_use_is_told_with_what_to_do(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = run("--port", port)
        _, talk = process.communicate(timeout=10)
    assert process.returncode == 1
    assert f"127.0.0.1:{port} cannot be listened on" in talk
    assert "--port 0" in talk


def test_an_address_of_another_machine_is_told_apart_from_a_port_in_use(run: Run) -> None:
    process = run("--host", "203.0.113.9", "--port", "0")
    _, talk = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "With --host, name an address of this machine" in talk


def test_it_goes_on_when_nobody_reads_its_log_any_more(run: Run) -> None:
    hook = "http://127.0.0.1:9/nobody"
    process = run("--port", "0", "--json", "--rate", "0", "--webhook", hook)
    url = ready(process)["url"]
    assert process.stderr is not None
    process.stderr.close()
    mail = {"from": "a@acme.test", "to": "delivered@resend.dev", "subject": "Hi", "text": "Hi"}
    ask(f"{url}/emails", mail, key="re_sandbox_full_access_key")
    # Trying to post the webhook is logged as well, after an event that nothing here waits for.
    for _ in range(100):
        if ask(f"{url}/_sandbox/deliveries")["data"]:
            break
    assert "id" in ask(f"{url}/emails", mail, key="re_sandbox_full_access_key")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "nope"], "'nope' is no fault"),
        (["--domain", "a.test:fine"], "'fine' is no state of a domain"),
        (["--quota", "hourly=3"], "Write daily=100 or monthly=3000."),
        (["--switch", "speed=3"], "Switches are caches_errors"),
        (["--switch", "unknown_key=500"], "Switches are caches_errors"),
        (["--webhook", "localhost:3000"], "Write http://127.0.0.1:3000/webhooks."),
        (["--port", "70000"], "0<=x<=65535"),
        (["--rate", "-1"], "x>=0"),
        (["--key", ":sending"], "Write TOKEN or TOKEN:"),
        (["--key", "re_x:root"], "Write TOKEN or TOKEN:"),
        (["--key", "re_x", "--key", "re_x:sending"], "--key is given 2 times for re_x."),
        (["--quota", "daily=1", "--quota", "daily=2"], "--quota is given 2 times for daily."),
        (["--domain", ":pending"], "'' is no domain"),
        (["--owner", "me"], "'me' is no address"),
        (["--dns-port", "70000"], "0<=x<=65535"),
        (["--smtp-port", "70000"], "0<=x<=65535"),
        (["--smtp-login", "me"], "Write LOGIN:PASSWORD"),
        (["--fault", "smtp-auth-535,to=*@a.test"], "to means nothing here"),
        (["--fault", "500,seconds=3"], "500: seconds means nothing here"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_what_can(
    run: Run, options: list[str], said: str
) -> None:
    process = run("--port", "0", *options)
    _, talk = process.communicate(timeout=10)
    assert process.returncode == 2
    assert said in talk


def test_an_open_address_is_warned_of(run: Run) -> None:
    process = run("--host", "0.0.0.0", "--port", "0", "--json", "--lang", "en")
    assert ready(process)["url"].startswith("http://127.0.0.1:")
    assert process.stderr is not None
    assert "0.0.0.0 is not a loopback address" in process.stderr.readline()
