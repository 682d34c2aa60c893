"""The body of a mail as MIME: text and HTML, inline images, attachments (RFC 2045, RFC 2046)."""

import binascii
import mimetypes
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

import msgspec

from mailproof.providers import smtp_headers

__all__ = ["File", "body"]

# RFC 5321 section 4.5.3.1.6, less its line break.
_LINE_MAX: Final = 998
_BASE64_LINE: Final = 76
# Nothing of this may stand in a body that is sent as it is (RFC 2045 section 2.7).
_UNSAFE: Final = re.compile(r"[^\t\n -~]")
# Python's own table, whatever else is on this machine: the same file has the same type everywhere.
_TYPES: Final = mimetypes.MimeTypes()
_ANY_TYPE: Final = "application/octet-stream"
# RFC 2046 sections 5.1 and 5.2: these must not be in base64.
_COMPOSITE: Final = ("message/", "multipart/")
_CONTENT_ID: Final = "".join(map(chr, range(33, 127)))
_TYPE: Final = re.compile(r"[!-9;-~]+/[!-9;-~]+(?:;[ -~]{0,200})?")


class File(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as the payload has it: base64, or `path`, a URL that was not fetched."""

    filename: str
    content: str | None = None
    content_type: str = ""
    content_id: str = ""
    path: str = ""


class _Boundaries:
    """Names that no line of a part can have: each starts with `=_`, which base64 and
    quoted-printable never write, and holds the mail's own id."""

    def __init__(self, email_id: str) -> None:
        self._email_id = email_id
        self._number = 0

    def next(self) -> str:
        self._number += 1
        return f"=_{self._number}_{self._email_id}"


def body(
    email_id: str, *, html: str | None, text: str | None, files: Sequence[File]
) -> list[bytes]:
    """The content fields, an empty line and the body, in pieces. `email_id` makes the boundaries.

    Images that the HTML shows (those with a `content_id`) stand beside it, all else is attached.
    """
    boundaries = _Boundaries(email_id)
    inline = [file for file in files if file.content_id and html]
    attached = [file for file in files if file not in inline]
    parts = [_words(text, "plain")] if text or not html else []
    if html:
        shown = _words(html, "html")
        if inline:
            shown = _multipart("related", [shown, *map(_inline, inline)], boundaries)
        parts.append(shown)
    whole = parts[0] if len(parts) == 1 else _multipart("alternative", parts, boundaries)
    if attached:
        whole = _multipart("mixed", [whole, *map(_attached, attached)], boundaries)
    return whole


def _multipart(kind: str, parts: Sequence[list[bytes]], boundaries: _Boundaries) -> list[bytes]:
    boundary = boundaries.next()
    pieces = [f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        pieces += [f"--{boundary}\r\n".encode(), *part, b"\r\n"]
    return [*pieces, f"--{boundary}--\r\n".encode()]


def _words(words: str | None, kind: str) -> list[bytes]:
    lines = (words or "").replace("\r\n", "\n").replace("\r", "\n")
    if not lines.endswith("\n"):
        lines += "\n"
    encoding, raw = _encoded(lines)
    head = (
        f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return [head.encode(), raw.replace(b"\n", b"\r\n")]


def _encoded(lines: str) -> tuple[str, bytes]:
    """As it is where it may go so, else what is shorter."""
    strange = sum(map(len, _UNSAFE.findall(lines)))
    if not strange and max(map(len, lines.split("\n"))) <= _LINE_MAX:
        return "7bit", lines.encode()
    raw = lines.encode()
    if len(raw) - len(lines) + strange > len(raw) // 5:  # three bytes for one
        # In base64 a line break is `\r\n` before it is coded (RFC 2045 section 6.8).
        return "base64", _wrapped(binascii.b2a_base64(raw.replace(b"\n", b"\r\n"), newline=False))
    return "quoted-printable", binascii.b2a_qp(raw, istext=True)


def _inline(file: File) -> list[bytes]:
    # As it stands in a `cid:` URL: a field is in ASCII, whatever the app calls its image.
    content_id = quote(file.content_id, safe=_CONTENT_ID)
    head = f"Content-ID: <{content_id}>\r\n"
    return [_head_of(file, "inline"), head.encode(), b"\r\n", _content_of(file)]


def _attached(file: File) -> list[bytes]:
    return [_head_of(file, "attachment"), b"\r\n", _content_of(file)]


def _head_of(file: File, disposition: str) -> bytes:
    kind = file.content_type or _TYPES.guess_type(file.filename)[0] or _ANY_TYPE
    if kind.lower().startswith(_COMPOSITE) or not _TYPE.fullmatch(kind):
        kind = _ANY_TYPE
    return b"".join(
        [
            f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n".encode(),
            f"Content-Disposition: {disposition}".encode(),
            smtp_headers.parameter("filename", file.filename),
            b"\r\n",
        ]
    )


def _content_of(file: File) -> bytes:
    return _wrapped((file.content or "").encode()).replace(b"\n", b"\r\n")


def _wrapped(coded: bytes) -> bytes:
    lines = [coded[at : at + _BASE64_LINE] for at in range(0, len(coded), _BASE64_LINE)]
    return b"\n".join([*lines, b""])
