"""The bytes that go to Resend: the stored payload, less what is settled, plus the stamp."""

import hashlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.providers.base import Outgoing
from mailproof.providers.resend_mail import STAMP_TAG, TAGS_MAX, addressed, encode

STAMP = "0192a0e0-0000-7000-8000-000000000001"
MAIL: dict[str, Any] = {
    "from": "Acme <hello@acme.test>",
    "to": ["ada@lovelace.test"],
    "subject": "Hello",
    "html": "<p>Hi 你好</p>",
}


def outgoing(payload: dict[str, Any], *settled: str, encoder: int = 1) -> Outgoing:
    raw = msgspec.json.encode(payload, order="sorted")
    return Outgoing(
        email_id="e-1", payload=raw, stamp=STAMP, encoder=encoder, created_at=0, settled=settled
    )


def sent(payload: dict[str, Any], *settled: str) -> dict[str, Any]:
    return msgspec.json.decode(encode(outgoing(payload, *settled)).body, type=dict[str, Any])


def test_the_bytes_of_a_mail_are_written_down() -> None:
    encoded = encode(outgoing({**MAIL, "tags": [{"name": "category", "value": "welcome"}]}))
    assert encoded.body.decode() == (
        '{"from":"Acme <hello@acme.test>","html":"<p>Hi 你好</p>","subject":"Hello",'
        '"tags":[{"name":"category","value":"welcome"},'
        '{"name":"mailproof_id","value":"0192a0e0-0000-7000-8000-000000000001"}],'
        '"to":["ada@lovelace.test"]}'
    )
    assert encoded.hash == hashlib.sha256(encoded.body).digest()


def test_a_time_in_the_payload_is_left_out_because_the_engine_has_waited_for_it() -> None:
    assert "scheduled_at" not in sent({**MAIL, "scheduled_at": "2026-12-01T09:00:00Z"})


def test_what_we_do_not_know_and_attachments_go_as_they_are() -> None:
    extra = {
        "topic_id": "t-1",
        "attachments": [{"content": "aGk=", "filename": "a.txt", "odd": [1, None, 2.50]}],
        "headers": {"X-Entity-Ref-ID": "1"},
    }
    found = sent({**MAIL, **extra})
    assert {name: found[name] for name in extra} == extra


def test_an_encoder_of_a_newer_release_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match="encoder 2 is not known here, only 1"):
        encode(outgoing(MAIL, encoder=2))


# ---- recipients ----


def test_a_settled_address_is_left_out_wherever_it_stands_and_however_it_is_written() -> None:
    mail = {
        **MAIL,
        "to": ["Ada <ADA@lovelace.test>", "grace@hopper.test"],
        "cc": ['"Ada, Countess" <ada@Lovelace.test>', "alan@turing.test"],
        "bcc": ["ada@lovelace.test"],
    }
    found = sent(mail, "ada@lovelace.test")
    assert (found["to"], found["cc"]) == (["grace@hopper.test"], ["alan@turing.test"])
    assert "bcc" not in found


def test_without_anybody_in_to_those_in_cc_take_the_place() -> None:
    found = sent(
        {**MAIL, "cc": ["a@cc.test", "b@cc.test"], "bcc": ["c@bcc.test"]}, "ada@lovelace.test"
    )
    assert found["to"] == ["a@cc.test", "b@cc.test"]
    assert "cc" not in found
    assert found["bcc"] == ["c@bcc.test"]


def test_one_hidden_recipient_alone_may_stand_in_to_because_nobody_else_sees_it() -> None:
    found = sent({**MAIL, "bcc": ["c@bcc.test"]}, "ada@lovelace.test")
    assert found["to"] == ["c@bcc.test"]
    assert "bcc" not in found


def test_several_hidden_recipients_stay_hidden_and_the_sender_stands_in_to() -> None:
    found = sent({**MAIL, "bcc": ["c@bcc.test", "d@bcc.test"]}, "ada@lovelace.test")
    assert found["to"] == ["Acme <hello@acme.test>"]
    assert found["bcc"] == ["c@bcc.test", "d@bcc.test"]


def test_a_mail_that_is_settled_for_all_is_not_sent_to_nobody() -> None:
    with pytest.raises(ValueError, match="nobody is left"):
        encode(outgoing({**MAIL, "cc": ["a@cc.test"]}, "ada@lovelace.test", "a@cc.test"))


def test_who_is_addressed_can_be_read_from_the_bytes() -> None:
    mail = {**MAIL, "cc": ["a@cc.test"], "bcc": ["b@bcc.test"]}
    assert addressed(encode(outgoing(mail))) == (
        "Acme <hello@acme.test>",
        ("ada@lovelace.test", "a@cc.test", "b@bcc.test"),
    )


# ---- the stamp ----


def tags(count: int) -> list[dict[str, str]]:
    return [{"name": f"tag-{number}", "value": "v"} for number in range(count)]


def test_the_stamp_takes_the_last_free_tag() -> None:
    found = sent({**MAIL, "tags": tags(TAGS_MAX - 1)})["tags"]
    assert len(found) == TAGS_MAX
    assert found[-1] == {"name": STAMP_TAG, "value": STAMP}


def test_an_app_that_uses_all_tags_keeps_them_and_the_mail_goes_without_a_stamp() -> None:
    assert sent({**MAIL, "tags": tags(TAGS_MAX)})["tags"] == tags(TAGS_MAX)


def test_the_stamp_of_another_mailproof_gives_way_to_ours() -> None:
    theirs = {"name": STAMP_TAG, "value": "another"}
    found = sent({**MAIL, "tags": [theirs, *tags(2)]})["tags"]
    assert found == [*tags(2), {"name": STAMP_TAG, "value": STAMP}]


@given(
    st.dictionaries(
        st.text().filter(lambda name: name not in {"tags", "scheduled_at", "to", "cc", "bcc"}),
        st.recursive(
            st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
def test_any_payload_gives_the_same_bytes_twice_and_loses_nothing(extra: dict[str, Any]) -> None:
    mail = outgoing({**extra, "to": ["ada@lovelace.test"]})
    first = encode(mail)
    assert first == encode(mail)
    found = msgspec.json.decode(first.body, type=dict[str, Any])
    assert {name: found[name] for name in extra} == extra
