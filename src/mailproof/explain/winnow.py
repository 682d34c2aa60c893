"""Of a long log, read what can tell of a failure, and say what was not read.

Every character is looked at, but only for words; patterns are asked around those words alone. So
five megabytes cost little more than a screenful, wherever in them the failure stands.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

__all__ = ["WHOLE_MAX", "Winnowed", "winnowed"]

WHOLE_MAX: Final = 200_000  # characters; shorter pastes are read whole
_READ_MAX: Final = 150_000  # characters that are read of a longer one
_BEFORE: Final = 3_000  # characters around a word: a traceback begins above, a dump goes on below
_AFTER: Final = 3_000
_LINE_MAX: Final = 400  # a place begins and ends with a line, where the lines are not longer
_PLACE_MAX: Final = 40_000
_APART: Final = 300  # hints closer together are one
_QUIET_TAIL: Final = 20_000

# In lower case. No failure that `explain` knows is told without one of these.
_HINTS: Final = (
    "error", "fail", "xception", "refus", "reject", "denied", "invalid", "bounce", "timed out",
    "timeout", "deferred", "unable", "cannot", "could not", "not verified", "not allowed",
    "not found", "suspend", "exceed", "expired", "unauthor", "forbidden", "too many", "blocked",
    "traceback", "econn", "enotfound", "http/1.1 4", "http/1.1 5", "http/2 4", "http/2 5",
    "statuscode", "421 4.", "450 4.", "451 4.", "452 4.", "535 5.", "535-5.", "550 5.", "550-5.",
    "552 5.", "553 5.", "554 5.", "错误", "失败", "拒绝", "无效", "超时", "退信", "退回",
)  # fmt: skip
# Which of the places tell of mail. An address alone does not: users have one in every log.
_OF_MAIL: Final = (
    "smtp", " mail", "mailer", "sendmail", "e-mail", "resend", "sendgrid", "postmark", "mailgun",
    "brevo", "sendinblue", "mailersend", "amazonses", "sendemail", "directmail", "validation_error",
    "dsn=", "status=bounced", "status=deferred", ":587", ":465", " 550 5", " 535 5", "邮件", "发信",
)  # fmt: skip


class Winnowed(msgspec.Struct, frozen=True):
    """What of a paste is read. `places`: where it may tell of a failure; `left`: of these unread.

    `characters`: how long the paste was; 0 when it was read whole.
    """

    text: str
    characters: int = 0
    places: int = 0
    left: int = 0


def winnowed(text: str) -> Winnowed:
    """Keep the places that speak of a failure: those that name mail first, the newest first."""
    if len(text) <= WHOLE_MAX:
        return Winnowed(text)
    # The one letter whose lower case is longer would shift all positions behind it.
    low = text.replace("İ", "I").lower()
    places = _places(text, low)
    if not places:
        return Winnowed(text[-_QUIET_TAIL:], len(text))
    ranked = sorted(places, key=lambda place: (_tells_of_mail(low, *place), place), reverse=True)
    kept: list[tuple[int, int]] = []
    room = _READ_MAX
    for begin, end in ranked:
        if room <= 0:
            break
        # A place that does not fit is one where every line tells of a failure: its end decides.
        kept.append((max(begin, end - room), end))
        room -= end - kept[-1][0]
    shown = "\n\n".join(text[begin:end] for begin, end in sorted(kept))
    return Winnowed(shown, len(text), len(places), len(places) - len(kept))


def _places(text: str, low: str) -> list[tuple[int, int]]:
    """Begin and end of each stretch around hints, in order."""
    found: list[tuple[int, int]] = []
    for at in sorted(at for hint in _HINTS for at in _hits(low, hint)):
        begin, end = _line_begin(text, at - _BEFORE), _line_end(text, at + _AFTER)
        if found and begin <= found[-1][1] and end - found[-1][0] <= _PLACE_MAX:
            found[-1] = (found[-1][0], end)
        else:
            found.append((max(begin, found[-1][1] if found else 0), end))
    return found


def _hits(low: str, hint: str) -> Iterator[int]:
    """Where a hint stands; of many close together the last of each stretch."""
    end = len(low)
    while (at := low.rfind(hint, 0, end)) >= 0:
        yield at
        end = at - _APART
        if end <= 0:
            return


def _tells_of_mail(low: str, begin: int, end: int) -> bool:
    return any(low.find(word, begin, end) >= 0 for word in _OF_MAIL)


def _line_begin(text: str, at: int) -> int:
    at = max(0, at)
    begin = text.rfind("\n", max(0, at - _LINE_MAX), at)
    return at if begin < 0 else begin + 1


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at, at + _LINE_MAX)
    return min(at, len(text)) if end < 0 else end
