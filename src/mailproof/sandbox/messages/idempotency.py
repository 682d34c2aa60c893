"""What an `Idempotency-Key` promises: one request is done once within 24 hours."""

import hashlib
from typing import Any, Final

import msgspec

from mailproof.sandbox.errors import Refusal

__all__ = ["KEY_LENGTH_MAX", "KEY_TTL_S", "Answer", "Claim", "Idempotency", "fingerprint"]

KEY_TTL_S: Final = 86_400.0
KEY_LENGTH_MAX: Final = 256


class Answer(msgspec.Struct, frozen=True):
    """A finished answer, as it can be given again."""

    status: int
    body: Any


class Claim(msgspec.Struct):
    """One key in use. `answer`: what was said, once it is decided; `open`: still in flight."""

    key: str
    payload: str
    made_at: float
    answer: Answer | None = None
    open: bool = True


def fingerprint(path: str, payload: Any) -> str:
    """Equal for equal JSON, however it was spaced or ordered."""
    canonical = msgspec.json.encode([path, payload], order="deterministic")
    return hashlib.sha256(canonical).hexdigest()


class Idempotency:
    """The keys of one account. `caches_errors`: is a refusal remembered like an acceptance?"""

    def __init__(self, *, caches_errors: bool) -> None:
        self.caches_errors = caches_errors
        self._claims: dict[str, Claim] = {}

    def claim(self, key: str, payload: str, now: float) -> Claim:
        """Take `key` for this payload, or return the claim that already has its answer.

        Raises `Refusal`: not a key, in flight elsewhere, or used for another payload.
        """
        if not 1 <= len(key) <= KEY_LENGTH_MAX:
            raise Refusal("invalid_idempotency_key")
        self._expire(now)
        known = self._claims.get(key)
        if known is None:
            known = self._claims[key] = Claim(key, payload, now)
            return known
        if known.payload != payload:
            raise Refusal("invalid_idempotent_request")
        if known.open:
            raise Refusal("concurrent_idempotent_requests")
        return known

    def close(self, claim: Claim) -> None:
        """The request that made `claim` is over; without an answer worth keeping it never was."""
        claim.open = False
        answer = claim.answer
        keep = answer is not None and (answer.status < 400 or self.caches_errors)
        if not keep and self._claims.get(claim.key) is claim:
            del self._claims[claim.key]

    def _expire(self, now: float) -> None:
        # Claims are in the order of their making, so the oldest stand first.
        while self._claims:
            oldest = next(iter(self._claims.values()))
            if oldest.made_at > now - KEY_TTL_S:
                return
            del self._claims[oldest.key]
