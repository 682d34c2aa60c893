"""Certificates, logins and sizes of an SMTP server: each seeded fault is named. All are real."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from mailproof.doctor.finding import Status
from mailproof.doctor.words import told
from mailproof.sandbox.smtp import certificates
from mailproof.testing import Sandbox
from tests.doctor.smtp_server import CERTIFICATE, Smtp, serve_smtp
from tests.doctor.world import NOW_S, World, bad, keys_of

F, W, C = Status.FAILED, Status.WARNING, Status.CANNOT_TELL

OF_THE_SANDBOX: Final = Path(certificates.__file__).parent / "certificates"
NOT_YET_VALID: Final = CERTIFICATE.with_name("not_yet_valid.pem")
# 2126-01-01: when the sandbox's good certificate ends.
THE_END_S: Final = 4_922_899_200.0


@pytest.fixture(autouse=True)
def _trusting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """This machine trusts all of them, but for one; what is wrong with them is something else."""
    bundle = tmp_path / "trusted.pem"
    trusted = (CERTIFICATE, NOT_YET_VALID, certificates.AUTHORITY)
    bundle.write_text("".join(each.read_text("utf-8") for each in trusted), "utf-8")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))


class Fault(msgspec.Struct, frozen=True):
    """How the server is broken, and what must be said of it."""

    name: str
    seed: Callable[[Smtp], None]
    key: str
    status: Status = F
    in_clear: bool = False


def says(verb: str, answer: str) -> Callable[[Smtp], None]:
    def seed(smtp: Smtp) -> None:
        smtp.answers[verb] = answer

    return seed


def offers(*words: str) -> Callable[[Smtp], None]:
    def seed(smtp: Smtp) -> None:
        smtp.offers = list(words)

    return seed


def shows(certificate: Path) -> Callable[[Smtp], None]:
    def seed(smtp: Smtp) -> None:
        smtp.certificate = certificate

    return seed


def after_starttls_only(smtp: Smtp) -> None:
    smtp.auth_in_clear = False


CERTIFICATES: Final = (
    Fault(
        "an expired certificate",
        shows(OF_THE_SANDBOX / "expired.pem"),
        "tls.certificate_expired",
    ),
    Fault(
        "the certificate of another host",
        shows(OF_THE_SANDBOX / "other-name.pem"),
        "tls.certificate_name",
    ),
    Fault("a certificate of tomorrow", shows(NOT_YET_VALID), "tls.certificate_not_yet"),
)
FAULTS: Final = (
    *CERTIFICATES,
    Fault(
        "STARTTLS that is offered and refused",
        says("STARTTLS", "454 4.7.0 TLS not available"),
        "tls.starttls_refused",
    ),
    Fault("a login that is refused", says("AUTH", "535 5.7.8 Nobody"), "login.refused"),
    Fault("a login server that is down", says("AUTH", "454 4.7.0 Later"), "login.refused"),
    Fault("no login", offers("SIZE 10240000"), "login.not_offered"),
    Fault("no login that is known", offers("AUTH GSSAPI"), "login.unclear", C),
    Fault(
        "a login after STARTTLS only", after_starttls_only, "login.only_encrypted", in_clear=True
    ),
    Fault("a server that breaks down after the login", says("NOOP", "421 Bye"), "login.unclear", C),
    Fault("a server for small mails", offers("AUTH PLAIN", "SIZE 1000000"), "size.small", W),
)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_a_seeded_fault_is_named_and_no_other_with_it(world: World, fault: Fault) -> None:
    fault.seed(world.smtp)
    world.use_smtp(query="" if fault.in_clear else "?tls=starttls")
    notes = await world.examined()
    assert fault.key in keys_of(notes, fault.status)
    assert bad(notes) == {fault.key}


@pytest.mark.parametrize("fault", CERTIFICATES, ids=lambda fault: fault.name)
async def test_a_wrong_certificate_stops_nobody_who_sends_in_the_clear(
    world: World, fault: Fault
) -> None:
    fault.seed(world.smtp)
    world.use_smtp()
    notes = await world.examined()
    assert fault.key in keys_of(notes, W)
    assert "login.ok" in keys_of(notes, Status.OK)


@pytest.mark.parametrize("fault", CERTIFICATES, ids=lambda fault: fault.name)
async def test_a_wrong_certificate_is_named_where_tls_begins_at_once(
    world: World, fault: Fault
) -> None:
    fault.seed(world.smtp)
    world.smtp.implicit_tls = True
    async with serve_smtp(world.smtp) as port:
        world.use_smtp(scheme="smtps", port=port)
        assert bad(await world.examined()) == {fault.key}


@pytest.mark.parametrize("at_once", [False, True], ids=["STARTTLS", "at once"])
@pytest.mark.parametrize(
    ("certificate", "key"),
    [
        (CERTIFICATE, "tls.certificate_self_signed"),
        (OF_THE_SANDBOX / "good.pem", "tls.certificate"),
    ],
)
async def test_a_certificate_that_nobody_vouches_for_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch, certificate: Path, key: str, *, at_once: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(NOT_YET_VALID))
    world.smtp.certificate = certificate
    world.smtp.implicit_tls = at_once
    async with serve_smtp(world.smtp) as port:
        query = "" if at_once else "?tls=starttls"
        world.use_smtp(scheme="smtps" if at_once else "smtp", port=port, query=query)
        assert bad(await world.examined()) == {key}


@pytest.mark.parametrize("at_once", [False, True], ids=["STARTTLS", "at once"])
@pytest.mark.parametrize(("days_left", "is_soon"), [(13.5, True), (14.5, False)])
async def test_a_certificate_that_ends_within_two_weeks_is_told_in_time(
    world: World, days_left: float, *, is_soon: bool, at_once: bool
) -> None:
    world.smtp.certificate = OF_THE_SANDBOX / "good.pem"
    world.smtp.implicit_tls = at_once
    world.now_s = THE_END_S - days_left * 86_400
    async with serve_smtp(world.smtp) as port:
        world.use_smtp(scheme="smtps" if at_once else "smtp", port=port)
        notes = await world.examined()
    assert ("tls.certificate_ends_soon" in keys_of(notes, W)) is is_soon
    if is_soon:
        (note,) = [note for note in notes if note.key == "tls.certificate_ends_soon"]
        assert (note.facts["date"], note.facts["days"]) == ("2126-01-01", "13")


@pytest.mark.parametrize(
    ("login", "answer"),
    [
        ("10001@qq.com", "535 Login fail. More at https://service.mail.qq.com/"),
        ("me@163.com", "535 Error: authentication failed"),
        ("me@126.com", "550 User has no permission"),
        ("me@foxmail.com", "535 5.7.8 No"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_refused_login_at_a_chinese_mailbox_is_told_of_its_authorization_code(
    world: World, login: str, answer: str, language: str
) -> None:
    world.smtp.answers["AUTH"] = answer
    world.use_smtp()
    quoted = login.replace("@", "%40")
    world.env["SMTP_URL"] = f"smtp://{quoted}:correct-horse@127.0.0.1:{world.smtp_port}"
    findings = told(await world.examined(), language, {})
    (finding,) = [each for each in findings if each.check == "smtp.login"]
    assert "授权码" in finding.what + finding.fix


async def test_a_password_that_the_server_gives_back_is_not_shown(world: World) -> None:
    world.smtp.answers["AUTH"] = "535 5.7.8 No such password: correct-horse"
    world.use_smtp()
    notes = await world.examined()
    assert "login.refused" in keys_of(notes)
    assert "correct-horse" not in repr(notes)


async def test_a_url_without_a_login_is_not_logged_in_with(world: World) -> None:
    world.use_smtp()
    world.env["SMTP_URL"] = f"smtp://127.0.0.1:{world.smtp_port}"
    notes = await world.examined()
    assert bad(notes) == set()
    assert not [line for line in world.smtp.heard if line.startswith("AUTH")]


@pytest.mark.parametrize(
    "size", ["SIZE", "SIZE 0", "SIZE much", "SIZE 99999999999999999999", "PIPELINING"]
)
async def test_a_size_that_says_nothing_is_no_fault(world: World, size: str) -> None:
    world.smtp.offers = ["AUTH=LOGIN PLAIN", "AUTH PLAIN", size]
    world.use_smtp()
    notes = await world.examined()
    assert bad(notes) == set()
    assert not [note for note in notes if note.check == "smtp.size"]


@pytest.mark.parametrize(
    ("off_s", "key"), [(600, "clock.ahead"), (-600, "clock.behind"), (10, "clock.ok")]
)
async def test_the_date_in_a_greeting_shows_a_wrong_clock(
    world: World, off_s: float, key: str
) -> None:
    world.smtp.greeting = "220 mx.acme.test ESMTP Exim 4.98 Thu, 01 Jan 2026 12:00:00 +0000"
    world.use_smtp()
    world.now_s = 1_767_268_800 + off_s
    assert key in keys_of(await world.examined())


async def test_a_greeting_without_a_date_says_nothing_of_the_clock(world: World) -> None:
    world.use_smtp()
    world.now_s = NOW_S + 10_000_000
    assert not [note for note in await world.examined() if note.check == "environment.clock"]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(smtp_port=0) as made:
        yield made


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ("", "login.ok"),
        ("smtp-auth-qq", "login.refused"),
        ("smtp-no-auth", "login.not_offered"),
        ("smtp-no-auth-in-clear", "login.only_encrypted"),
        ("smtp-starttls-454", "tls.starttls_refused"),
        ("smtp-certificate-expired", "tls.certificate_expired"),
        ("smtp-connect-554", "tls.greets_badly"),
        ("smtp-connect-close", "tls.no_greeting"),
    ],
)
async def test_what_the_sandbox_does_on_demand_is_found_by_the_doctor(
    world: World, sandbox: Sandbox, fault: str, key: str
) -> None:
    if fault:
        sandbox.fail(fault)
    world.use_smtp()
    world.env["SMTP_URL"] = sandbox.smtp_url
    world.smtp_ports = (int(sandbox.smtp_url.rpartition(":")[2]),)
    assert key in keys_of(await world.examined())
