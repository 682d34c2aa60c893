"""Status tokens: anybody with an API key and an HMAC can mint one, and nobody else."""

import base64
import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.mail.status_token import (
    LIFE_MAX_S,
    Claims,
    StatusTokenInvalid,
    address_mac,
    mint,
    read,
)
from mailproof.store.nodes.keys import status_secret_of

KEY = "mp_test_vector_0123456789abcdefghijklmnopqrs"
SECRET = status_secret_of(KEY)


def claims(**given: object) -> Claims:
    mac = base64.urlsafe_b64encode(address_mac(SECRET, "registration", "Ada@Example.com"))
    made = Claims(
        v=1,
        k="0123abcd",
        p="registration",
        a=mac.rstrip(b"=").decode(),
        iat=1_800_000_000,
        exp=1_800_086_400,
    )
    return msgspec.structs.replace(made, **given)


def test_what_is_minted_is_read_and_known_by_its_signature() -> None:
    token = read(mint(SECRET, claims()))
    assert token.claims == claims()
    assert token.is_signed_with(SECRET)
    assert not token.is_signed_with(status_secret_of("mp_another"))


def test_the_address_stands_nowhere_in_it_and_its_case_does_not_matter() -> None:
    token = mint(SECRET, claims())
    body = base64.urlsafe_b64decode(token.partition(".")[0] + "==")
    assert b"ada" not in body.lower().replace(json.loads(body)["a"].lower().encode(), b"")
    assert address_mac(SECRET, "registration", "ada@example.com") == claims().mac


@pytest.mark.parametrize("place", [0, 10, 40, -1, -20])
def test_one_other_letter_and_it_is_not_ours(place: int) -> None:
    token = mint(SECRET, claims())
    other = "A" if token[place] != "A" else "B"
    forged = token[:place] + other + (token[place:][1:] if place != -1 else "")
    with contextlib.suppress(StatusTokenInvalid):
        assert not read(forged).is_signed_with(SECRET)


@pytest.mark.parametrize(
    "wrong",
    [
        claims(exp=1_800_000_000 + LIFE_MAX_S + 1),
        claims(exp=1_800_000_000),
        claims(v=2),
        claims(a="AAAA"),
        claims(m="no id"),
        claims(m="0198C0DE-0000-7000-8000-000000000001"),
    ],
)
def test_a_token_that_lives_too_long_or_is_of_another_version_is_none(wrong: Claims) -> None:
    with pytest.raises(StatusTokenInvalid):
        read(mint(SECRET, wrong))


@given(st.text(max_size=300))
def test_whatever_comes_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except StatusTokenInvalid:
        return
