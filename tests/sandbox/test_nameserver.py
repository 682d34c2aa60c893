"""The sandbox's DNS says what Resend asks for, once a domain is verified."""

from collections.abc import Iterator

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest

from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.settings import Settings
from mailproof.testing import Sandbox

RECORDS = {
    ("send.acme.test", "MX"): "feedback-smtp.us-east-1.amazonses.com.",
    ("send.acme.test", "TXT"): "v=spf1 include:amazonses.com ~all",
    ("resend._domainkey.acme.test", "TXT"): "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ",
    ("_dmarc.acme.test", "TXT"): "v=DMARC1",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    pending = Settings(domains=(("acme.test", DomainStatus.PENDING),))
    with Sandbox(pending, dns_port=0) as running:
        yield running


def ask(sandbox: Sandbox, name: str, kind: str) -> dns.message.Message:
    host, port = sandbox.nameserver
    return dns.query.udp(dns.message.make_query(name, kind), host, port=port, timeout=5)


@pytest.mark.parametrize(("name", "kind"), RECORDS)
def test_a_pending_domain_lacks_the_record(sandbox: Sandbox, name: str, kind: str) -> None:
    assert not ask(sandbox, name, kind).answer


@pytest.mark.parametrize(("name", "kind"), RECORDS)
def test_a_verified_domain_has_the_record(sandbox: Sandbox, name: str, kind: str) -> None:
    sandbox.verify_domain("acme.test")
    (found,) = ask(sandbox, name, kind).answer
    assert RECORDS[name, kind] in found.to_text()


def test_a_domain_exists_before_it_is_verified(sandbox: Sandbox) -> None:
    assert ask(sandbox, "acme.test", "SOA").answer
    assert ask(sandbox, "acme.test", "MX").rcode() == dns.rcode.NOERROR


@pytest.mark.parametrize("name", ["acme.example", "nothing.acme.test", "notacme.test"])
def test_other_names_do_not_exist(sandbox: Sandbox, name: str) -> None:
    assert ask(sandbox, name, "A").rcode() == dns.rcode.NXDOMAIN


def test_names_are_found_in_any_case(sandbox: Sandbox) -> None:
    sandbox.verify_domain("acme.test")
    assert ask(sandbox, "_DMARC.Acme.TEST", "TXT").answer


def test_what_is_no_question_is_passed_over_and_the_next_one_answered(sandbox: Sandbox) -> None:
    host, port = sandbox.nameserver
    # A response, sent to a server as if it were a question.
    reply = dns.message.make_response(dns.message.make_query("acme.test", "SOA"))
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(reply, host, port=port, timeout=0.1)
    assert ask(sandbox, "acme.test", "SOA").answer


def test_a_sandbox_without_dns_says_how_to_get_it() -> None:
    with pytest.raises(LookupError, match=r"dns_port=0"):
        _ = Sandbox().nameserver


def test_the_closest_domain_answers(sandbox: Sandbox) -> None:
    sandbox.verify_domain("mail.acme.test")
    assert ask(sandbox, "send.mail.acme.test", "MX").answer
    assert not ask(sandbox, "send.acme.test", "MX").answer


def test_a_name_exists_when_one_below_it_does(sandbox: Sandbox) -> None:
    sandbox.verify_domain("acme.test")
    assert ask(sandbox, "_domainkey.acme.test", "TXT").rcode() == dns.rcode.NOERROR
