"""Find the answer inside a sentence: clients print the server's own words into their exceptions.

`Invalid login: 535 5.7.8 …`, `(550, b'5.1.1 …')`, `Request failed with status code 403`,
`[422] {"message": …}`: the innermost answer is what decides, not the wrapper.
"""

import re
from typing import Final

import msgspec

from mailproof.diagnosis.harvest import Harvest, harvest, parse_body

__all__ = ["Wrapped", "unwrap"]

_SMTP: Final = re.compile(
    r"""(?:^|[\s:;("'\[<])     # not in the middle of a number or an address
        ([2-5]\d\d)            # basic code, RFC 5321 section 4.2
        (?:,\s*b?["']|[ -])    # smtplib prints (535, b'5.7.8 ...')
        \s*(?=[245]\.\d{1,3}\.\d{1,3}\b|[A-Za-z<'\[#]|[^\x00-\x7f])""",
    re.VERBOSE,
)
_HTTP: Final = re.compile(
    r"(?:http(?:/[\d.]+| error| status(?: code)?)?|status(?: ?code)?(?: of)?|statuscode|code|response"
    r"|returned|error)[\s:=\"']{1,3}\(?([1-5]\d\d)\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\b([A-Z][A-Za-z]+(?:Error|Exception|Timeout|Failure)|E[A-Z]{3,}|ERR_[A-Z_]+)\b"
)
_JSON: Final = re.compile(r"[{\[]\s*[{\"\[]")


class Wrapped(msgspec.Struct, frozen=True):
    """What stood inside: an HTTP status, an SMTP code, a JSON body, names, exception classes."""

    status: int = 0
    code: int = 0
    stage: str = ""
    names: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    body: Harvest = Harvest()


def unwrap(text: str) -> Wrapped:
    """Read one message, or several joined by line breaks, outermost first."""
    body = Harvest()
    if found := _JSON.search(text):
        tree = parse_body(
            text[found.start() : text.rfind("}" if text[found.start()] == "{" else "]") + 1]
        )
        body = harvest(tree) if tree is not None else body
    smtp = _SMTP.findall(text)
    http = _HTTP.findall(text)
    return Wrapped(
        status=body.status or (int(http[-1]) if http else 0),
        code=int(smtp[-1]) if smtp else 0,
        types=tuple(name.lower() for name in _NAMED.findall(text)),
        body=body,
    )
