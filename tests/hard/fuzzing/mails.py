"""Mails that are right, in Resend's JSON, each with other parts: what spoiled ones are made of."""

import base64
from random import Random
from typing import Any, Final

from tests.whole.canaries import CODE, MAGIC, NAME, PERSON, SUBJECT

__all__ = ["FIELDS", "MAILS", "mail"]

FIELDS: Final = (
    "from", "to", "cc", "bcc", "reply_to", "subject", "html", "text", "headers", "attachments",
    "tags", "scheduled_at", "template", "id", "variables", "name", "value", "filename", "content",
    "content_type", "content_id", "path", "x-unknown", "Mailproof-Purpose", "List-Unsubscribe",
    "__proto__", "", "statusCode",
)  # fmt: skip
_FILE: Final = base64.b64encode(bytes(range(256))).decode()

MAILS: Final[tuple[dict[str, Any], ...]] = (
    {"from": "Acme <hello@acme.test>", "to": f"{PERSON}@kunde.test", "subject": "Hi", "text": "Hi"},
    {
        "from": f"{NAME} <{PERSON}@acme.test>",
        "to": [f"{NAME} <{PERSON}@kunde.test>", '"Lovelace, Ada" <ada@example.com>'],
        "cc": ["田中 <t@例え.jp>"],
        "bcc": f"{PERSON}+b@kunde.test",
        "reply_to": [f"{PERSON}@acme.test"],
        "subject": SUBJECT,
        "html": f'<p>Your code is {CODE}</p><a href="https://app.test/verify?token={MAGIC}">Go</a>',
        "text": f"Your code is {CODE}. https://app.test/verify?token={MAGIC}",
        "headers": {
            "X-Entity-Ref-ID": "123",
            "List-Unsubscribe": "<https://acme.test/u?x=1>",
            "Mailproof-Purpose": "registration",
        },
        "tags": [{"name": "purpose", "value": "otp"}, {"name": "category", "value": "welcome"}],
    },
    {
        "from": "hello@acme.test",
        "to": [f"{PERSON}{number}@kunde.test" for number in range(3)],
        "subject": "With files",
        "html": '<img src="cid:logo">',
        "attachments": [
            {"filename": "a.bin", "content": _FILE},
            {
                "filename": "logo.png",
                "content": list(range(64)),
                "content_type": "image/png",
                "content_id": "logo",
            },
        ],
        "scheduled_at": "in 5 minutes",
    },
    {
        "from": "hello@acme.test",
        "to": f"{PERSON}@kunde.test",
        "subject": "",
        "template": {"id": "0198c0de-0000-7000-8000-000000000001", "variables": {"CODE": CODE}},
        "scheduled_at": "2026-12-01T09:00:00Z",
        "unknown": {"kept": [1, 2.5, None, True, "x"]},
    },
)


def mail(lots: Random) -> dict[str, Any]:
    """One of them, or parts of two."""
    one, other = lots.choice(MAILS), lots.choice(MAILS)
    return one if lots.random() < 0.5 else {**one, **dict(lots.sample(sorted(other.items()), 2))}
