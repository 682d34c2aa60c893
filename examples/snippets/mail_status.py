"""Where a reader sees how their mail stands, with the standard library alone."""

import base64
import hashlib
import hmac
import json
import os
import time
from urllib.request import Request, urlopen

KEY = os.environ["RESEND_API_KEY"]
PUBLIC_URL = os.environ["MAILPROOF_PUBLIC_URL"]

FORM = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign up</title><h1>Sign up</h1><form method="post">{fields}
<label>Email <input name="email" type="email" autocomplete="email" required></label>
<button>Sign up</button></form></html>"""
# Says no more than is known: the element tells whether there is anything in the mailbox yet.
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Sign up</title><h1>Almost there</h1>
<mail-status src="{status}" resend="/again" change-address="/" {attributes}>
<a href="{status}">How your mail stands</a></mail-status>
<script src="{base}/status.js" type="module"></script></html>"""


def status_url(purpose: str, address: str, life: int = 3600) -> str:
    """On the server: the key must not leave it. `life` in seconds, a day at most."""
    secret, now = _mac(KEY.encode(), "mailproof/status/v1"), int(time.time())
    key_id = hashlib.sha256(KEY.encode()).hexdigest()[:8]
    mac = _base64(_mac(secret, f"{purpose}\n{address.lower()}"))
    claims = {"v": 1, "k": key_id, "p": purpose, "a": mac, "iat": now, "exp": now + life}
    body = _base64(json.dumps(claims, separators=(",", ":")).encode())
    return f"{PUBLIC_URL}/status/{body}.{_base64(_mac(secret, body))}"


def may_ask_again(status: str) -> bool:
    """Mailproof knows when the last mail was accepted, so nothing is counted here."""
    request = Request(status, headers={"Accept": "application/json"})  # noqa: S310 - our own link
    with urlopen(request, timeout=5) as answer:  # noqa: S310
        told = json.load(answer)
    return told["again_at"] is None or told["again_at"] <= told["now"]


def page(status: str, attributes: str = "") -> str:
    """The page after signing up. `attributes`: more for the element, such as `csrf`."""
    return PAGE.format(status=status, base=PUBLIC_URL, attributes=attributes)


def _mac(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), "sha256")


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
