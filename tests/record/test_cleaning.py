"""Lines are cleaned by what their values look like and by what their fields are called."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.mail.address import Address
from mailproof.mail.lifecycle import State
from mailproof.record.cleaning import clean

EMAIL_ID = "0198c0de-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("api_key", "abc", "[redacted]"),
        ("password", 1234, "[redacted]"),
        ("status_secret", b"abc", "[redacted]"),
        ("token", None, None),
        ("api_key", "", ""),
        ("code", "482913", "[redacted]"),
        ("code", 482913, "[redacted]"),
        ("code", 403, 403),
        ("code", "invalid_api_key", "invalid_api_key"),
        ("subject", "Your code 482913", "[16 characters]"),
        ("html", "<p>Hi</p>", "[9 characters]"),
        ("key_id", "1f2e3d4c", "1f2e3d4c"),
        ("state", State.SENT, "sent"),
        ("count", 10**30, str(10**30)),
        ("took_s", 0.25, 0.25),
        ("email_id", EMAIL_ID, EMAIL_ID),
        ("to", "ada@example.com", "a…@example.com"),
    ],
)  # fmt: skip
def test_a_field_is_shown_as_far_as_it_may_be(name: str, value: Any, shown: Any) -> None:
    assert clean({name: value}) == {name: shown}


def test_an_address_object_is_masked() -> None:
    assert clean({"to": Address.parse("ada@example.com", where="to")}) == {
        "to": "<Address a…@example.com>"
    }


def test_what_nests_without_an_end_ends() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    assert "[nested too deeply]" in str(clean(endless))


@given(st.text())
def test_no_text_is_shown_that_redaction_would_change(text: str) -> None:
    assert clean({"note": text}) == {"note": redact_text(text)}


@given(
    st.dictionaries(
        st.text(max_size=10),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
            ),
            max_leaves=10,
        ),
        max_size=5,
    )
)
def test_whatever_is_logged_can_be_written_as_json(fields: dict[str, Any]) -> None:
    msgspec.json.encode(clean(fields))
