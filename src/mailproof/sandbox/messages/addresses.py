"""Addresses as Resend reads them.

A small reader of its own: the sandbox shares no code with what is tested against it.
"""

import re

import msgspec

__all__ = ["Mailbox", "read_mailbox"]

# Resend's sentence asks for `email@example.com` or `Name <email@example.com>`; nothing public tells
# its exact grammar, so this takes what both forms plainly cover, in any language.
_MAILBOX = re.compile(
    r"""(?:(?P<name>[^<>\r\n]*)<)?\s*
        (?P<local>[^\s@<>(),;:"\\]+|"[^"\r\n]+")@
        (?P<domain>[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_](?:[\w-]*[^\W_])?)+)\s*
        (?P<end>>)?""",
    re.VERBOSE,
)


class Mailbox(msgspec.Struct, frozen=True):
    """One address: the mailbox in lower case, its parts, and the display name."""

    address: str
    local: str
    domain: str
    name: str = ""


def read_mailbox(text: str) -> Mailbox | None:
    """Read `ada@example.com` or `Ada <ada@example.com>`; None: it is neither."""
    found = _MAILBOX.fullmatch(text.strip())
    if found is None or (found["name"] is None) != (found["end"] is None):
        return None
    local, domain = found["local"].lower(), found["domain"].lower()
    return Mailbox(f"{local}@{domain}", local, domain, (found["name"] or "").strip().strip('"'))
