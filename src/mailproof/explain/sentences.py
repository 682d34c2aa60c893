"""What is left when no structure was found: a sentence of somebody's, an exception's last line."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import Raised, SdkError
from mailproof.explain.found import Found
from mailproof.explain.literals import ERROR_NAME

__all__ = ["exception_lines", "telling_lines"]

_MESSAGE_MAX: Final = 2_000
_CLASS: Final = re.compile(
    rf"(?P<type>{ERROR_NAME}|(?<![\w$.\\])smtplib\.\w{{4,40}})"
    r"(?: \[(?P<code>\w{1,60})\])?(?:[:(]\s?)(?P<message>[^\n]*)"
)
_ERRNO: Final = re.compile(
    r"\b(?P<type>E(?:CONN[A-Z]+|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|PIPE|AUTH|SOCKET|DNS|TLS|ENVELOPE|MESSAGE|PROTOCOL"
    r"|PROTO|STREAM)|ERR_[A-Z_]{3,}|UND_ERR_[A-Z_]{3,}|CERT_[A-Z_]{3,}|DEPTH_ZERO_[A-Z_]+|UNABLE_TO_[A-Z_]+|SELF_SIGNED_[A-Z_]+)\b"
)
_TELLING: Final = re.compile(
    r"error|fail|refus|reject|denied|invalid|unauthor|forbidden|not (?:verified|allowed"
    r"|found|permitted|active)|time(?:d )?out|timeout"
    r"|bounce|blocked|suspend|exceed|limit|expired|unable|could not|cannot|unverified|错误|失败"
    r"|拒绝|无效|超时|未验证|超过|限制|禁止|退信",
    re.IGNORECASE,
)


def exception_lines(text: str) -> Iterator[Found]:
    """`Class: message` or a line with an errno name, without the stack it came with."""
    at = 0
    for line in text.splitlines(keepends=True):
        if hit := _CLASS.search(line):
            raised = Raised(hit["type"], hit["message"].strip()[:_MESSAGE_MAX], code=hit["code"])
            yield Found(at, at + len(line), raised, "exception")
        elif hit := _ERRNO.search(line):
            message = line.strip()[:_MESSAGE_MAX]
            yield Found(at, at + len(line), Raised(hit["type"], message), "exception")
        at += len(line)


def telling_lines(text: str) -> Iterator[Found]:
    """The last line that speaks of a failure, with those around it; else all that was pasted."""
    whole = text.strip()
    if not whole:
        return
    if len(whole) <= _MESSAGE_MAX:
        yield Found(0, len(text), SdkError({"message": whole}), "sentence")
        return
    lines = [line.strip() for line in whole.splitlines() if line.strip()]
    telling = [number for number, line in enumerate(lines) if _TELLING.search(line)]
    last = telling[-1] if telling else len(lines) - 1
    around = "\n".join(lines[max(0, last - 2) : last + 3])[-_MESSAGE_MAX:]
    yield Found(0, len(text), SdkError({"message": around}), "sentence")
