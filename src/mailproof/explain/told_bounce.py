"""Bounces that tell it in prose: what Gmail, Outlook, QQ, 163, Exim and Postfix write to people.

Whoever is quoted in them judged one recipient's mail. It is not the server that sends for us, so
nothing it says may stop that one.
"""

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Context, DeliveryStatus, SmtpReply, decode_text
from mailproof.explain.found import Found
from mailproof.explain.smtp_text import quoted_replies, replies
from mailproof.providers.catalog import provider_at

__all__ = ["told_bounces"]

# Whole phrases only: apps log `mail delivery failed: 535 …`, and mean their own relay.
_OPENING: Final = re.compile(
    r"delivery to the following recipients? (?:failed|has been delayed)"
    r"|delivery has failed to these recipients|^[ \t>]*delivery incomplete$"
    r"|message to [^\n]{1,120} (?:couldn't|could not|wasn't|was not|hasn't been) (?:be )?delivered"
    r"|could not be delivered to one or more|undelivered mail returned to sender"
    r"|mail delivery (?:system|subsystem)\b|mail delivery failed: returning message"
    r"|created automatically by mail delivery software|sorry to have to inform you"
    r"|diagnostic information for administrators|generating server:|remote server returned '"
    r"|the error that the other server returned|^the response (?:from the remote server )?was:$"
    r"|returned mail: see transcript|被退回|系统退信|退信原因|退信通知|投递失败通知|邮件无法送达",
    re.IGNORECASE | re.MULTILINE,
)
# A server that is named with its address, as Postfix and Exim do: `host mx.example.org[192.0.2.1]`.
_HOST: Final = re.compile(
    r"\bhost (?P<said>[\w.-]+) ?\[[\w.: ]+\](?=[^\n]{0,40}(?:\bsaid\b|: ?[45]\d\d))"
    r"|\bby (?P<google>[\w-]+(?:\.[\w-]+)+)\.? \[",
)
_ENHANCED: Final = re.compile(r"[45]\.\d{1,3}\.\d{1,3}\b")
_ENCODED: Final = re.compile(
    r"^Content-Transfer-Encoding:\s*(?:base64|quoted-printable)", re.IGNORECASE | re.MULTILINE
)
_TAG: Final = re.compile(r"<(?!\S{1,64}@)[^>]{1,400}>")
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_OURS: Final = re.compile(r"postmaster|mailer-daemon|no-?reply", re.IGNORECASE)
_QUOTE: Final = re.compile(r"^[ \t]*>+ ?", re.MULTILINE)
_WRAPPED: Final = re.compile(r"\n[ \t]{2,}(?=\S)")
_LATER: Final = re.compile(
    r"incomplete|delayed|will (?:retry|keep trying)|temporar|not yet|尚未|稍后|继续尝试",
    re.IGNORECASE,
)
_RETURNED: Final = re.compile(r"\n(?:original message|-{3,}.{0,60}copy of)[^\n]*\n", re.IGNORECASE)
_LOGIN: Final = frozenset({530, 534, 535, 538})
_TOLD_MAX: Final = 2_000
_BOUNCE_MAX: Final = 20_000


def told_bounces(text: str) -> Iterator[Found]:
    """A bounce without fields, or a sentence that names the recipient's server and its reply."""
    if encoded := _ENCODED.search(text):
        shown = _decoded(text[: encoded.start() + _BOUNCE_MAX])
        for found in _told(shown):
            yield msgspec.structs.replace(found, start=0, end=len(text))
    else:
        yield from _told(text)


def _told(text: str) -> Iterator[Found]:
    opening, host = _OPENING.search(text), _HOST.search(text)
    if opening is None and host is None:
        return
    start = min(hit.start() for hit in (opening, host) if hit)
    start = text.rfind("\n", 0, start) + 1
    told = text[start : start + _BOUNCE_MAX]
    if returned := _RETURNED.search(told):
        told = told[: returned.start()]
    remote = (host["said"] or host["google"]) if host else ""
    quoted = _reply(told)
    # Our own submission server: it refuses our login, or it is a provider's.
    ours = provider_at(remote) or (quoted and (quoted.code in _LOGIN or quoted.stage == "auth"))
    if not ours and (quoted or opening):
        end = start + len(told)
        yield Found(start, end, _seen(told, quoted, remote), "bounce", Context(to=_recipient(told)))


def _seen(told: str, quoted: SmtpReply | None, remote: str) -> DeliveryStatus:
    if quoted is None:
        later, status = _LATER.search(told) is not None, None
        diagnostic = f"x-told; {told[:_TOLD_MAX].strip()}"
    else:
        later, status = quoted.code < 500, _ENHANCED.match(quoted.reply)
        diagnostic = f"smtp; {quoted.code} {quoted.reply}"
    return DeliveryStatus(
        action="delayed" if later else "failed",
        status=status[0] if status else "",
        diagnostic=diagnostic,
        remote_mta=f"dns; {remote}" if remote else "",
    )


def _decoded(text: str) -> str:
    """The text of a mail whose parts are in base64 or quoted-printable, as QQ and 163 write it."""
    from email import message_from_string, policy  # only here: it costs 40 ms

    parts = [
        decode_text(payload)
        for part in message_from_string(text.lstrip(), policy=policy.compat32).walk()
        if part.get_content_maintype() == "text"
        and isinstance(payload := part.get_payload(decode=True), bytes)
    ]
    return _TAG.sub(" ", "\n".join(parts))


def _reply(told: str) -> SmtpReply | None:
    """The innermost reply that is quoted, its lines joined again."""
    plain = _QUOTE.sub("", told)
    for text in (plain, _WRAPPED.sub(" ", plain)):
        found = [*replies(text)] or [*quoted_replies(text)]
        whole = [each.seen for each in found if isinstance(each.seen, SmtpReply)]
        if whole and not _cut(whole[-1].reply):
            return whole[-1]
    return None


def _cut(reply: str) -> bool:
    """Did the bounce break the line behind the codes?"""
    return not _ENHANCED.sub("", reply).strip()


def _recipient(told: str) -> tuple[str, ...]:
    found = (hit for hit in _ADDRESS.findall(told) if not _OURS.search(hit))
    return tuple(found)[:1]
