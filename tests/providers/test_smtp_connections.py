"""The SMTP adapter's connections: login, TLS, and how many are kept for how long."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from mailproof.diagnosis.guidance import guidance
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.providers.base import Health, Verdict
from mailproof.providers.smtp import Smtp
from mailproof.testing.provider_suite import sample
from tests.providers.smtp_server import SmtpServer, serving
from tests.providers.smtp_world import INSTALLATION, failed, sample_from, sent, talking

DEADLINE_S = 5.0


# ---- logging in ----


@pytest.mark.parametrize("offer", ["PLAIN", "LOGIN", "CRAM-MD5"])
async def test_it_logs_in_as_the_server_offers(offer: str) -> None:
    server = SmtpServer(offers=(f"AUTH {offer} XOAUTH2",))
    async with talking(server) as provider:
        await sent(provider)
        assert [line.split()[1] for line in server.heard if line.startswith("AUTH")] == [offer]


async def test_a_challenge_that_is_no_base64_is_a_broken_server_and_loses_no_mail() -> None:
    server = SmtpServer(offers=("AUTH CRAM-MD5",))
    server.answers["AUTH"] = "334 a"
    async with talking(server) as provider:
        failure = await failed(provider)
        assert failure.retryable
        assert not failure.ambiguous
    assert not server.mails


async def test_where_nothing_is_encrypted_the_password_is_proved_and_not_said() -> None:
    server = SmtpServer(offers=("AUTH PLAIN LOGIN CRAM-MD5",))
    async with talking(server) as provider:
        await sent(provider)
    assert [line for line in server.heard if line.startswith("AUTH")] == ["AUTH CRAM-MD5"]


async def test_a_refused_password_is_not_tried_by_another_mechanism() -> None:
    server = SmtpServer()
    server.answers["AUTH"] = "535 5.7.8 Error: authentication failed"
    async with talking(server) as provider:
        failure = await failed(provider)
        assert failure.reason is Reason.CREDENTIALS_INVALID
        assert len([line for line in server.heard if line.startswith("AUTH")]) == 1


async def test_a_mechanism_that_is_offered_and_not_known_gives_way_to_the_next() -> None:
    server = SmtpServer()
    server.answers["AUTH"] = lambda line: "504 5.5.4 Unknown" if "PLAIN" in line else ""
    async with talking(server) as provider:
        await sent(provider)


async def test_a_server_that_takes_no_logins_is_a_wrong_setting() -> None:
    server = SmtpServer(offers=("SIZE 1000",))
    async with talking(server) as provider:
        failure = await failed(provider)
        assert (failure.reason, failure.next) == (Reason.CONFIGURATION_INVALID, Next.HOLD)


@pytest.mark.parametrize(
    "reply",
    [
        "535 Login fail. Please enter your authorization code to login.",
        "535 Login fail. Account is abnormal, see https://help.mail.qq.com/detail/108/1023",
        "550 User has no permission",
        "535 Error: authentication failed",
    ],
)
async def test_a_mailbox_service_that_wants_a_code_is_told_as_that(reply: str) -> None:
    server = SmtpServer()
    server.answers["AUTH"] = reply
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serving(server))
        url = f"smtp://me%40163.com:secret-word@127.0.0.1:{port}"
        provider = Smtp("backup", url=lambda: url, installation=INSTALLATION)
        health: Health = await provider.check(deadline_s=DEADLINE_S)
        assert health.failure is not None
        assert "授权码" in guidance("zh").fix(health.failure)
        failure = await failed(provider, sample_from("me@163.com"))
        assert failure.next is Next.HOLD
        assert "authorization code" in guidance("en").fix(failure)


# ---- TLS ----


async def test_elsewhere_than_on_this_machine_nothing_is_said_in_the_clear() -> None:
    server = SmtpServer(tls=True)
    async with talking(server, query="?tls=starttls") as provider:
        await sent(provider)
        starttls = server.heard.index("STARTTLS")
        assert [line.split()[0] for line in server.heard[:starttls]] == ["EHLO"]
        health = await provider.check(deadline_s=DEADLINE_S)
        assert health.facts["tls"].startswith("TLSv1.")
        assert health.facts["certificate_expires"].startswith("2126-")


async def test_starttls_that_is_not_offered_is_never_done_without() -> None:
    server = SmtpServer()
    async with talking(server, query="?tls=starttls") as provider:
        failure = await failed(provider)
        assert (failure.reason, failure.next) == (Reason.CONFIGURATION_INVALID, Next.HOLD)
        assert not [line for line in server.heard if line.startswith("AUTH")]


async def test_tls_at_once_is_spoken_at_once() -> None:
    server = SmtpServer()
    async with talking(server, implicit_tls=True, scheme="smtps") as provider:
        await sent(provider)


@pytest.mark.parametrize("query", ["?tls=starttls", "?tls=implicit"])
async def test_a_certificate_that_nobody_vouches_for_stops_before_the_password(query: str) -> None:
    server = SmtpServer(tls=True)
    async with AsyncExitStack() as stack:
        implicit = query.endswith("implicit")
        port = await stack.enter_async_context(serving(server, implicit_tls=implicit))
        url = f"smtp://a:secret-word@127.0.0.1:{port}{query}"
        provider = Smtp("backup", url=lambda: url, installation=INSTALLATION)
        failure = await failed(provider)
        assert (failure.reason, failure.next) == (Reason.TLS_FAILURE, Next.HOLD)
        assert not failure.ambiguous
        health = await provider.check(deadline_s=DEADLINE_S)
        assert health.verdict is Verdict.BAD
        assert not [line for line in server.heard if line.startswith("AUTH")]


# ---- connections ----


async def test_one_connection_carries_one_mail_after_the_other() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        for number in range(3):
            await sent(provider, sample(number))
        assert server.connections == 1
        assert [line.split()[0] for line in server.heard if line in {"RSET", "QUIT"}] == [
            "RSET"
        ] * 2
    assert server.heard[-1] == "QUIT"


async def test_a_connection_that_died_while_it_was_idle_is_no_failed_try() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        await sent(provider)
        server.hang_up()
        await sent(provider, sample(2))
        server.answers["RSET"] = "421 4.4.2 Idle for too long"
        await sent(provider, sample(3))
        assert len(server.mails) == 3


async def test_a_kept_connection_that_ends_at_the_first_verb_is_no_failed_try_either() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        await sent(provider)
        closings = iter(["421 4.4.2 Idle for too long"])
        server.answers["MAIL"] = lambda _: next(closings, "")
        await sent(provider, sample(2))
        assert len(server.mails) == 2


async def test_no_more_connections_are_open_than_there_may_be() -> None:
    server = SmtpServer()
    async with talking(server, connections=2) as provider:
        async with asyncio.TaskGroup() as group:
            for number in range(12):
                group.create_task(sent(provider, sample(number)))
        assert server.most_at_once <= 2
        assert len(server.mails) == 12


async def test_a_server_that_has_enough_connections_gets_fewer_and_every_mail() -> None:
    server = SmtpServer()
    server.answers["CONNECT"] = lambda _: (
        "421 4.7.0 Too many connections from your address" if server.open > 2 else ""
    )
    async with talking(server, connections=6) as provider:
        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(sent(provider, sample(number)))
        assert len(server.mails) == 20


async def test_a_connection_is_not_kept_for_ever() -> None:
    server = SmtpServer()
    async with talking(server) as provider:
        for number in range(101):
            await sent(provider, sample(number))
        assert server.connections == 2


async def test_another_url_is_used_from_the_next_mail_on() -> None:
    one, other = SmtpServer(), SmtpServer()
    async with serving(one) as first, serving(other) as second:
        ports = [first, second]
        provider = Smtp(
            "backup", url=lambda: f"smtp://127.0.0.1:{ports[0]}", installation=INSTALLATION
        )
        await sent(provider)
        before = provider.fingerprint
        ports.reverse()
        await sent(provider)
        assert provider.fingerprint != before
        assert (len(one.mails), len(other.mails)) == (1, 1)
        await provider.close()


@pytest.mark.parametrize("query", ["", "?tls=starttls"])
async def test_a_mail_of_many_megabytes_arrives_whole_after_a_small_one(query: str) -> None:
    server = SmtpServer(tls=True)
    async with talking(server, query=query) as provider:
        large = sample(text="line of text\n" * 200_000)
        await sent(provider)
        await sent(provider, large)
        assert server.mails[1].body == provider.encode(large).body
        assert server.connections == 1
