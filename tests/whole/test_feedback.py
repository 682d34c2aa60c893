"""What became of a mail, end to end: the sandbox posts its signed webhooks to a real gateway."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailproof.config.settings import Secret, Settings
from mailproof.store.records.suppressions import remove
from mailproof.testing import Sandbox
from tests.whole.house import House
from tests.whole.hurry import hurried

pytestmark = pytest.mark.xdist_group("whole-feedback")

EVENTS = "SELECT type FROM events WHERE email_id = ? ORDER BY id"
COUNTED = "SELECT sum(sent), sum(confirmed), sum(events), sum(refused) FROM feedback"


class Told:
    """A house whose provider tells by webhook, once the sandbox knows where it is."""

    def __init__(self, folder: Path) -> None:
        self.sandbox = Sandbox()
        self.secret = "whsec_bm90IHlldCBrbm93biwgYnV0IGxvbmcgZW5vdWdo"
        self.house = House(folder, sandbox=self.sandbox, adjust=self._with_webhook)

    def _with_webhook(self, settings: Settings) -> Settings:
        (provider,) = settings.providers
        told = msgspec.structs.replace(
            provider, webhook_secrets=(Secret("env:HOOK", lambda: self.secret),)
        )
        return msgspec.structs.replace(settings, providers=(told,))

    def listen(self) -> None:
        self.secret = self.sandbox.add_webhook(f"{self.house.url}/webhooks/resend")

    def send(self, to: str, **changes: Any) -> str:
        answer = self.house.send(to=[to], **changes)
        assert answer.status == 200, answer
        return str(answer.json["id"])

    def until(self, email_id: str, state: str) -> None:
        self.house.log.until(lambda: self.house.state_of(email_id) == state, state)

    def types(self, email_id: str) -> list[str]:
        return [str(row[0]) for row in self.house.rows(EVENTS, email_id)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    made = Told(tmp_path_factory.mktemp("feedback"))
    with hurried(), made.sandbox, made.house:
        made.listen()
        yield made


@pytest.fixture
def healed(told: Told) -> Iterator[Told]:
    yield told
    told.sandbox.heal()


@pytest.mark.parametrize(
    ("local", "state"),
    [
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("mailbox-full", "bounced"),
        ("complained", "complained"),
        ("suppressed", "suppressed"),
        ("quota-failed", "failed"),
        ("delayed", "delivered"),
    ],
)
def test_a_mail_ends_as_its_recipient_has_it(told: Told, local: str, state: str) -> None:
    mail = told.send(f"{local}+ends@fault.test")
    told.until(mail, state)
    assert ("email.delayed" in told.types(mail)) is (local == "delayed")


@pytest.mark.parametrize("fault", ["doubled-webhooks", "reordered-webhooks"])
def test_repeats_and_disorder_change_nothing(healed: Told, fault: str) -> None:
    healed.sandbox.fail(fault)
    mail = healed.send("delivered+again@fault.test")
    healed.until(mail, "delivered")
    healed.sandbox.wait_until(lambda: _tries(healed, mail) >= (4 if "doubled" in fault else 2))
    assert healed.house.state_of(mail) == "delivered"
    assert healed.types(mail).count("email.delivered") == 1


def _tries(told: Told, email_id: str) -> int:
    ((message_id,),) = told.house.rows(
        "SELECT provider_message_id FROM emails WHERE id = ?", email_id
    )
    return sum(each.mail_id == message_id for each in told.sandbox.deliveries)


def test_an_answer_that_never_came_is_made_up_for_by_the_event(healed: Told) -> None:
    healed.sandbox.fail("hang-after,count=1,path=/emails")
    mail = healed.send("delivered+hung@fault.test")
    healed.until(mail, "delivered")
    assert len([each for each in healed.sandbox.mails if "hung" in each.to[0]]) == 1
    assert "email.delivered" in healed.types(mail)


def test_a_wrong_secret_is_refused_counted_and_shown(healed: Told) -> None:
    healed.sandbox.fail("badly-signed-webhooks")
    mail = healed.send("delivered+forged@fault.test")
    healed.house.log.until(lambda: (healed.house.rows(COUNTED)[0][3] or 0) > 0, "it is counted")
    assert healed.house.state_of(mail) == "sent"
    posted = [each for each in healed.sandbox.deliveries if each.status == 401]
    assert posted


def test_a_bounced_address_is_spared_until_an_operator_says_otherwise(told: Told) -> None:
    address = "bounced+spared@fault.test"
    first = told.send(address, tags=[{"name": "purpose", "value": "notification"}])
    told.until(first, "bounced")
    second = told.send(address, tags=[{"name": "purpose", "value": "notification"}])
    assert told.house.state_of(second) == "suppressed"
    assert told.types(second)[-1] == "email.suppressed"
    ((lookup,),) = told.house.rows(
        "SELECT lookup FROM suppressions WHERE email_id = ? AND cause = 'hard_bounce'", first
    )
    removed = told.house.run(told.house.database.write(remove, lookup, actor="cli:ada"))
    assert removed == 1
    third = told.send(address, tags=[{"name": "purpose", "value": "notification"}])
    assert told.house.state_of(third) != "suppressed"


def test_what_it_says_of_a_bounce_explains_the_mail(told: Told) -> None:
    mail = told.send("bounced+why@fault.test")
    told.until(mail, "bounced")
    shown = told.house.ask("GET", f"/v1/emails/{mail}").json
    assert shown["failure"]["reason"] == "mailbox_not_found"
    assert shown["failure"]["fix"]
    assert shown["recipients"][0]["state"] == "bounced"


def test_without_a_webhook_the_provider_is_asked(tmp_path: Path) -> None:
    with hurried(), House(tmp_path) as house:
        mail = str(house.send(to=["delivered+asked@fault.test"]).json["id"])
        house.log.until(lambda: house.state_of(mail) == "sent", "sent")
        house.sandbox.wait_until(lambda: house.sandbox.mails[0].last_event == "delivered")
        house.change("UPDATE emails SET confirm_at = 1 WHERE id = ?", mail)
        house.log.until(lambda: house.state_of(mail) == "delivered", "delivered")
        assert house.ask("POST", "/webhooks/resend", {}).status == 404
