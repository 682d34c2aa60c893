"""From the bytes of a paste or a file to clean lines of text."""

import re
from typing import Final

from mailproof.diagnosis.evidence import decode_text

__all__ = ["READ_MAX", "clean", "text_of", "unescaped"]

READ_MAX: Final = (
    1_000_000  # characters; of a longer text the end is read: there the failure stands
)

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

# What log collectors write before each line. One of them at the most is taken off a line.
_PREFIXES: Final = re.compile(
    r"""^(?:
      [\w.-]{1,60}\ +\|\ ?                                           # docker compose
    | \[(?:pod/)?[\w./-]{1,120}\]\ (?=\S)                            # kubectl logs --prefix
    | \d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:?\d\d)\ (?:(?:stdout|stderr)\ [FP]\ )?
    # syslog, but only where a trace or an object follows: mail logs are read with their prefix
    | [A-Z][a-z]{2}\ [ \d]\d\ [\d:]{8}\ [\w.-]{1,64}\ [\w./()-]{1,40}(?:\[\d+\])?:\ (?=\s{0,12}
      (?:at\ |File\ |Traceback|Caused|[\w.]{1,80}(?:Error|Exception)|[{}]))
    )""",
    re.VERBOSE,
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|([nrt\"'/\\]))")
_ESCAPED: Final = {"n": "\n", "r": "", "t": "\t"}


def text_of(raw: bytes) -> str:
    """Decode by byte order mark, else by the zero bytes of UTF-16, else as mail servers write."""
    for bom, encoding in _BOMS:
        if raw.startswith(bom):
            return raw[len(bom) :].decode(encoding, "replace")
    head = raw[:400]
    if len(head) >= 4 and head.count(0) * 3 > len(head):
        # ASCII in UTF-16 has its zero byte second (little-endian) or first.
        little = head[1::2].count(0) >= head[::2].count(0)
        return raw.decode("utf-16-le" if little else "utf-16-be", "replace")
    return decode_text(raw)


def clean(text: str) -> str:
    """Drop colours, carriage returns, control characters and the prefixes of log collectors."""
    text = text[-READ_MAX:].replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROL.sub("", _ANSI.sub("", text))
    text = _RUN.sub(" " * _RUN_MAX, text)
    return "\n".join(_PREFIXES.sub("", line) for line in text.split("\n"))


def unescaped(text: str) -> str:
    r"""Undo one layer of JSON-like escapes: a `\n` in a copied string becomes a line break."""
    return _ESCAPE.sub(
        lambda hit: chr(int(hit[1], 16)) if hit[1] else _ESCAPED.get(hit[2], hit[2]), text
    )
