"""What lets somebody in, in what a mail says: links and codes, found and covered.

A code is known by the words near it ("Your code is 481 223"), and once it is known it is covered
wherever it stands: in the subject, in the text, in the markup. A link is covered behind its host.
In doubt more is covered: an order number costs a click on "Reveal", a code lets somebody in.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

__all__ = ["DOT", "SEAM", "codes_in", "mask", "mask_evenly", "mask_subject", "shorten"]

DOT: Final = "•"
# Between two texts that a tag keeps apart and the eye does not.
SEAM: Final = "\u200b"

# Around these, short groups of digits and letters are codes.
_WORD: Final = re.compile(
    r"(?i:code|\bpin\b|\botp\b|\b2fa\b|password|passwor[td]|passphrase|\btoken\b|verif|kennwort"
    r"|c[óo]digo|codice|senha|contraseña|\bclave\b|mot de passe|\bk[oó]d|код|пароль)"
    r"|验证码|校验码|确认码|动态码|动态密码|口令|密码|驗證碼|密碼"
    r"|コード|暗証番号|パスワード|인증 ?번호|인증 ?코드|코드|비밀번호"
)
_BEFORE: Final = 60  # characters between a code and the word after it
_AFTER: Final = 100  # between the word and a code after it

_GAP: Final = rf"[ \u00a0\u2009\u202f{SEAM}-]"
# Not a price, a part of a word, of an address or of a longer number.
_LEFT: Final = r"(?<![\w@/.,:$€£¥-])"
_RIGHT: Final = r"(?![\w@/]|[.,:]\d)"
_DIGITS: Final = re.compile(
    rf"{_LEFT}(?:\d{{2,5}}(?:{_GAP}{{1,3}}\d{{2,5}}){{1,3}}|(?:[A-Z]{{1,4}}-)?\d{{4,10}}){_RIGHT}"
)
_MIXED: Final = re.compile(
    rf"{_LEFT}(?:[A-Z0-9]{{3,5}}(?:-[A-Z0-9]{{3,5}}){{1,2}}"
    rf"|(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{{4,10}}){_RIGHT}"
)
# Letters alone are a code only where nothing else could stand: after a colon, or, in capitals, on a
# line of their own.
_LETTERS: Final = re.compile(
    r"[:：]\s{0,4}([A-Za-z]{4,10})(?=[ \t.]*$)|^[ \t]*([A-Z]{4,10})(?=[ \t.]*$)", re.MULTILINE
)
# One box for each sign.
_BOX_GAP: Final = rf"[\s{SEAM}]"
_BOXES: Final = re.compile(
    rf"(?<![^\s{SEAM}])[A-Z0-9](?:{_BOX_GAP}+[A-Z0-9]){{3,9}}(?![^\s{SEAM}])"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")

_END: Final = r"[^\s<>\"'`“”‘’，。；：！？（）「」『』【】《》]"
_LINK: Final = re.compile(
    rf"(?i)(?P<web>https?://)(?P<host>[^\s/?#<>\"'@]*(?=[/?#]|$|[\s<>\"']))?(?P<rest>{_END}*)"
    rf"|(?P<scheme>\b[a-z][a-z0-9+.-]{{1,20}}://)(?P<other>{_END}+)"
    rf"|(?P<bare>\b(?:[a-z0-9-]{{1,63}}\.){{1,8}}[a-z]{{2,18}})(?P<path>[/?]{_END}+)"
)
# Base64, hexadecimal digits, a JWT: whatever is so long and has no sense is a key to something.
_LONG: Final = re.compile(
    r"(?<![\w-])(?=[\w-]{0,80}\d)(?=[\w-]{0,80}[A-Za-z])[A-Za-z0-9_-]{22,}(?:\.[A-Za-z0-9_-]{8,})*"
)
_RUN: Final = re.compile(rf"{DOT}{{4,}}")
_SIGN: Final = re.compile(r"[A-Za-z]|\d")
# Signs that are read as one, with the gaps between them.
_SIGNS: Final = re.compile(rf"[A-Za-z\d](?:[\s{SEAM}-]{{0,40}}[A-Za-z\d])*")
_ALONE: Final = re.compile(r"[A-Za-z0-9]")
_CODE_SIGNS: Final = range(4, 21)


def codes_in(text: str, *, expected: bool) -> frozenset[str]:
    """The codes in it, without the gaps in them.

    `expected`: a mail with such a purpose is likely to hold one, so every group of digits counts
    that is no year.
    """
    bare = _LINK.sub(lambda found: " " * len(found[0]), text)
    words = [found.span() for found in _WORD.finditer(bare)]
    found = {bare[start:end] for start, end in _near(bare, words)}
    if expected:
        found |= {each[0] for each in _DIGITS.finditer(bare) if not _YEAR.fullmatch(each[0])}
        found |= {each[0] for each in _BOXES.finditer(bare)}
    codes = {_joined(each) for each in found}
    return frozenset(code for code in codes if len(code) in _CODE_SIGNS)


def mask_evenly(text: str, codes: Iterable[str]) -> str:
    """The text with a dot for each sign of a code, a link or a key; its length is the same."""
    signs = list(text)
    for start, end in _spans(text, codes):
        for place in range(start, end):
            if not signs[place].isspace():
                signs[place] = DOT
    return "".join(signs)


def shorten(text: str) -> str:
    """Long runs of dots as three of them."""
    return _RUN.sub(DOT * 3, text)


def mask(text: str, codes: Iterable[str]) -> str:
    """The text with its links, codes and keys covered."""
    return shorten(mask_evenly(text, codes))


def mask_subject(subject: str, *, expected: bool) -> str:
    """A subject on its own, as it stands in a list: `481 ••• is your code`."""
    return mask(subject, codes_in(subject, expected=expected))


def _near(text: str, words: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where something stands near one of the words that could be a code."""
    spans = sorted(words)
    firsts, lasts = [first for first, _ in spans], [last for _, last in spans]
    if not spans:
        return
    for pattern in (_DIGITS, _MIXED, _BOXES, _LETTERS):
        for found in pattern.finditer(text):
            start, end = found.span(found.lastindex or 0)
            # The last word that ends before it, and the first that begins after it.
            before, after = bisect_right(lasts, start), bisect_left(firsts, end)
            is_after = before > 0 and start - lasts[before - 1] <= _AFTER
            is_before = after < len(firsts) and firsts[after] - end <= _BEFORE
            if is_after or is_before:
                yield start, end


def _joined(text: str) -> str:
    return "".join(_SIGN.findall(text))


def _spans(text: str, codes: Iterable[str]) -> Iterator[tuple[int, int]]:
    for found in _LINK.finditer(text):
        kept = found["web"] or found["scheme"] or found["bare"]
        start = found.start() + len(kept) + len(found["host"] or "")
        if text[start : found.end()].strip("/.,;:!?)"):
            yield start + (text[start] in "/?#"), found.end()
    for found in _LONG.finditer(text):
        yield found.span()
    yield from _code_spans(text, frozenset(codes))


def _code_spans(text: str, codes: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Where codes stand. One walk for all of them: a mail can hold thousands of numbers that could
    be one, in thousands of tags."""
    for run in _SIGNS.finditer(text) if codes else ():
        places = [sign.start() for sign in _SIGN.finditer(text, *run.span())]
        signs = "".join(text[place] for place in places)
        for first, start in enumerate(places):
            if start and _ALONE.match(text[start - 1]):
                continue
            for length in _CODE_SIGNS:
                if first + length > len(places):
                    break
                end = places[first + length - 1] + 1
                if signs[first : first + length] in codes and not _ALONE.match(text[end : end + 1]):
                    yield _hidden(text, start, end, length)


def _hidden(text: str, start: int, end: int, signs: int) -> tuple[int, int]:
    """The part of a code that is covered: its second half if it is long, so that two mails can be
    told apart, else all of it."""
    shown = signs // 2 if signs >= 6 else 0
    for place in range(start, end):
        if shown == 0:
            return place if not text[place].isspace() else place + 1, end
        shown -= bool(_SIGN.match(text[place]))
    return start, end
