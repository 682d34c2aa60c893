"""Takes something valid and makes it wrong, a little or beyond recognition, by lots of a seed."""

import copy
import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Final

__all__ = ["TROUBLE", "some", "spoiled_bytes", "spoiled_json", "spoiled_text", "spoiled_tree"]

# Texts that programs have stumbled over.
TROUBLE: Final = (
    "", " ", "\t", "\n", "\r\n", "\x00", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffd", "\ud800",
    "a\r\nBcc: eve@evil.test", "a\nX: y\n\n<p>", "=?utf-8?B?YQ==?=", "=?utf-8?Q?=0D=0ABcc:_x?=",
    "\u202eevil", "e\u0301", "İ", "ß", "ﬁ", "田中", "👩‍👩‍👧", "а@б.рф", "a@[127.0.0.1]", "a@b",
    '"a b"@c.test', "a@b.test>", "<a@b.test", "a@b.test, c@d.test", "Ada <a@b.test> <c@d.test>",
    "@", "a@", "@b.test", "..@b.test", "a@-b.test", "a@xn--.test", "a@xn--a-ecp.ru", "(c)a@b.test",
    "in 5 minutes", "in 99999 days", "in an hour", "2026-12-01T09:00:00Z", "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00+23:59", "2026-W01-1T00:00Z", "20261201T090000Z", "tomorrow",
    "../../etc/passwd", "%s%n", "{0}", "${x}", "';--", "<script>", "data:a;base64,YQ==",
    "null", "NaN", "1e999", "0x1", "-0", "١٢٣", "https://", "http://[::1", "file:///etc/passwd",
    "application/pdf; name=\"a\nb\"", "x" * 257, "x" * 1_000, "é" * 600, "a " * 700, "[" * 300,
    "\\", "\\u0000", '"', "'", "`", "a@b.test" * 40, "=_1_", "--=_1_0198", ".", "\n.\n", "From x",
)  # fmt: skip
_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, -(2**63) - 1, 0.1, -0.0,
    1e308, [], {}, [[]], [None], {"": ""}, {"a": {"b": {"c": {}}}}, [[[[[[1]]]]]],
)  # fmt: skip
_BYTES: Final = (
    b"", b"\x00", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n", b"\n", b"\r",
    b"\r\n\r\n", b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\u0000", b"\\ud83d", b"1e999", b"-",
    b"9" * 400, b"[" * 2_000, b"%00", b"%2e%2e", b"%", b"%zz", b" ", b"\t", b"0", b"null", b"--",
)  # fmt: skip


def some(lots: Random, *makers: Callable[[], Any]) -> Any:
    """What one of them makes."""
    return lots.choice(makers)()


def spoiled_text(lots: Random, text: str) -> str:
    """Something else in the place of it, beside it or within it."""
    odd = lots.choice(TROUBLE)
    at = lots.randrange(len(text) + 1)
    return str(
        some(
            lots,
            lambda: odd,
            lambda: text + odd,
            lambda: odd + text,
            lambda: text[:at] + odd + text[at:],
            lambda: text[:at],
            lambda: text[at:],
            lambda: text * lots.randrange(2, 5),
            lambda: text.upper(),
            lambda: _char(lots) + text,
            lambda: text[:at] + _char(lots) + text[at + 1 :],
            lambda: "".join(_char(lots) for _ in range(lots.randrange(1, 40))),
        )
    )


def spoiled_bytes(lots: Random, raw: bytes, tokens: Sequence[bytes] = ()) -> bytes:
    """One to four strokes: bytes turned, cut out, doubled, put in. `tokens` are put in as well."""
    for _ in range(lots.choice((1, 1, 1, 2, 2, 4))):
        at = lots.randrange(len(raw) + 1)
        to = min(len(raw), at + lots.choice((1, 1, 2, 8, 64)))
        put = lots.choice(_BYTES if not tokens or lots.random() < 0.5 else tuple(tokens))
        match lots.randrange(6):
            case 0:
                raw = raw[:at] + bytes([lots.randrange(256)]) + raw[at + 1 :]
            case 1:
                raw = raw[:at] + raw[to:]
            case 2:
                raw = raw[:to] + raw[at:]
            case 3:
                raw = raw[:at]
            case _:
                raw = raw[:at] + put + raw[at:]
    return raw


def spoiled_tree(lots: Random, tree: Any, names: Sequence[str]) -> Any:
    """A copy with one to three of its values, names or levels changed. `names`: others that it may
    have."""
    tree = copy.deepcopy(tree)
    for _ in range(lots.choice((1, 1, 2, 3))):
        places = list(_places(tree))
        if not places or lots.random() < 0.02:
            return _value(lots, tree, names)
        _spoil(lots, *lots.choice(places), names)
    return tree


def spoiled_json(lots: Random, tree: Any, names: Sequence[str]) -> bytes:
    """As bytes: well-formed for the most part."""
    if lots.random() < 0.85:
        tree = spoiled_tree(lots, tree, names)
    raw = json.dumps(tree, ensure_ascii=lots.random() < 0.7).encode("utf-8", "surrogatepass")
    return spoiled_bytes(lots, raw) if lots.random() < 0.25 else raw


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(tree, dict | list):
        keys = list(tree) if isinstance(tree, dict) else range(len(tree))
        for key in keys:
            found.append((tree, key))
            found += _places(tree[key])
    return found


def _spoil(lots: Random, holder: Any, key: Any, names: Sequence[str]) -> None:
    match lots.randrange(8):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[lots.choice(names)] = copy.deepcopy(holder[key])
        case 2 if isinstance(holder, dict):
            holder[spoiled_text(lots, str(key))] = holder.pop(key)
        case 3 if isinstance(holder, list):
            holder += copy.deepcopy(holder[key : key + 1]) * lots.choice((1, 3, 60))
        case 4:
            holder[key] = [holder[key]]
        case 5:
            holder[key] = {lots.choice(names): holder[key]}
        case _:
            holder[key] = _value(lots, holder[key], names)


def _value(lots: Random, old: Any, names: Sequence[str]) -> Any:
    if isinstance(old, str) and lots.random() < 0.7:
        return spoiled_text(lots, old)
    return some(
        lots,
        lambda: copy.deepcopy(lots.choice(_VALUES)),
        lambda: lots.choice(TROUBLE),
        lambda: {lots.choice(names): lots.choice(TROUBLE)},
        lambda: [lots.choice(TROUBLE) for _ in range(lots.randrange(4))],
    )


def _char(lots: Random) -> str:
    """Of all of Unicode, the lower end more often; halves of pairs among them."""
    return chr(some(lots, lambda: lots.randrange(128), lambda: lots.randrange(0x3000),
                    lambda: lots.randrange(0x110000)))  # fmt: skip
