"""`explain --jsonl`: a case per line in, a failure per line out, thousands a second.

A line is decoded straight into the evidence it holds; what comes in together goes out together.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import msgspec

from mailproof.diagnosis.evidence import (
    Context,
    DeliveryStatus,
    Event,
    Evidence,
    HttpAnswer,
    Raised,
    SdkError,
    SmtpReply,
)
from mailproof.diagnosis.guidance import OperatorLanguage
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.diagnosis.report import report
from mailproof.providers.diagnose import diagnose

__all__ = ["Explainer", "explain_lines"]

_BLOCK: Final = 1 << 16  # bytes read and written at once
_LINE_MAX: Final = 64 << 20  # bytes; mails end at 40 MB, so what is longer is no case
_NO_CONTEXT: Final = Context()


class _Case(msgspec.Struct, frozen=True, kw_only=True, tag_field="channel"):
    """What all cases have. `id` is handed back as it came."""

    id: msgspec.Raw = msgspec.Raw(b"null")
    provider: str | None = None
    context: Context | None = None


class _HttpCase(_Case, frozen=True, kw_only=True, tag_field="channel", tag="http"):
    input: HttpAnswer


class _SmtpCase(_Case, frozen=True, kw_only=True, tag_field="channel", tag="smtp"):
    input: SmtpReply


class _ExceptionCase(_Case, frozen=True, kw_only=True, tag_field="channel", tag="exception"):
    input: Raised


class _SdkCase(_Case, frozen=True, kw_only=True, tag_field="channel", tag="sdk"):
    input: SdkError


class _EventCase(_Case, frozen=True, kw_only=True, tag_field="channel", tag="webhook"):
    input: Event


class _DeliveryCase(_Case, frozen=True, kw_only=True, tag_field="channel", tag="dsn"):
    input: DeliveryStatus


AnyCase = _HttpCase | _SmtpCase | _ExceptionCase | _SdkCase | _EventCase | _DeliveryCase

_decode: Final = msgspec.json.Decoder(AnyCase, strict=False).decode
_encode: Final = msgspec.json.Encoder().encode


class _Named(msgspec.Struct):
    id: msgspec.Raw = msgspec.Raw(b"null")


class Explainer:
    """Answers lines, and remembers whether one of them was no case."""

    def __init__(self, language: OperatorLanguage, *, provider: str = "") -> None:
        self._language = language
        self._provider = provider
        self._number = 0
        self.any_bad = False

    def answer(self, line: bytes) -> bytes:
        """The failure in a line, or `{"id", "error"}`; empty for a blank line."""
        self._number += 1
        if not line.strip():
            return b""
        try:
            case = _read(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self.any_bad = True
            return _spliced(_id_of(line), _encode({"error": self._complaint(error)}))
        provider = self._provider or case.provider or "unknown"
        evidence = Evidence(case.input, provider, case.context or _NO_CONTEXT)
        return _spliced(bytes(case.id), _encode(report(diagnose(evidence), self._language)))

    def _complaint(self, error: Exception) -> str:
        return redact_text(
            f"line {self._number} is no case: {error}. Write one JSON object per line with"
            " `channel` (http, smtp, exception, sdk, webhook or dsn) and `input`."
        )


def _read(line: bytes) -> AnyCase:
    case: AnyCase
    try:
        case = _decode(line)
    except msgspec.ValidationError:
        # Optional fields that somebody wrote down as null: leave them out and look again.
        case = msgspec.convert(_without_nulls(msgspec.json.decode(line)), AnyCase, strict=False)
    bytes(case.id).decode()  # it is handed back as it came, and nobody has looked at it yet
    return case


def _without_nulls(case: Any) -> Any:
    if not isinstance(case, dict) or not isinstance(fields := case.get("input"), dict):
        return case
    kept = {key: value for key, value in fields.items() if value is not None or key == "error"}
    if isinstance(headers := kept.get("headers"), dict):
        kept["headers"] = {str(key): _text(value) for key, value in headers.items()}
    named = msgspec.Raw(_encode(case.get("id")))
    return {**case, "id": named, "input": kept}


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _id_of(line: bytes) -> bytes:
    try:
        name = bytes(msgspec.json.decode(line, type=_Named).id)
        name.decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return b"null"
    return name


def _spliced(name: bytes, fields: bytes) -> bytes:
    return b'{"id":' + name + b"," + fields[1:] + b"\n"


def explain_lines(source: BinaryIO, target: BinaryIO, explainer: Explainer) -> None:
    """Answer everything that `source` yields; each block of it at once, in order.

    `target` is flushed after each block, so whoever writes line by line is answered line by line.
    """
    for lines in _blocks(source):
        target.write(b"".join(map(explainer.answer, lines)))
        target.flush()


def _blocks(source: BinaryIO) -> Iterator[list[bytes]]:
    read = getattr(source, "read1", source.read)
    rest = b""
    while block := read(_BLOCK):
        *lines, rest = (rest + block).split(b"\n") if rest else block.split(b"\n")
        if len(rest) > _LINE_MAX:
            lines, rest = [*lines, rest[:_BLOCK]], b""
        if lines:
            yield lines
    if rest:
        yield [rest]
