"""Addresses: every script, no second line, one mailbox."""

import pytest
from email_validator import validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from mailproof.mail.address import _PLAIN, Address
from mailproof.mail.invalid import InvalidInput


@pytest.mark.parametrize(
    ("text", "mailbox", "name"),
    [
        ("ada@example.com", "ada@example.com", ""),
        ("  ada@example.com ", "ada@example.com", ""),
        ("<ada@example.com>", "ada@example.com", ""),
        ("Ada Lovelace <ada@example.com>", "ada@example.com", "Ada Lovelace"),
        ("Ada.Lovelace+news@EXAMPLE.Com", "Ada.Lovelace+news@example.com", ""),
        ('"Lovelace, Ada" <ada@example.com>', "ada@example.com", "Lovelace, Ada"),
        ("Lovelace, Ada <ada@example.com>", "ada@example.com", "Lovelace, Ada"),
        (r'"Ada \"the Countess\"" <ada@example.com>', "ada@example.com", 'Ada "the Countess"'),
        ('"ada@home" <ada@example.com>', "ada@example.com", "ada@home"),
        ("Acme.com <hello@acme.com>", "hello@acme.com", "Acme.com"),
        ("田中 太郎 <tanaka@example.jp>", "tanaka@example.jp", "田中 太郎"),
        ("Ана Ђурић <ana@primer.rs>", "ana@primer.rs", "Ана Ђурић"),
        ("مريم <maryam@example.com>", "maryam@example.com", "مريم"),
        ("ada@acme.test", "ada@acme.test", ""),
        ("info@例え.jp", "info@例え.jp", ""),
        ("info@xn--r8jz45g.jp", "info@例え.jp", ""),
        ("用户@例子.广告", "用户@例子.广告", ""),
        ("Zoe\u0308 <zoe\u0308@example.com>", "zoë@example.com", "Zoë"),
    ],
)
def test_an_address_is_read_as_people_type_it(text: str, mailbox: str, name: str) -> None:
    assert Address.parse(text, where="to") == Address(mailbox, name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@example",
        "ada@@example.com",
        "ada@exa mple.com",
        "ada@-example.com",
        ".ada@example.com",
        "ada@localhost",
        "ada@mail.invalid",
        "ada@192.0.2.1",
        "Ada <ada@example.com",
        "Ada ada@example.com>",
        "ada@example.com, bob@example.com",
        "bob@example.com <ada@example.com>",
        "Bob <bob@example.com>, Ada <ada@example.com>",
        "a" * 65 + "@" + "example." * 30 + "com",
        "A" * 1_000 + " <ada@example.com>",
    ],
)
def test_what_is_not_exactly_one_mailbox_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Address.parse(text, where="cc[3]")
    assert refused.value.where == "cc[3]"
    assert refused.value.fix.endswith(".")
    assert "name@example.com" in refused.value.fix


@pytest.mark.parametrize(
    "char", ["\r", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"]
)
def test_a_character_that_could_break_a_header_is_named(char: str) -> None:
    with pytest.raises(InvalidInput, match=rf"U\+{ord(char[0]):04X}"):
        Address.parse(f"Ada{char}Bcc: eve@example.com <ada@example.com>", where="to")


@given(name=st.text(), mailbox=st.emails())
@example(name='"', mailbox="ada@example.com")
@example(name="\\", mailbox="ada@example.com")
@example(name='" \\" ', mailbox="ada@example.com")
@example(name="\u0344", mailbox="ada@example.com")
def test_no_name_can_smuggle_a_line_into_a_header(name: str, mailbox: str) -> None:
    try:
        address = Address.parse(f"{name} <{mailbox}>", where="to[0]")
    except InvalidInput as refusal:
        assert refusal.where == "to[0]"
        assert refusal.fix.endswith(".")
    else:
        assert len(f"To: {address.as_text()}".splitlines()) == 1
        assert Address.parse(address.as_text(), where="to[0]") == address


@given(text=st.text())
def test_any_text_is_an_address_or_a_refusal(text: str) -> None:
    try:
        address = Address.parse(text, where="from")
    except InvalidInput as refusal:
        assert refusal.where == "from"
    else:
        assert Address.parse(address.as_text(), where="from") == address


LABELS = st.text("abcXYZ019-", min_size=1, max_size=65)
ENDINGS = st.sampled_from(
    "com test local localhost onion arpa INVALID xn--p1ai co-op a a1 1a".split()
)


@given(
    st.builds(
        lambda local, labels, ending: f"{local}@{'.'.join([*labels, ending])}",
        st.text("abcXYZ019.!#$%&'*+/=?^_`{|}~-", min_size=1, max_size=66),
        st.lists(LABELS, max_size=5),
        ENDINGS,
    )
)
@example("a@b--c.com")
@example("a@example.local")
@example("a@xn--r8jz45g.jp")
@example("a..b@example.com")
@example("a@" + "b." * 125 + "com")
def test_the_quick_way_says_what_the_validator_says(mailbox: str) -> None:
    if _PLAIN.match(mailbox):
        full = validate_email(mailbox, check_deliverability=False, test_environment=True)
        local, _, domain = mailbox.rpartition("@")
        assert full.normalized == f"{local}@{domain.lower()}"


def test_most_addresses_go_the_quick_way() -> None:
    for mailbox in ("ada@example.com", "ada.l+x@mail.acme.co.uk", "o'neil@acme.test"):
        assert _PLAIN.match(mailbox)


def test_an_international_domain_travels_in_ascii() -> None:
    assert Address.parse("info@例え.jp", where="to").wire == "info@xn--r8jz45g.jp"
    assert Address.parse("info@straße.de", where="to").wire == "info@xn--strae-oqa.de"
    assert Address.parse("ada@example.com", where="to").wire == "ada@example.com"


def test_an_international_mailbox_says_that_it_needs_smtputf8() -> None:
    assert Address.parse("用户@example.com", where="to").needs_smtputf8
    assert not Address.parse("info@例え.jp", where="to").needs_smtputf8


def test_an_address_in_a_log_line_is_masked() -> None:
    shown = repr(Address.parse("Ada Lovelace <ada@example.com>", where="to"))
    assert shown == "<Address a…@example.com>"
