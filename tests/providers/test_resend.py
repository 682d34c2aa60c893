"""The Resend adapter beyond the suite: what it sends, how it reads answers, what it tells."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import msgspec
import pytest

from mailproof.diagnosis.evidence import HttpAnswer, Origin, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.diagnosis.report import report
from mailproof.providers.base import Confirms, Sent, Verdict
from mailproof.providers.http import open_http
from mailproof.providers.resend import LOOP_HEADER, Resend
from mailproof.testing import DomainStatus, Fault, GivenKey, Sandbox, Settings
from mailproof.testing.provider_suite import DOMAIN, sample
from tests.doctor import resend_server
from tests.doctor.smtp_server import dropping_port
from tests.providers.resend_world import INSTALLATION, KEY, SENDING_ONLY, resend, settings

SURE = False
OPEN = True


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings()) as made:
        yield made


@pytest.fixture
async def adapter(sandbox: Sandbox) -> AsyncIterator[Resend]:
    async with open_http("test/1", {}) as http:
        yield resend(http, sandbox.url)


async def send(adapter: Resend, *, deadline_s: float = 5.0) -> Sent | Failure:
    return await adapter.send(adapter.encode(sample()), key="e-1.0", deadline_s=deadline_s)


async def failing(adapter: Resend, *, deadline_s: float = 5.0) -> Failure:
    result = await send(adapter, deadline_s=deadline_s)
    assert isinstance(result, Failure)
    return result


# ---- what is sent ----


async def test_a_call_carries_key_idempotency_and_who_calls() -> None:
    server = resend_server.Resend()
    async with resend_server.serve_resend(server) as url, open_http("test/1", {}) as http:
        adapter = resend(http, f"{url}/", resend_server.KEY)
        encoded = adapter.encode(sample())
        assert isinstance(await adapter.send(encoded, key="e-1.0", deadline_s=5), Sent)
    method, path, headers, body = server.seen[0]
    assert (method, path) == ("POST", "/emails")
    wanted = {
        "Authorization": f"Bearer {resend_server.KEY}",
        "Content-Type": "application/json",
        "Idempotency-Key": "e-1.0",
        "User-Agent": "mailproof/1.2.3",
        LOOP_HEADER: INSTALLATION,
        "Content-Length": str(len(encoded.body)),
    }
    assert wanted.items() <= headers.items()
    assert body == msgspec.json.decode(encoded.body)


async def test_the_stamp_comes_back_as_a_tag_and_the_key_as_the_key(
    adapter: Resend, sandbox: Sandbox
) -> None:
    result = await send(adapter)
    (mail,) = sandbox.mails
    assert result == Sent(mail.id)
    assert mail.tags == {"mailproof_id": sample().stamp}
    assert mail.idempotency_key == "e-1.0"


async def test_a_key_that_was_changed_is_used_at_once(sandbox: Sandbox) -> None:
    keys = ["re_not_yet_right", KEY]
    async with open_http("test/1", {}) as http:
        adapter = Resend(
            "resend",
            http,
            api_key=lambda: keys[0],
            base_url=sandbox.url,
            installation=INSTALLATION,
            version="1",
        )
        before = adapter.fingerprint
        assert (await failing(adapter)).reason is Reason.CREDENTIALS_INVALID
        keys.pop(0)
        assert isinstance(await send(adapter), Sent)
        assert adapter.fingerprint != before


async def test_a_mail_with_large_attachments_arrives_whole(
    adapter: Resend, sandbox: Sandbox
) -> None:
    content = "aGkh" * 1_000_000
    mail = sample(attachments=[{"filename": "a.bin", "content": content}])
    assert isinstance(await adapter.send(adapter.encode(mail), key="k", deadline_s=20), Sent)
    assert sandbox.mails[0].attachments[0].content == content


# ---- how answers are read ----

# Fault, reason, next, and whether the mail may be out all the same.
ANSWERS = (
    ("422", Reason.MESSAGE_INVALID, Next.END, SURE),
    ("sender-unverified", Reason.SENDER_UNVERIFIED, Next.HOLD, SURE),
    ("testing-only", Reason.SANDBOX_RESTRICTED, Next.HOLD, SURE),
    ("unknown-key", Reason.CREDENTIALS_INVALID, Next.HOLD, SURE),
    ("suspended_api_key", Reason.ACCOUNT_SUSPENDED, Next.HOLD, SURE),
    ("daily_quota_exceeded", Reason.QUOTA_EXCEEDED, Next.HOLD, SURE),
    ("429", Reason.RATE_LIMITED, Next.RETRY, SURE),
    ("503", Reason.PROVIDER_UNAVAILABLE, Next.RETRY, SURE),
    ("cloudflare-1010", Reason.BLOCKED_BY_INTERMEDIARY, Next.RETRY, SURE),
    ("captive-portal", Reason.BLOCKED_BY_INTERMEDIARY, Next.RETRY, SURE),
    ("redirect", Reason.CONFIGURATION_INVALID, Next.HOLD, SURE),
    ("reset-before", Reason.CONNECTION_LOST, Next.RETRY, OPEN),
    ("reset-after", Reason.CONNECTION_LOST, Next.RETRY, OPEN),
    ("hang-before", Reason.TIMED_OUT, Next.RETRY, OPEN),
    ("hang-after", Reason.TIMED_OUT, Next.RETRY, OPEN),
    ("accept-silent", Reason.TIMED_OUT, Next.RETRY, OPEN),
    ("accept-reset", Reason.CONNECTION_LOST, Next.RETRY, OPEN),
    ("accept-truncated", Reason.CONNECTION_LOST, Next.RETRY, OPEN),
    ("500", Reason.PROVIDER_UNAVAILABLE, Next.RETRY, OPEN),
    ("accept-500", Reason.PROVIDER_UNAVAILABLE, Next.RETRY, OPEN),
    ("502", Reason.PROVIDER_UNAVAILABLE, Next.RETRY, OPEN),
    ("504", Reason.PROVIDER_UNAVAILABLE, Next.RETRY, OPEN),
    ("accept-502", Reason.PROVIDER_UNAVAILABLE, Next.RETRY, OPEN),
    ("concurrent_idempotent_requests", Reason.IN_PROGRESS, Next.RETRY, OPEN),
    ("invalid_idempotent_request", Reason.IDEMPOTENCY_CONFLICT, Next.END, OPEN),
    ("empty", Reason.UNKNOWN, Next.RETRY, OPEN),
    ("broken-json", Reason.BLOCKED_BY_INTERMEDIARY, Next.RETRY, OPEN),
)  # fmt: skip


@pytest.mark.parametrize(("fault", "reason", "next_", "ambiguous"), ANSWERS)
async def test_an_answer_is_named_and_says_whether_the_mail_may_be_out(
    adapter: Resend, sandbox: Sandbox, fault: str, reason: Reason, next_: Next, *, ambiguous: bool
) -> None:
    sandbox.fail(fault)
    failure = await failing(adapter, deadline_s=0.3)
    assert (failure.reason, failure.next, failure.ambiguous) == (reason, next_, ambiguous)


async def test_the_words_of_resend_are_kept_for_the_app(adapter: Resend, sandbox: Sandbox) -> None:
    sandbox.fail("sender-unverified")
    failure = await failing(adapter)
    assert isinstance(failure.evidence.seen, HttpAnswer)
    body = msgspec.json.decode(failure.evidence.seen.body)
    assert (failure.evidence.seen.status, body["name"]) == (403, "validation_error")
    assert "The acme.test domain is not verified" in body["message"]
    assert failure.evidence.context.sender == f"Acme <hello@{DOMAIN}>"
    assert failure.evidence.context.to == ("ada@lovelace.test", "Grace <grace@hopper.test>")


async def test_a_time_that_resend_names_is_kept(adapter: Resend, sandbox: Sandbox) -> None:
    sandbox.fail(Fault("429", retry_after=7))
    assert (await failing(adapter)).retry_after_s == 7


async def test_an_error_that_comes_as_a_success_is_that_error(
    adapter: Resend, sandbox: Sandbox
) -> None:
    error = {"statusCode": 422, "name": "validation_error", "message": "Invalid `to` field."}
    sandbox.fail(Fault("answer", body=error))
    failure = await failing(adapter)
    assert (failure.reason, failure.ambiguous) == (Reason.RECIPIENT_INVALID, SURE)


async def test_an_answer_of_nothing_but_brackets_is_a_failure(
    adapter: Resend, sandbox: Sandbox
) -> None:
    sandbox.fail(Fault("answer", body="[" * 100_000, headers={"content-type": "application/json"}))
    assert (await failing(adapter)).ambiguous
    assert (await adapter.check(deadline_s=5)).verdict is not Verdict.GOOD


# ---- nobody to talk to ----


async def test_a_name_without_an_address_leaves_nothing_open() -> None:
    async with open_http("test/1", {}) as http:
        failure = await failing(resend(http, "http://nobody.invalid"))
    assert (failure.reason, failure.ambiguous) == (Reason.DNS_FAILURE, SURE)


async def test_a_server_that_speaks_no_tls_leaves_nothing_open(sandbox: Sandbox) -> None:
    async with open_http("test/1", {}) as http:
        failure = await failing(resend(http, sandbox.url.replace("http:", "https:")))
    assert (failure.reason, failure.ambiguous) == (Reason.TLS_FAILURE, SURE)
    assert failure.origin is Origin.NETWORK


async def test_a_connection_that_never_comes_up_leaves_nothing_open() -> None:
    with dropping_port() as port:
        async with open_http("test/1", {}) as http:
            failure = await failing(resend(http, f"http://127.0.0.1:{port}"), deadline_s=0.3)
    assert (failure.reason, failure.ambiguous) == (Reason.TIMED_OUT, SURE)


@pytest.mark.parametrize("key", ["re_two\nlines", "re_密钥", "re_ a b", "re_\ud800", "re_a\x00b"])
async def test_a_key_that_no_header_can_hold_is_not_sent(sandbox: Sandbox, key: str) -> None:
    async with open_http("test/1", {}) as http:
        adapter = resend(http, sandbox.url, key)
        failure = await failing(adapter)
        health = await adapter.check(deadline_s=5)
    assert (failure.reason, failure.next) == (Reason.CREDENTIALS_INVALID, Next.HOLD)
    assert health.verdict is Verdict.BAD
    assert not sandbox.requests
    assert key not in repr(failure)


async def test_a_missing_key_is_told_as_ours_and_not_as_an_answer(sandbox: Sandbox) -> None:
    async with open_http("test/1", {}) as http:
        failure = await failing(resend(http, sandbox.url, ""))
    assert failure.reason is Reason.CREDENTIALS_MISSING
    assert isinstance(failure.evidence.seen, Raised)
    assert failure.evidence.seen.request_written is False
    assert not sandbox.requests


# ---- health ----


async def test_a_full_key_tells_of_every_sender_that_it_is_sure_of(sandbox: Sandbox) -> None:
    for status in DomainStatus:
        sandbox.set_domain(f"{status.value.replace('_', '-')}.test", status)
    async with open_http("test/1", {}) as http:
        health = await resend(http, sandbox.url).check(deadline_s=5)
    judged = {
        sender: failure.reason if failure else None for sender, failure in health.senders.items()
    }
    assert judged == {
        "acme.test": None,
        "verified.test": None,
        "unverified.test": Reason.SENDER_UNVERIFIED,
        "not-started.test": Reason.SENDER_UNVERIFIED,
        "pending.test": Reason.SENDER_UNVERIFIED,
        "failed.test": Reason.SENDER_UNVERIFIED,
        "partially-failed.test": Reason.SENDER_UNVERIFIED,
    }
    assert health.verdict is Verdict.GOOD


async def test_a_bad_sender_is_explained_with_its_domain(sandbox: Sandbox) -> None:
    async with open_http("test/1", {}) as http:
        health = await resend(http, sandbox.url).check(deadline_s=5)
    failure = health.senders["unverified.test"]
    assert failure is not None
    assert str(failure.closes) == "sender"
    assert "unverified.test" in report(failure, "en").fix


async def test_a_sending_only_key_is_good_enough_and_closes_nothing(sandbox: Sandbox) -> None:
    async with open_http("test/1", {}) as http:
        adapter = resend(http, sandbox.url, SENDING_ONLY)
        health = await adapter.check(deadline_s=5)
        assert isinstance(await send(adapter), Sent)
    assert health.verdict is Verdict.CANNOT_TELL
    assert health.facts["permission"] == "sending_access"
    assert not health.senders


BAD_ANSWERS = (
    ("unknown-key", Verdict.BAD),
    ("suspended_api_key", Verdict.BAD),
    ("daily_quota_exceeded", Verdict.BAD),
    ("500", Verdict.BAD),
    ("captive-portal", Verdict.BAD),
    ("reset-after", Verdict.BAD),
    ("hang-after", Verdict.BAD),
    ("429", Verdict.CANNOT_TELL),
    ("422", Verdict.CANNOT_TELL),
    ("empty", Verdict.CANNOT_TELL),
)


@pytest.mark.parametrize(("fault", "verdict"), BAD_ANSWERS)
async def test_a_failed_question_is_bad_only_for_what_concerns_every_mail(
    adapter: Resend, sandbox: Sandbox, fault: str, verdict: Verdict
) -> None:
    sandbox.fail(fault)
    health = await adapter.check(deadline_s=0.3)
    assert health.verdict is verdict
    assert health.failure is not None


async def test_rate_and_quota_are_told_as_facts() -> None:
    limited = Settings(keys=(GivenKey(KEY),), rate_per_s=5, daily_quota=100)
    with Sandbox(limited) as sandbox:
        async with open_http("test/1", {}) as http:
            health = await resend(http, sandbox.url).check(deadline_s=5)
    assert health.facts == {
        "permission": "full_access",
        "domains": "1",
        "rate_limit": "5",
        "rate_left": "4",
        "used_today": "0",
        "used_this_month": "0",
        "limit_today": "100",
        "limit_this_month": "3000",
    }


async def test_more_domains_than_fit_on_a_page_are_all_read(sandbox: Sandbox) -> None:
    for number in range(205):
        sandbox.set_domain(f"d{number}.test", DomainStatus.VERIFIED)
    async with open_http("test/1", {}) as http:
        health = await resend(http, sandbox.url).check(deadline_s=10)
    assert len(health.senders) == 207
    assert health.facts["domains"] == "207"
    assert len(sandbox.requests) == 3


async def test_a_page_that_cannot_be_read_hides_nothing_that_was(sandbox: Sandbox) -> None:
    for number in range(150):
        sandbox.set_domain(f"d{number}.test", DomainStatus.PENDING)
    listing = await pages_of(sandbox)
    server = resend_server.Resend()
    answers: list[resend_server.Answer] = [
        (200, listing, {}),
        (429, {"statusCode": 429, "name": "rate_limit_exceeded", "message": "Too many"}, {}),
    ]
    server._answer = lambda request, body: answers.pop(0)  # type: ignore[method-assign]
    async with resend_server.serve_resend(server) as url, open_http("test/1", {}) as http:
        health = await resend(http, url).check(deadline_s=5)
    assert health.verdict is Verdict.GOOD
    assert len(health.senders) == 100
    assert health.facts["domains_unread"] == "rate_limited"
    assert health.facts["domains"] == "100 and more"


async def pages_of(sandbox: Sandbox) -> Mapping[str, Any]:
    headers = {"Authorization": f"Bearer {KEY}"}
    async with open_http("test/1", {}) as http:
        url = f"{sandbox.url}/domains?limit=100"
        answer = await http.get(url, headers=headers, deadline_s=5)
    assert isinstance(answer, HttpAnswer)
    return msgspec.json.decode(answer.body, type=dict[str, Any])


async def test_domains_beyond_ascii_are_told_as_from_addresses_have_them(sandbox: Sandbox) -> None:
    sandbox.set_domain("xn--r8jz45g.test", DomainStatus.VERIFIED)
    async with open_http("test/1", {}) as http:
        adapter = resend(http, sandbox.url)
        health = await adapter.check(deadline_s=5)
    assert adapter.sender_of("a@例え.test") in health.senders


# ---- what it says of itself ----


async def test_what_it_can_do_is_declared() -> None:
    async with open_http("test/1", {}) as http:
        polling = resend(http, "http://127.0.0.1:1").capabilities
        secrets = ["whsec_c2VjcmV0c2VjcmV0"]
        told = resend(http, "http://127.0.0.1:1", webhook_secrets=secrets).capabilities
    assert (polling.confirms, told.confirms) == (Confirms.POLL, Confirms.WEBHOOK)
    assert polling.key_ttl_s == 86_400
    assert polling.takes_extra
    assert not polling.verifies_addresses


async def test_a_sandbox_is_told_from_the_real_one(sandbox: Sandbox) -> None:
    async with open_http("test/1", {}) as http:
        adapter = Resend(
            "local",
            http,
            api_key=lambda: KEY,
            base_url=sandbox.url,
            installation=INSTALLATION,
            version="1",
            sandboxed=True,
        )
        assert adapter.capabilities.sandboxed
        assert adapter.capabilities.type == "sandbox"
        assert adapter.fingerprint != resend(http, sandbox.url).fingerprint
        assert isinstance(await send(adapter), Sent)


async def test_the_fingerprint_changes_with_the_base_url_and_not_with_a_slash() -> None:
    async with open_http("test/1", {}) as http:
        one, same, other = (
            resend(http, url).fingerprint
            for url in ("http://127.0.0.1:1", "http://127.0.0.1:1/", "http://127.0.0.1:2")
        )
    assert one == same
    assert one != other
