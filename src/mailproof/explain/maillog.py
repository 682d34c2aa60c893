"""Log lines of mail servers: Postfix, Exim, sendmail, OpenSMTPD, qmail."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import Context, DeliveryStatus, Seen, SmtpReply
from mailproof.explain.found import Found
from mailproof.explain.smtp_text import stage_named
from mailproof.providers.catalog import provider_at

__all__ = ["mail_log_lines"]

_LINE_MAX: Final = 8_000  # characters; longer lines are no mail server's
# How each server logs a delivery that did not succeed, and what no such line goes without. What is
# found first on a line stands (`(?>`): trying all that follow would take the cube of its length.
_LINES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = tuple(
    (needs, re.compile(pattern))
    for needs, pattern in (
        (
            " status=",  # Postfix
            r"\bto=<(?P<to>[^>]*)>(?:, orig_to=<[^>]*>)?, relay=(?P<relay>[^,]+),.*?"
            r"\bdsn=(?P<dsn>[\d.]+), status=(?P<status>bounced|deferred|expired|undeliverable"
            r"|SOFTBOUNCE) \((?P<said>.*)\)$",
        ),
        (
            " said: ",  # Postfix, before it gives up
            r"\bpostfix/[\w/]+\[\d+\]: (?:[0-9A-Za-z]+: )?(?P<said>(?:warning: )?"
            r"(?:SASL authentication failed;|host ).*?server (?P<relay>\S+) said: .*)$",
        ),
        (
            "@",  # Exim
            r"\b\w{6}-\w{6,11}-\w{2,4} (?P<mark>\*\*|==) (?P<to>[^\s@]++@[^\s:]++)"
            r"(?>(?:.*?\bH=(?P<relay>\[[^\]\s]*\]|[^\s:]+))?).*?(?P<said>: .+|defer \(.+)$",
        ),
        (
            "rejected ",  # Exim, to the client that wants to hand it a mail
            r"\bH=\S++.*?\b(?P<later>temporarily )?rejected (?P<verb>RCPT|MAIL|EHLO|HELO|AUTH)"
            r"(?: <(?P<to>[^>]*)>)?: (?P<said>.+)$",
        ),
        (
            " stat=",  # sendmail
            r"\bto=<?(?P<to>[^,>]+)>?,(?>(?:.*?\brelay=(?P<relay>[^,]+),)?).*?"
            r"\bdsn=(?P<dsn>[\d.]+), stat=(?P<said>.+)$",
        ),
        (
            " result=",  # OpenSMTPD
            r"\bto=<(?P<to>[^>]*)>(?>.*?\brelay=\"?(?P<relay>[^ \"]+)).*?"
            r"\bresult=\"?(?P<status>PermFail|TempFail)\"?.*?\bstat=\"(?P<said>[^\"]*)\"",
        ),
        (
            " delivery ",  # qmail
            r"\bdelivery \d+: (?P<status>failure|deferral): (?P<said>.+)$",
        ),
    )
)

_STAGES: Final = {"RCPT": "rcpt", "MAIL": "mail", "AUTH": "auth"}
_SAID: Final = re.compile(
    r"(?:said|response|reply|after [^:]{2,80}|talk to me):\s*(?P<code>[45]\d\d)[- ](?P<text>.*)",
    re.DOTALL,
)
_IN_REPLY: Final = re.compile(r"\s*\(in reply to [^)]*\)\)?$")
_NAME: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_LASTING: Final = frozenset({"bounced", "undeliverable", "permfail", "failure", "**"})


def mail_log_lines(text: str) -> Iterator[Found]:
    """One delivery that did not succeed per line, in the words of the server it was handed to."""
    at = 0
    for line in text.splitlines(keepends=True):
        if hit := _delivery(line.rstrip("\n")):
            fields = {name: value or "" for name, value in hit.groupdict().items()}
            said = fields["said"].strip().lstrip(": ")
            to = (fields["to"],) if "@" in fields.get("to", "") else ()
            if not said.startswith("Sent"):
                yield Found(at, at + len(line), _seen(fields, said), "mail_log", Context(to=to))
        at += len(line)


def _delivery(line: str) -> re.Match[str] | None:
    for needs, pattern in _LINES:
        if needs in line[:_LINE_MAX] and (hit := pattern.search(line[:_LINE_MAX])):
            return hit
    return None


def _seen(fields: dict[str, str], said: str) -> Seen:
    if verb := fields.get("verb"):
        return SmtpReply(451 if fields["later"] else 550, said, _STAGES.get(verb, "ehlo"))
    relay = fields.get("relay", "")
    quoted = _SAID.search(said)
    stage = stage_named(said)
    if quoted and (provider_at(relay) or stage == "auth"):
        # Our own submission server answered: a relay of ours, not the recipient's.
        return SmtpReply(int(quoted["code"]), _IN_REPLY.sub("", quoted["text"]).strip(), stage)
    status = fields.get("dsn", "")
    lasting = (fields.get("status") or fields.get("mark") or "").lower() in _LASTING or (
        not fields.get("status") and status.startswith("5")
    )
    reply = _IN_REPLY.sub("", f"{quoted['code']} {quoted['text']}") if quoted else said
    host = _NAME.search(relay)
    return DeliveryStatus(
        action="failed" if lasting else "delayed",
        status=status,
        diagnostic=f"{'smtp' if quoted else 'x-log'}; {reply.strip()}",
        remote_mta=f"dns; {host[0]}" if host else "",
    )
