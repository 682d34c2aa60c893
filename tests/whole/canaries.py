"""Secrets and people that are told nowhere, and how to find them where they are."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

PROVIDER_KEY: Final = "re_CanaryPr_0vider0123456789abcd"
STRANGE_KEY: Final = "re_CanaryStr_anger0123456789abcd"
HOOK_SECRET: Final = "whsec_Q2FuYXJ5SG9va1NlY3JldDAxMjM0NTY3ODk="
PAGER_TOKEN: Final = "T0CANARYPAGERTOKEN77"
PAGER_PASSWORD: Final = "CanaryPagerPw9"
DATABASE_PASSWORD: Final = "CanaryDbPw7"
MAIL_PASSWORD: Final = "CanarySmtpPw5"
MAGIC: Final = "CanaryMagic77aa88bb99"
CODE: Final = "834921"
PERSON: Final = "canary.person"
NAME: Final = "Canarina Personname"
SUBJECT: Final = "Quarterly canaries for you"

# What may be told nowhere. An app's own key of the house comes to it.
NEVER = {
    "the provider's key": PROVIDER_KEY,
    "a stranger's key": STRANGE_KEY,
    "the webhook secret": HOOK_SECRET,
    "the alert channel's token": PAGER_TOKEN,
    "the alert channel's password": PAGER_PASSWORD,
    "the database's password": DATABASE_PASSWORD,
    "the relay's password": MAIL_PASSWORD,
    "a magic link": MAGIC,
    "a one-time code": CODE,
}
# What only the operator's own look at a mail shows.
PERSONAL = {"an address": PERSON, "a name": NAME, "a subject": SUBJECT}

# Where mail itself is kept, to be sent and to be erased.
KEPT_FOR_SENDING = {
    ("contents", "payload"),
    ("recipients", "address"),
    ("emails", "sender"),
    ("emails", "subject"),
    ("api_keys", "hash"),
}

MAIL: Mapping[str, Any] = {
    "from": f"{NAME} <{PERSON}@acme.test>",
    "to": [f"{NAME} <{PERSON}@kunde.test>"],
    "subject": SUBJECT,
    "html": f'<p>Your code is {CODE}</p><a href="https://app.test/verify?token={MAGIC}">Enter</a>',
    "text": f"Your code is {CODE}. https://app.test/verify?token={MAGIC}",
}
# As a provider, a proxy or a driver may quote what it was given.
ECHO = (
    f"Cannot take {json.dumps(MAIL)} from {NAME} <{PERSON}@acme.test>: "
    f"Authorization: Bearer {PROVIDER_KEY}; smtp://canary:{MAIL_PASSWORD}@relay.test:587; "
    f"https://app.test/verify?token={MAGIC}; Your code is {CODE}"
)


def leaks(text: str, canaries: Mapping[str, str], *, around: int = 80) -> list[str]:
    """Each canary in it, with what stands around."""
    return [
        f"{label}: …{text[max(0, at.start() - around) : at.end() + around]}…"
        for label, canary in canaries.items()
        if (at := re.search(re.escape(canary), text, re.IGNORECASE))
    ]
