"""Picking names, messages and blamed fields out of whatever a provider wrapped them in."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.reading.harvest import harvest, mentioned, parse_body

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["message", "errors", "code", "field", "mail", "headers", "x"])
            | st.text(max_size=6),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ({"name": "validation_error"}, "validation_error"),
        (
            {"Response": {"Error": {"Code": "AuthFailure.SignatureExpire"}}},
            "authfailure.signatureexpire",
        ),
        ({"__type": "com.amazonaws.sesv2#MessageRejected"}, "messagerejected"),
        ("<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>", "throttling"),
        ({"error": {"details": [{"code": "SERR_157"}]}}, "serr_157"),
        ({"body": '{"code": "unauthorized"}'}, "unauthorized"),
        ({"ErrorCode": 406}, "406"),
    ],
)
def test_an_error_name_is_found_in_any_wrapping(body: Any, name: str) -> None:
    assert name in harvest(body).names


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"errors": [{"message": "bad", "field": "from.email"}]}, "from.email"),
        ({"errors": {"to.0.email": ["must be valid"]}}, "to.0.email"),
        ({"Errors": [{"ErrorRelatedTo": ["To[0].Email"]}]}, "To[0].Email"),
        ({"detail": [{"loc": ["body", "subject"], "msg": "field required"}]}, "subject"),
    ],
)
def test_the_blamed_field_is_found_as_value_and_as_key(body: Any, field: str) -> None:
    assert field in harvest(body).fields


def test_a_subject_of_ours_is_no_message_of_theirs() -> None:
    event = {
        "message": {"headers": {"subject": "Your account was suspended"}},
        "msg": {"subject": "Mailbox full?", "diag": "550 5.1.1 User unknown"},
    }
    assert harvest(event).messages == ("550 5.1.1 User unknown",)


def test_what_is_said_about_our_subject_is_a_message() -> None:
    assert harvest({"errors": {"subject": ["The subject is required."]}}).messages == (
        "The subject is required.",
    )


def test_the_request_that_a_client_kept_beside_the_error_is_not_read() -> None:
    error = {
        "message": "Request failed",
        "config": {"data": '{"name": "restricted_api_key", "message": "hello"}'},
        "response": {"status": 422, "data": {"name": "validation_error"}},
    }
    found = harvest(error)
    assert "restricted_api_key" not in found.names
    assert "hello" not in found.messages
    assert found.status == 422


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("An error occurred (MessageRejected) when calling SendEmail", "messagerejected"),
        ("[SDKException] code:FailedOperation.IllegalURL message:…", "failedoperation.illegalurl"),
        ("Throttling: Rate exceeded", "throttling"),
        ("brevo: not_enough_credits", "not_enough_credits"),
        ("Error: code: InvalidBody, request id: 1", "invalidbody"),
        ("422 The domain must be verified #MS42207", "ms42207"),
    ],
)
def test_a_name_that_a_client_printed_into_its_own_sentence_is_found(text: str, name: str) -> None:
    assert name in mentioned(text).names


def test_a_number_after_the_words_error_code_is_kept_as_one() -> None:
    assert mentioned("Postmark answered with error code 406").marks == {"errorcode=406"}


def test_prose_is_no_error_name() -> None:
    assert mentioned("we could not reach the mail server in time").names == frozenset()


def test_a_tree_without_end_is_cut_off() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"error": deep}
    assert harvest(deep).messages == ()


@given(JSON)
def test_any_json_value_is_read_without_an_exception(tree: Any) -> None:
    found = harvest(tree)
    assert all(name == name.lower() for name in found.names)


@given(st.text(max_size=200))
def test_any_text_is_read_without_an_exception(text: str) -> None:
    parse_body(text)
    harvest(text)
    mentioned(text)
