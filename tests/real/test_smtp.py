"""The SMTP adapter in conversation with a real Postfix."""

from collections.abc import Mapping

import pytest

from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.base import Sent, Verdict
from mailproof.providers.smtp import Smtp
from mailproof.testing.provider_suite import sample
from tests.real.test_postfix import ports, postfix

__all__ = ["ports", "postfix"]  # fixtures

pytestmark = pytest.mark.real

DEADLINE_S = 20.0
ADA, NOBODY = "ada@acme.test", "nobody@acme.test"


def smtp(port: int, *, login: str = "", query: str = "") -> Smtp:
    url = f"smtp://{login}127.0.0.1:{port}{query}"
    return Smtp("postfix", url=lambda: url, installation="0192a0e0-1111-7000-8000-000000000000")


async def send(provider: Smtp, *to: str, text: str = "Hi") -> Sent | Failure:
    try:
        mail = provider.encode(sample(to=list(to), text=text))
        return await provider.send(mail, key="k", deadline_s=DEADLINE_S)
    finally:
        await provider.close()


async def test_it_takes_a_mail_and_says_how_its_log_calls_it(ports: Mapping[str, int]) -> None:
    result = await send(smtp(ports["plain"]), ADA, text=".\nMit Umlauten: äöü, 中文\n")
    assert isinstance(result, Sent), result
    assert "queued as" in result.said


async def test_an_unknown_user_is_refused_alone(ports: Mapping[str, int]) -> None:
    result = await send(smtp(ports["plain"]), ADA, NOBODY)
    assert isinstance(result, Sent), result
    assert result.taken == (ADA,)
    (part,) = result.refused
    assert (part.address, part.failure.reason) == (NOBODY, Reason.MAILBOX_NOT_FOUND)


@pytest.mark.parametrize(
    ("service", "to", "given", "reason"),
    [
        ("plain", "ada@elsewhere.test", {}, Reason.RELAY_DENIED),
        ("small", ADA, {}, Reason.MESSAGE_TOO_LARGE),
        ("full", ADA, {}, Reason.PROVIDER_UNAVAILABLE),
        ("grey", ADA, {}, Reason.GREYLISTED),
        ("starttls", ADA, {}, Reason.CONFIGURATION_INVALID),
        ("starttls", ADA, {"query": "?tls=starttls"}, Reason.TLS_FAILURE),
        ("plain", ADA, {"query": "?tls=starttls"}, Reason.CONFIGURATION_INVALID),
        ("login", ADA, {"login": "app:wrong-password@"}, Reason.CREDENTIALS_INVALID),
        ("plain", ADA, {"login": "app:wrong-password@"}, Reason.CONFIGURATION_INVALID),
    ],
)
async def test_each_refusal_has_its_name(
    ports: Mapping[str, int], service: str, to: str, given: dict[str, str], reason: Reason
) -> None:
    result = await send(smtp(ports[service], **given), to, text="x" * 3_000)
    assert isinstance(result, Failure), result
    assert (result.reason, result.ambiguous) == (reason, False)


async def test_its_health_is_asked_without_a_mail(ports: Mapping[str, int]) -> None:
    health = await smtp(ports["plain"]).check(deadline_s=DEADLINE_S)
    assert health.verdict is Verdict.GOOD
    assert "mail.acme.test" in health.facts["greeting"]
    assert "smtputf8" in health.facts["offers"]
