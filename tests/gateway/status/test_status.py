"""The person who waits: the truth in their language, and nothing that is not theirs to know."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from mailproof.gateway.status.telling import LANGUAGES, OF_STATE, words
from mailproof.mail.lifecycle import State
from mailproof.mail.status_token import mint, read
from mailproof.store.nodes.keys import hash_key, revoke_key, status_secret_of
from tests.gateway.status.reading import HTML, Readers, token_of
from tests.gateway.world import MAIL, PROVIDER_KEY, Answer, World, mail_id

# What each answer has of its own.
OWN = {"date", "x-request-id"}


def without_own(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OWN}


@contextmanager
def counted(readers: Readers) -> Iterator[list[str]]:
    """The statements that the store reads with meanwhile."""
    reading = readers.database._reading
    assert reading is not None
    asked: list[str] = []
    reading.set_trace_callback(asked.append)
    try:
        yield asked
    finally:
        reading.set_trace_callback(None)


def test_a_held_mail_is_told_in_the_readers_language(readers: Readers) -> None:
    readers.put(readers.mail_to("held@customer.test"), State.HELD, "sender_unverified")
    token = readers.token("Held@Customer.test")
    for language in LANGUAGES:
        told = readers.ask_status(token, accept_language=f"{language}-XX,en;q=0.5")
        assert told.status == 200
        assert told.json["state"] == "delayed"
        assert told.json["title"] == words(language)["delayed"]["title"]
        page = readers.ask_status(f"{token}?lang={language}", HTML)
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}">' in page.raw.decode()
        assert words(language)["delayed"]["title"] in page.raw.decode()


@pytest.mark.parametrize("state", State)
def test_each_state_reaches_who_may_know_and_nobody_else(readers: Readers, state: State) -> None:
    address = f"{state.value}@customer.test"
    readers.put(readers.mail_to(address), state)
    readers.put(readers.mail_to(address, "otp"), state)
    assert readers.ask_status(readers.token(address)).json["state"] == OF_STATE[state]
    assert readers.ask_status(readers.token(address, "otp")).json["state"] == "on_its_way"


@pytest.mark.parametrize("purpose", ["password_reset", "magic_link", "otp", "", "never_heard_of"])
@pytest.mark.parametrize("accept", ["application/json", HTML])
def test_a_known_address_and_an_unknown_one_get_the_same_bytes(
    fresh: Readers, purpose: str, accept: str
) -> None:
    """Else "forgot password" would tell who has an account."""
    fresh.put(fresh.mail_to("member@customer.test", purpose), State.BOUNCED, "mailbox_full")
    fresh.clock.advance(3)
    early = pair(fresh, purpose, accept)
    fresh.clock.advance(10)
    assert early.raw != pair(fresh, purpose, accept, age=10).raw
    lanes("closed", fresh)
    assert b"problem" in pair(fresh, purpose, "application/json").raw


def pair(readers: Readers, purpose: str, accept: str, age: int = 0) -> Answer:
    iat = int(readers.clock.now()) - age
    known, unknown = (
        readers.ask_status(readers.token(who, purpose, iat=iat, exp=iat + 60), accept)
        for who in ("member@customer.test", "nobody@customer.test")
    )
    assert known.raw == unknown.raw
    assert without_own(known) == without_own(unknown)
    return known


def lanes(state: str, readers: Readers) -> None:
    database = sqlite3.connect(readers.folder / "mailproof.db", isolation_level=None, timeout=5)
    database.execute("UPDATE lanes SET state = ?", (state,))
    database.close()


@pytest.mark.parametrize("accept", ["application/json", HTML])
def test_a_known_address_and_an_unknown_one_cost_the_same_queries(
    readers: Readers, accept: str
) -> None:
    readers.mail_to("counted@customer.test", "password_reset")
    counts = []
    for who in ("counted@customer.test", "nobody-counted@customer.test"):
        token = readers.token(who, "password_reset")
        assert readers.ask_status(token, accept).status == 200  # from here on, its key is known
        with counted(readers) as asked:
            assert readers.ask_status(token, accept).status == 200
        counts.append(len([each for each in asked if "SELECT" in each]))
    assert counts[0] == counts[1] > 0


def test_the_link_that_comes_with_a_mail_tells_of_this_mail_whatever_its_purpose(
    readers: Readers,
) -> None:
    email_id = readers.mail_to("linked@customer.test", "password_reset")
    readers.put(email_id, State.DELIVERED)
    url = readers.ask("GET", f"/v1/emails/{email_id}").json["status_url"]
    assert url.startswith("https://mail.acme.test/status/")
    told = readers.ask_status(url.rpartition("/")[2]).json
    assert (told["state"], told["final"]) == ("delivered", True)


def test_a_mail_that_is_named_is_told_to_its_own_app_alone(readers: Readers) -> None:
    other = readers.make_key("another")
    email_id = readers.mail_to("named@customer.test")
    token = token_of(other, "x@customer.test", "", int(readers.clock.now()), m=email_id)
    assert readers.ask_status(token).json["state"] == "nothing"


def test_each_accepted_mail_is_answered_with_its_link(readers: Readers) -> None:
    sent = readers.send()
    assert "mailproof" not in sent.json
    assert sent.headers["mailproof-status-url"].startswith("https://mail.acme.test/status/")
    readers.counter.state = State.HELD
    held, batch = readers.send(), readers.ask("POST", "/emails/batch", [MAIL, MAIL])
    readers.reset()
    assert held.json["mailproof"]["status_url"] == held.headers["mailproof-status-url"]
    assert len({each["mailproof"]["status_url"] for each in batch.json["data"]}) == 2


def test_without_a_public_address_there_are_no_links(tmp_path: Path) -> None:
    with World(tmp_path) as world:
        world.counter.state = State.HELD
        answer = world.send()
    assert answer.json["mailproof"]["status_url"] is None
    assert "mailproof-status-url" not in answer.headers


def test_an_app_may_mint_with_the_providers_key_that_it_keeps_using(readers: Readers) -> None:
    token = token_of(PROVIDER_KEY, "ada@customer.test", "invite", int(readers.clock.now()))
    assert readers.ask_status(token).json["state"] == "nothing"


@pytest.mark.parametrize("wrong", ["nonsense", "a.b", "e30.e30", "%00.%ff", "x" * 3_000])
def test_what_is_no_token_is_not_found_with_a_way_on_in_the_readers_language(
    readers: Readers, wrong: str
) -> None:
    told = readers.ask_status(wrong, accept_language="zh")
    assert told.status == 404
    assert told.json["name"] == "not_found"
    assert told.json["statusCode"] == 404
    assert told.json["title"] == words("zh")["unknown"]["title"]
    page = readers.ask_status(wrong, HTML, accept_language="ko")
    assert page.status == 404
    assert words("ko")["unknown"]["action"] in page.raw.decode()


def test_a_forged_token_and_one_of_a_revoked_key_are_not_found(readers: Readers) -> None:
    good = readers.token("ada@customer.test")
    body, _, signature = good.partition(".")
    claims = read(good).claims
    other = msgspec.structs.replace(claims, exp=claims.exp + 1)
    assert readers.ask_status(good).status == 200
    assert readers.ask_status(f"{body}.{signature[::-1]}").status == 404
    assert readers.ask_status(mint(status_secret_of("mp_other"), other)).status == 404
    key = readers.make_key("gone")
    token = token_of(key, "ada@customer.test", "invite", int(readers.clock.now()))
    assert readers.ask_status(token).status == 200
    revoke(readers, key)
    assert readers.ask_status(token).status == 404


def test_a_token_that_is_too_old_is_gone_and_says_how_to_go_on(readers: Readers) -> None:
    now = int(readers.clock.now())
    old = readers.token("ada@customer.test", iat=now - 7_200, exp=now - 3_600)
    assert readers.ask_status(old).status == 410
    page = readers.ask_status(old, HTML, accept_language="ja")
    assert page.status == 410
    assert words("ja")["ended"]["action"] in page.raw.decode()


def test_a_mail_from_before_the_token_is_not_told_of_but_for_two_minutes(readers: Readers) -> None:
    readers.put(readers.mail_to("earlier@customer.test"), State.DELIVERED)
    now = int(readers.clock.now())
    for later, state in ((119, "delivered"), (121, "nothing")):
        token = readers.token("earlier@customer.test", iat=now + later, exp=now + 3_600)
        assert readers.ask_status(token).json["state"] == state


def test_of_two_mails_the_newer_one_is_told(readers: Readers) -> None:
    readers.put(readers.mail_to("twice@customer.test"), State.BOUNCED)
    readers.put(readers.mail_to("twice@customer.test"), State.SENT)
    assert readers.ask_status(readers.token("twice@customer.test")).json["state"] == "sent"


def test_since_when_and_when_again_are_told_as_times_in_utc(readers: Readers) -> None:
    email_id = readers.mail_to("again@customer.test")
    now = readers.database.now()
    readers.put(email_id, State.DEFERRED, "greylisted", due_at=now + 300_000, changed_at=now)
    told = readers.ask_status(readers.token("again@customer.test")).json
    assert told["since"].endswith("Z")
    assert told["retry_at"] > told["since"]


def test_another_mail_may_be_asked_for_a_minute_after_the_newest_was_accepted(
    readers: Readers,
) -> None:
    first = readers.mail_to("more@customer.test")
    readers.put(first, State.SENT)
    readers.clock.advance(30)
    link = readers.ask("GET", f"/v1/emails/{first}").json["status_url"].rpartition("/")[2]
    token = readers.token("more@customer.test")
    assert seconds_until_again(readers, token) == seconds_until_again(readers, link) == 30
    readers.put(readers.mail_to("more@customer.test"), State.SENT)
    readers.mail_to("somebody-else@customer.test")
    assert seconds_until_again(readers, token) == seconds_until_again(readers, link) == 60
    readers.clock.advance(61)
    assert seconds_until_again(readers, token) == -1


def test_a_mail_that_was_not_accepted_keeps_nobody_waiting(readers: Readers) -> None:
    assert readers.ask_status(readers.token("none-yet@customer.test")).json["again_at"] is None


def test_when_to_ask_again_gives_no_account_away(readers: Readers) -> None:
    """By the token alone: also a mail that was accepted since changes nothing."""
    token = readers.token("secret@customer.test", "otp")
    readers.clock.advance(10)
    assert seconds_until_again(readers, token) == 50
    readers.mail_to("secret@customer.test", "otp")
    assert seconds_until_again(readers, token) == 50


def seconds_until_again(readers: Readers, token: str) -> int:
    told = readers.ask_status(token).json
    again, now = (datetime.fromisoformat(told[name]) for name in ("again_at", "now"))
    return int((again - now).total_seconds())


def test_the_masked_address_is_told_to_who_may_know_of_it(readers: Readers) -> None:
    email_id = readers.mail_to("maya@customer.test")
    url = readers.ask("GET", f"/v1/emails/{email_id}").json["status_url"]
    for token in (url.rpartition("/")[2], readers.token("maya@customer.test")):
        assert readers.ask_status(token).json["address"] == "m•••a@customer.test"
        page = readers.ask_status(token, HTML).raw.decode()
        assert "m•••a@customer.test" in page
        assert "maya" not in page
    secret = readers.mail_to("maya@customer.test", "password_reset")
    url = readers.ask("GET", f"/v1/emails/{secret}").json["status_url"]
    assert readers.ask_status(url.rpartition("/")[2]).json["address"] == "m•••a@customer.test"
    token = readers.token("maya@customer.test", "password_reset")
    assert readers.ask_status(token).json["address"] == ""
    assert b"customer" not in readers.ask_status(token, HTML).raw


def test_a_slip_in_the_domain_is_asked_about_where_the_address_may_be_told(
    readers: Readers,
) -> None:
    for purpose in ("registration", "otp"):
        email_id = readers.mail_to("maya@gmial.com", purpose)
        readers.put(email_id, State.BOUNCED, "mailbox_not_found")
    assert readers.ask_status(readers.token("maya@gmial.com")).json["suggestion"] == "gmail.com"
    secret = readers.ask_status(readers.token("maya@gmial.com", "otp"))
    assert secret.json["suggestion"] == ""
    assert b"gm" not in secret.raw


def test_the_link_to_us_is_the_configured_one(tmp_path: Path) -> None:
    with Readers(tmp_path, support_url="mailto:help@acme.test") as readers:
        readers.put(readers.mail_to("unlucky@customer.test"), State.FAILED, "sender_unverified")
        told = readers.ask_status(readers.token("unlucky@customer.test")).json
        page = readers.ask_status(readers.token("unlucky@customer.test"), HTML).raw.decode()
    assert told["buttons"] == [
        {"act": "support", "label": "help@acme.test", "href": "mailto:help@acme.test"}
    ]
    assert '<a class="action" href="mailto:help@acme.test">help@acme.test</a>' in page


def test_one_token_may_ask_thirty_times_a_minute(readers: Readers) -> None:
    token = readers.token("eager@customer.test")
    answers = [readers.ask_status(token).status for _ in range(31)]
    assert answers == [200] * 30 + [429]
    again = readers.ask_status(token, HTML)
    assert again.status == 429
    assert 0 < int(again.headers["retry-after"]) <= 60
    assert words("en")["busy"]["action"] in again.raw.decode()
    assert readers.ask_status(readers.token("calm@customer.test")).status == 200
    readers.clock.advance(61)
    assert readers.ask_status(token).status == 200


def test_a_page_of_the_apps_own_may_read_it_and_no_other(readers: Readers) -> None:
    readers.make_key("web", origin="https://App.acme.test/")
    key = readers.make_key("web")  # another key of the same app
    token = token_of(key, "ada@customer.test", "registration", int(readers.clock.now()))
    ours = readers.ask_status(token, origin="https://app.acme.test")
    assert ours.headers["access-control-allow-origin"] == "https://app.acme.test"
    assert "origin" in ours.headers["vary"]
    for theirs in ("https://evil.test", "http://app.acme.test", "null", ""):
        answer = readers.ask_status(token, origin=theirs)
        assert "access-control-allow-origin" not in answer.headers


def test_a_stream_may_be_read_by_the_same_pages_and_no_others(readers: Readers) -> None:
    key = readers.make_key("streamed", origin="https://app.acme.test")
    token = token_of(key, "ada@customer.test", "registration", int(readers.clock.now()))
    with readers.stream(token, origin="https://app.acme.test") as ours:
        assert ours.response.headers["access-control-allow-origin"] == "https://app.acme.test"
        assert "origin" in ours.response.headers["vary"]
    with readers.stream(token, origin="https://evil.test") as theirs:
        assert "access-control-allow-origin" not in theirs.response.headers


def test_also_what_is_over_may_be_read_by_the_apps_own_page(readers: Readers) -> None:
    key = readers.make_key("late", origin="https://app.acme.test")
    now = int(readers.clock.now())
    token = token_of(key, "ada@customer.test", "otp", now - 7_200, exp=now - 1)
    answer = readers.ask_status(token, origin="https://app.acme.test")
    assert answer.status == 410
    assert answer.headers["access-control-allow-origin"] == "https://app.acme.test"
    assert answer.json["final"] is True


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("application/json", "application/json; charset=utf-8"),
        (HTML, "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
        ("text/html, application/json", "text/html; charset=utf-8"),
    ],
)
def test_the_answer_is_a_page_unless_something_else_is_asked_for(
    readers: Readers, accept: str, media_type: str
) -> None:
    answer = readers.ask_status(readers.token("form@customer.test"), accept)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_whose_app_has_no_such_mail_is_told_so(readers: Readers) -> None:
    told = readers.ask_status(readers.token("nobody@customer.test", m=mail_id(999_999)))
    assert told.json["state"] == "nothing"


def test_when_the_store_cannot_be_read_the_page_says_that_we_have_a_problem(
    fresh: Readers,
) -> None:
    token = fresh.token("ada@customer.test")
    fresh.run(fresh.database.close())
    told = fresh.ask_status(token, HTML, accept_language="zh")
    assert told.status == 503
    assert words("zh")["problem"]["title"] in told.raw.decode()


def revoke(readers: Readers, key: str) -> None:
    readers.run(readers.database.write(revoke_key, hash_key(key).hex()[:8], actor="test"))
    readers.keys.refresh_if_changed(-2)
