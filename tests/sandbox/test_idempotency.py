"""What an idempotency key promises, and when it no longer does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailproof.testing import ManualClock, Switches
from tests.sandbox.api import MAIL, Api

Start = Callable[..., Api]


def test_the_same_key_and_mail_is_accepted_once_and_answered_alike(api: Api) -> None:
    first, second = api.send(key="welcome/1"), api.send(key="welcome/1")
    assert first.json == second.json
    (mail,) = api.sandbox.mails
    assert (mail.idempotency_key, mail.attempts) == ("welcome/1", 2)
    assert [arrival.replayed for arrival in api.sandbox.requests] == [False, True]


def test_spaces_and_the_order_of_fields_make_no_other_mail(api: Api) -> None:
    api.send(key="k")
    body = str(dict(reversed(list(MAIL.items())))).replace("'", '"').encode()
    answer = api.ask("POST", "/emails", raw=body, headers={"idempotency-key": "k"})
    assert answer.status == 200
    assert len(api.sandbox.mails) == 1


def test_another_mail_under_a_used_key_is_refused(api: Api) -> None:
    api.send(key="k")
    answer = api.send(key="k", subject="Another")
    assert (answer.status, answer.name) == (409, "invalid_idempotent_request")
    assert answer.message == "Same idempotency key used with a different request payload."
    assert len(api.sandbox.mails) == 1


def test_a_key_is_forgotten_after_a_day(api: Api, clock: ManualClock) -> None:
    first = api.send(key="k").json["id"]
    clock.advance(86_399)
    assert api.send(key="k").json["id"] == first
    clock.advance(1)
    assert api.send(key="k").json["id"] != first


def test_a_key_in_flight_is_refused_until_it_is_answered(api: Api, clock: ManualClock) -> None:
    api.sandbox.fail("slow=5,count=1")
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(api.send, key="k")
        api.sandbox.wait_until(lambda: _accepted(api))
        answer = api.send(key="k")
        assert (answer.status, answer.name) == (409, "concurrent_idempotent_requests")
        clock.advance(5)
        first = slow.result(5)
    assert first.status == 200
    assert api.send(key="k").json == first.json
    assert len(api.sandbox.mails) == 1


def test_an_answer_that_got_lost_is_given_again_while_the_first_still_waits(api: Api) -> None:
    api.sandbox.fail("accept-silent,count=1")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(api.send, key="k")
        (mail,) = api.sandbox.wait_for(1)
        again = api.send(key="k")
        assert (again.status, again.json["id"]) == (200, mail.id)
        api.sandbox.stop()  # which ends the wait of the first


def _accepted(api: Api) -> bool:
    return len(api.sandbox.mails) == 1


@pytest.mark.parametrize("key", ["", "k" * 257])
def test_a_key_has_one_to_256_characters(api: Api, key: str) -> None:
    answer = api.ask("POST", "/emails", MAIL, headers={"idempotency-key": key or " "})
    assert (answer.status, answer.name) == (400, "invalid_idempotency_key")
    assert answer.message == "The key must be between 1-256 chars."


def test_a_refusal_is_not_kept_unless_that_is_chosen(start: Start) -> None:
    for caches_errors, status in [(False, 200), (True, 403)]:
        api = start(domains=(), switches=Switches(caches_errors=caches_errors))
        assert api.send(key="k").status == 403
        api.sandbox.verify_domain("acme.test")
        assert api.send(key="k").status == status


def test_a_batch_is_accepted_once_as_a_whole(api: Api) -> None:
    ids = [
        api.ask("POST", "/emails/batch", [MAIL, MAIL], headers={"idempotency-key": "b"}).json
        for _ in range(2)
    ]
    assert ids[0] == ids[1]
    assert [mail.attempts for mail in api.sandbox.mails] == [2, 2]
