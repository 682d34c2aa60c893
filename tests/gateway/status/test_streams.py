"""Who follows a mail hears of each change at once, holds little, and is let go when it is over."""

import threading

import pytest
import structlog

from mailproof.gateway.status.following import Following
from mailproof.gateway.status.turnstile import Turnstile
from mailproof.mail.lifecycle import State
from mailproof.store.mails.desk import cancel
from mailproof.testing import ManualClock
from tests.gateway.status.reading import Readers
from tests.gateway.world import DEADLINE_S


def move(readers: Readers, email_id: str) -> None:
    """A real move, with its event."""
    readers.run(readers.database.write(cancel, [email_id], actor="test"))


class Ticking:
    """Moves the clock in small steps for as long as it is entered, so that whoever sleeps wakes."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(DEADLINE_S)

    def _run(self) -> None:
        while not self._over.wait(0.01):
            self._clock.advance(0.25)


def test_a_stream_says_at_once_how_it_stands_and_then_each_change(fresh: Readers) -> None:
    email_id = fresh.mail_to("ada@customer.test")
    with fresh.stream(fresh.token("ada@customer.test")) as stream:
        assert stream.status == 200
        assert stream.response.headers["content-type"] == "text/event-stream"
        assert stream.response.headers["cache-control"] == "no-store"
        assert stream.line() == "retry: 3000"
        assert stream.told()["state"] == "on_its_way"
        with Ticking(fresh.clock):
            move(fresh, email_id)
            assert stream.told()["state"] == "canceled"
        assert stream.rest() == "", "it is final, and the stream goes on"


def test_a_stream_hears_of_a_mail_that_comes_only_after_it_began(fresh: Readers) -> None:
    with fresh.stream(fresh.token("ada@customer.test")) as stream:
        assert stream.told()["state"] == "nothing"
        with Ticking(fresh.clock):
            fresh.mail_to("ada@customer.test")
            assert stream.told()["state"] == "on_its_way"
            fresh.mail_to("grace@customer.test")
            move(fresh, fresh.mail_to("ada@customer.test"))
            assert stream.told()["state"] == "canceled"


def test_a_stream_that_may_know_nothing_hears_when_a_mail_would_have_left(fresh: Readers) -> None:
    with fresh.stream(fresh.token("ada@customer.test", "otp")) as stream:
        assert stream.told()["state"] == "on_its_way"
        fresh.clock.advance(5.1)
        assert stream.told()["state"] == "sent_if_known"


def test_a_stream_shows_signs_of_life_while_nothing_changes(fresh: Readers) -> None:
    fresh.mail_to("ada@customer.test")
    with fresh.stream(fresh.token("ada@customer.test")) as stream:
        stream.told()
        with Ticking(fresh.clock):
            assert stream.line() == ": still here"


def test_what_is_final_is_said_and_the_stream_is_over(readers: Readers) -> None:
    readers.put(readers.mail_to("done@customer.test"), State.DELIVERED)
    with readers.stream(readers.token("done@customer.test")) as stream:
        assert stream.told()["state"] == "delivered"
        assert stream.rest() == ""


def test_a_token_holds_three_streams_and_a_fourth_once_one_has_gone(fresh: Readers) -> None:
    fresh.mail_to("ada@customer.test")
    token = fresh.token("ada@customer.test")
    with fresh.stream(token) as one, fresh.stream(token) as two:
        with fresh.stream(token) as three:
            assert [each.told()["state"] for each in (one, two, three)] == ["on_its_way"] * 3
            with fresh.stream(token) as fourth:
                assert fourth.status == 429
                assert int(fourth.response.headers["retry-after"]) > 0
        assert until(lambda: opens(fresh, token)), "the third one is still held"


def opens(readers: Readers, token: str) -> bool:
    with readers.stream(token) as stream:
        return stream.status == 200


def until(holds: object) -> bool:
    """Within the deadline of a test; each look is a request, so this does not spin."""
    assert callable(holds)
    return any(holds() for _ in range(20))


def test_a_stream_ends_when_its_token_does(fresh: Readers) -> None:
    fresh.mail_to("ada@customer.test")
    token = fresh.token("ada@customer.test", exp=int(fresh.clock.now()) + 30)
    with fresh.stream(token) as stream:
        stream.told()
        fresh.clock.advance(31)
        assert "data" not in stream.rest()
    assert fresh.ask_status(token).status == 410


def test_a_stop_ends_the_streams_long_before_its_deadline(fresh: Readers) -> None:
    fresh.mail_to("ada@customer.test")
    fresh.drain_s = 60.0
    with fresh.stream(fresh.token("ada@customer.test")) as stream:
        stream.told()
        fresh.stop()
        assert stream.rest() == ""


def test_a_browser_of_the_apps_own_page_may_follow(fresh: Readers) -> None:
    fresh.make_key("shop", origin="https://app.acme.test")
    token = fresh.token("ada@customer.test")
    with fresh.stream(token, origin="https://app.acme.test") as stream:
        allowed = stream.response.headers["access-control-allow-origin"]
    assert allowed == "https://app.acme.test"


def test_a_hundred_streams_cost_one_look_a_second(fresh: Readers) -> None:
    clock = ManualClock()
    following = Following(fresh.database, clock)
    watches = [following.watching(f"0198c0de-0000-7000-8000-{n:012x}", None) for n in range(100)]
    asked: list[str] = []

    async def follow() -> None:
        stirred = [watch.__enter__() for watch in watches]
        await following._look()
        assert all(each.stirred.is_set() for each in stirred), "the first look is one to tell"
        for each in stirred:
            each.stirred.clear()
        reading = fresh.database._reading
        assert reading is not None
        reading.set_trace_callback(asked.append)
        await following._look()
        reading.set_trace_callback(None)
        assert not any(each.stirred.is_set() for each in stirred), "nothing has changed"
        for watch in watches:
            watch.__exit__(None, None, None)

    fresh.run(follow())
    assert len([each for each in asked if "SELECT" in each]) == 1


def test_a_store_that_cannot_be_read_ends_no_stream_and_is_said_once(fresh: Readers) -> None:
    following = Following(fresh.database, ManualClock())

    async def follow() -> None:
        with following.watching(None, None):
            await fresh.database.close()
            await following._look()
            await following._look()

    with structlog.testing.capture_logs() as logs:
        fresh.run(follow())
    assert [line["event"] for line in logs if line["event"].startswith("status.")] == [
        "status.blind"
    ]


def test_no_log_has_the_token(fresh: Readers, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = fresh.token("ada@customer.test")
    with structlog.testing.capture_logs() as logs:
        fresh.ask_status(token)
        fresh.ask_status(token + "x")
        fresh.ask("DELETE", f"/status/{token}")
    told = [line for line in logs if line["event"] == "request.answered"]
    assert len(told) == 3
    assert token.partition(".")[0] not in str(logs)


def test_a_turnstile_lets_in_again_after_a_minute_and_forgets_the_oldest_of_too_many() -> None:
    now = [0.0]
    turnstile = Turnstile(lambda: now[0])
    assert [turnstile.wait_s(b"a") for _ in range(30)] == [0.0] * 30
    assert turnstile.wait_s(b"a") == 60.0
    now[0] = 60.5
    assert turnstile.wait_s(b"a") == 0.0
    for number in range(30_000):
        turnstile.wait_s(str(number).encode())
    assert len(turnstile._asked) <= 20_000


def test_a_turnstile_has_room_for_two_thousand_streams_in_all() -> None:
    turnstile = Turnstile(lambda: 0.0)
    assert all(turnstile.enter(str(number).encode()) for number in range(2_000))
    assert not turnstile.enter(b"one more")
    turnstile.leave(b"0")
    assert turnstile.enter(b"one more")
