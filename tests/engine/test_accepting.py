"""The counter: what it takes, what it refuses, and the promise that goes with a refusal."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from mailproof.diagnosis.reasons import Reason
from mailproof.engine.policy import Handling
from mailproof.engine.receipts import Caller, Closed, KeyConflict, Overloaded, Receipts
from mailproof.mail.attachment import Attachment
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.lifecycle import State
from mailproof.mail.message import Email
from mailproof.mail.purposes import PURPOSES
from mailproof.providers.fetch import Fetched, NotFetched
from mailproof.testing.paper_provider import Take, say
from tests.engine.house import House, OpenDatabase, email, furnished

both_stores = pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)

WRONG_KEY = say(403, "invalid_api_key", "API key is invalid")
DOWN = say(503, "service_unavailable")


# ---- refuse: held is not good enough ----


@both_stores
async def test_a_mail_that_would_be_held_is_canceled_while_its_caller_waits(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.revoke()
        receipt = house.receipt(await house.answer(email(), on_hold="refuse"))
        assert (receipt.state, receipt.reason) == (State.CANCELED, Reason.CREDENTIALS_INVALID)
        assert receipt.failure is not None
        house.restore()
        await house.wait(30)
        assert not house.mails


async def test_a_closed_way_refuses_at_once_and_there_is_no_mail(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.revoke()
        await house.answer(email("first"), on_hold="refuse")
        before = len(await house.events())
        answer = await house.answer(email("second"), on_hold="refuse")
        assert isinstance(answer, Closed)
        assert answer.reason == Reason.CREDENTIALS_INVALID
        assert answer.failure is not None
        assert len(await house.events()) == before


async def test_a_mail_that_is_met_in_a_closed_way_is_canceled_while_its_caller_waits(
    store: OpenDatabase,
) -> None:
    async with furnished(store, at_once=1, probe_interval_s=600.0) as house:
        house.account.script(Take(after_s=2), say(403, "invalid_api_key", after_s=1))
        house.account.always = WRONG_KEY
        asked = [house.ask(email(f"m{number}"), on_hold="refuse") for number in range(6)]
        await house.wait(4)
        states = [house.receipt(each.result()).state for each in asked]
        assert states.count(State.SENT) == 1
        assert states.count(State.CANCELED) == 5
        assert len(house.account.arrivals("send")) <= 4


@both_stores
async def test_once_we_have_said_that_it_is_ours_a_hold_cancels_nothing(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.script(say(403, "invalid_api_key", "API key is invalid", after_s=6))
        asked = house.ask(email(), on_hold="refuse", wait_s=5)
        await house.wait(5.5)
        receipt = house.receipt(asked.result())
        assert receipt.state is State.SENDING
        await house.wait(1)
        assert await house.state(receipt.id) in {State.HELD, State.SENT}
        await house.wait(10)
        assert len(house.mails) == 1


async def test_a_mail_that_was_answered_as_deferred_is_not_canceled_by_a_later_hold(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.script(DOWN)
        house.account.always = WRONG_KEY
        receipt = house.receipt(await house.answer(email(), on_hold="refuse", wait_s=60))
        assert receipt.state is State.DEFERRED
        await house.wait(10)
        assert await house.state(receipt.id) is State.HELD


@both_stores
@pytest.mark.parametrize("order", [("record", "stop_waiting"), ("stop_waiting", "record")])
async def test_a_hold_in_the_very_moment_that_the_wait_ends_is_told_as_it_is(
    store: OpenDatabase, order: tuple[str, str]
) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.always = say(403, "invalid_api_key", "Invalid.", after_s=4.9)
        gates = {name: asyncio.Event() for name in order}

        async def held_up(name: str) -> None:
            if gate := gates.get(name):
                await gate.wait()

        house.database.before = held_up
        asked = house.ask(email(), on_hold="refuse", wait_s=5)
        await house.wait(5.25, step_s=0.05)
        assert not asked.done()
        for name in order:
            gates[name].set()
            await house.traffic.quiet()
        house.database.before = None
        receipt = house.receipt(asked.result())
        await house.wait(1)
        assert await house.state(receipt.id) is State.HELD
        assert receipt.state in {State.SENDING, State.HELD}


@both_stores
async def test_an_answer_that_is_held_up_tells_how_the_mail_is_by_then(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.account.always = say(403, "invalid_api_key", "Invalid.", after_s=4.9)
        told = asyncio.Event()

        async def held_up(name: str) -> None:
            if name == "stop_waiting":
                await told.wait()

        house.database.before = held_up
        asked = house.ask(email(), on_hold="refuse", wait_s=4.85)
        await house.wait(4.85, step_s=0.05)
        assert not asked.done()  # its time is up, and nobody has said so yet
        await house.wait(0.05, step_s=0.05)
        told.set()
        await house.traffic.quiet()
        receipt = house.receipt(asked.result())
        assert receipt.state is await house.state(receipt.id)


@both_stores
async def test_where_only_a_live_mail_can_tell_one_that_wants_no_promise_may_try(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=1.0) as house:
        house.account.lists_domains = False  # a check of this key never tells
        house.revoke()
        await house.answer(email("first"), on_hold="refuse")
        house.restore()
        await house.wait(5)
        receipt = house.receipt(await house.answer(email("second"), on_hold="refuse"))
        assert receipt.state is State.SENT
        assert not await house.is_closed()


async def test_and_while_it_is_still_in_vain_the_others_are_refused_without_a_call(
    store: OpenDatabase,
) -> None:
    async with furnished(store, probe_interval_s=10.0) as house:
        house.account.lists_domains = False
        house.account.always = WRONG_KEY
        await house.answer(email("first"), on_hold="refuse")
        await house.wait(30)
        before = len(house.account.arrivals("send"))
        answers = [await house.answer(email(f"m{number}"), on_hold="refuse") for number in range(5)]
        first, *rest = answers
        assert house.receipt(first).state is State.CANCELED
        assert all(isinstance(each, Closed) for each in rest)
        assert len(house.account.arrivals("send")) == before + 1


async def test_a_purpose_may_want_no_promise_and_a_key_and_a_request_overrule_it(
    store: OpenDatabase,
) -> None:
    purposes = {name: Handling(each, "refuse") for name, each in PURPOSES.items()}
    async with furnished(store, purposes=purposes, probe_interval_s=600.0) as house:
        house.revoke()
        await house.accept(email("first"), on_hold="promise")
        assert isinstance(await house.answer(email("a")), Closed)
        key = Caller(app="shop", on_hold="promise")
        assert house.receipt(await house.answer(email("b"), caller=key)).state is State.HELD
        assert isinstance(await house.answer(email("c"), caller=key, on_hold="refuse"), Closed)


async def test_a_mail_for_later_is_no_mail_to_refuse_now(store: OpenDatabase) -> None:
    async with furnished(store, probe_interval_s=600.0) as house:
        house.revoke()
        await house.accept(email("first"))
        later = datetime.fromtimestamp(house.clock.now(), UTC) + timedelta(seconds=2)
        answer = await house.answer(email("later", scheduled_at=later), on_hold="refuse")
        receipt = house.receipt(answer)
        assert receipt.state is State.SCHEDULED
        await house.wait(4)
        assert await house.state(receipt.id) is State.HELD


# ---- again ----


@both_stores
async def test_a_repeated_request_is_one_mail_and_hears_what_became_of_it(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        house.account.script(Take(after_s=3))
        mail = email(idempotency_key="welcome/1")
        first, second = house.ask(mail), house.ask(mail)
        await house.wait(4)
        one, two = house.receipt(first.result()), house.receipt(second.result())
        assert one.id == two.id
        assert one.state is two.state is State.SENT
        again = await house.answer(mail)
        assert isinstance(again, Receipts)
        assert again.repeated
        other = await house.answer(email(idempotency_key="welcome/1", text="Another"))
        assert isinstance(other, KeyConflict)
        assert len(house.mails) == 1


# ---- how much ----


async def test_more_than_fits_on_its_way_to_the_disk_is_refused_and_the_rest_is_taken(
    store: OpenDatabase,
) -> None:
    async with furnished(store, in_flight_max=1_000) as house:
        gate = asyncio.Event()

        async def held_up(name: str) -> None:
            if name == "accept":
                await gate.wait()

        house.database.before = held_up
        asked = [house.ask(email(f"m{number}", text="x" * 400), wait_s=0) for number in range(5)]
        await house.traffic.quiet()
        gate.set()
        await house.traffic.quiet()
        answers = [each.result() for each in asked]
        assert sum(isinstance(each, Overloaded) for each in answers) == 3
        assert all(each.retry_after_s > 0 for each in answers if isinstance(each, Overloaded))
        await house.wait(1)
        assert len(house.mails) == 2
        house.database.before = None
        assert house.receipt(await house.answer(email("after"))).state is State.SENT


async def test_one_mail_that_is_larger_than_all_of_the_room_is_still_taken(
    store: OpenDatabase,
) -> None:
    async with furnished(store, in_flight_max=1_000) as house:
        receipt = house.receipt(await house.answer(email(text="x" * 5_000)))
        assert receipt.state is State.SENT


@both_stores
async def test_large_contents_go_to_the_disk_before_the_flush_that_accepts_their_mail(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        written: list[str] = []

        async def seen(name: str) -> None:
            written.append(name)

        house.database.before = seen
        large = email("large", text="x" * 300_000)
        receipt = house.receipt(await house.answer(large))
        assert receipt.state is State.SENT
        assert written.index("store_content") < written.index("accept")
        assert house.mails[0].payload["text"] == "x" * 300_000


# ---- attachments at URLs ----

URL = "https://paper.test/invoice.pdf"


class Files:
    """The internet, as far as these tests know it."""

    def __init__(self, house: House) -> None:
        self.asked: list[str] = []
        self.content: bytes | None = b"%PDF-1.7"
        house.fetch = self

    async def __call__(
        self, url: str, *, limit_bytes: int, deadline_s: float
    ) -> Fetched | NotFetched:
        assert (limit_bytes, deadline_s) == (30 * 1024 * 1024, 3.0)
        self.asked.append(url)
        if self.content is None:
            return NotFetched("paper.test answered 404", "Send it as `content`.")
        return Fetched(self.content, "application/pdf")


async def straight(house: House, *emails: Email) -> object:
    """In this very task, which gets what is raised."""
    counter = house.main.engine.counter
    return await counter.accept(Caller(app="shop"), emails, endpoint="/emails", wait_s=0)


def with_url(**fields: object) -> Attachment:
    return Attachment.from_json({"path": URL, **fields}, where="attachments[0]")


@both_stores
async def test_a_file_at_a_url_is_fetched_when_its_mail_is_accepted(store: OpenDatabase) -> None:
    async with furnished(store, begin=False, probe_interval_s=1.0) as house:
        files = Files(house)
        await house.start()
        house.revoke()
        await house.accept(email(attachments=(with_url(),)))
        files.content = None  # it is gone by the time the mail goes
        house.restore()
        await house.until(lambda: bool(house.mails))
        (attached,) = house.mails[0].payload["attachments"]
        assert attached == {
            "filename": "invoice.pdf",
            "content": "JVBERi0xLjc=",
            "content_type": "application/pdf",
        }
        assert files.asked == [URL]


async def test_a_type_that_was_given_wins_over_what_the_server_says(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        Files(house)
        await house.start()
        await house.accept(email(attachments=(with_url(content_type="application/x-invoice"),)))
        (attached,) = house.mails[0].payload["attachments"]
        assert attached["content_type"] == "application/x-invoice"


async def test_a_file_that_cannot_be_had_refuses_the_request_and_says_where(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        files = Files(house)
        files.content = None
        await house.start()
        before = len(await house.events())
        with pytest.raises(InvalidInput) as caught:
            await straight(house, email(attachments=(with_url(),)))
        assert caught.value.name == "invalid_attachment"
        assert caught.value.where == "attachments[0].path"
        with pytest.raises(InvalidInput) as caught:
            await straight(house, email("a"), email("b", attachments=(with_url(),)))
        assert caught.value.where == "[1].attachments[0].path"
        assert len(await house.events()) == before


async def test_a_repeat_needs_no_file_and_another_url_is_another_request(
    store: OpenDatabase,
) -> None:
    async with furnished(store, begin=False) as house:
        files = Files(house)
        await house.start()
        mail = email(idempotency_key="invoice/1", attachments=(with_url(),))
        first = house.receipt(await house.answer(mail))
        files.content = None
        again = await house.answer(mail)
        assert house.receipt(again).id == first.id
        assert len(files.asked) == 1
        other = with_url(path="https://paper.test/other.pdf", filename="invoice.pdf")
        changed = email(idempotency_key="invoice/1", attachments=(other,))
        assert isinstance(await house.answer(changed), KeyConflict)


async def test_files_that_are_too_large_together_are_refused(store: OpenDatabase) -> None:
    async with furnished(store, begin=False) as house:
        files = Files(house)
        files.content = b"x" * (16 * 1024 * 1024)
        await house.start()
        two = (with_url(), with_url(filename="copy.pdf"))
        with pytest.raises(InvalidInput, match="40 MB"):
            await straight(house, email(attachments=two))


async def test_without_somebody_who_fetches_a_url_goes_on_to_the_provider(
    store: OpenDatabase,
) -> None:
    async with furnished(store) as house:
        await house.accept(email(attachments=(with_url(),)))
        (attached,) = house.mails[0].payload["attachments"]
        assert attached["path"] == URL
