"""SMTP in text: a reply alone or quoted in a sentence, and whole dialogues with their stage."""

import re
from collections.abc import Iterator
from typing import Final

from mailproof.diagnosis.evidence import SmtpReply
from mailproof.explain.found import Found

__all__ = ["dialogues", "phpmailer_errors", "quoted_replies", "replies", "stage_named"]

_REPLY_MAX: Final = 8_000
_LINES_MAX: Final = 60

# A verb as the client says it, and the stage in which its answer stands (RFC 5321 section 4.1).
_VERBS: Final = {
    "EHLO": "ehlo", "HELO": "ehlo", "LHLO": "ehlo", "STARTTLS": "starttls", "AUTH": "auth",
    "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "BDAT": "end-of-data", "QUIT": "quit",
    "RSET": "rset", ".": "end-of-data",
}  # fmt: skip
_VERB: Final = re.compile(
    r"(?:EHLO|HELO|LHLO|STARTTLS|AUTH(?= \w|$)|MAIL(?= FROM:)|RCPT(?= TO:)|DATA$"
    r"|BDAT(?= \d)|QUIT$|RSET$|\.$)",
    re.IGNORECASE,
)
# Who speaks: `C:`/`S:`, `>>>`/`<<<`, swaks' `->`/`<-`/`<**`, PHPMailer, smtplib's `send:`/`reply:`.
_SPEAKER: Final = re.compile(
    r"(?:[\d:.TZ+-]{8,32} )?(?:\[[\w-]{1,20}\] )?(?:C:|S:|[<>]{3}|[~=-]?>|<(?:[~*]{1,2}"
    r"|[=-])?|CLIENT -> SERVER:"
    r"|SERVER -> CLIENT:|send:|reply:|DEBUG:?)? ?(?:b?['\"])?"
)
_ANSWER: Final = re.compile(r"([2-5][0-5]\d)(?:([ -])(.*)|$)")

_ENHANCED: Final = r"[245]\.\d{1,3}\.\d{1,3}\b"
_LINE: Final = re.compile(
    r"^[ \t>|]*(?P<code>2[0-5]\d|4[2-57]\d|5[0-57]\d)(?P<more>[- #])"
    rf"(?P<text>(?:[ #]?{_ENHANCED})?[^\n\0]*)$",
    re.MULTILINE,
)
_QUOTED: Final = re.compile(
    rf"""(?:^|[\s:;,("'\[<>=：，（])(?P<code>4[2-57]\d|5[0-57]\d)
        (?:(?:[ -]\s?|\):\s)(?={_ENHANCED})|,\s*b?["']|[- ](?=[A-Za-z<'\[#"(]|[^\x00-\x7f]))
        (?P<text>[^\n\0]+)""",
    re.VERBOSE,
)
_PHPMAILER: Final = re.compile(
    r"(?:(?P<command>[A-Z]{4,8}(?: [A-Z]{2,4})?) command failed )?Detail: (?P<words>[^\n]{0,2000}?)"
    r"\s+SMTP code: (?P<code>[45]\d\d)"
    rf"(?:\s+Additional SMTP info: (?P<enhanced>{_ENHANCED}))?"
)
_PHPMAILER_STAGES: Final = {
    "MAIL FROM": "mail", "RCPT TO": "rcpt", "DATA": "data", "DATA END": "end-of-data",
    "EHLO": "ehlo", "HELO": "ehlo", "STARTTLS": "starttls", "AUTH": "auth",
}  # fmt: skip
_STRING_END: Final = re.compile(r'(?<!\\)"(?=\s*(?:[,}\]:;)]|$))')
_BEFORE_MAX: Final = 200
_HTTP_BEFORE: Final = re.compile(
    r"(?:http|status(?:[ _]?code)?)[\"']?\s?[:=/ ]\s?[\d.]*\s?$", re.IGNORECASE
)
_SAID_BY: Final = re.compile(
    r"\b(?:said|replied|send|sending|sent|gomail|mailer|response|responded|reply|answered"
    r"|returned|rejected|refused|error|login|failed|smtp[\w ]*|remote server"
    r"|RCPT TO|MAIL FROM|DATA|recipient|sender|server)\b[^\n]{0,80}$"
    r"|服务器|返回|拒绝|失败|错误|退信|发送",
    re.IGNORECASE,
)
# `503 Service Unavailable` is HTTP wherever nobody speaks of SMTP; no mail server answers 403.
_HTTP_PHRASE: Final = re.compile(
    r"(?:429|500 Internal|502 Bad Gateway|52\d error code"
    r"|503 Service (?:Temporarily )?Unavailable$|504 Gateway)",
    re.IGNORECASE,
)

# smtplib's debug lines are Python literals: `b'550 5.1.1 no such user\\r\\n'`.
_ESCAPED_BREAK: Final = re.compile(r"(?:\\r)?\\n['\"]?$")

# Codes that only an AUTH command is answered with (RFC 4954 section 6). Exchange has 432 for more.
_AUTH_CODES: Final = frozenset({432, 534, 535, 538, 525})
_OF_SECURITY: Final = re.compile(r"(?![#\s]*[245]\.(?!7\.)\d)")

_STAGE_WORDS: Final = (
    (re.compile(r"in reply to end of DATA|after end of data|after DATA"
    r"|end of message", re.IGNORECASE), "end-of-data"),
    (re.compile(r"in reply to RCPT|after (?:pipelined )?RCPT"
    r"|RCPT TO(?: command)? failed", re.IGNORECASE), "rcpt"),
    (re.compile(r"in reply to (?:DATA)|Data command failed", re.IGNORECASE), "data"),
    (re.compile(r"in reply to MAIL|after (?:pipelined )?MAIL"
    r"|Mail command failed", re.IGNORECASE), "mail"),
    (re.compile(r"in reply to STARTTLS|after STARTTLS", re.IGNORECASE), "starttls"),
    (re.compile(r"SASL authentication failed|Invalid login|EAUTH|SMTPAuth|failed to authenticate"
    r"|authentication (?:failed|error|unsuccessful)|认证失败|登录失败", re.IGNORECASE), "auth"),
    (re.compile(r"in reply to (?:EHLO|HELO)|after (?:EHLO|HELO)", re.IGNORECASE), "ehlo"),
    (re.compile(r"refused to talk to me|initial connection|Invalid greeting"
    r"|while performing the greeting", re.IGNORECASE), "connect"),
)  # fmt: skip


def stage_named(sentence: str) -> str:
    """The stage that a mail server or client names in words around a reply; empty if none."""
    return next((stage for words, stage in _STAGE_WORDS if words.search(sentence)), "")


def _stage_of(code: int, reply: str) -> str:
    return "auth" if code in _AUTH_CODES and _OF_SECURITY.match(reply) else ""


def dialogues(text: str) -> Iterator[Found]:
    """A conversation: each answer that refuses, with the stage that its command opened."""
    spoken = list(_spoken(text))
    verbs = {word for _, _, word in spoken if isinstance(word, str)}
    if not verbs & {"EHLO", "HELO", "LHLO", "MAIL", "RCPT", "AUTH"}:
        return
    stage, lines, begin = "connect", list[str](), -1
    for start, end, word in spoken:
        if isinstance(word, str):
            stage, lines, begin = _VERBS[word], [], -1
            continue
        begin = start if begin < 0 else begin
        lines.append(word[3] or "")
        if word[2] == "-" and len(lines) < _LINES_MAX:
            continue
        code = int(word[1])
        if code == 354:
            stage = "end-of-data"
        elif code >= 400 and stage not in ("quit", "rset"):
            yield Found(
                begin, end, SmtpReply(code, "\n".join(lines)[:_REPLY_MAX], stage), "dialogue"
            )
        lines, begin = [], -1


def _spoken(text: str) -> Iterator[tuple[int, int, str | re.Match[str]]]:
    """Each line in which somebody speaks: its place, and the client's verb or server's answer."""
    at = 0
    for line in text.splitlines(keepends=True):
        words = _ESCAPED_BREAK.sub("", " ".join(line[:_REPLY_MAX].split()))
        speaker = _SPEAKER.match(words)
        begin = speaker.end() if speaker else 0
        if verb := _VERB.match(words, begin):
            yield at, at + len(line), verb[0].upper()
        elif answer := _ANSWER.match(words, begin):
            yield at, at + len(line), answer
        at += len(line)


def phpmailer_errors(text: str) -> Iterator[Found]:
    """PHPMailer tells the reply's words first, then its codes."""
    for hit in _PHPMAILER.finditer(text):
        reply = f"{hit['enhanced'] or ''} {hit['words'].strip()}".strip()
        stage = _PHPMAILER_STAGES.get((hit["command"] or "").upper(), "")
        yield Found(hit.start(), hit.end(), SmtpReply(int(hit["code"]), reply, stage), "sentence")


def replies(text: str) -> Iterator[Found]:
    """A reply that stands on lines of its own, the continuation lines joined."""
    lines: list[str] = []
    begin = 0
    for hit in _LINE.finditer(text):
        if int(hit["code"]) < 400 or _HTTP_PHRASE.match(text, hit.start("code"), hit.end()):
            lines = []
            continue
        if not lines:
            begin, lines = _opened_in_a_sentence(text, hit) or (hit.start(), [])
        lines.append(hit["text"].strip())
        if _goes_on(text, hit) and len(lines) < _LINES_MAX:
            continue
        reply = "\n".join(lines)[:_REPLY_MAX]
        code = int(hit["code"])
        yield Found(begin, hit.end(), SmtpReply(code, reply, _stage_of(code, reply)), "reply")
        lines = []


def _goes_on(text: str, hit: re.Match[str]) -> bool:
    """Is the next line the same reply? Copies lose the hyphen, but not codes and indent."""
    follows = text[hit.end() + 1 : hit.end() + 60].lstrip(" \t>|")
    if hit["more"] == "-":
        return follows.startswith(hit["code"])
    enhanced = re.match(_ENHANCED, hit["text"].lstrip())
    again = f"{hit['code']} {enhanced[0]} " if enhanced else "\0"
    return follows.startswith((f"{again} ", f"{again}http"))


def _opened_in_a_sentence(text: str, hit: re.Match[str]) -> tuple[int, list[str]] | None:
    """`Invalid login: 535-5.7.8 …` and the rest below it: where it began, and its first line."""
    above = text.rfind("\n", 0, max(0, hit.start() - 1)) + 1
    first = re.search(rf"[\s:(]{hit['code']}-([^\n]*)\n$", text[above : hit.start()])
    return (above, [first[1].strip()]) if first else None


def quoted_replies(text: str) -> Iterator[Found]:
    """A reply inside a sentence: `… said: 550 5.1.1 …`. On each line the last, innermost one."""
    at = 0
    for line in text.splitlines(keepends=True):
        quoted = [hit for hit in _QUOTED.finditer(line) if _is_reply(line, hit)]
        if quoted:
            hit = quoted[-1]
            told = hit["text"]
            if line.count('"', 0, hit.start("code")) % 2:  # within a string of a JSON line
                told = _STRING_END.split(told)[0]
            code = int(hit["code"])
            stage = stage_named(line) or _stage_of(code, told)
            reply = SmtpReply(code, _unquoted(told)[:_REPLY_MAX], stage)
            yield Found(at, at + len(line), reply, "sentence")
        at += len(line)


def _unquoted(told: str) -> str:
    bare = told.strip(" '\"")
    return bare if bare.count("(") >= bare.count(")") else bare.rstrip(" '\")")


def _is_reply(line: str, hit: re.Match[str]) -> bool:
    if re.match(_ENHANCED, hit["text"].lstrip("#- ")):
        return True
    if _HTTP_PHRASE.match(line, hit.start("code")):
        return False
    before = line[max(0, hit.start("code") - _BEFORE_MAX) : hit.start("code")]
    return _SAID_BY.search(before) is not None and not _HTTP_BEFORE.search(before)
