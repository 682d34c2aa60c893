"""Stack traces and their chains of causes: Python, JVM, .NET, PHP, Ruby, Go."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from mailproof.diagnosis.evidence import Raised, SmtpReply
from mailproof.explain.found import Found
from mailproof.explain.literals import ERROR_NAME
from mailproof.explain.smtp_text import stage_named

__all__ = [
    "go_panics",
    "php_errors",
    "php_logs",
    "python_traces",
    "rails_errors",
    "ruby_errors",
    "stacks",
]

_MESSAGE_MAX: Final = 8_000
_CHAIN_MAX: Final = 10
_HEAD_LINES_MAX: Final = 30  # lines of one message, above its first frame

_PYTHON: Final = re.compile(
    r"^(?P<in>[ \t|+-]{0,24})Traceback \(most recent call last\):[^\n]*+\n"
    r"(?P<frames>(?:(?>(?P=in)[ \t][^\n]*+\n|[ \t|]{0,24}\n)){1,400})"
    r"(?P=in)(?P<type>[A-Za-z_][\w.]{0,200})"
    r"(?:: (?P<message>[^\n]*+"
    r"(?:\n(?!\s*\n|[ \t|+-]{0,24}Traceback|\[?\d{4}-\d\d|[A-Z]{4,8}\b)[^\n]*+){0,40}))?",
    re.MULTILINE,
)
_PYTHON_LINK: Final = re.compile(
    r"\s{0,40}(?:\|\s{0,40})?(?:The above exception was the direct cause of"
    r"|During handling of the above exception,)[^\n]*\n(?:\s*\n)?"
)

# A copy that begins below the first header: the frames that are left, the cause, and the link.
_ORPHAN: Final = re.compile(
    r"(?:^|\n)(?P<frames>(?>[ \t][^\n]+\n)*)(?P<type>[A-Za-z_][\w.]{0,200})"
    r"(?:: (?P<message>[^\n]*))?\n\s*\n"
    r"(?:The above exception was the direct cause of|During handling of the above)[^\n]*\s+$"
)
_ORPHAN_MAX: Final = 4_000

_HEAD: Final = re.compile(rf"(?P<type>{ERROR_NAME})(?: \(\w+\))?(?:: ?(?P<message>.*))?", re.DOTALL)
_FRAME: Final = re.compile(r"\n[ \t]+at (?=\S)")
_FRAMES: Final = re.compile(
    r"(?:\n[ \t]+(?:at |\.\.\. \d|--- End of|Suppressed:)[^\n]*+|\n--- End of[^\n]*+)++"
)
_CAUSED_BY: Final = re.compile(r"\n[ \t]*Caused by: ")
_INNER: Final = re.compile(r"\n? ---> ")  # .NET writes the chain before the frames
_NEST_MAX: Final = 40
_NESTED: Final = re.compile(r"[;.]? nested exception is:?\s*(?:class )?")

_PHP: Final = re.compile(
    rf"(?P<type>{ERROR_NAME})(?:: |\(code: [\w-]+\): )(?P<message>.{{0,1500}}?)"
    r" (?:in|at) (?:/|[A-Z]:\\)[^\n]{1,300}?\.php(?:[:(]\d+| on line \d+)\)?",
    re.DOTALL,
)
# Laravel and Symfony log what the server answered, and behind it the exception once more.
_MONOLOG: Final = re.compile(
    r"^\[\d{4}-\d\d-\d\d[^\]\n]{0,30}\] [\w.-]{1,40}\.[A-Z]{4,9}: (?P<told>[^\n]{0,4000}?"
    r"with message \"(?P<code>[45]\d\d)[ -](?P<reply>[^\n]{0,2000}?)\"(?:[. ]|$))[^\n]*",
    re.MULTILINE,
)
_RUBY: Final = re.compile(
    r"\.rb:\d{1,6}:in [`'][^'\n]{1,120}': (?P<message>.{0,1500}?)"
    r" \((?P<type>[A-Z]\w*(?:::\w+)+|[A-Z]\w*Error)\)",
    re.DOTALL,
)
_RAILS: Final = re.compile(
    r"^(?P<type>[A-Z]\w*(?:::\w+)+) \((?P<message>[^\n]{0,2000})\):?$", re.MULTILINE
)
_GO: Final = re.compile(r"^panic: (?P<message>[^\n]+)(?=\n+goroutine \d+)", re.MULTILINE)

# Which frames show that the request had been written, or could not have been: the functions of
# CPython's http.client, smtplib, socket, ssl and of urllib3, httpcore, asyncio.
_WRITTEN: Final = re.compile(
    r"(?:in |\.)(?:getresponse|_read_status|_?receive_response_headers)\b|in (?:begin|data)\b"
)
_NOT_WRITTEN: Final = re.compile(
    r"in (?:create_connection|connect|_get_socket|_new_conn|getaddrinfo|do_handshake|wrap_socket"
    r"|starttls|ehlo|login|connect_tcp|start_tls|_(?:wrap_)?create_connection|_connect_sock)\b"
)


def python_traces(text: str) -> Iterator[Found]:
    """Each traceback with those it is linked to."""
    chain: list[tuple[Raised, int]] = []
    end = -1
    for block in _PYTHON.finditer(text):
        if chain and not _PYTHON_LINK.fullmatch(text, end, block.start()):
            yield _chained(chain, end)
            chain = []
        message = block["message"] or ""
        link = _PYTHON_LINK.search(message)
        message = message[: link.start()] if link else message
        raised = Raised(
            block["type"], message.strip()[:_MESSAGE_MAX], request_written=_written(block["frames"])
        )
        if not chain:
            chain.extend(_orphan(text, max(0, end), block.start()))
        chain.append((raised, block.start()))
        end = block.start("message") + link.start() if link else block.end()
    if chain:
        yield _chained(chain, end)


def _orphan(text: str, floor: int, end: int) -> Iterator[tuple[Raised, int]]:
    """The cause of a traceback, where its own header was not copied."""
    floor = max(floor, end - _ORPHAN_MAX)
    if cause := _ORPHAN.search(text[floor:end]):
        message = (cause["message"] or "").strip()
        raised = Raised(cause["type"], message, request_written=_written(cause["frames"]))
        yield raised, floor + cause.start()


def _written(frames: str) -> bool | None:
    answered, connecting = _last(_WRITTEN, frames), _last(_NOT_WRITTEN, frames)
    if answered == connecting:
        return None
    return answered > connecting


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((hit.start() for hit in pattern.finditer(text)), default=-1)


def _chained(chain: list[tuple[Raised, int]], end: int) -> Found:
    """Python prints the cause first and what was raised last."""
    outer: Raised | None = None
    written = chain[0][0].request_written
    for raised, _ in chain[-_CHAIN_MAX:]:
        outer = Raised(raised.type, raised.message, cause=outer, request_written=written)
    return Found(chain[0][1], end, outer or Raised(), "exception")


def stacks(text: str) -> Iterator[Found]:
    """`Type: message`, frames that begin with `at`, `Caused by: …`: the JVM, .NET, their like."""
    done = 0
    for frame in _FRAME.finditer(text):
        if frame.start() < done:
            continue
        begin = _head_of(text, done, frame.start())
        heads = _INNER.split(text[begin : frame.start()]) if begin >= 0 else []
        done = _end_of(_FRAMES, text, frame.start())
        while heads and (cause := _CAUSED_BY.match(text, done)):
            message_end = _next(_FRAME, text, cause.end())
            heads.append(text[cause.end() : message_end])
            done = _end_of(_FRAMES, text, message_end)
        if raised := _linked(heads):
            yield Found(begin, done, raised, "exception")


def _head_of(text: str, floor: int, frame: int) -> int:
    """Where the exception begins that the frame belongs to; -1 if no line above names one."""
    end = frame
    for _ in range(_HEAD_LINES_MAX):
        begin = text.rfind("\n", floor, end) + 1 or floor
        inner = text.startswith(" --->", begin) or _NESTED.search(text, begin - _NEST_MAX, begin)
        if (head := _HEAD.search(text, begin, end)) and not inner:
            return head.start()
        if begin <= floor:
            break
        end = begin - 1
    return -1


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    hit = pattern.match(text, at)
    return hit.end() if hit else at


def _next(pattern: re.Pattern[str], text: str, at: int) -> int:
    """A cause ends at its first frame, and without frames at the end of its line."""
    hit = pattern.search(text, at)
    line_end = text.find("\n", at)
    line_end = len(text) if line_end < 0 else line_end
    return hit.start() if hit and hit.start() - at < _MESSAGE_MAX else line_end


def _linked(heads: Sequence[str]) -> Raised | None:
    raised: Raised | None = None
    # JavaMail tells a cause in the message, and once more as `Caused by` if it was one.
    told = [piece for head in heads[:_CHAIN_MAX] for piece in _NESTED.split(head)]
    for head in reversed(told):
        if hit := _HEAD.search(head):
            message = (hit["message"] or "").strip()[:_MESSAGE_MAX]
            if raised is None or (raised.type, raised.message) != (hit["type"], message):
                raised = Raised(hit["type"], message, cause=raised)
    return raised


def php_logs(text: str) -> Iterator[Found]:
    """A line of Monolog that quotes the server's reply: it says more than the exception behind."""
    for hit in _MONOLOG.finditer(text) if "with message" in text else ():
        seen = SmtpReply(int(hit["code"]), hit["reply"].strip(), stage_named(hit["told"]))
        yield Found(hit.start(), hit.end(), seen, "sentence")


def _single(pattern: re.Pattern[str], needs: str) -> Callable[[str], Iterator[Found]]:
    """A recogniser of one pattern. `needs` must be in the text for the pattern to be tried."""

    def find(text: str) -> Iterator[Found]:
        for hit in pattern.finditer(text) if needs in text else ():
            kind = hit.groupdict().get("type") or "panic"
            raised = Raised(kind, hit["message"].strip()[:_MESSAGE_MAX])
            yield Found(hit.start(), hit.end(), raised, "exception")

    return find


php_errors: Final = _single(_PHP, ".php")
ruby_errors: Final = _single(_RUBY, ".rb:")
rails_errors: Final = _single(_RAILS, "::")
go_panics: Final = _single(_GO, "goroutine")
