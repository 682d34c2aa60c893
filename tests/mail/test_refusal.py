"""Refusals: the shape and the names that Resend's SDKs read."""

import msgspec
import pytest

from mailproof.mail.invalid import InvalidInput
from mailproof.mail.refusal import STATUS, refuse


def test_a_refusal_has_the_shape_that_the_sdks_read() -> None:
    error = InvalidInput("to[1]", "'ada@example' is not one email address", "Write `a@b.com`.")
    assert msgspec.json.decode(msgspec.json.encode(refuse(error))) == {
        "statusCode": 422,
        "name": "validation_error",
        "message": "to[1]: 'ada@example' is not one email address. Write `a@b.com`.",
    }


@pytest.mark.parametrize("name", STATUS)
def test_every_name_has_an_error_status(name: str) -> None:
    answer = refuse(InvalidInput("here", "it is wrong", "Mend it.", name=name))
    assert answer.name == name
    assert 400 <= answer.status_code <= 599


def test_a_name_that_no_sdk_knows_is_a_bug_of_ours() -> None:
    with pytest.raises(KeyError):
        refuse(InvalidInput("here", "it is wrong", "Mend it.", name="bad_luck"))
