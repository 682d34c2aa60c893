"""What was seen at an attempt, in the shape it was seen in: lines whose faults are marked."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import (
    DeliveryStatus,
    Event,
    HttpAnswer,
    Raised,
    SdkError,
    Seen,
    SmtpReply,
)

__all__ = ["Piece", "decoded", "laid_out", "quoted"]

_HTTP_BAD: Final = 400
_SMTP_BAD: Final = 400
# Characters of what is quoted in a line of the timeline.
_QUOTED_MAX: Final = 160
# Where providers put their sentence, in the order in which it is looked for.
_MESSAGES: Final = ("message", "Message", "error", "ErrorMessage", "detail", "errors", "title")


class Piece(msgspec.Struct, frozen=True):
    """A piece of text. `tone`: bad, dim, or empty."""

    text: str
    tone: str = ""


def laid_out(seen: Seen, words: Mapping[str, str]) -> list[Piece]:
    """All that was seen. `words`: those of `[seen]`. Holds what the evidence holds: redacted."""
    return list(_pieces(seen, words))


def decoded(seen: Seen) -> Seen:
    """A body that was kept as text, though it is JSON, as its fields."""
    if not isinstance(seen, HttpAnswer) or not isinstance(seen.body, str):
        return seen
    try:
        return msgspec.structs.replace(seen, body=msgspec.json.decode(seen.body))
    except msgspec.DecodeError:  # it is no JSON: the text is the evidence
        return seen


def quoted(seen: Seen) -> tuple[str, str]:
    """The number or name that was answered, and the sentence; either may be empty."""
    match decoded(seen):
        case HttpAnswer(status=status, body=body):
            return (str(status) if status else "", _short(_message(body)))
        case SmtpReply(code=code, reply=reply):
            return (str(code) if code else "", _short(reply))
        case Raised(type=type_, message=message, code=code):
            return (type_ or str(code or ""), _short(message))
        case SdkError(error=error):
            return ("", _short(_message(error)))
        case Event(event=event):
            return ("", _short(_message(event)))
        case DeliveryStatus(status=status, diagnostic=diagnostic):
            return (status, _short(diagnostic))


def _pieces(seen: Seen, words: Mapping[str, str]) -> Iterator[Piece]:
    match seen:
        case HttpAnswer(status=status, headers=headers, body=body):
            yield Piece(f"{words['http']} ", "dim")
            yield Piece(str(status), "bad" if status >= _HTTP_BAD else "")
            for name, value in headers.items():
                yield Piece(f"\n{name}: ", "dim")
                yield Piece(value)
            if body not in ("", None):
                yield Piece(f"\n\n{_text(body)}")
        case SmtpReply(code=code, reply=reply, stage=stage):
            at = f" {words['stage'].format(stage=stage)}" if stage else ""
            yield Piece(f"{words['smtp']}{at} ", "dim")
            yield Piece(str(code), "bad" if code >= _SMTP_BAD else "")
            yield Piece(f" {reply}")
        case Raised():
            yield from _raised(seen, words)
        case SdkError(error=error):
            yield Piece(f"{words['sdk']}\n", "dim")
            yield Piece(_text(error))
        case Event(event=event):
            yield Piece(f"{words['webhook']}\n", "dim")
            yield Piece(_text(event))
        case DeliveryStatus():
            yield Piece(words["dsn"], "dim")
            for name, value in msgspec.structs.asdict(seen).items():
                if value:
                    yield Piece(f"\n{name}: ", "dim")
                    yield Piece(value, "bad" if name == "status" else "")


def _raised(seen: Raised, words: Mapping[str, str]) -> Iterator[Piece]:
    yield Piece(f"{words['exception']} ", "dim")
    raised: Raised | None = seen
    while raised is not None:
        code = "" if raised.code is None else f" [{raised.code}]"
        yield Piece(f"{raised.type}{code}", "bad")
        if raised.message:
            yield Piece(f": {raised.message}")
        if raised.cause is not None:
            yield Piece(f"\n{words['caused_by']} ", "dim")
        raised = raised.cause
    if seen.request_written is not None:
        yield Piece(f"\n{words['written' if seen.request_written else 'not_written']}", "dim")


def _message(body: Any, depth: int = 0) -> str:
    """The sentence in an answer, wherever its provider puts it."""
    if isinstance(body, str):
        return body
    if isinstance(body, list) and body:
        return _message(body[0], depth + 1)
    if isinstance(body, Mapping) and depth < 4:
        for name in _MESSAGES:
            if body.get(name):
                return _message(body[name], depth + 1)
    return "" if depth else _text(body)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTED_MAX else f"{line[: _QUOTED_MAX - 1]}…"
