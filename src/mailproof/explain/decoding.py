"""From the bytes of a paste or a file to clean lines of text."""

import re
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import decode_text

__all__ = ["NotText", "clean", "text_of", "unescaped"]

_ANSI: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Every control character but tab and line feed, and the marks that editors leave at line ends.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u2028\u2029\ufeff]")
# Padding tells nothing, and patterns that allow for spaces would go over it again and again.
_RUN_MAX: Final = 24
_RUN: Final = re.compile(r"[ \t]{24,}")
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)

# Files that people take for logs, and what to do with them.
_KINDS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x1f\x8b", "a gzip file: run `gzip -dc FILE | mailproof explain`"),
    (b"BZh", "a bzip2 file: run `bzip2 -dc FILE | mailproof explain`"),
    (b"\xfd7zXZ", "an xz file: run `xz -dc FILE | mailproof explain`"),
    (b"\x28\xb5\x2f\xfd", "a zstd file: run `zstd -dc FILE | mailproof explain`"),
    (b"PK\x03\x04", "a ZIP archive or an Office document: unpack it, or copy the text out of it"),
    (b"\x89PNG", "an image: type the error off, or copy it as text"),
    (b"\xff\xd8\xff", "an image: type the error off, or copy it as text"),
    (b"GIF8", "an image: type the error off, or copy it as text"),
    (b"%PDF", "a PDF: copy the text out of it"),
    (b"\xd0\xcf\x11\xe0", "an Outlook or Office file: save the mail as text or as .eml"),
    (b"\x7fELF", "a program, not its log"),
    (b"MZ\x90", "a program, not its log"),
)
_LOOKED_AT: Final = 1 << 16  # bytes
_NO_TEXT: Final = bytes(set(range(32)) - set(b"\a\b\t\n\v\f\r\x1b")) + b"\x7f"
_ZEROS_IN_UTF16: Final = 0.95  # of all zero bytes those that are every second byte

# What log collectors write before each line. One of them at the most is taken off a line.
_PREFIXES: Final = re.compile(
    r"""^(?:
      [\w.-]{1,60}\ +\|\ ?                                           # docker compose
    | \[(?:pod/)?[a-z0-9][a-z0-9./-]{0,120}\]\ (?=\S)                # kubectl logs --prefix
    | \d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d)\ (?:(?:stdout|stderr)\ [FP]\ )?
    # syslog, but only where a trace or an object follows: mail logs are read with their prefix
    | [A-Z][a-z]{2}\ [ \d]\d\ [\d:]{8}\ [\w.-]{1,64}\ [\w./()-]{1,40}(?:\[\d+\])?:\ (?=\s{0,12}
      (?:at\ |File\ |Traceback|Caused|[\w.]{1,80}(?:Error|Exception)|[{}]))
    )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt\"'/\\]))")
_HALF: Final = re.compile(r"[\ud800-\udfff]")
_ESCAPED: Final = {"n": "\n", "r": "", "t": "\t"}


class NotText(ValueError):
    """Bytes that hold no text; the message says what they are and what to do instead."""


class _Wrapped(msgspec.Struct):
    """A line as Docker's json-file driver writes it."""

    log: str
    stream: str


def text_of(raw: bytes) -> str:
    """Decode by byte order mark, else by the zero bytes of UTF-16, else as mail servers write.

    Raises `NotText` for an archive, an image, a program and their like.
    """
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(encoding, "replace")
    if told := next((told for magic, told in _KINDS if raw.startswith(magic)), ""):
        raise NotText(f"This is {told}.")
    if encoding := _utf16(raw[:_LOOKED_AT]):
        return raw.decode(encoding, "replace")
    head = raw[:_LOOKED_AT]
    odd = len(head) - len(head.translate(None, _NO_TEXT))
    if odd > 8 and odd * 30 > len(head):
        raise NotText("This is not text: it holds bytes that no text has.")
    return decode_text(raw)


def _utf16(head: bytes) -> str:
    """ASCII in UTF-16 has its zero byte second (little-endian) or first; a program has anywhere."""
    zeros = head.count(0)
    if len(head) < 4 or zeros * 3 <= len(head):
        return ""
    first, second = head[::2].count(0), head[1::2].count(0)
    if max(first, second) < _ZEROS_IN_UTF16 * zeros:
        return ""
    return "utf-16-le" if second >= first else "utf-16-be"


def clean(text: str) -> str:
    """Drop colours, carriage returns, control characters and the prefixes of log collectors."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if '{"log":"' in text:
        text = "\n".join(map(_logged, text.split("\n")))
    text = _CONTROL.sub("", _ANSI.sub("", text))
    text = _RUN.sub(" " * _RUN_MAX, text)
    return "\n".join(_PREFIXES.sub("", line) for line in text.split("\n"))


def _logged(line: str) -> str:
    """What was printed, of a line that Docker wrapped: a trace is one line after another."""
    if not line.startswith('{"log":"'):
        return line
    try:
        return msgspec.json.decode(line, type=_Wrapped).log.rstrip("\r\n")
    except (msgspec.DecodeError, UnicodeError):  # cut off, or somebody else's `log`
        return line


def unescaped(text: str) -> str:
    r"""Undo one layer of JSON-like escapes: a `\n` in a copied string becomes a line break."""
    undone = _ESCAPE.sub(
        lambda hit: chr(int(hit[1], 16)) if hit[1] else _ESCAPED.get(hit[2], hit[2]), text
    )
    if not _HALF.search(undone):
        return undone
    # JSON writes what lies beyond U+FFFF as two halves; a half alone is no character.
    return undone.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
