"""Names of people beside their mail addresses: `Mary Jane <mary@acme.com>` as `M… <mary@acme.com>`.

In a field that holds mailboxes, all that stands before `<` is a name. In running text the words
before `<` may be the sentence itself ("550 User unknown <ada@acme.com>"), so there only quoted
words, words behind a header's label, and capitalised words that no mail server says are names.
"""

import re
from typing import Final

__all__ = [
    "BESIDE_EMAIL",
    "IN_TEXT",
    "mask_beside_email",
    "mask_in_field",
    "mask_in_text",
    "masked",
]

_MAILBOX_FOLLOWS: Final = r"(?=\s?(?:<|&lt;|\\u003c)[^\s<>@\"']{1,80}(?:@|%40))"
_WORD: Final = r"[^\W\d_][\w.'’\-]{0,30}"
_QUOTED: Final = r"""(?:"[^"\r\n<>@]{1,80}"|'[^'\r\n<>@]{1,80}'|“[^”\r\n<>@]{1,80}”)"""

IN_TEXT: Final = re.compile(
    rf"(?P<label>(?i:\b(?:from|to|cc|bcc|reply[-_]?to|sender|contact|发件人|收件人|联系人))"
    rf"[\"']?\s{{0,2}}[:=：]\s{{0,2}}[\"'\[]{{0,2}})?"
    rf"(?:(?P<quoted>\\?{_QUOTED}|(?:=\?[\w-]{{3,20}}\?[bqBQ]\?[^?\s]{{1,200}}\?=(?:\s(?==\?))?){{1,4}})"
    rf"|(?<![\w.'’\-])(?P<words>{_WORD}(?:[ ,]{{1,2}}{_WORD}){{0,5}})){_MAILBOX_FOLLOWS}"
)
_IN_FIELD: Final = re.compile(
    rf"(?<![^\s,;>\"'\[])(?P<name>[^<>@,;\s][^<>@;]{{0,120}}?){_MAILBOX_FOLLOWS}"
)

_Q: Final = r"""\\{0,3}["']"""
# `{"email": "mary@acme.com", "name": "Mary"}` in text that is not whole enough to be decoded.
BESIDE_EMAIL: Final = re.compile(
    rf"(?i)(?P<before>{_Q}?\bemail{_Q}?\s?:\s?{_Q}[^\s\"'@]{{1,80}}@[^\s\"']{{1,80}}{_Q}\s{{0,3}},"
    rf"\s{{0,3}}{_Q}?name{_Q}?\s?:\s?{_Q})(?P<name>[^\"'\\\r\n]{{1,80}})"
    rf"|(?P<label>\bname{_Q}?\s?:\s?{_Q})(?P<first>[^\"'\\\r\n]{{1,80}})"
    rf"(?={_Q}\s{{0,3}},\s{{0,3}}{_Q}?email{_Q}?\s?:\s?{_Q}[^\s\"'@]{{1,80}}@)"
)

# What mail servers and clients write before an address with a capital letter, or without case.
_NO_NAMES: Final = frozenset(
    "a access account address addresses and at bad bcc blocked bounce by cannot cc could data"
    " delivered delivery denied destination disabled does domain email envelope error expanded"
    " failed failure final for forwarded from full greylisted helo host id inactive invalid is"
    " local mail mailbox mailto message missing name no not of ok on or original over permanent"
    " postmaster quota rcpt received recipient recipients refused rejected rejecting relay"
    " relaying reply-to returned sender sent server smtp suppressed temporary the this to unable"
    " undelivered undeliverable unknown unrouteable unverified user user-unknown username users"
    " via was with your"
    " 收件人 发件人 联系人 用户 邮箱 地址 收件地址 不存在 无效 无效地址 无此用户 被拒收"
    " 拒收 发送给 发给 发往 发自 来自 退信 投递失败 发送失败".split()
)
_CJK: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CJK_NAME_MAX: Final = 4  # characters; a longer run of them is a sentence
_PARTICLES: Final = frozenset("al bin da de del della den der di dos du el la le van von y".split())


def masked(name: str) -> str:
    """A name as its first letter; quotation marks around it stay."""
    bare = name.lstrip("\\\"'“")
    opening = name[: len(name) - len(bare)]
    closing = name[len(name.rstrip("\\\"'”")) :] if opening else ""
    if bare.startswith("=?"):  # RFC 2047: its first letter is hidden in its encoding
        return f"{opening}…{closing}"
    return f"{opening}{bare[:1]}…{closing}"


def mask_in_text(found: re.Match[str]) -> str:
    """The name that `IN_TEXT` found, masked; the words of the sentence before it as they were."""
    label = found["label"] or ""
    if found["quoted"]:
        return label + masked(found["quoted"])
    words = found["words"]
    start = 0 if label else _name_start(words)
    return label + words[:start] + (masked(words[start:]) if start < len(words) else "")


def mask_in_field(text: str) -> str:
    """Mask every name in the value of a field such as `from` or `to`."""
    return (
        _IN_FIELD.sub(lambda found: masked(found["name"].rstrip()), text) if "<" in text else text
    )


def mask_beside_email(found: re.Match[str]) -> str:
    """The name in what `BESIDE_EMAIL` found, masked."""
    if found["first"]:
        return found["label"] + masked(found["first"])
    return found["before"] + masked(found["name"])


def _name_start(words: str) -> int:
    """Where in these words, that end before `<`, the name begins; their length: there is none."""
    start = len(words)
    for found in reversed(list(re.finditer(r"[^ ,]+", words))):
        if _like_a_name(found[0]):
            start = found.start()
        elif start == len(words) or found[0] not in _PARTICLES:
            break
    return start


def _like_a_name(word: str) -> bool:
    if word.lower().rstrip(".") in _NO_NAMES:
        return False
    if _CJK.search(word):
        return len(word) <= _CJK_NAME_MAX
    return not word[0].islower()
