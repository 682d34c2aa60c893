"""A key is revoked while mail comes in, and everybody hears of it: the operator, the reader, the
numbers. The critical mail takes the second way; what can only go by the first waits, and goes once.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailproof.alerts import reviewing
from mailproof.gateway.status.telling import words
from tests.providers.smtp_server import SmtpServer
from tests.whole.house import House, ask
from tests.whole.two_ways import WRONG_KEY, by_whom, two_ways

pytestmark = pytest.mark.xdist_group("whole-heard")

REGISTRATION = {"Mailproof-Purpose": "registration", "Prefer": "respond-async"}
RECEIPT = {"Mailproof-Purpose": "receipt", "Prefer": "respond-async"}
# A field that only Resend could know binds a mail to it.
RESENDS_OWN = {"topic_id": "0198c0de-0000-7000-8000-00000000face"}
SENT = re.compile(r'^mailproof_emails_total\{[^}]*state="sent"[^}]*\} ([0-9.e+]+)$', re.MULTILINE)


def load(house: House, stop: threading.Event, ids: list[str], name: str) -> None:
    """Registrations one after the other, and every fifth mail one that is bound to Resend."""
    number = 0
    while not stop.is_set():
        number += 1
        mail = {"subject": f"{name}-{number}", "to": f"{name}{number}@kunde.test"}
        if number % 5:
            answer = house.send(headers=REGISTRATION, **mail)
        else:
            answer = house.send(headers=RECEIPT, **mail, **RESENDS_OWN)
        assert answer.status == 200, answer
        ids.append(answer.json["id"])


def messages(house: House, rule: str) -> list[str]:
    query = (
        "SELECT m.kind FROM alert_messages m JOIN alerts a ON a.id = m.alert_id"
        " WHERE a.name = ? AND m.delivered_at IS NOT NULL ORDER BY m.id"
    )
    return [str(kind) for (kind,) in house.rows(query, rule)]


def counted(house: House) -> float:
    page = house.admin("/metrics").raw.decode()
    return sum(float(value) for value in SENT.findall(page))


def subjects(house: House, server: SmtpServer) -> Counter[str]:
    """How often each mail came, by whichever way."""
    by_smtp = re.findall(
        r"^Subject: (\S+)\r?$",
        "\n".join(mail.body.decode("ascii", "replace") for mail in server.mails),
        re.MULTILINE,
    )
    return Counter(mail.subject for mail in house.sandbox.mails) + Counter(by_smtp)


@contextmanager
def under_load(house: House) -> Iterator[list[str]]:
    """Two apps send as fast as they are answered; gives the ids of what they sent."""
    ids: list[str] = []
    stop = threading.Event()
    loads = [threading.Thread(target=load, args=(house, stop, ids, name)) for name in ("a", "b")]
    for each in loads:
        each.start()
    try:
        yield ids
    finally:
        stop.set()
        for each in loads:
            each.join(20)


def test_a_revoked_key_is_heard_by_everybody_and_no_mail_is_lost_or_doubled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Rates are looked at once a minute; here nobody waits for the minute to be over.
    monkeypatch.setattr(reviewing, "_EVERY_S", 0.2)
    server = SmtpServer(offers=("SIZE 1000000",))
    with two_ways(tmp_path, server, language="zh", public_url="https://mail.acme.test") as house:
        with under_load(house) as ids:
            house.log.until(lambda: len(house.sandbox.mails) > 20, "mail goes by Resend")
            house.provider_key = WRONG_KEY

            # One alert within ten seconds, with cause and fix in the operator's language.
            house.log.until(
                lambda: messages(house, "route_closed") == ["opened"], "the page", within_s=10
            )
            told = next(p.event for p in house.pager.posts if "resend" in p.event["title"])
            assert "原因：" in told["message"]
            assert "修复：" in told["message"]
            assert "https://resend.com/api-keys" in told["message"]

            # The critical mail takes the second way, and that is said too.
            house.log.until(lambda: len(server.mails) > 20, "mail goes by SMTP")
            house.log.until(lambda: messages(house, "degraded") == ["opened"], "degraded is said")

        # What is bound to Resend waits, and its reader is told so in their language.
        held = [row[0] for row in house.rows("SELECT id FROM emails WHERE state = 'held'")]
        assert held
        url = house.ask("GET", f"/v1/emails/{held[0]}").json["status_url"]
        path = url.removeprefix("https://mail.acme.test")
        headers = {"accept": "text/html", "accept-language": "zh-CN"}
        page = ask(house.url, "GET", path, headers=headers)
        assert words("zh")["delayed"]["title"] in page.raw.decode()

        # The key is mended: one message more, and all goes out, once.
        house.provider_key = house.sandbox.api_key
        house.log.until(
            lambda: not house.rows("SELECT 1 FROM emails WHERE state <> 'sent'"), "all is out"
        )
        house.log.until(
            lambda: messages(house, "route_closed") == ["opened", "resolved"], "the all-clear"
        )
        assert {by_whom(house, each) for each in held} == {"resend"}
        arrived = subjects(house, server)
        assert len(arrived) == len(ids)
        assert set(arrived.values()) == {1}

        # Database, log and metrics agree to the mail.
        ((in_database,),) = house.rows("SELECT count(*) FROM events WHERE type = 'email.sent'")
        assert in_database == len(ids) == len(house.log.found("email.sent"))
        house.log.until(lambda: counted(house) == len(ids), "the metrics have followed")
