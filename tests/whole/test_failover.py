"""Two ways out: Resend first, an SMTP server behind it. Mail takes the one that works."""

from pathlib import Path

import pytest

from tests.providers.smtp_server import SmtpServer
from tests.whole.two_ways import WRONG_KEY, by_whom, two_ways

pytestmark = pytest.mark.xdist_group("whole-failover")

REGISTRATION = {"Mailproof-Purpose": "registration"}


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
