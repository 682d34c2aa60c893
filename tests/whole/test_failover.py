"""Two ways out: Resend first, an SMTP server behind it. Mail takes the one that works."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from mailproof.config.settings import ProviderSettings, Settings
from tests.providers.smtp_server import SmtpServer, serving
from tests.whole.house import House, secret

pytestmark = pytest.mark.xdist_group("whole-failover")

WRONG_KEY = "re_WrongKey_TzWb5RmYpLs2JhGfQeUaN4"
REGISTRATION = {"Mailproof-Purpose": "registration"}


@contextmanager
def in_a_thread(server: SmtpServer) -> Iterator[int]:
    """The server in a loop of its own, as another machine's; gives the port."""
    loop = asyncio.new_event_loop()
    port: list[int] = []
    started, done = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serving(server) as number:
            port.append(number)
            started.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),), daemon=True)
    thread.start()
    try:
        assert started.wait(10)
        yield port[0]
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()


@contextmanager
def two_ways(folder: Path, server: SmtpServer, *, key: str = "") -> Iterator[House]:
    with in_a_thread(server) as port:

        def with_smtp(settings: Settings) -> Settings:
            backup = ProviderSettings(
                name="backup",
                type="smtp",
                api_key=secret(""),
                base_url="",
                url=secret(f"smtp://127.0.0.1:{port}"),
                rate=None,
                webhook_secrets=(),
                accept_as_app_key=False,
            )
            return msgspec.structs.replace(settings, providers=(*settings.providers, backup))

        with House(folder, adjust=with_smtp, provider_key=key) as house:
            yield house


def by_whom(house: House, email_id: str) -> str:
    ((provider,),) = house.rows("SELECT provider FROM emails WHERE id = ?", email_id)
    return str(provider)


def test_a_registration_goes_by_smtp_while_resends_key_is_wrong_and_by_resend_again_after(
    tmp_path: Path,
) -> None:
    server = SmtpServer(offers=("SIZE 1000000",))
    with two_ways(tmp_path, server, key=WRONG_KEY) as house:
        one = house.send(headers=REGISTRATION)
        assert (one.status, one.state) == (200, "sent"), one
        assert by_whom(house, one.json["id"]) == "backup"
        (received,) = server.mails
        assert received.recipients == ("ada@kunde.test",)
        assert f"Message-ID: <{one.json['id']}@acme.test>".encode() in received.body
        house.log.until(lambda: bool(house.pager.posts), "a page")
        assert "resend" in house.pager.posts[0].event["title"]
        assert house.admin("/admin/v1/state").json["routes_closed"][0]["provider"] == "resend"

        house.provider_key = house.sandbox.api_key
        house.log.until(
            lambda: not house.admin("/admin/v1/state").json["routes_closed"], "all open"
        )
        two = house.send(headers=REGISTRATION)
        assert (two.status, two.state) == (200, "sent"), two
        assert by_whom(house, two.json["id"]) == "resend"
        assert len(server.mails) == 1
        assert len(house.sandbox.mails) == 1


def test_a_mail_that_resend_may_have_is_not_sent_by_smtp_as_well(tmp_path: Path) -> None:
    server = SmtpServer(offers=("SIZE 1000000",))
    with two_ways(tmp_path, server) as house:
        house.sandbox.fail("accept-reset,path=/emails,count=1")
        mail = house.send(headers={"Mailproof-Purpose": "receipt"}).json["id"]
        house.log.until(lambda: house.state_of(mail) == "sent", "sent")
        assert by_whom(house, mail) == "resend"
        assert len(house.sandbox.mails) == 1
        assert not server.mails
