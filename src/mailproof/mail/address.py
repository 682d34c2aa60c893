"""One mailbox with its display name, parsed once and trusted from then on."""

import re
import unicodedata
from typing import Final, Self

import msgspec
from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from mailproof.mail.invalid import InvalidInput

__all__ = ["Address", "forbidden_char"]

# A display name has no limit of its own; beyond one RFC 5322 line (section 2.1.1) it is no name.
_TEXT_MAX: Final = 998

# Cc, Zl, Zp would break the line and let a caller add headers (RFC 5322 section 2.2); Cs, a lone
# surrogate, is no character at all and cannot be written as UTF-8.
_FORBIDDEN: Final = frozenset({"Cc", "Zl", "Zp", "Cs"})

# The bulk of all addresses, for which email-validator (20 times slower) would say the same: no
# IDNA (`--`), no reserved domain, nothing that needs normalizing but the domain's case. What does
# not match here is not refused, only looked at more closely.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_RESERVED: Final = r"(?:arpa|invalid|local|localhost|onion)"
_PLAIN: Final = re.compile(
    rf"(?=.{{1,254}}\Z)(?!.*--)(?!.*\.{_RESERVED}\Z)(?=[^@]{{1,64}}@)"
    rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z](?:[A-Za-z0-9-]{{0,61}}[A-Za-z])?\Z",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\Z')
_NEEDS_QUOTES: Final = re.compile(r'[()<>\[\]:;@\\,."]|^\s|\s$')

_FIX: Final = "Write `name@example.com` or `Name <name@example.com>`, one address per entry."


class Address(msgspec.Struct, frozen=True):
    """One mailbox, `Ada Lovelace <ada@example.com>`. Made by `parse`; what exists is valid.

    `mailbox` is `local@domain` in Unicode NFC, the domain in lower case (RFC 6532 section 3.1);
    `name` is one line in any language, or empty.
    """

    mailbox: str
    name: str = ""

    @classmethod
    def parse(cls, text: str, *, where: str) -> Self:
        """Read one address as people type it; `where` is its path in the input, like `to[1]`.

        A name may stand in quotes (RFC 5322 section 3.2.4) or bare, in any script. Test domains
        (`.test`) are welcome. Raises `InvalidInput`: not exactly one mailbox, or not one line.
        """
        if bad := forbidden_char(text):
            fix = "Write the address on one line, without control characters."
            raise InvalidInput(where, f"{text[:80]!r} contains {bad}", fix)
        if len(text) > _TEXT_MAX:
            raise InvalidInput(where, f"{len(text)} characters are too long for an address", _FIX)
        # Split by hand: email-validator refuses unquoted `田中 <t@example.com>` and `Acme.com <…>`.
        head, angle, mailbox = text.strip().rpartition("<")
        if bool(angle) != mailbox.endswith(">"):
            raise _not_one(text, where, "the angle brackets do not match")
        name = _name(head.strip())
        if name is None:
            raise _not_one(text, where, "before `<` stands more than a name")
        return cls(_mailbox(mailbox.removesuffix(">").strip(), text, where), name)

    @property
    def local(self) -> str:
        return self.mailbox.rpartition("@")[0]

    @property
    def domain(self) -> str:
        """The domain as people read it, such as `例え.jp`."""
        return self.mailbox.rpartition("@")[2]

    @property
    def wire(self) -> str:
        """The mailbox for an envelope: an international domain in its ASCII form (RFC 5891)."""
        if self.domain.isascii():
            return self.mailbox
        return f"{self.local}@{_validated(self.mailbox).ascii_domain}"

    @property
    def needs_smtputf8(self) -> bool:
        """Can it only go through servers that know SMTPUTF8 (RFC 6531)?"""
        return not self.local.isascii()

    def as_text(self) -> str:
        """`Name <mailbox>` on one line, the name quoted where it must be; `parse` reads it back."""
        if not self.name:
            return self.mailbox
        if not _NEEDS_QUOTES.search(self.name):
            return f"{self.name} <{self.mailbox}>"
        escaped = self.name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{self.mailbox}>'

    def __repr__(self) -> str:  # masked, so that a stray log line cannot leak an address
        return f"<Address {self.mailbox[0]}…@{self.domain}>"


def forbidden_char(text: str, *, allow: str = "") -> str:
    """The first character that no header may hold, by its code point; empty: all is well."""
    if text.isascii() and text.isprintable():
        return ""
    for char in text:
        if unicodedata.category(char) in _FORBIDDEN and char not in allow:
            what = "a line break" if char in "\r\n\u2028\u2029\x85\v\f" else "a control character"
            return f"{what} (U+{ord(char):04X})"
    return ""


def _name(head: str) -> str | None:
    """The display name; None when `head` holds something that is no name."""
    if quoted := _QUOTED.match(head):
        return unicodedata.normalize("NFC", re.sub(r"\\(.)", r"\1", quoted[1])).strip()
    if not set(head).isdisjoint("<>@"):
        return None
    return unicodedata.normalize("NFC", head)


def _mailbox(mailbox: str, text: str, where: str) -> str:
    if _PLAIN.match(mailbox):
        local, _, domain = mailbox.rpartition("@")
        return f"{local}@{domain.lower()}"
    try:
        return _validated(mailbox).normalized
    except EmailNotValidError as error:
        raise _not_one(text, where, str(error).rstrip(".")) from error


def _validated(mailbox: str) -> ValidatedEmail:
    # `test_environment` allows `.test`, which is what a sandbox and examples are full of.
    return validate_email(mailbox, check_deliverability=False, test_environment=True)


def _not_one(text: str, where: str, why: str) -> InvalidInput:
    return InvalidInput(where, f"{text[:80]!r} is not one email address: {why}", _FIX)
