"""Judge a decoded object: is it a provider's event, an HTTP answer, an SMTP reply, an error?

Objects reach us wrapped: in a log record, an SDK's `{data, error}`, an HTTP client's exception, a
queue's envelope, JSON inside a JSON string. The wrapping is taken off from the outside in.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import (
    DeliveryStatus,
    Evidence,
    HttpAnswer,
    Raised,
    SdkError,
    Seen,
    SmtpReply,
)
from mailproof.explain.events import events_in
from mailproof.explain.literals import Unreadable, read_literal

__all__ = ["case_in", "inner_texts", "seen_in", "traces", "written"]

_DEPTH_MAX: Final = 8
_BRANCHES_MAX: Final = 60
_ERRNO: Final = re.compile(
    r"(?:E[A-Z0-9]{3,}|ERR_[A-Z_0-9]+|UND_ERR_[A-Z_]+|CERT_[A-Z_]+|[A-Z]+_[A-Z_]+)"
)
_EXCEPTION: Final = re.compile(r"[\w.$\\:]*(?:Error|Exception|Timeout)")

# nodemailer's `command` tells the stage; a bare `CONN` is the greeting.
_STAGES: Final = (
    ("AUTH", "auth"), ("MAIL", "mail"), ("RCPT", "rcpt"), ("DATA", "end-of-data"),
    ("STARTTLS", "starttls"), ("EHLO", "ehlo"), ("HELO", "ehlo"), ("CONN", "connect"),
)  # fmt: skip
_ERROR_STATUS: Final = range(400, 600)
_LOG_KEYS: Final = frozenset(
    "level severity loglevel log_level levelname lvl logger channel time timestamp @timestamp ts"
    " stream kubernetes hostname pid".split()
)
_BEFORE_WRITING: Final = frozenset({"connect", "getaddrinfo"})
_TRACES: Final = (
    "exc_info", "exception", "stack_trace", "stacktrace", "stackTrace", "traceback", "stack",
    "exc_text", "error.stack_trace", "trace",
)  # fmt: skip
_LOG_TEXTS: Final = (
    *_TRACES, "error.message", "err", "error", "log", "textPayload", "MESSAGE",
    "message", "msg", "event", "body", "response", "Message",
)  # fmt: skip


def seen_in(tree: Any) -> list[Seen]:
    """What an object shows: no more than one failure, but each event of a list of events."""
    for node in (tree, *_nodes(tree)):
        if events := events_in(node):
            return list(events)
    for judge in _JUDGES:
        for node in _nodes(tree):
            if (seen := judge(node)) is not None:
                return [seen]
    return []


def traces(tree: Any) -> Iterator[str]:
    """The traces in an object: they tell the causes, the message beside only the outermost."""
    for node in _nodes(tree):
        for key in _TRACES:
            value = node.get(key)
            if isinstance(value, list) and value and all(isinstance(line, str) for line in value):
                value = "\n".join(value)
            if isinstance(value, str) and "\n" in value:
                yield value


def inner_texts(tree: Any) -> Iterator[str]:
    """The strings of a log record in which a failure may be told in words, most exact first."""
    nodes = list(_nodes(tree))
    for key in _LOG_TEXTS:
        for node in nodes:
            value = node.get(key)
            if isinstance(value, str) and value.strip():
                yield value


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every object within, outermost first; objects in strings too."""
    level: list[Any] = [tree]
    for _ in range(_DEPTH_MAX):
        below: list[Any] = []
        for node in level[:_BRANCHES_MAX]:
            if isinstance(node, dict):
                yield node
                below.extend(_children(node))
            elif isinstance(node, (list, tuple)):
                below.extend(node[:_BRANCHES_MAX])
        level = below


def _children(node: dict[str, Any]) -> Iterator[Any]:
    for value in node.values():
        if isinstance(value, (dict, list, tuple)):
            yield value
        elif isinstance(value, str) and (inner := value.lstrip())[:1] in ("{", "["):
            try:
                yield read_literal(inner, 0)[0]
            except Unreadable:
                continue


def case_in(tree: Any) -> Evidence | None:
    """A line of a case file, or the evidence that `--json` printed; None if it is neither."""
    if not isinstance(tree, dict):
        return None
    case = tree.get("evidence", tree)
    if not isinstance(case, dict) or not isinstance(channel := case.get("channel"), str):
        return None
    inner = case.get("input")
    fields = inner if isinstance(inner, dict) else case
    known = {key: case[key] for key in ("provider", "context") if case.get(key)}
    try:
        return msgspec.convert(
            {"seen": {**fields, "channel": channel}, **known}, Evidence, strict=False
        )
    except (msgspec.ValidationError, TypeError):
        return None


def _smtp(node: dict[str, Any]) -> Seen | None:
    """nodemailer: `{code: 'EAUTH', response: '535 …', responseCode: 535, command: 'AUTH …'}`."""
    code = node.get("responseCode", node.get("smtp_code", node.get("smtpCode")))
    reply = node.get("response", node.get("smtp_error", node.get("message")))
    if not isinstance(code, int) or not isinstance(reply, str) or not 200 <= code <= 599:
        return None
    command = str(node.get("command") or "").upper()
    stage = next((stage for verb, stage in _STAGES if command.startswith(verb)), "")
    return SmtpReply(code, reply_text(reply, code), stage)


def reply_text(reply: str, code: int) -> str:
    """Take the basic code off each line of a reply."""
    return re.sub(rf"(?m)^(?:.*?\b)??{code}[ -]", "", reply, count=0).strip() or reply


def _http(node: dict[str, Any]) -> Seen | None:
    """An answer as HTTP clients print it: a status beside headers or a body."""
    status = _status(node)
    inner = node.get("response")
    if not status and isinstance(inner, dict) and isinstance(code := node.get("code"), int):
        # SendGrid's `ResponseError`: the status is its code, the answer lies beside it.
        return _http({"status": code, **inner})
    headers = node.get("headers")
    body = next((node[key] for key in ("data", "body", "_body", "text") if node.get(key)), None)
    if not status or (body is None and not isinstance(headers, dict)):
        return None
    if body is None and not {"url", "statusText", "status_text", "ok"} & node.keys():
        return None
    if isinstance(body, dict) and "_readableState" in body:  # a stream, not what it carried
        body = None
    return HttpAnswer(status, _headers(headers), "" if body is None else body)


def _status(node: dict[str, Any]) -> int:
    for key in ("status", "statusCode", "status_code", "StatusCode"):
        value = node.get(key)
        if isinstance(value, str) and value[:3].isdecimal():
            value = int(value[:3])
        if isinstance(value, int) and 100 <= value <= 599:
            return value
    return 0


def _headers(headers: Any) -> dict[str, str]:
    if not isinstance(headers, dict):
        return {}
    return {str(name).lower(): str(value) for name, value in headers.items()}


def _raised(node: dict[str, Any]) -> Seen | None:
    """An exception as an object: a class name or an errno name, and no answer of anybody's."""
    name = next(
        (
            node[key]
            for key in ("name", "type", "class", "@class", "errorType")
            if _is_name(node.get(key))
        ),
        "",
    )
    code = node.get("code", node.get("errno"))
    code = code if isinstance(code, str) and _ERRNO.fullmatch(code) else None
    message = node.get("message", node.get("msg", node.get("errorMessage", "")))
    if not (name or code) or not isinstance(message, str) or _answered(node):
        return None
    if not (code or node.get("stack") or node.get("cause") or node.get("syscall") or message):
        return None
    cause = node.get("cause")
    inner = _raised(cause) if isinstance(cause, dict) else None
    return Raised(
        type=str(name or code),
        message=message,
        code=code if name else None,
        cause=inner if isinstance(inner, Raised) else None,
        request_written=written(node),
    )


def written(error: Mapping[str, Any]) -> bool | None:
    """Node says what it was at: what fails in connecting has written nothing."""
    syscall = error.get("syscall")
    at_connecting = (isinstance(syscall, str) and syscall in _BEFORE_WRITING) or (
        error.get("command") == "CONN"
    )
    return False if at_connecting else None


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and _EXCEPTION.fullmatch(value) is not None


def _answered(node: dict[str, Any]) -> bool:
    inner = (node, *(value for value in node.values() if isinstance(value, dict)))
    return any(
        _status(each) or "httpStatusCode" in each or each.get("code") in _ERROR_STATUS
        for each in inner
    )


def _error(node: dict[str, Any]) -> Seen | None:
    """An SDK's error object, or the body of an answer whose status nobody wrote down."""
    if _LOG_KEYS & {key.lower() for key in node} and not _status(node):
        return None  # a log record: the failure is in one of its fields
    error = node.get("error", node.get("err"))
    if isinstance(error, dict) and _error_fields(error):
        return None  # `{data: null, error: {…}}`: the next node is the one
    return SdkError(node) if _error_fields(node) else None


def _error_fields(node: dict[str, Any]) -> bool:
    keys = {key.lower().replace("_", "") for key in node}
    named = bool(
        keys & {"name", "code", "statuscode", "status", "errorcode", "type", "id", "title"}
    )
    worded = bool(keys & {"message", "msg", "errormessage", "detail", "description", "error"})
    if keys & {"errors", "__type", "errorcode", "errormessage", "suggestedaction"}:
        return True
    if isinstance(node.get("Error"), dict) or isinstance(node.get("error"), str):
        return True
    return worded and (named or len(keys) <= 2)


def _delivery(node: dict[str, Any]) -> Seen | None:
    diagnostic = node.get(
        "diagnosticCode", node.get("diagnostic_code", node.get("Diagnostic-Code"))
    )
    if not isinstance(diagnostic, str):
        return None
    return DeliveryStatus(
        action=str(node.get("action") or ""),
        status=str(node.get("status") or ""),
        diagnostic=diagnostic,
    )


# Asked in this order over the whole object: what is exact beats what stands further outside.
_JUDGES: Final[tuple[Callable[[dict[str, Any]], Seen | None], ...]] = (
    _smtp,
    _http,
    _delivery,
    _raised,
    _error,
)
