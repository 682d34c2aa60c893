"""What was found by fuzzing, each with the least that showed it."""

import base64
import json
import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from mailproof.diagnosis.placeholder import is_placeholder
from mailproof.explain.decoding import unescaped
from mailproof.explain.lines import Explainer
from mailproof.explain.reading import read
from mailproof.mail.status_token import StatusTokenInvalid
from mailproof.mail.status_token import read as read_token
from mailproof.testing.provider_suite import sample
from tests.gateway.world import World
from tests.providers.test_smtp_mail import made, parsed

PNG = base64.b64encode(bytes(range(64))).decode()


@pytest.fixture(autouse=True)
def _soon() -> Iterator[None]:
    """A second of work is all that there is: what was found first were texts that took for ever."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError("more than a second of work")

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, 3.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def test_a_key_of_many_short_words_does_not_stop_the_gateway(world: World) -> None:
    answer = world.ask("POST", "/emails", {}, key="my" + "_a" * 24 + "!")
    assert (answer.status, answer.name) == (400, "validation_error")


@pytest.mark.parametrize("key", ["your_api_key", "my key", "put-your-key.here", "insert_key"])
def test_what_stands_for_a_key_is_still_known(key: str) -> None:
    assert is_placeholder(key)


@pytest.mark.parametrize(
    "body",
    [b"\xc0", b'{"v":1,"k":"\xff"}', b'{"v":1,"x":' + b"[" * 1_300],
    ids=["no UTF-8", "in a text", "deep"],
)
def test_a_status_token_that_holds_no_json_is_none(world: World, body: bytes) -> None:
    token = f"{base64.urlsafe_b64encode(body).rstrip(b'=').decode()}.aaaa"
    with pytest.raises(StatusTokenInvalid):
        read_token(token)
    assert world.ask("GET", f"/status/{token}", key="").status == 404


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "\x93", "channel": "smtp", "input": {"code": 554}}',
        b'{"id": "\x93", "channel": "none"}',
    ],
)
def test_an_id_that_is_no_text_is_not_handed_back(line: bytes) -> None:
    answer = json.loads(Explainer("en").answer(line))
    assert answer["id"] is None
    assert "no case" in answer["error"]


def test_an_image_may_be_called_what_an_app_likes_and_its_field_is_in_ascii() -> None:
    files = [{"filename": "a.png", "content": PNG, "content_id": "größe"}]
    mail = made(html='<img src="cid:größe">', attachments=files)
    assert mail.body.isascii()
    ids = [part["content-id"] for part in parsed(mail).walk() if part["content-id"]]
    assert ids == ["<gr%C3%B6%C3%9Fe>"]
    assert sample().payload, "the mails of the suite are as before"


def test_a_character_that_was_escaped_in_two_halves_is_one_again() -> None:
    assert unescaped(r"\ud83d\ude00 \u00fc") == "😀 ü"
    assert unescaped(r"\ud83d alone") == "\ufffd alone"


@pytest.mark.parametrize(
    "text",
    [
        '{"error": {"name": "E", "statusCode": "4¹1", "message": "no such user"}}',
        '{"statusCode": "³01", "message": "550 no"}',
        "550 no\n4¹1 x",
        '{"name": "Error", "code": "EAUTH", "syscall": {"a": 1}, "message": "535 no"}',
        '{"code": "ECONNREFUSED", "syscall": ["connect"], "errno": -111}',
    ],
)
def test_a_status_or_a_syscall_that_is_none_is_read_past(text: str) -> None:
    read(text)


BLANKS = " " * 20 + "y\n"
SLOW = {
    "a traceback of blank frames": "Traceback (most recent call last):\n" + BLANKS * 40 + "!!!\n",
    "a traceback of blank lines": "Traceback (most recent call last):\n" + "  \n" * 300 + "!!!\n",
    "a traceback without a head": "x\n" + BLANKS * 40 + "E: x\n\n!\n",
    "Exim's line": "aaaaaa-aaaaaaaaa-aaaa == " + "xxx@xxxH" * 400 + "!",
    "Exim's rejection": "H=" * 1_000 + " rejected it",
    "OpenSMTPD's line": "to=<a>relay=" * 150 + " result=",
    "sendmail's line": "to=<a>,relay=b," * 150 + " stat=",
    "a folded reply": "550 no\n" + "\n " * 1_500 + "!",
    "brackets": "[" * 4_000,
    "a status of many letters": '277IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII.{"a": 1}',
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_a_paste_that_repeats_itself_is_read_in_time(text: str) -> None:
    read(text)


def test_the_lines_that_mail_servers_write_are_still_read() -> None:
    lines = [
        "1rXa2b-000abc-1x ** bad@example.com: Unrouteable address",
        "1rXa2b-000abc-1x == a@b.test R=dnslookup T=remote_smtp H=mx.b.test [192.0.2.1]: SMTP error"
        " from remote mail server after RCPT TO:<a@b.test>: 451 4.7.1 Greylisted",
        "1rXa2b-000abc-1x ** a@b.test R=r T=t H=[2001:db8::1]: 550 5.1.1 no such user",
    ]
    reasons = []
    for line in lines:
        reading = read(line)
        assert reading is not None
        reasons.append(reading.failure.reason.value)
    assert reasons == ["mailbox_not_found", "greylisted", "mailbox_not_found"]
