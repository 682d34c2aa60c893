"""A mail's content in text that could not be decoded: dumps of objects, cut-off JSON, forms."""

import re
from typing import Final

from mailproof.diagnosis.redaction.private_fields import length_of

__all__ = ["CONTENT", "CONTENT_WORDS", "SUBJECT", "shorten"]

CONTENT_WORDS: Final = ("html", "text", "body-", "stripped-", "raw_m", "rawm", "subject")

_VALUE: Final = (
    r"""\\{1,3}(?P<q>["'])(?:(?!\\{1,3}(?P=q))[^\r\n])*|"(?:[^"\\]|\\.)*|'(?:[^'\\]|\\.)*|`[^`]*"""
)
_NAME: Final = (
    r"(?:html|html[_-]?(?:body|content|part|message)|text[_-]?(?:body|content|part|message)"
    r"|body-(?:html|plain|mime)|stripped-(?:html|text|signature)|amp[_-]?html|raw_?message)"
)
_END: Final = r"""\\{0,3}["']?\s{0,3}[:=]>?\s{0,3}"""

# `html: '…'`, `"HtmlBody":"…"`, `"type":"text/html","value":"…"`, a subject and then `text: '…'`,
# and a form's `html=%3Cp%3E…`.
CONTENT: Final = re.compile(
    rf"(?i)(?P<label>(?<![\w.-]){_NAME}{_END}"
    rf"|\btype{_END}\\{{0,3}}[\"']text/[a-z]{{1,10}}\\{{0,3}}[\"']\s{{0,3}},\s{{0,40}}"
    rf"\\{{0,3}}[\"']?value{_END}"
    rf"|\bsubject{_END}(?:\"[^\"\r\n]{{0,300}}\"|'[^'\r\n]{{0,300}}')\s{{0,3}},\s{{0,40}}"
    rf"[\"']?(?:text|body|content){_END})(?P<value>{_VALUE}|<[^\r\n]*)"
    r"|(?P<field>(?:^|&)(?:html|text|amp-html)=)(?P<form>[^&\s]{12,})"
)

# Looked for after `CONTENT`, which needs it as it was.
SUBJECT: Final = re.compile(
    rf"(?i)(?P<label>(?<![\w.-])subject{_END})(?P<value>{_VALUE})(?P<field>)(?P<form>)"
)


def shorten(found: re.Match[str]) -> str:
    """What `CONTENT` or `SUBJECT` found, as its length behind its label."""
    if found["form"]:
        return found["field"] + length_of(found["form"])
    value = found["value"]
    bare = value.lstrip("\\\"'`")
    return found["label"] + value[: len(value) - len(bare)] + length_of(bare)
