"""What tells one installation from every other, made once with the database."""

import hashlib
import hmac
import secrets

import msgspec

from mailproof.store.base import Tx

__all__ = ["Installation", "installation"]

_LOOKUP_BYTES = 16


class Installation(msgspec.Struct, frozen=True):
    """`secret` keys the lookups of addresses and the fingerprints of keys; never shown."""

    id: str
    secret: bytes

    def lookup(self, address: str) -> bytes:
        """What stands for an address where the address itself must not stand."""
        return self._mac(address.lower())[:_LOOKUP_BYTES]

    def fingerprint(self, text: str) -> str:
        """What stands for a key that somebody showed us: 16 hex digits."""
        return self._mac(f"key\n{text}").hex()[:16]

    def _mac(self, text: str) -> bytes:
        return hmac.digest(self.secret, text.encode(), hashlib.sha256)

    def __repr__(self) -> str:
        return f"<Installation {self.id}>"


async def installation(tx: Tx) -> Installation:
    """The one of this database; made when it is first asked for, so ask in a writing one."""
    await tx.run(
        "nodes/make_installation",
        id=secrets.token_hex(8),
        secret=secrets.token_bytes(32),
        now=tx.now,
    )
    found = await tx.one("nodes/installation", Installation)
    if found is None:
        raise LookupError("The installation was made and is not there.")
    return found
