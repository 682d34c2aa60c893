"""Each fault of SMTP: it strikes where it says, and two clients find in it the reason it names."""

import asyncio
import smtplib
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import pytest

from mailproof.diagnosis.evidence import Context, Evidence, Raised, SmtpReply
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.base import Outgoing, Sent
from mailproof.providers.diagnose import diagnose
from mailproof.providers.smtp import Smtp
from mailproof.sandbox.faults.fault import UnknownFault, read_fault
from mailproof.sandbox.faults.kinds import Act, Stage
from mailproof.sandbox.faults.smtp_table import SMTP_FAULTS
from mailproof.testing import Sandbox, Settings
from tests.sandbox.smtp_client import (
    PATIENCE_S,
    SENDER,
    SILENCE_S,
    TO,
    connected,
    converse,
    trust,
)

HARMLESS = {"smtp-banner-slow", "smtp-accept-slow"}
# A client that wants less than the sandbox lacks does not notice: it logs in after STARTTLS, and
# the address is plain.
UNSEEN = HARMLESS | {"smtp-no-auth-in-clear", "smtp-no-utf8"}
STRIKING = sorted(set(SMTP_FAULTS) - UNSEEN)


@pytest.fixture(scope="module")
def shared() -> Iterator[Sandbox]:
    with Sandbox(Settings(rate_per_s=0), smtp_port=0, smtps_port=0) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(shared: Sandbox) -> Sandbox:
    shared.heal()
    shared.forget()
    return shared


def patience_s(name: str) -> float:
    """No longer than it has to be for what never answers."""
    return SILENCE_S if SMTP_FAULTS[name].act is Act.HANG else PATIENCE_S


def adapter(sandbox: Sandbox, query: str = "?tls=starttls") -> Smtp:
    url = sandbox.smtp_url + query
    return Smtp("relay", url=lambda: url, installation="i", tls=lambda: trust(sandbox))


async def sent(
    sandbox: Sandbox, to: str = TO, *, deadline_s: float = PATIENCE_S, query: str = "?tls=starttls"
) -> Sent | Failure:
    """One mail by our own adapter."""
    relay = adapter(sandbox, query)
    payload = {"from": SENDER, "to": [to], "subject": "Hi", "text": "Hi"}
    mail = Outgoing(
        email_id="0192a0e0-2222-7000-8000-000000000000",
        payload=msgspec.json.encode(payload),
        stamp="",
        encoder=relay.capabilities.encoder,
        created_at=0,
    )
    try:
        return await relay.send(relay.encode(mail), key="k", deadline_s=deadline_s)
    finally:
        await relay.close()


@pytest.mark.parametrize("name", STRIKING)
def test_a_plain_client_finds_the_reason_that_the_fault_names(sandbox: Sandbox, name: str) -> None:
    sandbox.fail(name)
    (seen,) = converse(sandbox, timeout_s=patience_s(name))
    kind = SMTP_FAULTS[name]
    context = Context(sender=SENDER, to=(TO,), role="relay")
    assert str(diagnose(Evidence(seen, "smtp", context)).reason) == kind.reason, seen
    assert bool(sandbox.mails) is kind.stage.accepts
    if isinstance(seen, SmtpReply):
        assert (seen.code, seen.stage) == (kind.status, kind.stage.verb)
    if kind.act is not Act.WITHHOLD:  # which refuses nothing: the client gives up by itself
        arrival = sandbox.requests[-1]
        assert (arrival.fault, arrival.path) == (name, kind.stage.verb)
        assert arrival.status == (kind.status if kind.act is Act.ANSWER else 0)


@pytest.mark.parametrize("name", STRIKING)
async def test_our_own_adapter_finds_it_too_and_knows_what_is_uncertain(
    sandbox: Sandbox, name: str
) -> None:
    sandbox.fail(name)
    failure = await sent(sandbox, deadline_s=patience_s(name))
    kind = SMTP_FAULTS[name]
    assert isinstance(failure, Failure)
    assert str(failure.reason) == kind.reason, failure
    # Only what was handed over and not answered may have been taken. How much had left when the
    # connection was cut within the mail, is up to the network.
    unanswered = kind.act is not Act.ANSWER and kind.stage in {Stage.DOT, Stage.QUEUED}
    if kind.act is not Act.CUT:
        assert failure.ambiguous is unanswered


@pytest.mark.parametrize("name", sorted(HARMLESS))
def test_what_is_only_slow_delays_the_mail_and_loses_nothing(sandbox: Sandbox, name: str) -> None:
    sandbox.fail(f"{name},seconds=0.2")
    began = time.monotonic()
    assert converse(sandbox) == []
    assert time.monotonic() - began >= 0.2
    assert len(sandbox.mails) == 1


async def test_an_address_that_needs_smtputf8_is_refused_where_it_is_missing(
    sandbox: Sandbox,
) -> None:
    sandbox.fail("smtp-no-utf8")
    failure = await sent(sandbox, "ü@kunde.test")
    assert isinstance(failure, Failure)
    assert str(failure.reason) == SMTP_FAULTS["smtp-no-utf8"].reason
    sandbox.heal()
    assert isinstance(await sent(sandbox, "ü@kunde.test"), Sent)
    assert sandbox.mails[0].to == ("ü@kunde.test",)


async def test_a_login_in_clear_is_impossible_where_auth_comes_after_starttls(
    sandbox: Sandbox,
) -> None:
    sandbox.fail("smtp-no-auth-in-clear")
    failure = await sent(sandbox, query="?tls=none")
    assert isinstance(failure, Failure)
    assert failure.reason is Reason.CONFIGURATION_INVALID
    assert isinstance(await sent(sandbox), Sent)


def test_a_fault_for_one_recipient_lets_the_others_through(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-rcpt-550,to=*@gone.test")
    (seen,) = converse(sandbox, TO, "bob@gone.test")
    assert isinstance(seen, SmtpReply)
    assert (seen.code, seen.stage) == (550, "rcpt")
    (mail,) = sandbox.mails
    assert mail.handover is not None
    assert mail.handover.recipients == (TO,)


def test_a_recipient_asks_for_a_fault_by_its_address_and_how_often(sandbox: Sandbox) -> None:
    address = "smtp-rcpt-451+2@fault.test"
    codes = [[seen.code for seen in converse(sandbox, address)] for _ in range(3)]
    assert codes == [[451], [451], []]
    assert len(sandbox.mails) == 1


def test_a_recipient_asks_for_a_fault_of_the_whole_mail(sandbox: Sandbox) -> None:
    (seen,) = converse(sandbox, TO, "smtp-dot-550@fault.test")
    assert isinstance(seen, SmtpReply)
    assert (seen.code, seen.stage) == (550, "end-of-data")
    assert not sandbox.mails


@pytest.mark.parametrize(
    ("local", "said"),
    [
        ("nothing-such", "names no fault of a recipient over SMTP"),
        ("500", "names no fault of a recipient over SMTP"),
        ("smtp-auth-535", "strikes before a recipient is known"),
        ("smtp-rcpt-550=3", "seconds means nothing here"),
    ],
)
def test_an_address_that_asks_for_what_cannot_be_is_refused_with_its_reason(
    sandbox: Sandbox, local: str, said: str
) -> None:
    (seen,) = converse(sandbox, f"{local}@fault.test")
    assert isinstance(seen, SmtpReply)
    assert seen.code == 550
    assert said in seen.reply


def test_a_fault_bound_to_a_subject_waits_for_the_mail(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-dot-451,subject=Your*")
    assert [seen.code for seen in converse(sandbox)] == [451]
    assert converse(sandbox, letter=b"Subject: Invoice\r\n\r\nHi\r\n") == []


def test_code_and_text_of_a_refusal_can_be_chosen(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-rcpt-550,status=553,body=5.1.3 odd,count=1")
    (seen,) = converse(sandbox)
    assert seen == SmtpReply(553, "5.1.3 odd", "rcpt")
    assert converse(sandbox) == []


def test_421_ends_the_conversation(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-rcpt-421")
    with connected(sandbox) as client:
        client.docmd(f"MAIL FROM:<{SENDER}>")
        assert client.docmd(f"RCPT TO:<{TO}>")[0] == 421
        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.docmd("NOOP")


def test_a_refusal_in_place_of_the_greeting_ends_the_conversation(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-connect-554,count=1")
    where = urlsplit(sandbox.smtp_url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as wire:
        assert wire.makefile("rb").read().startswith(b"554 5.7.1 ")


@pytest.mark.parametrize("name", ["smtp-certificate-expired", "smtp-certificate-other-name"])
def test_a_wrong_certificate_is_shown_where_tls_begins_at_once_too(
    sandbox: Sandbox, name: str
) -> None:
    sandbox.fail(name)
    where = urlsplit(sandbox.smtps_url)
    with (
        socket.create_connection((where.hostname or "", where.port or 0), timeout=5) as wire,
        pytest.raises(OSError, match="certificate verify failed"),
    ):
        trust(sandbox).wrap_socket(wire, server_hostname="localhost")


def test_lots_are_drawn_as_for_requests(sandbox: Sandbox) -> None:
    def lots() -> list[bool]:
        sandbox.heal()
        sandbox.fail("smtp-rcpt-450,probability=0.5,seed=3")
        with connected(sandbox) as client:
            client.docmd(f"MAIL FROM:<{SENDER}>")
            return [client.docmd(f"RCPT TO:<{TO}>")[0] == 450 for _ in range(20)]

    assert lots() == lots()
    assert 3 < sum(lots()) < 17


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("smtp-auth-535,to=*@a.test", "to means nothing here"),
        ("smtp-rcpt-550,subject=Hi", "subject means nothing here"),
        ("smtp-rcpt-550,path=/emails", "path means nothing here"),
        ("smtp-rcpt-550,retry_after=3", "retry_after means nothing here"),
        ("smtp-rcpt-550,seconds=3", "seconds means nothing here"),
        ("smtp-rcpt-550,status=250", "250 is no status from 400 to 599"),
        ("smtp-no-auth,status=550", "status means nothing here"),
    ],
)
def test_an_option_that_means_nothing_over_smtp_is_refused(text: str, said: str) -> None:
    with pytest.raises(UnknownFault, match=said):
        read_fault(text)


def test_a_fault_of_smtp_touches_no_request_and_none_of_http_touches_smtp(sandbox: Sandbox) -> None:
    sandbox.fail("503")
    assert converse(sandbox) == []
    assert [each.method for each in sandbox.requests] == ["SMTP"]


def test_every_fault_names_a_reason_that_there_is_or_harms_nothing() -> None:
    named = {name: kind.reason for name, kind in SMTP_FAULTS.items() if kind.reason}
    assert set(named.values()) <= {str(reason) for reason in Reason}
    assert set(SMTP_FAULTS) - set(named) == HARMLESS
    assert all(name.startswith("smtp-") for name in SMTP_FAULTS)


def test_a_hang_ends_when_the_client_leaves(sandbox: Sandbox) -> None:
    sandbox.fail("smtp-dot-hang")
    (seen,) = converse(sandbox, timeout_s=SILENCE_S)
    assert isinstance(seen, Raised)
    assert sandbox.requests[-1].status == 0


async def test_a_sandbox_stops_while_a_client_hangs() -> None:
    async with Sandbox(Settings(rate_per_s=0), smtp_port=0) as sandbox:
        sandbox.fail("smtp-connect-hang")
        where = urlsplit(sandbox.smtp_url)
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        sandbox.wait_until(lambda: bool(sandbox.requests))
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()
