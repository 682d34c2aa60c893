"""The way to an SMTP server: the URL, the ports, the greeting, TLS. All servers are real."""

import asyncio
from collections.abc import Iterator

import pytest

from mailproof.diagnosis.evidence import Raised
from mailproof.doctor.finding import Status
from mailproof.doctor.ports import PortSeen, SmtpSeen, check_ports
from mailproof.doctor.settings import Setting, Settings
from mailproof.doctor.smtp_url import SmtpUrl, check_smtp_url, read_smtp_url
from tests.doctor.smtp_server import (
    CERTIFICATE,
    blackhole,
    closed_port,
    dropping_port,
    serve_smtp,
)
from tests.doctor.world import World, bad, keys_of


@pytest.fixture
def _trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


@pytest.fixture
def silent_port() -> Iterator[int]:
    with blackhole() as port:
        yield port


@pytest.fixture
def dropping() -> Iterator[int]:
    with dropping_port() as port:
        yield port


URLS = (
    ("smtp://user:pw@mail.acme.test:587", "smtp_url.ok"),
    ("smtps://user:pw@mail.acme.test", "smtp_url.ok"),
    ("", "smtp_url.empty"),
    ("mail.acme.test", "smtp_url.no_scheme"),
    ("https://mail.acme.test", "smtp_url.wrong_scheme"),
    ("smtp://user:p@ss/word@mail.acme.test:587", "smtp_url.unescaped"),
    ("smtp://:587", "smtp_url.malformed"),
    ("smtp://user:pw@mail.acme.test:0", "smtp_url.malformed"),
    ("smtp://mailpit:1025", "smtp_url.ok"),
    ("smtp://smtp:25", "smtp_url.ok"),
    ("smtp://10.0.0.5:587", "smtp_url.ok"),
    ("smtp://user:pw@smtp.example.com:587", "smtp_url.placeholder"),
    ("smtps://user:pw@mail.acme.test:587", "smtp_url.tls_too_early"),
    ("smtp://user:pw@mail.acme.test:465", "smtp_url.tls_too_late"),
    ("smtp://user:pw@mail.acme.test:587?tls=implicit", "smtp_url.tls_too_early"),
    ("smtp://user:pw@mail.acme.test:465?tls=implicit", "smtp_url.ok"),
    ("smtp://user:pw@mail.acme.test:25", "smtp_url.port_25"),
    ("smtp://mail.acme.test:25", "smtp_url.port_25"),
    ("smtp://user@mail.acme.test:587", "smtp_url.no_password"),
    ("smtp://mail.acme.test:587", "smtp_url.no_login"),
    ("smtps://me:re_key@smtp.resend.com:465", "smtp_url.wrong_login"),
    ("smtp://user:pw@mail.acme.test:2526", "smtp_url.odd_port"),
)


@pytest.mark.parametrize(("url", "key"), URLS, ids=[url or "nothing" for url, _ in URLS])
def test_a_flaw_of_the_url_is_named_without_asking_anybody(url: str, key: str) -> None:
    settings = Settings({"SMTP_URL": Setting("SMTP_URL", url)})
    assert [note.key for note in check_smtp_url(settings)] == [key]


def test_login_and_password_are_decoded_and_never_shown() -> None:
    url = read_smtp_url(Setting("SMTP_URL", "smtp://a%40acme.test:p%2Fw@mail.acme.test"))
    assert url is not None
    assert (url.login, url.password, url.port) == ("a@acme.test", "p/w", 587)
    assert "p/w" not in repr(url)


@pytest.mark.usefixtures("_trusting")
async def test_a_server_with_starttls_and_a_good_certificate_is_fine(world: World) -> None:
    world.use_smtp()
    notes = await world.examined()
    assert {"ports.all_open", "tls.ok"} <= keys_of(notes, Status.OK)
    assert bad(notes) == set()
    heard = {line.partition(" ")[0] for line in world.smtp.heard}
    assert heard == {"EHLO", "STARTTLS", "AUTH", "NOOP", "QUIT"}  # and no mail


@pytest.mark.usefixtures("_trusting")
async def test_tls_at_once_is_fine_where_the_url_says_so(world: World) -> None:
    world.smtp.implicit_tls = True
    async with serve_smtp(world.smtp) as port:
        world.use_smtp(scheme="smtps", port=port)
        assert "tls.ok" in keys_of(await world.examined(), Status.OK)


async def test_smtps_against_a_server_that_greets_in_clear_is_named(world: World) -> None:
    world.use_smtp(scheme="smtps")
    assert "tls.not_at_once" in keys_of(await world.examined(), Status.FAILED)


async def test_smtp_against_a_port_that_waits_for_tls_is_named(world: World) -> None:
    world.smtp.implicit_tls = True
    async with serve_smtp(world.smtp) as port:
        world.use_smtp(port=port)
        assert "tls.maybe_at_once" in keys_of(await world.examined(), Status.FAILED)


async def test_a_port_that_never_says_a_word_is_named(world: World, silent_port: int) -> None:
    world.use_smtp(port=silent_port)
    assert "tls.maybe_at_once" in keys_of(await world.examined(), Status.FAILED)


async def test_a_greeting_that_refuses_is_explained(world: World) -> None:
    world.smtp.greeting = "554 5.7.1 Service unavailable; client host blocked using a blocklist"
    world.use_smtp()
    (note,) = [note for note in await world.examined() if note.key == "tls.greets_badly"]
    assert note.failure is not None
    assert note.evidence.startswith("554 5.7.1")


@pytest.mark.parametrize("place", range(4), ids=["25", "465", "587", "2525"])
async def test_a_blocked_port_is_named_and_the_open_ones_with_it(world: World, place: int) -> None:
    ports = [world.smtp_port + 0] * 4
    ports[place] = closed_port()
    world.smtp_ports = tuple(ports)
    world.use_smtp(port=ports[place])
    (note,) = [note for note in await world.examined() if note.key == "ports.other_open"]
    assert note.status is Status.FAILED
    assert note.facts["open"] == str(world.smtp_port)
    assert f"{ports[place]}: ECONNREFUSED" in note.evidence


async def test_ports_behind_a_firewall_that_drops_are_told_from_a_dead_server(
    world: World, dropping: int
) -> None:
    world.use_smtp(port=dropping)
    assert "ports.all_blocked" in keys_of(await world.examined(), Status.FAILED)


async def test_a_server_that_does_not_run_is_named(world: World) -> None:
    world.use_smtp(port=closed_port())
    assert "ports.refused" in keys_of(await world.examined(), Status.FAILED)


async def test_a_host_that_does_not_exist_is_named(world: World) -> None:
    world.use_smtp()
    world.env["SMTP_URL"] = "smtp://user:pw@mail.nobody.invalid:587"
    assert "ports.no_host" in keys_of(await world.examined(), Status.FAILED)


@pytest.mark.parametrize("host", ["mail..acme.test", "a" * 64 + ".test"])
async def test_a_host_that_can_be_no_name_is_named(world: World, host: str) -> None:
    world.use_smtp()
    world.env["SMTP_URL"] = f"smtp://user:pw@{host}:587"
    assert "ports.no_host" in keys_of(await world.examined(), Status.FAILED)


def seen_from(code: str) -> SmtpSeen:
    url = SmtpUrl("smtp", "mail.acme.test", 587)
    return SmtpSeen(url=url, ports=(PortSeen(587, Raised("OSError", "words", code=code)),))


@pytest.mark.parametrize("code", ["ENETUNREACH", "EHOSTUNREACH"])
def test_a_machine_without_a_network_is_not_taken_for_a_dead_server(code: str) -> None:
    assert [note.key for note in check_ports(seen_from(code))] == ["ports.no_route"]


TALKS: tuple[tuple[str, bytes, str], ...] = (
    ("breaks off after EHLO", b"220 hi\r\n", "tls.breaks_off"),
    ("breaks off in the handshake", b"220 hi\r\n250 STARTTLS\r\n220 go\r\n", "tls.breaks_off"),
    ("is a web server", b"HTTP/1.1 400 Bad Request\r\n\r\n", "tls.not_smtp"),
)


@pytest.mark.parametrize(("name", "words", "key"), TALKS, ids=[row[0] for row in TALKS])
async def test_a_server_that_is_not_as_it_should_be_is_named(
    world: World, name: str, words: bytes, key: str
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for line in words.splitlines(keepends=True):
            writer.write(line)
            await reader.read(100)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        world.use_smtp(port=server.sockets[0].getsockname()[1])
        assert key in keys_of(await world.examined(), Status.FAILED)


async def test_a_catcher_of_test_mail_on_this_machine_needs_no_tls(world: World) -> None:
    world.smtp.starttls = False
    world.use_smtp()
    assert "tls.not_needed" in keys_of(await world.examined(), Status.OK)


async def test_a_server_that_hangs_up_before_it_greets_is_named(world: World) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        world.use_smtp(port=server.sockets[0].getsockname()[1])
        assert "tls.no_greeting" in keys_of(await world.examined(), Status.CANNOT_TELL)


async def test_with_smtp_alone_resend_is_not_asked(world: World) -> None:
    world.use_smtp()
    notes = await world.examined()
    assert "key.smtp_instead" in keys_of(notes, Status.SKIPPED)
    assert world.resend.seen == []


async def test_with_smtp_alone_a_missing_spf_record_of_the_from_domain_counts(world: World) -> None:
    world.use_smtp()
    world.zone.drop("acme.test", "TXT")
    assert "spf.missing" in keys_of(await world.examined(), Status.FAILED)
