"""The library with a gateway: what comes back is what became of the mail."""

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mailproof import (
    Email,
    InvalidInput,
    KeyConflict,
    KeyRefused,
    LaneClosed,
    Mailproof,
    NotAccepted,
    NotConfigured,
    OutcomeUnknown,
    Receipt,
    State,
)
from mailproof.clock import SystemClock
from tests.client.stumbling import Step, stumbling
from tests.whole.house import House

SENDER = "Acme <hello@acme.test>"


class Impatient(SystemClock):
    """Pauses between tries take no time."""

    async def sleep_until(self, at: float) -> None:
        del at


def through(house: House, url: str = "", **given: str) -> Mapping[str, str]:
    return {"MAILPROOF_URL": url or house.url, "MAILPROOF_API_KEY": house.key, **given}


def to_ada(**given: Any) -> Email:
    mail = {"to": "Ada <ada@kunde.test>", "subject": "Hello", "html": "<p>Hi</p>", "sender": SENDER}
    return Email(**{**mail, **given})


async def sent(environ: Mapping[str, str], email: Email, **given: Any) -> Receipt:
    async with Mailproof.from_env(environ=environ, clock=Impatient()) as mail:
        return await mail.send(email, **given)


async def test_a_mail_that_the_provider_took_is_ok_and_sent(house: House) -> None:
    receipt = await sent(through(house), to_ada(purpose="registration"), wait=5)
    assert receipt.ok
    assert receipt.is_sent
    assert receipt.state is State.SENT
    assert receipt.failure is None
    (arrived,) = house.sandbox.mails
    assert arrived.to == ("Ada <ada@kunde.test>",)
    ((purpose,),) = house.rows("SELECT purpose FROM emails WHERE id = ?", receipt.id)
    assert purpose == "registration"


async def test_a_receipt_has_the_link_that_its_reader_follows(house: House) -> None:
    receipt = await sent(through(house), to_ada(), wait=5)
    assert receipt.status_url is not None
    path = receipt.status_url.removeprefix("https://mail.example.com")
    told = house.ask("GET", path, headers={"accept": "application/json"}).json
    assert told["state"] == "sent"


async def test_a_held_mail_is_not_ok_and_says_so_to_reader_and_operator(house: House) -> None:
    house.sandbox.fail("unknown-key")
    receipt = await sent(through(house), to_ada(), wait=5)
    assert receipt.state is State.HELD
    assert not receipt.ok
    assert receipt.reason == "credentials_invalid"
    assert receipt.failure is not None
    assert receipt.failure.fix
    assert len({receipt.guidance(language) for language in ("en", "zh", "ja", "ko")}) == 4
    assert "key" not in receipt.guidance("en").lower()


async def test_a_mail_that_the_provider_refuses_for_good_is_a_receipt_too(house: House) -> None:
    house.sandbox.fail("422")
    receipt = await sent(through(house), to_ada(), wait=5)
    assert receipt.state is State.FAILED
    assert not receipt.ok
    assert receipt.failure is not None
    assert house.state_of(receipt.id) == "failed"
    ((mails,),) = house.rows("SELECT count(*) FROM emails WHERE state = 'failed'")
    assert mails == 1, "it was not tried again as a new mail"


async def test_status_tells_how_a_mail_stands_now(house: House) -> None:
    house.sandbox.fail("unknown-key")
    async with Mailproof.from_env(environ=through(house)) as mail:
        receipt = await mail.send(to_ada(), wait=5)
        held = await mail.status(receipt.id)
        assert held is not None
        assert held.state is State.HELD
        assert held.failure == receipt.failure
        house.sandbox.heal()
        house.reopen()
        house.sandbox.wait_for(1)
        house.log.until(lambda: house.state_of(receipt.id) == "sent", "it is sent")
        now = await mail.status(receipt.id)
        assert now is not None
        assert now.is_sent
        assert await mail.status("01890000-0000-7000-8000-000000000000") is None


@pytest.mark.parametrize("script", [["lost"], ["cut"], [503], ["lost", "cut", 502, "lost", 429]])
async def test_what_is_not_answered_is_repeated_with_the_same_key_and_sent_once(
    house: House, script: Sequence[Step]
) -> None:
    with stumbling(house.url, script) as line:
        receipt = await sent(through(house, line.url), to_ada(), wait=5)
    assert receipt.is_sent
    assert len(line.keys) == len(script) + 1
    assert len(set(line.keys)) == 1
    assert len(house.sandbox.mails) == 1


async def test_after_the_last_try_the_error_holds_the_key_that_makes_a_repeat_safe(
    house: House,
) -> None:
    script: list[Step] = ["lost", "cut", "cut", "cut", "cut", "cut"]
    with stumbling(house.url, script) as line:
        with pytest.raises(OutcomeUnknown) as raised:
            await sent(through(house, line.url), to_ada(), wait=5)
        assert raised.value.idempotency_key == line.keys[0]
        assert "same idempotency key" in raised.value.fix
    again = to_ada(idempotency_key=raised.value.idempotency_key)
    assert (await sent(through(house), again, wait=5)).is_sent
    assert len(house.sandbox.mails) == 1


async def test_a_gateway_that_is_away_is_an_unknown_outcome_and_names_the_place() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        environ = {
            "MAILPROOF_URL": f"http://127.0.0.1:{taken.getsockname()[1]}",
            "MAILPROOF_API_KEY": "mp_" + "k" * 43,
        }
        with pytest.raises(OutcomeUnknown) as raised:
            await sent(environ, to_ada(), wait=1)
    assert raised.value.where == f"POST {environ['MAILPROOF_URL']}/emails"


async def test_a_wrong_key_is_refused_at_once_and_says_how_to_make_one(house: House) -> None:
    environ = {**through(house), "MAILPROOF_API_KEY": "mp_wrong"}
    with pytest.raises(KeyRefused) as raised:
        await sent(environ, to_ada(), wait=5)
    assert "mailproof keys create" in raised.value.fix
    assert "mp_wrong" not in str(raised.value)


async def test_one_key_for_two_different_mails_is_a_conflict(house: House) -> None:
    await sent(through(house), to_ada(idempotency_key="welcome/1"), wait=5)
    with pytest.raises(KeyConflict):
        await sent(through(house), to_ada(idempotency_key="welcome/1", subject="Other"), wait=5)
    assert len(house.sandbox.mails) == 1


async def test_where_a_key_wants_no_promise_a_closed_lane_is_said_as_such(house: House) -> None:
    house.sandbox.fail("unknown-key")
    await sent(through(house), to_ada(), wait=5)
    key = house.make_key("impatient", on_hold="refuse")
    environ = {**through(house), "MAILPROOF_API_KEY": key}
    with pytest.raises(LaneClosed) as raised:
        await sent(environ, to_ada(), wait=5)
    assert "was not accepted" in raised.value.what


async def test_a_server_that_is_no_gateway_is_not_believed(house: House) -> None:
    with stumbling(house.url, [200]) as line, pytest.raises(NotAccepted) as raised:
        await sent(through(house, line.url), to_ada(), wait=5)
    assert "no Mailproof gateway" in raised.value.what
    assert "MAILPROOF_URL" in raised.value.fix


async def test_a_status_from_a_server_that_is_no_gateway_is_not_believed(house: House) -> None:
    with stumbling(house.url, []) as line:
        async with Mailproof.from_env(environ=through(house, line.url)) as mail:
            with pytest.raises(NotAccepted, match="MAILPROOF_URL"):
                await mail.status("0190")


async def test_a_gateway_that_hangs_is_not_asked_until_nobody_waits_any_more(house: House) -> None:
    class Hanging(Impatient):
        def now(self) -> float:
            return super().now() + 15 * len(line.keys)  # so long each try takes

    with stumbling(house.url, ["cut"] * 6) as line:
        environ = through(house, line.url)
        async with Mailproof.from_env(environ=environ, clock=Hanging()) as mail:
            with pytest.raises(OutcomeUnknown):
                await mail.send(to_ada(), wait=5)
        assert len(line.keys) == 1


async def test_without_a_sender_nothing_goes_and_the_fix_names_the_variable(house: House) -> None:
    with pytest.raises(InvalidInput, match="MAILPROOF_FROM"):
        await sent(through(house), to_ada(sender=""))
    receipt = await sent(through(house, MAILPROOF_FROM=SENDER), to_ada(sender=""), wait=5)
    assert receipt.is_sent
    assert house.sandbox.mails[0].sender == SENDER


async def test_a_link_made_before_the_mail_tells_of_it_as_soon_as_it_is_there(
    house: House,
) -> None:
    environ = through(house, MAILPROOF_PUBLIC_URL="https://status.example.com")
    async with Mailproof.from_env(environ=environ) as mail:
        link = mail.status_link("registration", "eve@kunde.test")
        assert link is not None
        assert link.startswith("https://status.example.com/status/")
        path = link.removeprefix("https://status.example.com")

        def state() -> str:
            told = house.ask("GET", path, headers={"accept": "application/json"})
            return str(told.json["state"])

        assert state() == "nothing"
        await mail.send(to_ada(to="eve@kunde.test", purpose="registration"), wait=5)
        assert state() == "sent"


@pytest.mark.parametrize(
    ("environ", "where"),
    [
        ({"MAILPROOF_URL": "mail.example.com"}, "MAILPROOF_URL"),
        ({"MAILPROOF_URL": "https://user:pass@mail.example.com"}, "MAILPROOF_URL"),
        ({"MAILPROOF_URL": "https://mail.example.com"}, "MAILPROOF_API_KEY"),
    ],
)
def test_a_wrong_environment_is_said_before_anything_is_sent(
    environ: Mapping[str, str], where: str
) -> None:
    with pytest.raises(NotConfigured) as raised:
        Mailproof.from_env(environ=environ)
    assert raised.value.where == where
    assert raised.value.fix


async def test_what_is_not_open_says_how_to_open_it(house: House) -> None:
    with pytest.raises(NotConfigured, match="async with"):
        await Mailproof.from_env(environ=through(house)).send(to_ada())
