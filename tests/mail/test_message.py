"""Emails at the border: valid from then on, or refused with what, where and what to do."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailproof.mail.address import Address
from mailproof.mail.attachment import Attachment
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.message import SIZE_MAX, Email, Tag, check_idempotency_key
from mailproof.mail.refusal import STATUS

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
MAIL: dict[str, Any] = {
    "from": "Acme <hello@acme.com>",
    "to": "ada@example.com",
    "subject": "Your sign-in link",
    "html": "<p>Hi</p>",
}
GONE = object()  # takes a field away


def read(**fields: Any) -> Email:
    tree = {name: value for name, value in {**MAIL, **fields}.items() if value is not GONE}
    return Email.from_json(tree, clock=lambda: NOW)


def decode(body: bytes) -> Email:
    return Email.decode(body, clock=lambda: NOW)


def test_resends_smallest_example_is_a_mail() -> None:
    assert decode(msgspec.json.encode(MAIL)) == Email(
        sender=Address("hello@acme.com", "Acme"),
        to=(Address("ada@example.com"),),
        subject="Your sign-in link",
        html="<p>Hi</p>",
    )


@pytest.mark.parametrize("field", ["to", "cc", "bcc", "reply_to"])
def test_addresses_come_one_as_a_text_or_many_as_a_list(field: str) -> None:
    one, two = "Ada <ada@example.com>", "bob@example.com"
    ada, bob = Address("ada@example.com", "Ada"), Address("bob@example.com")
    assert getattr(read(**{field: one}), field) == (ada,)
    assert getattr(read(**{field: [one, two]}), field) == (ada, bob)


def test_null_is_the_same_as_absent() -> None:
    optional = "cc bcc reply_to text headers attachments tags scheduled_at template".split()
    assert read(**dict.fromkeys(optional)) == read()


def test_a_field_that_we_do_not_know_is_kept_and_passed_on() -> None:
    mail = read(topic_id="b6d2", region=None, nested={"a": [1, {"b": None}]})
    assert mail.extra == {"topic_id": "b6d2", "region": None, "nested": {"a": [1, {"b": None}]}}
    assert mail.to_json()["topic_id"] == "b6d2"


def test_unknown_fields_inside_tags_and_attachments_are_kept_too() -> None:
    tag = {"name": "a", "value": "b", "color": "red"}
    attachment = {"filename": "a.txt", "content": "QQ==", "size": 1}
    mail = read(tags=[tag], attachments=[attachment])
    assert mail.to_json()["tags"] == [tag]
    assert mail.to_json()["attachments"] == [attachment]


def test_a_template_brings_subject_and_body() -> None:
    template = {"id": "welcome", "variables": {"name": "Ada", "age": 36}}
    assert read(template=template, subject=GONE, html=GONE).template == template


def test_a_purpose_in_the_mails_own_headers_is_taken_out_of_them() -> None:
    mail = read(headers={"mailproof-Purpose": "magic_link", "X-Ref": "1"})
    assert mail.purpose == "magic_link"
    assert mail.headers == {"X-Ref": "1"}
    assert b"purpose" not in mail.encode().lower()


def test_a_purpose_given_by_the_caller_wins() -> None:
    tree = {**MAIL, "headers": {"Mailproof-Purpose": "bulk"}}
    assert Email.from_json(tree, clock=lambda: NOW, purpose="otp").purpose == "otp"


def test_a_scheduled_time_is_kept_in_utc() -> None:
    mail = read(scheduled_at="in 5 minutes")
    assert mail.scheduled_at == NOW + timedelta(minutes=5)
    assert mail.to_json()["scheduled_at"] == "2026-11-25T12:05:00Z"


def test_every_recipient_is_counted_once_per_field() -> None:
    mail = read(cc=["b@example.com"], bcc=["c@example.com"], reply_to="d@example.com")
    assert [each.local for each in mail.recipients] == ["ada", "b", "c"]


MANY = [f"user{number}@example.com" for number in range(51)]
REFUSED = [
    ({"from": GONE}, "from", "sender is missing", "missing_required_field"),
    ({"from": ""}, "from", "sender is missing", "missing_required_field"),
    ({"from": "acme.com"}, "from", "not one email address", "validation_error"),
    ({"from": "1"}, "from", "not one email address", "validation_error"),
    ({"from": ["a@acme.com"]}, "from", "a list", "validation_error"),
    ({"from": "Acme\r\nBcc: e@x.com <a@acme.com>"}, "from", "line break", "validation_error"),
    ({"to": GONE}, "to", "no recipient", "missing_required_field"),
    ({"to": []}, "to", "no recipient", "missing_required_field"),
    ({"to": ""}, "to", "no recipient", "missing_required_field"),
    ({"to": {"email": "a@b.com"}}, "to", "an object", "validation_error"),
    ({"to": ["ada@example.com", "ada@example"]}, "to[1]", "not one", "validation_error"),
    ({"to": ["ada@example.com", None]}, "to[1]", "null", "validation_error"),
    ({"to": MANY}, "to", "51 addresses", "validation_error"),
    ({"cc": MANY}, "cc", "51 addresses", "validation_error"),
    ({"bcc": MANY}, "bcc", "51 addresses", "validation_error"),
    ({"reply_to": "nobody"}, "reply_to", "not one email address", "validation_error"),
    ({"subject": GONE}, "subject", "missing", "missing_required_field"),
    ({"subject": 7}, "subject", "a number", "validation_error"),
    ({"subject": "Hi\nBcc: eve@example.com"}, "subject", "line break", "validation_error"),
    ({"subject": "Hi\x00"}, "subject", "control character", "validation_error"),
    ({"html": GONE}, "html", "no body", "validation_error"),
    ({"html": "", "text": ""}, "html", "no body", "validation_error"),
    ({"html": ["<p>"]}, "html", "a list", "validation_error"),
    ({"text": True}, "text", "a boolean", "validation_error"),
    ({"text": "half \ud800"}, "text", "surrogate", "validation_error"),
    ({"template": "welcome", "html": GONE}, "template", "a text", "validation_error"),
    ({"template": {}, "html": GONE}, "template.id", "missing", "missing_required_field"),
    ({"template": {"id": "t"}}, "template", "has its body from there", "validation_error"),
    ({"headers": ["X"]}, "headers", "a list", "validation_error"),
    ({"headers": {"X-Count": 7}}, "headers.X-Count", "a number", "validation_error"),
    ({"headers": {"X A": "b"}}, "headers", "no header name", "validation_error"),
    ({"headers": {"X:": "b"}}, "headers", "no header name", "validation_error"),
    ({"headers": {"X-Ünï": "b"}}, "headers", "no header name", "validation_error"),
    ({"headers": {"X-A": "b\r\nBcc: e@x.com"}}, "headers.X-A", "line break", "validation_error"),
    ({"attachments": {"filename": "a"}}, "attachments", "an object", "validation_error"),
    ({"attachments": [{"filename": "a.pdf"}]}, "attachments[0]", "neither", "invalid_attachment"),
    ({"tags": ["welcome"]}, "tags[0]", "a text", "validation_error"),
    ({"tags": [{"name": "a b", "value": "c"}]}, "tags[0].name", "no tag name", "validation_error"),
    ({"tags": [{"name": "a", "value": "ü"}]}, "tags[0].value", "no tag value", "validation_error"),
    ({"tags": [{"name": "a"}]}, "tags[0].value", "no tag value", "validation_error"),
    ({"tags": [{"name": "a" * 257, "value": "b"}]}, "tags[0].name", "no tag", "validation_error"),
    ({"scheduled_at": "tomorrow"}, "scheduled_at", "not a time", "invalid_parameter"),
    ({"scheduled_at": 1764583200}, "scheduled_at", "a number", "validation_error"),
]


@pytest.mark.parametrize(("fields", "where", "why", "name"), REFUSED)
def test_a_bad_mail_is_refused_with_what_where_and_what_to_do(
    fields: dict[str, Any], where: str, why: str, name: str
) -> None:
    with pytest.raises(InvalidInput, match=why) as refused:
        read(**fields)
    error = refused.value
    assert (error.where, error.name) == (where, name)
    assert error.fix.endswith(".")
    assert str(error) == f"{error.where}: {error.problem}. {error.fix}"


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b'"\xff"', b'{"to": "\\ud800"}'])
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        decode(body)
    assert refused.value.fix.endswith(".")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"mail"', b"7", b"true"])
def test_what_is_json_but_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"body: .* stands where an object belongs"):
        decode(body)


def test_forty_megabytes_in_base64_go_and_one_byte_more_does_not() -> None:
    room = SIZE_MAX - len("<p>Hi</p>")
    fits = Attachment(filename="a.bin", content=bytes(room // 4 * 3))
    mail = Email(sender=Address("a@acme.com"), to=(Address("b@acme.com"),), html="<p>Hi</p>")
    full = msgspec.structs.replace(mail, attachments=(fits,))
    assert full.size <= SIZE_MAX
    over = Attachment(filename="a.bin", content=bytes(room // 4 * 3 + 3))
    with pytest.raises(InvalidInput, match="more than the 40 MB"):
        msgspec.structs.replace(mail, attachments=(over,))


@pytest.mark.parametrize("key", ["", "k" * 257, "a\r\nb"])
def test_a_bad_idempotency_key_is_refused_by_resends_name(key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_idempotency_key(key, where="Idempotency-Key")
    assert STATUS[refused.value.name] == 400
    with pytest.raises(InvalidInput):
        Email.from_json(MAIL, clock=lambda: NOW, idempotency_key=key)


def test_an_idempotency_key_may_have_256_characters() -> None:
    key = "k" * 256
    assert Email.from_json(MAIL, clock=lambda: NOW, idempotency_key=key).idempotency_key == key


@pytest.mark.parametrize("expires_s", [0, -1, float("inf"), float("nan")])
def test_a_mail_cannot_expire_before_it_is_accepted_or_never(expires_s: float) -> None:
    with pytest.raises(InvalidInput, match="expires_s"):
        Email.from_json(MAIL, clock=lambda: NOW, expires_s=expires_s)


def test_a_mail_made_by_hand_is_held_to_the_same_rules() -> None:
    sender, to = Address("a@acme.com"), (Address("b@example.com"),)
    with pytest.raises(InvalidInput, match="subject"):
        Email(sender=sender, to=to, subject="Hi\r\nBcc: eve@example.com", text="x")
    with pytest.raises(InvalidInput, match=r"headers\.X-A"):
        Email(sender=sender, to=to, text="x", headers={"X-A": "b\nc"})
    beijing = datetime(2026, 12, 1, 9, tzinfo=timezone(timedelta(hours=8)))
    with pytest.raises(InvalidInput, match="not in UTC"):
        Email(sender=sender, to=to, text="x", scheduled_at=beijing)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        name: JSON | st.sampled_from(["ada@example.com", "in 5 minutes", "Hi", [], {}])
        for name in (
            "from to cc bcc reply_to subject html text headers attachments tags scheduled_at"
            " template topic_id".split()
        )
    },
)


@given(JSON | FIELDS.map(lambda fields: {**MAIL, **fields}))
@example({**MAIL, "headers": {"\ud800": "x"}})
@example({**MAIL, "\ud800": "x"})
@example({**MAIL, "x": {"y": ["\ud800"]}})
@example({**MAIL, "html": None, "template": {"id": "t", "variables": {"a": "\ud800"}}})
def test_any_json_is_a_valid_mail_or_a_refusal_that_helps(tree: Any) -> None:
    try:
        mail = Email.from_json(tree, clock=lambda: NOW)
    except InvalidInput as refusal:
        assert refusal.where
        assert refusal.fix.endswith(".")
        assert refusal.name in STATUS
    else:
        assert mail.encode()
        known = {"from", "to", "cc", "bcc", "reply_to", "attachments", "tags", "headers"}
        assert mail.extra.items() <= tree.items()
        assert set(tree) - known - set(mail.extra) <= {
            "subject", "html", "text", "scheduled_at", "template",
        }  # fmt: skip


def test_an_unknown_field_that_no_json_can_hold_is_refused() -> None:
    with pytest.raises(InvalidInput, match="x: it cannot be written as JSON"):
        read(x=object())


@given(st.binary(max_size=300))
def test_any_bytes_are_a_mail_or_a_refusal(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode(body)


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
WORDS = st.text("abcXYZ019_-", min_size=1, max_size=20)
ADDRESSES = st.builds(
    lambda local, name: (
        Address.parse(f"{local}@example.com", where="")
        if not name
        else Address(f"{local}@example.com", name)
    ),
    st.text("abcdef", min_size=1, max_size=9),
    st.sampled_from(["", "Ada", "田中 太郎", "Lovelace, Ada", 'Ada "A" L', "a\\b", "<b>"]),
)
MAILS = st.builds(
    Email,
    sender=ADDRESSES,
    to=st.lists(ADDRESSES, min_size=1, max_size=3).map(tuple),
    cc=st.lists(ADDRESSES, max_size=2).map(tuple),
    reply_to=st.lists(ADDRESSES, max_size=2).map(tuple),
    subject=LINES,
    html=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    text=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    headers=st.dictionaries(WORDS.map("X-{}".format), LINES, max_size=2),
    tags=st.lists(st.builds(Tag, WORDS, WORDS), max_size=2).map(tuple),
    attachments=st.lists(
        st.builds(Attachment, filename=WORDS.map("{}.pdf".format), content=st.binary()), max_size=2
    ).map(tuple),
    scheduled_at=st.none() | st.just(NOW + timedelta(hours=1)),
    extra=st.dictionaries(WORDS.map("x_{}".format), st.integers() | st.none(), max_size=2),
)


@given(MAILS)
def test_a_mail_survives_the_way_out_and_back(mail: Email) -> None:
    assert decode(mail.encode()) == mail
    assert decode(mail.encode()).encode() == mail.encode()


@given(st.sampled_from(["from", "to", "subject", "X-Ref"]), st.text(), LINES)
@example("subject", "\r\nBcc: eve@example.com", "Hi")
@example("X-Ref", "\u2028Bcc: eve@example.com", "1")
@example("from", "\x0bBcc: eve@example.com", "Ada")
def test_no_field_can_smuggle_a_second_header_line(field: str, smuggled: str, text: str) -> None:
    value = text + smuggled
    if field in {"from", "to"}:
        value = f"{value} <ada@example.com>"
    fields = {"headers": {field: value}} if field == "X-Ref" else {field: value}
    try:
        mail = read(**fields)
    except InvalidInput:
        return
    written = [mail.sender.as_text(), mail.to[0].as_text(), mail.subject, *mail.headers.values()]
    assert all(len(f"X: {each}".splitlines()) == 1 for each in written)


def test_a_mail_encodes_base64_that_others_can_read() -> None:
    mail = read(attachments=[{"filename": "a.bin", "content": [0, 255, 16]}])
    (attachment,) = mail.to_json()["attachments"]
    assert base64.b64decode(attachment["content"]) == b"\x00\xff\x10"
