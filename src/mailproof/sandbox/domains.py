"""Sending domains: their states, and the DNS records that Resend would ask for."""

import base64
import hashlib
import re
from enum import StrEnum
from typing import Any, Final

import msgspec

from mailproof.sandbox.clock import postgres_time

__all__ = [
    "REGIONS",
    "Domain",
    "DomainStatus",
    "describe",
    "is_domain_name",
    "may_send",
    "records",
    "summary",
]

_DOMAIN_NAME: Final = re.compile(r"(?!-)[\w-]{1,63}(?<!-)(?:\.(?!-)[\w-]{1,63}(?<!-))+")
REGIONS: Final = ("us-east-1", "eu-west-1", "sa-east-1", "ap-northeast-1")


# SubjectPublicKeyInfo of a 1024-bit RSA key, up to and after its modulus; exponent 65537.
_RSA_HEAD: Final = bytes.fromhex("30819f300d06092a864886f70d010101050003818d0030818902818100")
_RSA_TAIL: Final = bytes.fromhex("0203010001")


class DomainStatus(StrEnum):
    """The published states, and `temporary_failure`, which the documentation tells of too."""

    NOT_STARTED = "not_started"
    PENDING = "pending"
    VERIFIED = "verified"
    PARTIALLY_VERIFIED = "partially_verified"
    PARTIALLY_FAILED = "partially_failed"
    FAILED = "failed"
    TEMPORARY_FAILURE = "temporary_failure"


# A domain whose records vanished is checked again for 72 hours before it fails; that it may send
# until then is an assumption.
_SENDING: Final = frozenset(
    {DomainStatus.VERIFIED, DomainStatus.PARTIALLY_VERIFIED, DomainStatus.TEMPORARY_FAILURE}
)


class Domain(msgspec.Struct, frozen=True):
    """One domain of the account."""

    id: str
    name: str
    created_at: float
    status: DomainStatus = DomainStatus.NOT_STARTED
    region: str = "us-east-1"
    return_path: str = "send"
    open_tracking: bool = False
    click_tracking: bool = False
    sending: str = "enabled"
    receiving: str = "disabled"


def is_domain_name(text: str) -> bool:
    """Two labels or more, of letters (any script), digits, `-` and `_`: a DNS name can hold it."""
    return len(text) <= 253 and _DOMAIN_NAME.fullmatch(text) is not None


def may_send(domain: Domain) -> bool:
    return domain.status in _SENDING and domain.sending == "enabled"


def records(domain: Domain) -> list[dict[str, Any]]:
    """The three records of a new domain: the MX and TXT of its return path, and DKIM."""
    # A record has no partial states; its domain has.
    status = {"partially_verified": "verified", "partially_failed": "failed"}.get(
        domain.status, domain.status.value
    )
    shared = {"ttl": "Auto", "status": status}
    mx = {
        "record": "SPF",
        "name": domain.return_path,
        "type": "MX",
        "value": f"feedback-smtp.{domain.region}.amazonses.com",
        "priority": 10,
        **shared,
    }
    spf = {
        "record": "SPF",
        "name": domain.return_path,
        "type": "TXT",
        "value": "v=spf1 include:amazonses.com ~all",
        **shared,
    }
    dkim = {
        "record": "DKIM",
        "name": "resend._domainkey",
        "type": "TXT",
        "value": f"p={_public_key(domain.id)}",
        **shared,
    }
    return [mx, spf, dkim]


def _public_key(seed: str) -> str:
    """A 1024-bit RSA key (RFC 3279 section 2.3.1) whose modulus nobody knows the factors of."""
    modulus = hashlib.shake_256(seed.encode()).digest(128)
    whole = _RSA_HEAD + bytes((modulus[0] | 0x80,)) + modulus[1:-1] + bytes((modulus[-1] | 1,))
    return base64.b64encode(whole + _RSA_TAIL).decode()


def summary(domain: Domain) -> dict[str, Any]:
    """A domain as lists show it."""
    return {
        "id": domain.id,
        "name": domain.name,
        "status": domain.status.value,
        "created_at": postgres_time(domain.created_at),
        "region": domain.region,
        "open_tracking": domain.open_tracking,
        "click_tracking": domain.click_tracking,
        "capabilities": {"sending": domain.sending, "receiving": domain.receiving},
    }


def describe(domain: Domain) -> dict[str, Any]:
    """A domain with the records to set."""
    return {**summary(domain), "records": records(domain)}
