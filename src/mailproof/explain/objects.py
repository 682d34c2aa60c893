"""Objects anywhere in text: JSON bodies, log lines, dumps of Node, Python, Ruby."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from mailproof.diagnosis.evidence import Event, HttpAnswer, Raised, SdkError, Seen, SmtpReply
from mailproof.explain.found import Found
from mailproof.explain.literals import ERROR_NAME, Unreadable, read_error, read_literal
from mailproof.explain.trees import case_in, inner_texts, seen_in, traces, written

__all__ = ["loose_fields", "node_errors", "objects"]

_TRIES_MAX: Final = 2_000
_BEFORE_MAX: Final = 80  # characters in which a status in front of an object is looked for
# Forty brackets in a row open nothing that anybody printed, and each would be read by itself.
_OPENING: Final = re.compile(r"[{\[](?!(?:\s?\[){40})(?=\s*[\"'{\w$:\[\]}])")
# A status in front of a body: `403 {…}`, `HTTP 403: {…}`, `status code 401, body: {…}`.
_STATUS_BEFORE: Final = re.compile(
    r"(?:^|[\s:=(\[,'\"])([1-5]\d\d)"
    r"(?:[\s)\]:,'\"-]|[A-Z][A-Za-z]{1,20}+|[Bb]ody|[Rr]esponse|text|with|message){0,8}$"
)
_HEAD: Final = re.compile(rf"\[?{ERROR_NAME}|^[A-Z][a-z]+[A-Z]\w{{2,60}}(?=: )", re.MULTILINE)
# Java and .NET print `at Class.method(…)`, Node `at method (…)`.
_OTHER_FRAME: Final = re.compile(r"\n\s+at [\w.$/@<>`\[\],]+\(")
_CAUSES: Final = (
    "cause",
    "error",
    "err",
    "originalError",
    "innerError",
    "previous",
    "aggregateErrors",
)

# pino and verror print the cause below the frames, as Java does.
_CAUSED_BY: Final = re.compile(r"\n[ \t]*caused by: ", re.IGNORECASE)
_FIELDS: Final = re.compile(
    r"(?:^[ \t]+[\w$]{2,30}: (?:'[^'\n]*'|-?\d+|[a-z]{4,9}|\[[^\n\]]*\])(?:,|$)[ \t]*\n?){2,40}",
    re.MULTILINE,
)

Read = Callable[[str], Iterable[Found]]


def objects(text: str, read: Read) -> Iterator[Found]:
    """Find what was printed as an object; `read` reads the sentences within a log record."""
    at = tries = 0
    while tries < _TRIES_MAX and (opening := _OPENING.search(text, at)):
        tries += 1
        at = opening.end()
        try:
            tree, end = read_literal(text, opening.start())
        except Unreadable:
            continue
        if not _is_object(tree):
            continue
        if case := case_in(tree):
            yield Found(opening.start(), end, case.seen, "object", case.context, case.provider)
            at = end
            continue
        status = _STATUS_BEFORE.search(text, max(0, opening.start() - _BEFORE_MAX), opening.start())
        found = _seen(tree, read)
        if status and len(found) == 1 and isinstance(found[0], SdkError):
            yield Found(status.start(1), end, HttpAnswer(int(status[1]), {}, tree), "object")
        else:
            yield from (Found(opening.start(), end, seen, _shape(seen)) for seen in found)
        at = end


def _is_object(tree: Any) -> bool:
    if isinstance(tree, list):
        return any(isinstance(item, dict) for item in tree)
    return isinstance(tree, dict) and bool(tree)


def _seen(tree: Any, read: Read) -> list[Seen]:
    if found := seen_in(tree):
        return [_deeper(tree, found[0], read)] if len(found) == 1 else found
    for text in inner_texts(tree):
        if inner := list(read(text)):
            return [each.seen for each in inner]
    return []


def _deeper(tree: Any, seen: Seen, read: Read) -> Seen:
    """What the trace beside an error tells, if that is more: a cause, or somebody's answer."""
    if not isinstance(seen, (Raised, SdkError)):
        return seen
    for trace in traces(tree):
        for inner in reversed([each.seen for each in read(trace)]):
            if isinstance(inner, (SmtpReply, HttpAnswer)):
                return inner
            if isinstance(seen, Raised) and isinstance(inner, Raised) and _tells_more(inner, seen):
                return inner
    return seen


def _tells_more(inner: Raised, seen: Raised) -> bool:
    return seen.cause is None and (inner.cause is not None or inner.message != seen.message)


def _shape(seen: Seen) -> str:
    match seen:
        case Raised():
            return "exception"
        case Event():
            return "event"
        case _:
            return "object"


def node_errors(text: str) -> Iterator[Found]:
    """`Error: Invalid login: 535 …`, its stack, and `{ code: 'EAUTH', … [cause]: … }` behind."""
    at = 0
    for head in _HEAD.finditer(text):
        if head.start() < at or _OTHER_FRAME.match(text, text.find("\n", head.start())):
            continue
        if text.endswith("Caused by: ", 0, head.start()):  # Java's, and a link of its chain
            continue
        try:
            read = read_error(text, head.start())
        except Unreadable:
            continue
        if read is None:
            continue
        fields, end = _with_causes(text, *read)
        if "\n" not in text[head.start() : end].strip() and len(fields) < 3:
            continue  # neither a stack nor fields: a sentence, for others to read
        at = end
        seen = seen_in(fields)
        yield Found(head.start(), end, _chain(fields, seen[0] if seen else None), "exception")


def _with_causes(text: str, fields: dict[str, Any], end: int) -> tuple[dict[str, Any], int]:
    outermost, error = fields, fields
    while cause := _CAUSED_BY.match(text, end):
        read = read_error(text, cause.end())
        if read is None:
            break
        error["cause"], end = read
        error = error["cause"]
    return outermost, end


def _chain(fields: dict[str, Any], seen: Seen | None) -> Seen:
    """Of an error and its causes, an answer beats an exception: it is what the other side said."""
    if seen is not None and not isinstance(seen, Raised):
        return seen
    return _raised(fields, 0)


def _raised(fields: dict[str, Any], depth: int) -> Raised:
    inner = next((fields[key] for key in _CAUSES if isinstance(fields.get(key), dict)), None)
    code = fields.get("code")
    return Raised(
        type=str(fields.get("name") or ""),
        message=str(fields.get("message") or ""),
        cause=_raised(inner, depth + 1) if inner and depth < 8 else None,
        code=code if isinstance(code, (str, int)) else None,
        request_written=written(fields),
    )


def loose_fields(text: str) -> Iterator[Found]:
    """The fields of a Node error whose head was not copied: lines of `code: 'ESOCKET',`."""
    for run in _FIELDS.finditer(text):
        if "code: '" not in run[0]:
            continue
        try:
            fields, _ = read_literal(f"{{{run[0].strip().rstrip('}')}}}", 0)
        except Unreadable:
            continue
        for seen in seen_in(fields):
            yield Found(run.start(), run.end(), seen, _shape(seen))
