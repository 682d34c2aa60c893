"""What a real Postfix answers, and what it means. Each service refuses for one reason."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.providers.diagnose import diagnose
from tests.real.conversation import Conversation, Role, accepted, refused
from tests.real.daemons import find, free_port, place

pytestmark = pytest.mark.real

# Service -> what it does otherwise than the rest (postconf(5)).
SERVICES: Mapping[str, Mapping[str, str]] = {
    "plain": {},
    "small": {"message_size_limit": "2000"},
    "full": {"queue_minfree": "9000000000000000"},
    "starttls": {"smtpd_tls_security_level": "encrypt"},
    "login": {"smtpd_sasl_auth_enable": "yes"},
    "slow": {
        "smtpd_client_message_rate_limit": "1",
        "smtpd_client_event_limit_exceptions": "",
    },
    "grey": {
        "smtpd_recipient_restrictions": "check_recipient_access inline:{"
        "{ada@acme.test=DEFER_IF_PERMIT 4.2.0 Greylisted, come back in 300 seconds}}"
    },
}

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.acme.test
mynetworks =
mydestination = acme.test
alias_maps =
local_recipient_maps = inline:{{ada@acme.test=yes}}
local_transport = discard
default_transport = discard
relay_domains = gone.test
transport_maps = inline:{{{{gone.test=nobody:}}, {{box.test=box:}}}}
smtpd_relay_restrictions = reject_unauth_destination
smtpd_peername_lookup = no
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/cert.pem
cyrus_sasl_config_path = {folder}/sasl
smtpd_sasl_path = smtpd
"""

MASTER = """
postlog   unix-dgram n - n - 1 postlogd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
proxymap  unix - - n - - proxymap
anvil     unix - - n - 1 anvil
discard   unix - - n - - discard
nobody    unix - n n - - pipe user=nobody argv={folder}/nobody
box       unix - n n - 1 pipe user=nobody argv=/usr/bin/tee {folder}/box
"""


@pytest.fixture(scope="module")
def postfix() -> Iterator[tuple[Mapping[str, int], Path]]:
    """One Postfix with a port for each service, and a pipe that its own mail comes out of."""
    if os.geteuid() != 0:
        pytest.skip("Postfix starts only as root")
    ports = {name: free_port() for name in SERVICES}
    with place() as folder:
        _configure(folder, ports)
        _postfix(folder, "start")  # returns once the ports are open
        try:
            yield ports, folder / "box"
        finally:
            _postfix(folder, "stop")


@pytest.fixture
def ports(postfix: tuple[Mapping[str, int], Path]) -> Mapping[str, int]:
    return postfix[0]


def _postfix(folder: Path, command: str) -> None:
    program = find("postfix")
    with (folder / "console").open("a+") as console:
        done = subprocess.run(
            [program, "-c", folder / "etc", command],
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            timeout=60,
        )
        console.seek(0)
        assert done.returncode == 0, console.read()


def _configure(folder: Path, ports: Mapping[str, int]) -> None:
    owner = pwd.getpwnam("postfix")
    for name in ("etc", "queue", "data", "sasl"):
        (folder / name).mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    (folder / "sasl" / "smtpd.conf").write_text(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n"
        f"sasldb_path: {folder}/sasl/sasldb2\n"
    )
    request = "req -x509 -newkey rsa:2048 -nodes -subj /CN=mail.acme.test".split()
    files: list[str | Path] = ["-keyout", folder / "cert.pem", "-out", folder / "cert.crt"]
    subprocess.run(["openssl", *request, *files], check=True, capture_output=True)
    with (folder / "cert.pem").open("a") as pem:
        pem.write((folder / "cert.crt").read_text())
    (folder / "etc" / "main.cf").write_text(MAIN.format(folder=folder))
    services = "".join(
        f"127.0.0.1:{ports[name]} inet n - n - - smtpd\n"
        + "".join(f"  -o {{ {option} = {value} }}\n" for option, value in options.items())
        for name, options in SERVICES.items()
    )
    (folder / "etc" / "master.cf").write_text(MASTER.format(folder=folder) + services)
    # EX_NOUSER of sysexits.h: what a delivery program says when it does not know the mailbox.
    (folder / "nobody").write_text("#!/bin/sh\nexit 67\n")
    (folder / "nobody").chmod(0o755)
    # Whoever reads it gets the next mail to box.test, when it comes.
    os.mkfifo(folder / "box")
    (folder / "box").chmod(0o666)
    dynamic = Path("/etc/postfix/dynamicmaps.cf")
    if dynamic.exists():
        shutil.copy(dynamic, folder / "etc")


def ask(port: int, role: Role = "relay", **fields: Any) -> Conversation:
    return Conversation(port=port, role=role, **fields)


def test_a_relay_that_does_not_relay_for_us_holds_the_mail(ports: Mapping[str, int]) -> None:
    failure = diagnose(refused(ask(ports["plain"], recipient="bob@example.com")))
    assert (failure.reason, failure.next) == (Reason.RELAY_DENIED, Next.HOLD)


def test_the_same_words_of_a_recipients_server_close_nothing(ports: Mapping[str, int]) -> None:
    say = ask(ports["plain"], "recipient_mx", recipient="bob@example.com")
    failure = diagnose(refused(say))
    assert (failure.reason, failure.origin) == (Reason.RECIPIENT_REFUSED, Origin.RECEIVER)
    assert failure.closes is None


def test_an_unknown_user_has_no_mailbox(ports: Mapping[str, int]) -> None:
    say = ask(ports["plain"], "recipient_mx", recipient="nobody@acme.test")
    failure = diagnose(refused(say))
    assert (failure.reason, failure.next) == (Reason.MAILBOX_NOT_FOUND, Next.END)


@pytest.mark.parametrize("announce", [True, False], ids=["at MAIL FROM", "after the data"])
def test_a_mail_over_the_limit_is_too_large(ports: Mapping[str, int], announce: bool) -> None:  # noqa: FBT001
    body = "Subject: Hi\r\n\r\n" + "0123456789\r\n" * 1_000
    failure = diagnose(refused(ask(ports["small"], body=body, announce_size=announce)))
    assert failure.reason is Reason.MESSAGE_TOO_LARGE


def test_a_relay_that_insists_on_starttls_is_configured_wrong_here(
    ports: Mapping[str, int],
) -> None:
    failure = diagnose(refused(ask(ports["starttls"])))
    assert (failure.reason, failure.next) == (Reason.CONFIGURATION_INVALID, Next.HOLD)


def test_the_relay_takes_the_next_step_once_starttls_was_said(ports: Mapping[str, int]) -> None:
    say = ask(ports["starttls"], "recipient_mx", starttls=True, recipient="nobody@acme.test")
    assert diagnose(refused(say)).reason is Reason.MAILBOX_NOT_FOUND


def test_a_wrong_password_is_wrong_credentials(ports: Mapping[str, int]) -> None:
    failure = diagnose(refused(ask(ports["login"], login=("app", "wrong"))))
    assert (failure.reason, failure.next) == (Reason.CREDENTIALS_INVALID, Next.HOLD)


def test_a_greylisting_server_is_asked_again_later(ports: Mapping[str, int]) -> None:
    failure = diagnose(refused(ask(ports["grey"], "recipient_mx")))
    assert (failure.reason, failure.next) == (Reason.GREYLISTED, Next.RETRY)
    assert failure.retry_after_s in {None, 300.0}


def test_too_many_mails_a_minute_slow_us_down(ports: Mapping[str, int]) -> None:
    say = ask(ports["slow"])
    accepted(say)
    failure = diagnose(refused(say))
    assert (failure.reason, failure.next) == (Reason.RATE_LIMITED, Next.RETRY)


@pytest.mark.parametrize(
    ("role", "reason"),
    [
        ("relay", Reason.PROVIDER_UNAVAILABLE),
        ("recipient_mx", Reason.RECEIVER_UNAVAILABLE),
    ],
)
def test_a_full_disk_is_the_servers_trouble_not_the_mails(
    ports: Mapping[str, int], role: Role, reason: Reason
) -> None:
    failure = diagnose(refused(ask(ports["full"], role)))
    assert (failure.reason, failure.next) == (reason, Next.RETRY)


def test_the_bounce_that_postfix_writes_is_explained(
    postfix: tuple[Mapping[str, int], Path],
) -> None:
    ports, box = postfix
    say = ask(ports["plain"], sender="bounces@box.test", recipient="ada@gone.test")
    accepted(say)
    bounce = subprocess.run(["cat", box], capture_output=True, timeout=60, check=True).stdout
    assert b"multipart/report" in bounce
    explained = subprocess.run(
        [sys.executable, "-m", "mailproof", "explain", "--json"],
        input=bounce,
        capture_output=True,
        timeout=60,
        check=True,
    )
    failure = json.loads(explained.stdout)
    assert (failure["reason"], failure["origin"]) == ("mailbox_not_found", "receiver")
    assert failure["closes"] is None
