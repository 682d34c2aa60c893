"""Whatever comes in, the answer is JSON in Resend's shape and no defect."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.gateway.description import conforms
from tests.gateway.world import MAIL, World

FIELDS = (
    "from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "headers", "tags",
    "attachments", "scheduled_at", "template", "name", "filename", "content", "path", "value", "id",
)  # fmt: skip
TEXT = st.text(max_size=40)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | TEXT, inner, max_size=6)
    ),
    max_leaves=12,
)
NEARLY_A_MAIL = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4).map(
    lambda changes: {**MAIL, **changes}
)
PRINTABLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40)
ENDPOINTS = [
    ("POST", "/emails"),
    ("POST", "/emails/batch"),
    ("PATCH", "/emails/0198c0de-0000-7000-8000-000000000001"),
]


@pytest.fixture(scope="module")
def shared(lasting: World) -> World:
    return lasting


def check(world: World, method: str, path: str, **given_: Any) -> None:
    answer = world.ask(method, path, **given_)
    # 508: what says that it comes from Mailproof itself is turned away, and rightly.
    assert answer.status < 500 or answer.status == 508, (answer.status, answer.raw)
    if answer.status >= 400:
        conforms(answer.json, "Error")
        assert answer.json["statusCode"] == answer.status


@settings(max_examples=200)
@given(body=JSON | NEARLY_A_MAIL | st.lists(NEARLY_A_MAIL, max_size=3), data=st.data())
def test_any_json_gets_an_answer_that_is_no_defect(shared: World, body: Any, data: Any) -> None:
    method, path = data.draw(st.sampled_from(ENDPOINTS))
    check(shared, method, path, body=body)


@given(raw=st.binary(max_size=200), data=st.data())
def test_any_bytes_get_an_answer_that_is_no_defect(shared: World, raw: bytes, data: Any) -> None:
    method, path = data.draw(st.sampled_from(ENDPOINTS))
    check(shared, method, path, raw=raw)


@given(
    name=st.sampled_from(
        ["idempotency-key", "prefer", "mailproof-purpose", "x-batch-validation", "x-request-id",
         "authorization", "x-forwarded-for", "user-agent"]
    ),
    value=st.binary(max_size=60).map(
        lambda raw: bytes(byte for byte in raw if byte >= 32 and byte != 127).decode("latin-1")
    ),
)  # fmt: skip
def test_any_header_gets_an_answer_that_is_no_defect(shared: World, name: str, value: str) -> None:
    check(shared, "POST", "/emails", body=MAIL, headers={name: value})
    check(shared, "POST", "/emails/batch", body=[MAIL], headers={name: value})


@given(part=PRINTABLE, query=PRINTABLE)
def test_any_path_gets_an_answer_that_is_no_defect(shared: World, part: str, query: str) -> None:
    for folder in ("/emails/", "/v1/emails/", "/", "/emails?"):
        check(shared, "GET", f"{folder}{part.replace('#', '')}?{query.replace('#', '')}")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"to": "\\ud800", "from": "\\u0000"}',
        b'{"headers": {"\\ud800\\u0000": 7}, "from": "a@b.test", "to": "a\\u0000"}',
        b"[" * 100_000,
        b'{"to": "\xff"}',
        b"\x00",
        b'{"a":' * 5_000,
        b"[[" + b"9" * 5_000 + b"]]",
    ],
    ids=["half a pair", "odd names", "deep", "no UTF-8", "a zero", "deep objects", "a long number"],
)
def test_odd_bodies_get_an_answer_too(shared: World, raw: bytes) -> None:
    for method, path in ENDPOINTS:
        check(shared, method, path, raw=raw)
