"""Whatever is sent, the sandbox answers in Resend's shape and never breaks by itself."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailproof.testing import Sandbox
from tests.sandbox.api import MAIL, Api, conforms

FIELDS = (
    "from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "headers", "tags",
    "attachments", "scheduled_at", "template", "topic_id", "name", "domain_id", "permission",
    "region", "capabilities", "endpoint", "events", "status", "sending", "receiving", "filename",
    "content", "data", "path", "value",
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
ENDPOINTS = [
    ("POST", "/emails"),
    ("POST", "/emails/batch"),
    ("POST", "/domains"),
    ("POST", "/api-keys"),
    ("POST", "/webhooks"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Api]:
    with Sandbox() as sandbox:
        yield Api(sandbox)


def check(api: Api, method: str, path: str, **given_: Any) -> None:
    answer = api.ask(method, path, **given_)
    assert answer.status < 500, (answer.status, answer.raw)
    if answer.status >= 400:
        conforms(answer.json, "error")
        assert answer.json["statusCode"] == answer.status


@settings(max_examples=300)
@given(body=JSON | NEARLY_A_MAIL | st.lists(NEARLY_A_MAIL, max_size=3), data=st.data())
def test_any_json_gets_an_answer_that_is_no_defect(shared: Api, body: Any, data: Any) -> None:
    method, path = data.draw(st.sampled_from(ENDPOINTS))
    check(shared, method, path, body=body)


@given(raw=st.binary(max_size=200), data=st.data())
def test_any_bytes_get_an_answer_that_is_no_defect(shared: Api, raw: bytes, data: Any) -> None:
    method, path = data.draw(st.sampled_from(ENDPOINTS))
    check(shared, method, path, raw=raw)


@given(
    key=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300),
    validation=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12),
)
def test_any_header_gets_an_answer_that_is_no_defect(
    shared: Api, key: str, validation: str
) -> None:
    headers = {"idempotency-key": key, "x-batch-validation": validation}
    check(shared, "POST", "/emails/batch", body=[MAIL], headers=headers)


@given(part=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40))
def test_any_path_gets_an_answer_that_is_no_defect(shared: Api, part: str) -> None:
    for folder in ("emails", "domains", "api-keys", "webhooks"):
        check(shared, "GET", f"/{folder}/{part.replace('/', '').replace('#', '')}")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/emails", {**MAIL, "to": f"429+{'9' * 5_000}@fault.test"}),
        ("POST", "/emails", {**MAIL, "to": f"{'9' * 5_000}@fault.test"}),
        ("POST", "/emails", {**MAIL, "scheduled_at": "0001-01-01T00:00:00+14:00"}),
        ("GET", "/emails", None),
        ("POST", "/domains", {"name": "a.test", "capabilities": {"sending": []}}),
    ],
    ids=["a long label", "a long number", "the year 0", "a list after it", "an odd capability"],
)
def test_what_once_was_a_defect_gets_an_answer(
    shared: Api, method: str, path: str, body: Any
) -> None:
    # 429 is what the first asks for; nothing here may be a 500.
    check(shared, method, path, body=body)


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"fault": "\xff"}'], ids=["deep", "no UTF-8"])
def test_the_sandboxs_own_requests_get_an_answer_too(shared: Api, raw: bytes) -> None:
    answer = shared.ask("POST", "/_sandbox/faults", raw=raw)
    assert (answer.status, answer.json) == (422, {"error": "The body must be JSON."})


def test_a_long_html_of_nothing_but_brackets_stops_nobody(shared: Api) -> None:
    mail = {**MAIL, "html": "<" * 1_000_000}
    assert shared.ask("POST", "/emails", mail, timeout_s=5.0).status == 200
