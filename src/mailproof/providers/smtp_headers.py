"""Header fields of a mail as bytes: folded, and in ASCII whatever they say (RFC 5322, RFC 2047).

Written here and not with `email.message`, whose folding breaks URLs in `List-Unsubscribe` and
changes from one Python to the next, while a mail that goes again shall be the same mail.
"""

import base64
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from mailproof.mail.address import Address

__all__ = ["addresses", "parameter", "text"]

# RFC 5322 section 2.1.1: a line should not be longer, and must not be longer than 998.
_LINE: Final = 78
_LINE_MAX: Final = 998
# RFC 2047 section 2: an encoded word has at most 75 characters, its line at most 76.
_WORD_LINE: Final = 76
_WORD: Final = (b"=?utf-8?B?", b"?=")
_ATOMS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_TOKEN: Final = re.compile(r"[A-Za-z0-9!#$&+.^_`|~-]+")
_PARAMETER_CHUNK: Final = 60


def text(name: str, value: str) -> bytes:
    """A field of words, such as the subject."""
    value = value.strip(" \t")
    if _is_plain(value):
        words = [word.encode() for word in value.split(" ")]
        if len(name) + 2 + len(value) <= _LINE:
            return _joined(name, [value.encode()])
        # A line of spaces alone would end the head, and a longer one than this is refused.
        if all(words) and max(map(len, words)) + len(name) + 2 <= _LINE_MAX:
            return _joined(name, _packed(words, len(name) + 2))
    return _joined(name, _encoded_words(value, len(name) + 2))


def addresses(name: str, found: Iterable[tuple[Address, str]]) -> bytes:
    """A field of addresses: each with the mailbox as it goes over the wire."""
    shown = [_named(address.name, mailbox) for address, mailbox in found]
    items = [*(each + b"," for each in shown[:-1]), shown[-1]]
    return _joined(name, _packed(items, len(name) + 2))


def parameter(name: str, value: str) -> bytes:
    """A parameter of a field, on a line of its own (RFC 2231 where it is not plain)."""
    if _TOKEN.fullmatch(value) and len(value) <= _PARAMETER_CHUNK:
        return f";\r\n {name}={value}".encode()
    if value.isascii() and value.isprintable() and len(value) <= _PARAMETER_CHUNK:
        quoted = value.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n {name}="{quoted}"'.encode()
    chunks = ["utf-8''"]
    for char in value:  # readers decode each piece by itself: none may end within a character
        coded = quote(char, safe="")
        if len(chunks[-1]) + len(coded) > _PARAMETER_CHUNK:
            chunks.append("")
        chunks[-1] += coded
    if len(chunks) == 1:
        return f";\r\n {name}*={chunks[0]}".encode()
    return b"".join(
        f";\r\n {name}*{number}*={chunk}".encode() for number, chunk in enumerate(chunks)
    )


def _is_plain(value: str) -> bool:
    return value.isascii() and value.isprintable() and "=?" not in value


def _named(name: str, mailbox: str) -> bytes:
    if not name:
        return mailbox.encode()
    if not _is_plain(name):
        # Its words are glued again by whoever shows them; the space before `<` is not theirs.
        return b"\r\n ".join([*_encoded_words(name, 1), f"<{mailbox}>".encode()])
    if _ATOMS.fullmatch(name):
        return f"{name} <{mailbox}>".encode()
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{mailbox}>'.encode()


def _encoded_words(value: str, before: int) -> list[bytes]:
    """The words, none of which cuts a character. `before`: columns taken on the first line."""
    words: list[bytes] = []
    taken, chunk = before, b""
    for char in value:
        coded = char.encode()
        if len(chunk) + len(coded) > _room(taken):
            if chunk:
                words.append(_word(chunk))
            taken, chunk = 1, b""
        chunk += coded
    words.append(_word(chunk))
    return words


def _room(taken: int) -> int:
    """Bytes of text that an encoded word may hold on a line of which so much is taken."""
    columns = _WORD_LINE - taken - sum(map(len, _WORD))
    return max(columns // 4 * 3, 12)


def _word(chunk: bytes) -> bytes:
    return _WORD[0] + base64.b64encode(chunk) + _WORD[1]


def _packed(items: list[bytes], before: int) -> Iterator[bytes]:
    """As many to a line as fit."""
    line = b""
    for item in items:
        if line and (b"\r\n" in line or before + len(line) + 1 + len(item) > _LINE):
            yield line
            line, before = b"", 1
        line = b" ".join([line, item]) if line else item
    yield line


def _joined(name: str, lines: Iterable[bytes]) -> bytes:
    return name.encode() + b": " + b"\r\n ".join(lines) + b"\r\n"
