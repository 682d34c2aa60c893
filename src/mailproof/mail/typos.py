"""Slips of the keyboard in the domain of an address: `gmial.com` was meant to be `gmail.com`.

It is asked only about an address that could not be reached, and its answer is a question to the
reader. So it stays silent in doubt: a domain that exists and looks alike (`ymail.com`, `gmx.com`,
`mail.com`) must never be called a mistake.
"""

import functools
from collections.abc import Mapping
from typing import Final

__all__ = ["meant"]

# What people mean, most used first: of two that are as near, the first is asked about.
_MEANT: Final = (
    *("gmail.com", "qq.com", "163.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com"),
    *("126.com", "foxmail.com", "sina.com", "aliyun.com", "yeah.net", "naver.com", "hanmail.net"),
    *("yahoo.co.jp", "docomo.ne.jp", "googlemail.com", "live.com", "aol.com", "msn.com"),
    *("protonmail.com", "fastmail.com", "hotmail.co.uk", "hotmail.fr", "hotmail.de", "hotmail.it"),
    *(
        "hotmail.es",
        "outlook.fr",
        "outlook.de",
        "outlook.es",
        "yahoo.co.uk",
        "yahoo.fr",
        "yahoo.de",
    ),
    *("t-online.de", "freenet.de", "web.de", "orange.fr", "wanadoo.fr", "laposte.net", "free.fr"),
    *("libero.it", "comcast.net", "verizon.net", "yandex.ru", "rambler.ru", "mail.ru"),
)
# Domains of their own that are one slip away from one of those. (`mail.com` and `ymail.com` begin
# with another letter than `gmail.com`, and so are never suspected.)
_OTHERS: Final = frozenset({"fmail.com", "gail.com", "liber.it", "nave.com", "orage.fr"})
# Endings that are typed in place of these. Some exist (`.co`, `.cm`, `.om`), but behind the name of
# such a service they are a slip; endings of countries, such as `.de`, are not.
_SLIPS: Final[Mapping[str, frozenset[str]]] = {
    "com": frozenset(
        {
            *("con", "co", "cm", "om", "cmo", "ocm", "comm", "coom", "ccom", "cim", "cpm", "clm"),
            *("vom", "xom", "dom", "fom", "cok", "col", "coml", "comn", "conm", "ckm", "c0m"),
            *("com.com", "cop", "coj", "cob", "comc", "como", "coma", "come"),
        }
    ),
    "net": frozenset({"ner", "nte", "ent", "met", "nett", "ne", "het", "bet", "ney", "nwt"}),
    "co.jp": frozenset({"co.jo", "co.p", "co.jpp", "cojp", "co.ip", "c.jp", "o.jp", "co.jl"}),
    "co.uk": frozenset({"co.u", "co.k", "couk", "co.yk", "c.uk", "co.ul", "co.ukk", "co.uj"}),
}  # fmt: skip

_ROWS: Final = ("1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm")
# Shorter names are too near to each other for any slip but one in the ending.
_NAME_MIN: Final = 5
# From here on a name may hold two slips, such as `hormial`.
_NAME_LONG: Final = 7


def meant(domain: str) -> str | None:
    """The mail service that was probably meant; None: nothing speaks for a slip.

    `domain` is what stands behind the `@`, in any case.
    """
    return _meant(domain.strip().lower().rstrip("."))


@functools.lru_cache(maxsize=1_024)
def _meant(domain: str) -> str | None:
    if domain in _MEANT or domain in _OTHERS:
        return None
    name, _, ending = domain.partition(".")
    near = [
        (slips, target)
        for target in _MEANT
        if (slips := _slips(name, ending, *target.split(".", 1))) is not None
    ]
    return min(near, key=lambda each: each[0])[1] if near else None


def _slips(name: str, ending: str, right: str, right_ending: str) -> int | None:
    """How many slips lie between them; None: too many."""
    in_ending = ending != right_ending
    if in_ending and ending not in _SLIPS.get(right_ending, ()):
        return None
    if name == right:
        return int(in_ending)
    allowed = 2 if len(right) >= _NAME_LONG else 1
    if len(right) < _NAME_MIN or not _begins_alike(name, right):
        return None
    in_name = _distance(name, right)
    return in_name + in_ending if in_name <= allowed else None


def _begins_alike(name: str, right: str) -> bool:
    """The first letter is seldom wrong, and where it differs, it is mostly another service."""
    return name[:1] == right[:1] or name[:2] == right[1::-1]


def _distance(name: str, right: str) -> int:
    """Letters left out, added, swapped with the next one, or hit beside the right key.

    Optimal string alignment; any other letter in place of one counts twice.
    """
    rows = [list(range(len(right) + 1))]
    for i, letter in enumerate(name, start=1):
        row = [i]
        for j, wanted in enumerate(right, start=1):
            wrong = 0 if letter == wanted else 1 if _are_neighbours(letter, wanted) else 2
            best = min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + wrong)
            if i > 1 and j > 1 and name[i - 2 : i] == right[j - 1] + right[j - 2]:
                best = min(best, rows[i - 2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def _are_neighbours(one: str, other: str) -> bool:
    """Do their keys touch on a QWERTY keyboard?"""
    places = [(_place(letter)) for letter in (one, other)]
    if None in places:
        return False
    (row, column), (other_row, other_column) = (each for each in places if each is not None)
    aside = other_column - column
    return abs(aside) <= 1 if row == other_row else aside in _TOUCHES.get(other_row - row, ())


# Each row stands half a key to the right of the one above it.
_TOUCHES: Final[Mapping[int, tuple[int, int]]] = {1: (-1, 0), -1: (0, 1)}


def _place(letter: str) -> tuple[int, int] | None:
    for row, keys in enumerate(_ROWS):
        column = keys.find(letter)
        if column >= 0:
            return row, column
    return None
