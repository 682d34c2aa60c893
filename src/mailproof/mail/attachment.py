"""A file that travels with a mail: its bytes, or the URL where they are."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

import msgspec

from mailproof.mail.fields import kind, line, optional_text, read_object, rest
from mailproof.mail.invalid import InvalidInput

__all__ = ["FORBIDDEN_EXTENSIONS", "Attachment"]

_FILENAME_MAX: Final = 255
# resend.com/docs/dashboard/emails/embed-inline-images: less than 128 characters.
_CONTENT_ID_MAX: Final = 127
_MEDIA_NAME: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_CONTENT_TYPE: Final = re.compile(
    rf"{_MEDIA_NAME}/{_MEDIA_NAME}(?:\s*;.*)?"
)  # RFC 2045 section 5.1
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_KNOWN: Final = frozenset(
    {"filename", "content", "content_type", "content_id", "inline_content_id", "path"}
)

# resend.com/docs/knowledge-base/what-attachment-types-are-not-supported
FORBIDDEN_EXTENSIONS: Final = frozenset(
    """
    adp app asp bas bat cer chm cmd com cpl crt csh der exe fxp gadget hlp hta inf ins isp its js
    jse ksh lib lnk mad maf mag mam maq mar mas mat mau mav maw mda mdb mde mdt mdw mdz msc msh
    msh1 msh1xml msh2 msh2xml mshxml msi msp mst ops pcd pif plg prf prg ps1 ps1xml ps2 ps2xml psc1
    psc2 reg scf scr sct shb shs sys tmp url vb vbe vbs vps vsmacros vss vst vsw vxd ws wsc wsf wsh
    xnk
    """.split()
)

_SHAPE: Final = (
    'Write `{"filename": "invoice.pdf", "content": "<base64>"}`, or `path` with a URL instead of '
    "`content`."
)


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """One attached file; with a `content_id` it is shown inline, as `cid:<content_id>`.

    Exactly one of `content` (the bytes) and `path` (an http or https URL, fetched when the mail is
    accepted) is set. `content_type` empty: derived from the file name. `extra`: fields that we do
    not know, passed on as they are.
    """

    filename: str
    content: bytes | None = None
    path: str = ""
    content_type: str = ""
    content_id: str = ""
    extra: Mapping[str, Any] = {}

    @classmethod
    def from_json(cls, value: Any, *, where: str) -> Self:
        """Read one entry of `attachments`. Raises `InvalidInput` with the path below `where`."""
        tree = read_object(value, where, _SHAPE)
        path = _path(tree, where)
        content = _content(tree.get("content"), f"{where}.content")
        if content is None and not path:
            raise _bad(where, "it has neither `content` nor `path`", _SHAPE)
        if content is not None and path:
            raise _bad(where, "it has both `content` and `path`", "Leave one of them out.")
        return cls(
            filename=_filename(tree, path, where),
            content=content,
            path=path,
            content_type=_content_type(tree, where),
            content_id=_content_id(tree, where),
            extra=rest(tree, _KNOWN),
        )

    def to_json(self) -> dict[str, Any]:
        """The entry as Resend reads it."""
        tree: dict[str, Any] = {**self.extra, "filename": self.filename}
        if self.content is not None:
            tree["content"] = base64.b64encode(self.content).decode("ascii")
        for name in ("path", "content_type", "content_id"):
            if value := getattr(self, name):
                tree[name] = value
        return tree

    @property
    def encoded_size(self) -> int:
        """Bytes in base64, as limits count them; 0 as long as the content is at a URL."""
        return 4 * ((len(self.content or b"") + 2) // 3)


def _filename(tree: Mapping[str, Any], path: str, where: str) -> str:
    at = f"{where}.filename"
    # The SDK's type allows `false`, for "no name".
    given = "" if tree.get("filename") is False else optional_text(tree, "filename", at, _SHAPE)
    name = given or unquote(urlsplit(path).path).rpartition("/")[2]
    if not name:
        raise _bad(
            at, "the attachment has no file name", 'Add `"filename"`, such as "invoice.pdf".'
        )
    line(name, at, name="invalid_attachment")
    if len(name) > _FILENAME_MAX:
        fix = f"Use at most {_FILENAME_MAX} characters."
        raise _bad(at, f"{len(name)} characters are too long for a file name", fix)
    extension = name.rpartition(".")[2].lower()
    if "." in name and extension in FORBIDDEN_EXTENSIONS:
        fix = "Send it in a .zip archive, or as a link."
        raise _bad(at, f"mail services do not accept .{extension} files", fix)
    return name


def _path(tree: Mapping[str, Any], where: str) -> str:
    at = f"{where}.path"
    path = optional_text(tree, "path", at, _SHAPE)
    if not path:
        return ""
    line(path, at, name="invalid_attachment")
    fix = "Write a full address such as `https://example.com/invoice.pdf`."
    try:
        url = urlsplit(path)
    except ValueError as error:
        raise _bad(at, f"{path[:80]!r} is no URL", fix) from error
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise _bad(at, f"{path[:80]!r} is no http or https URL", fix)
    return path


def _content(value: Any, where: str) -> bytes | None:
    """Base64 text, or what a Node Buffer and the Python SDK turn into: a list of byte values."""
    match value:
        case None:
            return None
        case str():
            return _from_base64(value, where)
        case {"type": "Buffer", "data": list() as numbers} | (list() as numbers):
            return _from_numbers(numbers, where)
        case _:
            fix = "Send the bytes as a base64 text."
            raise _bad(where, f"{kind(value)} stands where base64 text belongs", fix)


def _from_base64(text: str, where: str) -> bytes:
    if text.startswith("data:"):
        fix = "Leave out everything up to and including `base64,`."
        raise _bad(where, "it is a data: URL, not base64 alone", fix)
    try:
        return base64.b64decode(_SPACE.sub("", text), validate=True)
    except (binascii.Error, ValueError) as error:  # the second for characters beyond ASCII
        fix = "Encode the bytes in standard base64, with padding."
        raise _bad(where, f"{text[:40]!r} is not base64", fix) from error


def _from_numbers(numbers: Sequence[Any], where: str) -> bytes:
    for index, number in enumerate(numbers):
        if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 255:
            fix = "Send the bytes as a base64 text."
            raise _bad(f"{where}[{index}]", f"{number!r:.40} is no byte", fix)
    return bytes(numbers)


def _content_type(tree: Mapping[str, Any], where: str) -> str:
    at, fix = f"{where}.content_type", "Write a media type such as `application/pdf`."
    text = line(optional_text(tree, "content_type", at, fix) or "", at, name="invalid_attachment")
    if text and not _CONTENT_TYPE.fullmatch(text):
        raise _bad(at, f"{text[:80]!r} is no media type", fix)
    return text


def _content_id(tree: Mapping[str, Any], where: str) -> str:
    # `inline_content_id`: as Resend's Python SDK called it at first (resend/resend-python#154).
    name = "content_id" if tree.get("content_id") else "inline_content_id"
    at, fix = f"{where}.{name}", f"Use at most {_CONTENT_ID_MAX} characters, without spaces or <>."
    text = line(optional_text(tree, name, at, fix) or "", at, name="invalid_attachment")
    if len(text) > _CONTENT_ID_MAX or not set(text).isdisjoint(" \t<>"):
        raise _bad(at, f"{text[:80]!r} is no content id", fix)
    return text


def _bad(where: str, problem: str, fix: str) -> InvalidInput:
    return InvalidInput(where, problem, fix, name="invalid_attachment")
