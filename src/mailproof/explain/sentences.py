"""What is left when no structure was found: a sentence of somebody's, an exception's last line."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import Raised, SdkError
from mailproof.explain.found import Found
from mailproof.explain.literals import ERROR_NAME

__all__ = ["exception_lines", "speaks_of_failure", "telling_lines"]

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
    r"error|fail|refus|reject|denied|invalid|unauthor|forbidden"
    r"|not (?:verified|allowed|found|permitted|active)|time(?:d )?out|timeout|not work|n't work"
    r"|wrong|problem|trouble|bounce|blocked|suspend|exceed|limit|expired|unable|could not|cannot"
    r"|unverified|错误|失败|拒绝|无效|超时|未验证|超过|限制|禁止|退信|异常|问题|不了|不能|收不到|没收到",
    re.IGNORECASE,
)
_ABOUT_MAIL: Final = re.compile(
    r"(?<![@\w.-])(?:e-?mails?|mails?|smtp|bounced?|dkim|dmarc|spf|mx|resend|sendgrid|mailgun)\b"
    r"|邮件|发信|收信|邮箱",
    re.IGNORECASE,
)


def speaks_of_failure(text: str) -> bool:
    """Is there a word of failing, or of mail, which somebody may have pasted because it failed?"""
    return _TELLING.search(text) is not None or _ABOUT_MAIL.search(text) is not None


def exception_lines(text: str) -> Iterator[Found]:
    """`Class: message` or a line with an errno name, without the stack it came with."""
    at = 0
    last: Found | None = None
    announced = False  # JavaMail: `nested exception is:`, and the cause on the next line
    for line in text.splitlines(keepends=True):
        found = _exception(line, at)
        if found and last and announced:
            last = _with_cause(last, found)
        elif found:
            if last:
                yield last
            last = found
        announced = line.rstrip().endswith("nested exception is:")
        at += len(line)
    if last:
        yield last


def _exception(line: str, at: int) -> Found | None:
    if hit := _CLASS.search(line):
        raised = Raised(hit["type"], hit["message"].strip()[:_MESSAGE_MAX], code=hit["code"])
    elif hit := _ERRNO.search(line):
        raised = Raised(hit["type"], line.strip()[:_MESSAGE_MAX])
    else:
        return None
    return Found(at, at + len(line), raised, "exception")


def _with_cause(outer: Found, inner: Found) -> Found:
    seen = outer.seen
    if not isinstance(seen, Raised) or not isinstance(inner.seen, Raised):
        return inner
    return Found(outer.start, inner.end, Raised(seen.type, seen.message, inner.seen), "exception")


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
