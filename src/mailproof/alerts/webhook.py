"""A channel of our own: an alert as JSON, signed, for programs that act on it.

Signed as the Standard Webhooks specification says (standardwebhooks.com, "Signature scheme"):
`webhook-id`, `webhook-timestamp` and `webhook-signature` over all of the body.
"""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from standardwebhooks.webhooks import Webhook

from mailproof.alerts.calling import Calls, why_not
from mailproof.alerts.channels import DEADLINE_S, Unset, now_of
from mailproof.alerts.wording import Text
from mailproof.clock import Clock

__all__ = ["WebhookChannel", "body_of"]

_ID_DIGITS: Final = 24


class WebhookChannel:
    """Posts to `url`, signed with `secret`; both are read anew for each message."""

    def __init__(
        self,
        name: str,
        url: Callable[[], str],
        secret: Callable[[], str],
        calls: Calls,
        clock: Clock,
    ) -> None:
        self.name = name
        self._url = url
        self._secret = secret
        self._calls = calls
        self._clock = clock

    def __repr__(self) -> str:
        return f"<WebhookChannel {self.name}>"

    async def deliver(self, text: Text, *, deadline_s: float = DEADLINE_S) -> str | None:
        """None: the answer was 2xx. The same message has the same id each time it is tried."""
        url = now_of(self._url)
        if isinstance(url, Unset):
            return url.why
        try:
            signer = Webhook(_key(self._secret().strip()))
        except OSError as error:
            return f"The channel's secret cannot be read: {error.strerror}."
        except ValueError:
            return "The channel's secret is not set, or is no signing secret (whsec_…)."
        body = body_of(text)
        message_id = f"msg_{hashlib.sha256(body).hexdigest()[:_ID_DIGITS]}"
        now = datetime.fromtimestamp(int(self._clock.now()), UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signer.sign(message_id, now, body.decode()),
        }
        answer = await self._calls.post_bytes(url, body, headers=headers, deadline_s=deadline_s)
        return why_not(answer, url)


def _key(secret: str) -> bytes:
    """Raises `ValueError`: it is none. The library would leave out what is no Base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    if not key:
        raise ValueError("an empty secret")
    return key


def body_of(text: Text) -> bytes:
    """What is posted. Names never change; texts are in the operator's language, times in UTC."""
    told = text.told
    tree: dict[str, Any] = {
        "name": told.name,
        "about": told.about,
        "severity": told.severity,
        "state": told.state,
        "since": _iso(told.since),
        "until": _iso(told.until),
        "count": told.count,
        "title": text.title,
        "text": text.whole,
        "cause": told.cause,
        "fix": told.fix,
        "runbook": told.runbook,
    }
    return msgspec.json.encode(tree)


def _iso(at: int | None) -> str | None:
    if at is None:
        return None
    text = datetime.fromtimestamp(at / 1_000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
