"""Names beside addresses are hidden; the sentences of mail servers beside them are not."""

import pytest

from mailproof.diagnosis.redaction.display_names import mask_in_field
from mailproof.diagnosis.redaction.redact import redact_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Contact: Mary Jane <mary@acme.test>", "Contact: M… <m…@acme.test>"),
        (
            "delivery to Mary van der Berg <m@acme.test> failed",
            "delivery to M… <m…@acme.test> failed",
        ),
        ('To: "李四" <lisi@acme.test>', 'To: "李…" <l…@acme.test>'),
        ("收件人 张三 <z@acme.test> 不存在", "收件人 张… <z…@acme.test> 不存在"),
        ("From: mary jane <mary@acme.test>", "From: m… <m…@acme.test>"),
        ("From: =?UTF-8?B?5p2O5Zub?= <l@acme.test>", "From: … <l…@acme.test>"),
        (r"{\"to\":\"Mary <m@acme.test>\"}", r"{\"to\":\"M… <m…@acme.test>\"}"),
        (
            '"email":"m@acme.test","name":"Mary Jane"',
            '"email":"m…@acme.test","name":"M…"',
        ),
        ('"name": "Mary", "email": "m@acme.test"', '"name": "M…", "email": "m…@acme.test"'),
    ],
)
def test_a_name_beside_an_address_keeps_its_first_letter(text: str, shown: str) -> None:
    assert redact_text(text) == shown
    assert redact_text(shown) == shown


@pytest.mark.parametrize(
    "words",
    [
        "550 5.1.1 User unknown",
        "Unknown User",
        "Recipient address rejected: Access denied",
        "RCPT TO:",
        "收件人地址不存在",
        "用户不存在 无效地址",
        "Cannot deliver to",
        "the `Name",
    ],
)
def test_what_a_mail_server_says_before_an_address_stays(words: str) -> None:
    assert redact_text(f"{words} <ada@acme.test>") == f"{words} <a…@acme.test>"


def test_in_a_field_of_mailboxes_everything_before_an_address_is_a_name() -> None:
    masked = mask_in_field("the unknown user <a@acme.test>, b@acme.test, 李四光先生 <c@acme.test>")
    assert masked == "t… <a@acme.test>, b@acme.test, 李… <c@acme.test>"
