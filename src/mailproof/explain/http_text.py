"""HTTP answers in text: `curl -i`, `curl -v`, raw answers, HTML pages, curl's own errors."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import HttpAnswer, Raised
from mailproof.explain.found import Found

__all__ = ["answers", "curl_errors", "pages", "phrases"]

_BODY_MAX: Final = 100_000
_STATUS: Final = re.compile(
    r"^(?:[<*] ?|[\w:.\[\] -]{0,40}?(?<=[ :]))?"
    r"HTTP/\d(?:\.\d)?\s+(\d{3})(?!\d)(?P<phrase>[^\n]{0,200})$",
    re.MULTILINE,
)
_HEADER: Final = re.compile(r"(?:< ?)?([A-Za-z][\w-]{0,60}): ?([^\n]*)")
_BLANK: Final = re.compile(r"(?:< ?)?[ \t]*")
# What curl says around the answer: notes, the request, transfer marks, the progress meter.
_CHATTER: Final = re.compile(
    r"(?:[*>] ?.*|[{}] \[\d+ bytes data\]|\s*%? ?Total .*|[\s\d.kMG:-]{40,}|curl: .*)"
)
_NOTE: Final = re.compile(r"\* (?:Connection #\d|Closing connection|Curl_)")

# `curl: (7) …`: the number's meaning (man curl, EXIT CODES), as the errno or class that means the
# same elsewhere, and whether the request had been written by then.
_CURL: Final = re.compile(r"^curl: \((\d{1,3})\) ?([^\n]*)", re.MULTILINE)
_CURL_CODES: Final[dict[int, tuple[str, bool | None]]] = {
    3: ("ERR_INVALID_URL", False),
    5: ("ProxyError", False),
    6: ("ENOTFOUND", False),
    7: ("ECONNREFUSED", False),
    28: ("ETIMEDOUT", None),
    35: ("SSLError", False),
    51: ("SSLCertVerificationError", False),
    52: ("RemoteDisconnected", True),
    55: ("ECONNRESET", None),
    56: ("ECONNRESET", True),
    58: ("SSLError", False),
    60: ("SSLCertVerificationError", False),
    67: ("SMTPAuthenticationError", False),
    92: ("RemoteProtocolError", True),
    97: ("ProxyError", False),
}

_PAGE: Final = re.compile(r"<!doctype html|<html[\s>]", re.IGNORECASE)
_PAGE_END: Final = re.compile(r"</html\s*>", re.IGNORECASE)
_PAGE_STATUS: Final = re.compile(
    r"<(?:title|h1)[^>]{0,80}>[^<]{0,80}?\b([45]\d\d)\b|\bError(?: code)?:? ([45]\d\d)\b",
    re.IGNORECASE,
)
_STATUS_BEFORE: Final = re.compile(
    r"(?:^|[\s:(=\[])([1-5]\d\d)(?:\s[A-Z][A-Za-z ]{1,40})?[\s:)\]]{1,6}$"
)

_PHRASE: Final = re.compile(
    r"""(?:^|(?<=[\s:(\[=,{]))(?:
      (?P<requests>[1-5]\d\d)\ (?=(?:Client|Server)\ Error:)
    | (?:GET|POST|PUT|PATCH|DELETE)\ https?://[^\s]{1,300}\ (?P<browser>[45]\d\d)\b[^\n]*
    | <?Response\ \[(?P<repr>[1-5]\d\d)(?:\ [\w ]{1,40})?\]>?
    | (?:Response\ |http_?)?Status(?:[ _]?Code)?["']?\ ?[:=]\ ?(?P<named>[1-5]\d\d)\b
    | (?P<phrase>40[0-9]|41[0-9]|422|429|431|451|50[0-8]|52\d)\ (?=
        Bad\ Request|Unauthorized|Payment\ Required|Forbidden|Not\ Found|Method\ Not\ Allowed
        |Proxy\ Authentication\ Required|Conflict|Bad\ Gateway
        |(?:Payload|Content|Request\ Entity)\ Too\ Large
        |Request\ Timeout|Unprocessable\ (?:Entity|Content)|Too\ Many\ Requests|Gateway\ Time-?out
        |Internal\ Server\ Error|Service\ (?:Temporarily\ )?Unavailable|error\ code:)
    )""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_SHORT_MAX: Final = 4_000  # characters of a body without an end mark
# Where a log line names the body. Without a name, what follows the status is all there is.
_NAMED_BODY: Final = re.compile(
    r"\b(?:body|text|content|response|data)[\"']?\s?[:=]\s?", re.IGNORECASE
)
_GREETING: Final = re.compile(r"greeting", re.IGNORECASE)


def answers(text: str) -> Iterator[Found]:
    """Whole answers, from their status line, but interim ones (1xx, a proxy's CONNECT)."""
    lines = list(_STATUS.finditer(text))
    for number, line in enumerate(lines):
        stop = lines[number + 1].start() if number + 1 < len(lines) else len(text)
        status = int(line[1])
        tunnel = status == 200 and "connection established" in line["phrase"].lower()
        if status < 200 or tunnel:
            continue
        headers, at = _headers(text, line.end() + 1, stop)
        body, end = _body(text, at, stop, marked=text.startswith("<", line.start()))
        yield Found(line.start(), end, HttpAnswer(status, headers, body), "http")


def _headers(text: str, at: int, stop: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    while at < stop:
        end = text.find("\n", at, stop)
        end = stop if end < 0 else end
        line = text[at:end]
        if header := _HEADER.fullmatch(line):
            found[header[1].lower()] = header[2].strip()
        elif _BLANK.fullmatch(line):
            return found, min(end + 1, stop)
        elif not _CHATTER.fullmatch(line):
            break  # no blank line was pasted: the body begins here
        at = end + 1
    return found, min(at, stop)


def _body(text: str, at: int, stop: int, *, marked: bool) -> tuple[str, int]:
    kept: list[str] = []
    for line in text[at : min(stop, at + _BODY_MAX)].splitlines():
        if marked and (note := _NOTE.search(line)):
            line = line[: note.start()]
        if not (_CHATTER.fullmatch(line) if marked else line.startswith("curl: (")):
            kept.append(line)
    return "\n".join(kept).strip(), stop


def curl_errors(text: str) -> Iterator[Found]:
    """What curl says when it got no answer."""
    for line in _CURL.finditer(text):
        kind, written = _CURL_CODES.get(int(line[1]), ("", None))
        if line[1] == "22":  # --fail: an answer, of which only the status is known
            status = re.search(r"\b([45]\d\d)\b", line[2])
            if status:
                yield Found(line.start(), line.end(), HttpAnswer(int(status[1])), "http")
            continue
        yield Found(
            line.start(), line.end(), Raised(kind, line[2], request_written=written), "exception"
        )


def pages(text: str) -> Iterator[Found]:
    """HTML where JSON was expected: the whole page is the evidence, its status where it says so."""
    at = 0
    while page := _PAGE.search(text, at):
        closing = _PAGE_END.search(text, page.end())
        at = closing.end() if closing else len(text)
        before = _STATUS_BEFORE.search(text[max(0, page.start() - 60) : page.start()])
        said = before or _PAGE_STATUS.search(text, page.start(), at)
        status = next((int(group) for group in said.groups() if group), 0) if said else 0
        yield Found(page.start(), at, HttpAnswer(status, {}, text[page.start() : at]), "page")


def phrases(text: str) -> Iterator[Found]:
    """An answer of which only the status is left, and what somebody wrote beside it."""
    for hit in _PHRASE.finditer(text):
        status = next(int(value) for value in hit.groups() if value)
        line = text.rfind("\n", 0, hit.start()) + 1
        # nodemailer's `Invalid greeting … HTTP/1.1 400`: an exception of SMTP, not an answer to us
        if status < 400 or _GREETING.search(text, max(line, hit.start() - 200), hit.start()):
            continue
        body = text[hit.end() : hit.end() + _SHORT_MAX].split("\n\n")[0]
        if named := _NAMED_BODY.search(body):
            body = body[named.end() :]
        body = body.strip(" :,-\n'\"")
        yield Found(hit.start(), hit.end(), HttpAnswer(status, {}, body), "status")
