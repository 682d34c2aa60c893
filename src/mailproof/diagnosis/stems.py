"""Which words must be in a text before a pattern can match it.

A diagnosis asks a few hundred patterns about a text in which nearly all of them find nothing.
Looking for a word is ten times as fast as asking a regular expression, so each pattern is asked
only when one of its own words is there.
"""

import re
from collections.abc import Callable
from typing import Final

__all__ = ["searcher", "stems"]

Search = Callable[[str], re.Match[str] | None]
_Words = frozenset[str]

_MOST: Final = 200  # more words than this cost what the pattern costs
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ZERO_WIDTH: Final = frozenset("bBAZ")
_LOOKING: Final = ("?=", "?!", "?<=", "?<!")
_OPTIONAL: Final = re.compile(r"[?*]|\{0?,")
_REPEAT: Final = re.compile(r"(?:[?*+]|\{\d*,?\d*\})[?+]?")


def searcher(pattern: str) -> Search:
    """`re.compile(pattern).search`, asked only where it may find something."""
    search = re.compile(pattern).search
    words = tuple(sorted(stems(pattern), key=len, reverse=True))
    if not words:
        return search

    def find(text: str) -> re.Match[str] | None:
        for word in words:
            if word in text:
                return search(text)
        return None

    return find


def stems(pattern: str) -> _Words:
    """Words of which at least one is in every text that matches; empty when none can be named."""
    if re.search(r"\(\?[aiLmsux-]*[ix]", pattern):
        return frozenset()  # letters that are not themselves, or blanks that are none
    words = _any_branch(pattern)
    return words if words and len(words) <= _MOST else frozenset()


def _any_branch(pattern: str) -> _Words:
    found: set[str] = set()
    for branch in _split(pattern):
        words = _best_of(branch)
        if not words:
            return frozenset()
        found |= words
    # `mailbox` is there only where `mail` is.
    return frozenset(
        word for word in found if not any(part in word for part in found if part != word)
    )


def _best_of(branch: str) -> _Words:
    """The words of the part of a branch that says most: long ones, and few."""
    parts: list[_Words] = []
    run, at = "", 0
    while at < len(branch):
        item, end = _item(branch, at)
        optional = _OPTIONAL.match(branch, end) is not None
        repeat = _REPEAT.match(branch, end)
        at = repeat.end() if repeat else end
        letter = _letter(item)
        if letter and not optional:
            run += letter
            if not repeat:
                continue
        elif item[0] == "\\" and item[1:] in _ZERO_WIDTH:
            continue
        elif item[0] == "(" and not optional and not item[1:].startswith(_LOOKING):
            parts.append(_any_branch(re.sub(r"^\((?:\?:|\?P<\w+>|\?[a-z]*\))?", "", item)[:-1]))
        parts.append(frozenset((run,)) if run else frozenset())
        run = ""
    parts.append(frozenset((run,)) if run else frozenset())
    return max(parts, key=_telling, default=frozenset())


def _telling(words: _Words) -> tuple[int, int]:
    return (min(min(map(len, words)), 6) if words else 0, -len(words))


def _letter(item: str) -> str:
    """The character that an item stands for; empty when it may be several."""
    if len(item) == 1:
        return "" if item in ".^$" else item
    return item[1] if item[0] == "\\" and not item[1].isalnum() else ""


def _split(pattern: str) -> list[str]:
    branches, start, at = [], 0, 0
    while at < len(pattern):
        if pattern[at] == "|":
            branches.append(pattern[start:at])
            start = at = at + 1
        else:
            _, at = _item(pattern, at)
    return [*branches, pattern[start:]]


def _item(pattern: str, at: int) -> tuple[str, int]:
    """One character, escape, class or group, and where it ends."""
    match pattern[at]:
        case "\\":
            end = at + 2
        case "[":
            end = _CLASS.match(pattern, at).end()  # type: ignore[union-attr]
        case "(":
            end = at + 1
            while pattern[end] != ")":
                _, end = _item(pattern, end)
            end += 1
        case _:
            end = at + 1
    return pattern[at:end], end
