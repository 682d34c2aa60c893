"""Find the answer inside a sentence: clients print the server's own words into their exceptions.

`Request failed with status code 403`, `[422] {"message": …}`: the innermost answer is what
decides, not the wrapper. Numbers of the operating system and of cURL become names, because their
words change with its language. What mail servers say is read in `reply.py`.
"""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec

from mailproof.diagnosis.reading.harvest import Harvest, harvest, parse_body

__all__ = ["Wrapped", "unwrap"]

# A status is a number that is introduced as one, or followed by what only follows a status.
_NUMBER: Final = re.compile(r"[2-5][0-9][0-9](?![0-9])")
_INTRODUCED: Final = re.compile(
    r"(?:http(?:/[\d.]+| error| status(?: code)?| code)?|status(?:_?code| code)?(?: of)?|code"
    r"|response|returned|error|got|too many)[\s:=\"'>\])(]{1,6}$"
)
_HOPED_FOR: Final = re.compile(r"(?<!un)expected[^\d\n]{0,30}$")
_FOLLOWED: Final = (", message=", " client error", " server error")
_BODY_FOLLOWS: Final = re.compile(r"\]?:? {0,2}b?'?\"?[{\[]+\"")
_AROUND: Final = 40
_PHRASES: Final[Mapping[int, tuple[str, ...]]] = {
    status.value: (status.phrase.lower(),) for status in HTTPStatus
} | {  # names that older servers print
    413: ("request entity too large", "content too large", "payload too large"),
    422: ("unprocessable entity", "unprocessable content"),
    503: ("service unavailable", "service temporarily unavailable"),
    504: ("gateway timeout", "gateway time-out"),
}

_NAMED: Final = re.compile(
    r"\b([A-Z][A-Za-z]+(?:Error|Exception|Timeout|Failure|Disconnected)|E[A-Z]{3,}"
    r"|[A-Z]{2,}(?:_[A-Z0-9]+)+)\b"
)
_ERRNO: Final = re.compile(
    r"(?:errno|winerror|socketexception|error code|code(?==-\d))[ :=(#]{1,3}'?(-?\d{1,5})\b"
    r"|os error (\d{1,5})\b|(?:^|\n|\[)\((1[01]0\d\d)\)"
)
# Node prints `errno: 'ETIMEDOUT'`, Elixir and Erlang `reason: :timeout` and `{:error, :closed}`.
_ERRNO_WORD: Final = re.compile(r"errno[:=] ?'?([a-z]\w{2,30})|[:{ ,]:([a-z][a-z_]{3,30})\b")
_CURL: Final = re.compile(r"curl(?: error|e|: ?\(|\(|: ?)[ (]{0,2}(\d{1,2})\b")
# Linux, macOS and the BSDs, Windows; libuv on Windows (-40xx), Apple's NSURLError (-1xxx). None of
# the numbers has another meaning for a socket.
_ERRNO_NAMES: Final[Mapping[int, str]] = {
    **dict.fromkeys((111, 61, 10061, -4078, -1004), "econnrefused"),
    **dict.fromkeys((104, 54, 10054, -4077, -1005), "econnreset"),
    **dict.fromkeys((103, 53, 10053, -4079), "econnaborted"),
    **dict.fromkeys((110, 60, 10060, -4039, -1001), "etimedout"),
    **dict.fromkeys((101, 51, 50, 100, 10050, 10051, -4062, -1009), "enetunreach"),
    **dict.fromkeys((113, 112, 65, 64, 10064, 10065, -4073), "ehostunreach"),
    **dict.fromkeys((99, 49, 10049, -4090), "eaddrnotavail"),
    **dict.fromkeys((32, 10058, -4047), "epipe"),
    **dict.fromkeys(range(-1206, -1199), "tls_error"),
    **dict.fromkeys((24, 23, 10024, 105, 55, 10055), "emfile"),
    **dict.fromkeys((10013,), "eacces"),
    **dict.fromkeys((-2, -3, -4, -5, 8, 11001, 11002, 11003, 11004), "gaierror"),
    **dict.fromkeys((-3001, -3008, -1003, -1006), "gaierror"),
}

_RESOLVER_LAST: Final = -5

_JSON: Final = re.compile(r"[{\[]\s*[{\"\[]")
# A printed object that is no JSON: Node's inspect, Python's repr, a Ruby hash, a PHP array.
_PAIR: Final = re.compile(
    r"[\"':\[]?\b(name|code|error_?code|error_?type|type|error|errorname|cod)[\"'\]]?\s{0,3}(?:=>"
    r"|[:=])\s{0,3}[\"':]?([A-Za-z][\w.-]{2,60})\b"
)
_CALLED: Final = re.compile(
    r"error occurred \(([A-Za-z][\w.]{2,60})\)|\(code ([A-Za-z][\w.]{2,60})\)"
)


# System calls and SMTP commands that come before the mail: `command: 'CONN'` is nodemailer's.
_BEFORE: Final = re.compile(
    r"syscall['\"]?[:=] ?['\"]?(?:connect|getaddrinfo)|connect\(2\)|connect e[a-z]{4,}|ssl_connect"
    r"|command['\"]?[:=] ?['\"]?(?:conn|ehlo|helo|starttls|auth|mail from|rcpt to)\b"
    r"|before secure tls|during starttls|dial tcp\b|in the (?:ssl |tls )?handshake"
    r"|terminated the handshake"
)
_EARLY: Final = (
    "connect",
    "syscall",
    "command",
    "before secure",
    "starttls",
    "dial tcp",
    "handshake",
)


class Wrapped(msgspec.Struct, frozen=True):
    """What stood inside: an HTTP status, a JSON body, names, exception classes.

    `before`: the words show that it broke before the mail was handed over.
    """

    status: int = 0
    names: frozenset[str] = frozenset()
    types: tuple[str, ...] = ()
    body: Harvest = Harvest()
    before: bool = False


def unwrap(text: str) -> Wrapped:
    """Read one message, or several joined by line breaks, outermost first. Never raises."""
    tree = _embedded(text)
    body = harvest(tree) if tree is not None else Harvest()
    low = text.lower()
    return Wrapped(
        status=body.status or _status(low),
        names=frozenset(_names(low)),
        types=(*(name.lower() for name in _NAMED.findall(text)), *_numbered(low)),
        body=body,
        before=any(word in low for word in _EARLY) and _BEFORE.search(low) is not None,
    )


def _embedded(text: str) -> Any:
    """The JSON value inside; None when there is none, or it was cut off."""
    found = _JSON.search(text)
    if found is None:
        return None
    end = text.rfind("}" if text[found.start()] == "{" else "]") + 1
    part = text[found.start() : end]
    tree = parse_body(part)
    if tree is None and '\\"' in part:  # printed inside another string
        tree = parse_body(part.replace('\\"', '"'))
    return tree


def _status(low: str) -> int:
    """The innermost HTTP status, which stands last; 0 without."""
    status = 0
    for found in _NUMBER.finditer(low):
        start, end = found.span()
        if start and (low[start - 1].isalnum() or low[start - 1] in "._-"):
            continue
        if _HOPED_FOR.search(low, max(0, start - 27), start):
            continue  # the code that was hoped for
        after = low[end : end + _AROUND]
        if (
            after.startswith(_FOLLOWED)
            or _BODY_FOLLOWS.match(after)
            or after.lstrip(" :,-").startswith(_PHRASES.get(int(found[0]), ()))
            or _INTRODUCED.search(low[max(0, start - _AROUND) : start])
        ):
            status = int(found[0])
    return status


def _names(low: str) -> Iterator[str]:
    if ":" in low or "=" in low:
        for found in _PAIR.finditer(low):
            yield found[2]
    if "occurred (" in low or "(code " in low:
        for found in _CALLED.finditer(low):
            yield found[1] or found[2]


def _numbered(low: str) -> Iterator[str]:
    """Names for the numbers of the operating system and of cURL."""
    if "err" in low or "code=-" in low or "(1" in low:
        for found in _ERRNO.finditer(low):
            number = int(found[1] or found[2] or found[3])
            # libuv negates the numbers of POSIX.
            name = _ERRNO_NAMES.get(number)
            if name is None and number < _RESOLVER_LAST:
                name = _ERRNO_NAMES.get(-number)
            if name is not None:
                yield name
    if "errno" in low or " :" in low:
        for found in _ERRNO_WORD.finditer(low):
            yield found[1] or found[2]
    if "curl" in low:
        for number in _CURL.findall(low):
            yield f"curl_{number}"
