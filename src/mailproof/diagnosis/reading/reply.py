"""Find what a mail server said, inside whatever carried it here.

Its reply reaches us folded over several lines, quoted by the relay in between (`said:`, `->`,
`<421 …>`), printed by a client library, or as a Diagnostic-Code line. The innermost reply decides:
the wrappers only tell that something failed.
"""

import re
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import decode_text
from mailproof.diagnosis.stems import searcher

__all__ = ["ENHANCED", "Reply", "innermost", "stage_in"]

# RFC 3463 section 2: class, subject (0 to 7), detail. Versions and addresses look different.
ENHANCED: Final = re.compile(r"(?<![\d.])([245]\.[0-7]\.\d{1,3})(?!\d|\.\d)")

_REPR_BYTES: Final = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
_REPR_BREAKS: Final = re.compile(r"\\r\\n|\\r|\\n")
_HIGH_RUNS: Final = re.compile("[\x80-\xff]+")
_SPACES: Final = re.compile(r"\s+")
_DSN_TYPE: Final = re.compile(r"\s*(smtp|x-[\w-]{1,40}|unknown|dns)\s*;\s*", re.IGNORECASE)

# A reply code, and not a number of something, a status of HTTP, or a port.
_CODE: Final = re.compile(
    r"(?<![\w.#/@-])(?<!HTTP/1\.[01] )(?<!HTTP/2 )#?(?!443|465|587)([45][0-7]\d)(?=[\s\-,:;)\"']|$)"
    r"(?![\s\-]*(?:e?mails?|messages?|recipients?|of|out|per|bytes?|[kmg]b|[smhd]|minutes?|"
    r"hours?)\b)"
)
# What stands before a reply that is quoted: punctuation, or one of these words.
_OPENERS: Final = ("<", "[", "(", "{", '"', "'", ">", "=", "*")
_SOFT_OPENERS: Final = (":", ";", ",")
# PHPMailer puts the code behind the words: `… SMTP code: 452 Additional SMTP info: 4.5.3`.
_BARE: Final = re.compile(r"[45]\d\d\W*(?:additional smtp info)?[\s\d.:]*", re.IGNORECASE)
# .NET puts a sentence of its own for the code before the words of the server.
_ANSWER: Final = re.compile(r"[Tt]he server response was:\s*")
_SENTENCES: Final = (
    ("syntax error, command", 500),
    ("syntax error in parameters", 501),
    ("command not implemented", 502),
    ("bad sequence", 503),
    ("command parameter not", 504),
    ("service not available", 421),
    ("error in processing", 451),
    ("insufficient system storage", 452),
    ("client does not have permission", 454),
    ("requires a secure connection", 530),
    ("mailbox unavailable", 550),
    ("user not local", 551),
    ("exceeded storage", 552),
    ("mailbox name not allowed", 553),
    ("transaction failed", 554),
)
# JavaMail names the code of a greeting and drops its words.
_ONLY_CODE: Final = re.compile(r"response: ([45][0-7]\d)\W*$")
_RELAYED: Final = re.compile(r"\bsaid\b|->|\bled=|\bresponded\b|\bremote\b|\bexpired\b")
_QUOTING: Final = ("said", "with", "returned", "was", "code", "error", "message", "got", "is")
# Each line of a reply repeats its code (RFC 5321 section 4.2.1) and its finer one (RFC 2034).
_FOLD: Final = re.compile(
    r"(?<![\w.])[245][0-7]\d-(?=[^\d\s-]|[245]\.[0-7]\.|\s|$)(?:[245]\.[0-7]\.\d{1,3}(?!\d))?"
    r"|[\n\r]\s*+(?:[245][0-7]\d \s*+)?[245]\.[0-7]\.\d{1,3}(?=\s|$)"
    r"|[\n\r]\s*+[245][0-7]\d(?= )"
)

_STAGES: Final = (
    ("end-of-data", searcher(r"end[ -]of[ -]data|data end|message failed|sending data block")),
    ("rcpt", searcher(r"\brcpt\b|all recipients were|recipients? (?:were )?(?:refus|reject|fail)")),
    ("mail", searcher(r"\bmail from\b|mail (?:command|failed)|from address failed")),
    ("data", searcher(r"\bdata command|reply to data\b|command: ?'?data")),
    ("auth", searcher(r"invalid login|to auth|auth(?: \w+)? command|authentication fail")),
    ("connect", searcher(r"\bgreeting\b|initial connection|connect to smtp|refused to talk")),
    ("ehlo", searcher(r"\b(?:he|eh)lo\b.{0,20}(?:command|handshake)|(?:to|after) (?:he|eh)lo")),
)  # fmt: skip


class Reply(msgspec.Struct, frozen=True):
    """One reply. `words` on one line, in lower case; `code` and `enhanced` empty when not given.

    `before`: what the one who passed it on says of it, lower case.
    `relayed`: a mail server repeated it, so it is not the server that we spoke with.
    `kind`: the diagnostic type of a DSN (`smtp`, `x-postfix`, `x-unix`), else empty.
    """

    code: int = 0
    enhanced: tuple[str, ...] = ()
    words: str = ""
    before: str = ""
    relayed: bool = False
    kind: str = ""


def innermost(text: str, known: int = 0) -> Reply:
    """The reply that decides; `known`: the code that stood before `text` and was taken off.

    Total: text without any reply gives its words and no code.
    """
    text = _readable(text)
    kind = ""
    if typed := _DSN_TYPE.match(text):
        kind, text = typed[1].lower(), text[typed.end() :]
    text = text.strip()
    code, start = 0, 0
    if "response" in text:
        if only := _ONLY_CODE.search(text):
            return Reply(code=int(only[1]), words=only[1])
        if answer := _ANSWER.search(text):
            sentence = text[: answer.start()]
            code, text = _code_of(sentence), text[answer.end() :] or sentence
    for found in _CODE.finditer(text):
        if _is_quoted(text, found, folded=str(known) if known else _folded(text, code)):
            code, start = int(found[1]), found.start(1)
        elif not code:
            code = int(found[1])
    inner = text if _BARE.fullmatch(text, start) else text[start:]
    before = text[:start].lower()
    return Reply(
        code=code,
        enhanced=_finer(inner) or _finer(text),
        words=_on_one_line(inner),
        before=before,
        relayed=bool(before) and _RELAYED.search(before) is not None,
        kind=kind,
    )


def stage_in(words: str) -> str:
    """The stage that a quotation names: `(in reply to RCPT TO command)`, `Invalid login:`."""
    return next((stage for stage, search in _STAGES if search(words)), "")


def _is_quoted(text: str, found: re.Match[str], *, folded: str) -> bool:
    before = text[max(0, found.start() - 24) : found.start()].rstrip()
    if not before:
        return False
    if len(text) - found.end() < 4 or before.endswith(_OPENERS):
        return len(text) - found.end() >= 4
    if not before.endswith(_SOFT_OPENERS) and not before.lower().endswith(_QUOTING):
        return False
    # `550-SPF check failed:` and `550 example.com …` are two lines of one reply.
    return folded != found[1]


def _code_of(sentence: str) -> int:
    low = sentence.lower()
    return next((code for words, code in _SENTENCES if words in low), 0)


def _folded(text: str, code: int) -> str:
    return str(code) if code and text.startswith(f"{code}-") else ""


def _readable(text: str) -> str:
    """Undo what printing did to it: `\\xe9` escapes, and UTF-8 or GB 18030 read as Latin-1."""
    if "\\" in text:
        text = _REPR_BREAKS.sub("\n", text)
        text = _REPR_BYTES.sub(
            lambda run: decode_text(bytes.fromhex(run[0].replace("\\x", ""))), text
        )
    if text.isascii():
        return text
    runs = _HIGH_RUNS.findall(text)
    # An accent of Western Europe stands alone; the encodings of more letters come in pairs.
    if runs and all(len(run) > 1 for run in runs) and max(text) <= "\xff":
        return decode_text(text.encode("latin-1"))
    return text


def _on_one_line(text: str) -> str:
    head = text[:4].replace("-", " ") if text[:3].isdecimal() else text[:4]
    return _SPACES.sub(" ", head + _FOLD.sub(" ", text[4:])).strip().lower()


def _finer(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ENHANCED.findall(text)))
