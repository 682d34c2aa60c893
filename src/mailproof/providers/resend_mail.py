"""A mail as the bytes that go to Resend: the stored payload, less what is settled, plus our stamp.

The same mail gives the same bytes in every release, because Resend refuses a repeated key with
another payload. So a change here is a new encoder version beside the old one, which stays.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from mailproof.mail.address import Address
from mailproof.providers.base import Encoded, Outgoing

__all__ = ["ENCODER", "STAMP_TAG", "TAGS_MAX", "addressed", "encode"]

ENCODER: Final = 1
# The tag that brings Resend's events back to their mail.
STAMP_TAG: Final = "mailproof_id"
# resend.com/docs/dashboard/emails/tags: up to 75 tags per email.
TAGS_MAX: Final = 75
_ROLES: Final = ("to", "cc", "bcc")

# Fields as they stand in the payload: an attachment of many megabytes is copied, never decoded.
_fields_of: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_addresses_of: Final = msgspec.json.Decoder(list[str]).decode
_tags_of: Final = msgspec.json.Decoder(list[dict[str, Any]]).decode


class _Head(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    sender: str = ""
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()


_head_of: Final = msgspec.json.Decoder(_Head).decode


def encode(mail: Outgoing) -> Encoded:
    """The bytes of one call to `POST /emails`, and their SHA-256.

    Raises `ValueError`: an encoder version that is not known, or nobody is left to send to.
    """
    make = _ENCODERS.get(mail.encoder)
    if make is None:
        known = ", ".join(map(str, _ENCODERS))
        raise ValueError(
            f"{mail.email_id}: encoder {mail.encoder} is not known here, only {known}. "
            "A newer release began to send this mail; let that one go on."
        )
    body = make(mail)
    return Encoded(body, hashlib.sha256(body).digest())


def addressed(encoded: Encoded) -> tuple[str, tuple[str, ...]]:
    """From, and everybody whom these bytes go to."""
    head = _head_of(encoded.body)
    return head.sender, (*head.to, *head.cc, *head.bcc)


def _encode_1(mail: Outgoing) -> bytes:
    fields = _fields_of(mail.payload)
    fields.pop("scheduled_at", None)  # the time has come: the engine schedules, nobody else
    if mail.settled:
        _leave_out(fields, {address.lower() for address in mail.settled}, mail.email_id)
    _stamp(fields, mail.stamp)
    return msgspec.json.encode(fields, order="sorted")


def _leave_out(fields: dict[str, msgspec.Raw], settled: set[str], email_id: str) -> None:
    open_ = {
        role: [
            text
            for text in _addresses_of(fields.pop(role, b"[]"))
            if Address.parse(text, where=role).mailbox.lower() not in settled
        ]
        for role in _ROLES
    }
    if not any(open_.values()):
        raise ValueError(f"{email_id}: all of its recipients are settled, nobody is left.")
    if not open_["to"]:
        _give_it_a_to(open_, fields)
    for role, addresses in open_.items():
        if addresses:
            fields[role] = msgspec.Raw(msgspec.json.encode(addresses))


def _give_it_a_to(open_: dict[str, list[str]], fields: Mapping[str, msgspec.Raw]) -> None:
    """Resend requires a `to`, and filling it must show nobody's address to somebody new.

    Those in `cc` were shown to all anyway. Of those in `bcc` one alone may move, as nobody else
    gets this copy; with several the sender takes the place, as people do for hidden recipients.
    """
    if open_["cc"]:
        open_["to"], open_["cc"] = open_["cc"], []
    elif len(open_["bcc"]) == 1:
        open_["to"], open_["bcc"] = open_["bcc"], []
    else:
        open_["to"] = [msgspec.json.decode(fields["from"], type=str)]


def _stamp(fields: dict[str, msgspec.Raw], stamp: str) -> None:
    """Add the tag. Another Mailproof's, on a mail that came through it, gives way.

    An app that uses up all tags keeps them: its mail is then found by Resend's id alone.
    """
    tags = [tag for tag in _tags_of(fields.pop("tags", b"[]")) if tag.get("name") != STAMP_TAG]
    if len(tags) < TAGS_MAX:
        tags.append({"name": STAMP_TAG, "value": stamp})
    fields["tags"] = msgspec.Raw(msgspec.json.encode(tags, order="sorted"))


_ENCODERS: Final[Mapping[int, Callable[[Outgoing], bytes]]] = {1: _encode_1}
