"""Who is asked first, what overrules what, and that nothing a paste can be breaks it."""

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.evidence import Context
from mailproof.diagnosis.report import report
from mailproof.explain.decoding import NotText, text_of
from mailproof.explain.reading import read
from mailproof.explain.telling import laid_out, tell
from tests.explain.pasting import Expected, expected_readings, pasted, reading_of

CANARY = "re_CaNaRy99_secretsecret12345678"
LEAKS = ("CaNaRy", "secretsecret")


def test_a_provider_that_was_given_overrules_what_the_text_says() -> None:
    reading = read(pasted("status-and-body"), provider="sendgrid")
    assert reading is not None
    assert reading.failure.evidence.provider == "sendgrid"


def test_addresses_that_were_given_reach_the_evidence() -> None:
    context = Context(sender="noreply@acme.test", to=("ada@example.org",))
    reading = read("550 5.1.1 no such user", context=context)
    assert reading is not None
    assert reading.failure.evidence.context == context


@pytest.mark.parametrize("nothing", ["", " \n\t\r\n", "\x1b[31m\x1b[0m", "\ufeff"])
def test_an_empty_paste_is_no_failure(nothing: str) -> None:
    assert read(nothing) is None


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("发信失败：535".encode("gbk"), "发信失败：535"),
        (b"\xff\xfe" + "550 no".encode("utf-16-le"), "550 no"),
        (b"\xfe\xff" + "550 no".encode("utf-16-be"), "550 no"),
        ("550 no".encode("utf-16-le"), "550 no"),
        ("550 no".encode("utf-16-be"), "550 no"),
        (b"\xef\xbb\xbf550 no", "550 no"),
        (b"550 \xff\xff", "550 ÿÿ"),
    ],
)
def test_bytes_are_decoded_as_what_wrote_them(raw: bytes, text: str) -> None:
    assert text_of(raw) == text


@given(st.binary(max_size=400))
def test_no_bytes_break_it(raw: bytes) -> None:
    try:
        text = text_of(raw)
    except NotText:
        return
    read(text)


WORDS = st.sampled_from(
    [
        *"{}[]\"':,\n",
        *(
            "HTTP/1.1 403 Forbidden\n",
            "< HTTP/2 500\n",
            "550 5.1.1 ",
            "EHLO x\n",
            "RCPT TO:<a@b>\n",
        ),
        *("Traceback (most recent call last):\n", '  File "a"\n', "smtplib.SMTPException: "),
        *("Error: ", "    at f (a.js:1:2)\n", " {\n", "[cause]: ", "Caused by: ", "---> "),
        *("to=<a@b.test>, relay=x, ", "dsn=5.0.0, ", "status=bounced (", "curl: (7) "),
        *(
            "Status: 5.1.1\n",
            "Action: failed\n",
            "multipart/report",
            "From: a\nTo: b\nSubject: c\n",
        ),
        *(
            "<html>",
            "email,status\n",
            "\\n",
            '\\"',
            "null",
            "-1e999",
            "错误",
            "\x00",
            "\ud800",
            CANARY,
        ),
        *('{"event":"bounce","email":"a@b"}', '{"level":"error","err":"'),
    ]
)


@given(st.lists(WORDS, max_size=40).map("".join))
def test_no_mixture_of_shapes_breaks_it(text: str) -> None:
    read(text)


SHAPES_WITH_A_KEY = [
    'curl -H "Authorization: Bearer {key}"\nHTTP/2 403\nx: {key}\n\n{{"message":"no {key}"}}',
    "Error: refused {key}\n    at send (a.js:1:2) {{\n  apiKey: '{key}',\n  statusCode: 403\n}}",
    "535 5.7.8 login {key} failed",
    '{{"statusCode":401,"name":"{key}","message":"API key {key} is invalid"}}',
    'Traceback (most recent call last):\n  File "a.py", line 1, in f\nSendError: {key} is invalid',
    "nobody knows {key}",
    "postfix/smtp[1]: 4X: to=<a@b.test>, relay={key}[192.0.2.1]:25, delay=1, dsn=5.0.0,"
    " status=bounced ({key})",
]


@given(shape=st.sampled_from(SHAPES_WITH_A_KEY), noise=st.text(max_size=30), zh=st.booleans())
def test_no_secret_of_a_paste_is_shown(shape: str, noise: str, zh: bool) -> None:  # noqa: FBT001
    paste = f"{noise}\n{shape.format(key=CANARY)}\n{noise}"
    reading = reading_of(paste)
    told = laid_out(tell(reading, "zh" if zh else "en"), width=80, strong=str)
    printed = msgspec.json.encode(report(reading.failure, "en")).decode()
    assert not [leak for leak in LEAKS if leak in told + printed]


@pytest.mark.parametrize("row", expected_readings(), ids=lambda row: row.paste)
def test_no_paste_in_the_table_shows_its_key(row: Expected) -> None:
    paste = pasted(row.paste)
    told = laid_out(tell(reading_of(paste), "en"), width=80, strong=str)
    assert not [leak for leak in LEAKS if leak in told]


@pytest.mark.parametrize(
    "unit",
    [
        *("a.", "A\\", "{", "[", '"', "5", " ", "\\n", "550 ", "said 5", "a: b\n", "EHLO x\n"),
        *("Error: ", "aError", "x ---> AError: ", "{'a':1,", "<title>", "to=<a>, relay=x, "),
        "Traceback (most recent call last):\n",
    ],
)  # fmt: skip
def test_a_long_paste_costs_no_more_than_a_few_seconds(unit: str) -> None:
    paste = (unit * 50_000)[:50_000]
    begin = time.process_time()
    read(paste)
    assert time.process_time() - begin < 10
