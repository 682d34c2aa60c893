"""The kinds of values a setting can have: each reads what was written, or says what is wrong."""

import re
import warnings
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

import msgspec

from mailproof.config.problems import Wrong, shown
from mailproof.config.settings import Rate

__all__ = [
    "HOST",
    "LANGUAGE",
    "NAME",
    "NETWORKS",
    "PATTERN",
    "PERCENT",
    "RATE",
    "SWITCH",
    "Kind",
    "choice",
    "comma_list",
    "seconds",
    "span",
    "whole",
]

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3_600, "d": 86_400}
_SPAN: Final = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ?(ms|s|min|m|h|d)?", re.IGNORECASE)
_RATE: Final = re.compile(r"([0-9]{1,9}) ?/ ?(s|min|h|d)", re.IGNORECASE)
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_HOST: Final = re.compile(r"[A-Za-z0-9.:_-]{1,253}")
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%")
_WHOLE: Final = re.compile(r"-?[0-9]{1,12}")
_PATTERN_MAX: Final = 1_000
_HUNDRED: Final = 100
_SWITCHES: Final = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}


class Kind(msgspec.Struct, frozen=True):
    """`read` makes the value of what TOML holds, or raises `Wrong`.

    `from_text` makes of a variable's text what TOML would hold.
    """

    read: Callable[[object], object]
    from_text: Callable[[str], object] = str


def seconds(raw: object) -> float | None:
    """`5s`, `10m`, `1.5h`, `400d`, or a number of seconds; None: it is none of these."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        return float(raw) if 0 <= raw < 10**12 else None  # also false for `nan`
    match = _SPAN.fullmatch(raw.strip()) if isinstance(raw, str) else None
    return float(match[1]) * _SECONDS[(match[2] or "s").lower()] if match else None


def span(least: str, most: str) -> Kind:
    """A span of time, in seconds, between the two, both included."""
    shortest, longest = seconds(least), seconds(most)

    def read(raw: object) -> float:
        length = seconds(raw)
        if length is None or shortest is None or longest is None:
            raise Wrong("span.wrong", value=shown(raw))
        if not shortest <= length <= longest:
            raise Wrong("span.range", value=shown(raw), least=least, most=most)
        return length

    return Kind(read)


def whole(least: int, most: int) -> Kind:
    """A whole number between the two, both included."""

    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
            raise Wrong("whole.wrong", value=shown(raw), least=str(least), most=str(most))
        return raw

    def from_text(text: str) -> object:
        return int(text) if _WHOLE.fullmatch(text) else text

    return Kind(read, from_text)


def choice(*words: str) -> Kind:
    """One of these words, in capitals or not."""
    by_name = {word.lower(): word for word in words}
    choices = ", ".join(f'"{word}"' for word in words)

    def read(raw: object) -> str:
        word = by_name.get(raw.strip().lower()) if isinstance(raw, str) else None
        if word is None:
            raise Wrong("choice.wrong", value=shown(raw), choices=choices)
        return word

    return Kind(read)


def _language(raw: object) -> str:
    primary = re.split(r"[-_.@]", raw.strip().lower())[0] if isinstance(raw, str) else ""
    if primary not in {"en", "zh"}:
        raise Wrong("choice.wrong", value=shown(raw), choices='"en", "zh"')
    return primary


def _switch(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise Wrong("switch.wrong", value=shown(raw))
    return raw


def _rate(raw: object) -> Rate:
    match = _RATE.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None or int(match[1]) == 0:
        raise Wrong("rate.wrong", value=shown(raw))
    return Rate(int(match[1]), float(_SECONDS[match[2].lower()]))


def _percent(raw: object) -> float:
    """As a part of one. A bare number could be meant either way, so it needs its sign."""
    match = _PERCENT.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None or float(match[1]) > _HUNDRED:
        raise Wrong("percent.wrong", value=shown(raw))
    return float(match[1]) / _HUNDRED


def _name(raw: object) -> str:
    if not isinstance(raw, str) or not _NAME.fullmatch(raw):
        raise Wrong("name.wrong", value=shown(raw))
    return raw


def _host(raw: object) -> str:
    if not isinstance(raw, str) or not _HOST.fullmatch(raw):
        raise Wrong("host.wrong", value=shown(raw))
    return raw


def _networks(raw: object) -> tuple[IPv4Network | IPv6Network, ...]:
    if not isinstance(raw, list):
        raise Wrong("networks.list", value=shown(raw))
    return tuple(_network(each) for each in raw)


def _network(raw: object) -> IPv4Network | IPv6Network:
    if not isinstance(raw, str):  # a bare number would be taken for an address
        raise Wrong("networks.wrong", value=shown(raw))
    try:
        network = ip_network(raw.strip(), strict=False)
    except ValueError as error:
        raise Wrong("networks.wrong", value=shown(raw)) from error
    try:
        return ip_network(raw.strip())
    except ValueError as error:
        raise Wrong("networks.bits", value=shown(raw), network=str(network)) from error


def _pattern(raw: object) -> re.Pattern[str]:
    if not isinstance(raw, str) or not raw or len(raw) > _PATTERN_MAX:
        raise Wrong("pattern.text", value=shown(raw), most=str(_PATTERN_MAX))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sets that a later Python may read differently
            return re.compile(raw)
    except re.error as error:
        at = str((error.pos or 0) + 1)
        raise Wrong("pattern.wrong", value=shown(raw), why=shown(error.msg)[1:-1], at=at) from error
    except (OverflowError, RecursionError, ValueError) as error:  # a count beyond any, a bad flag
        raise Wrong(
            "pattern.wrong", value=shown(raw), why=shown(str(error))[1:-1], at="1"
        ) from error


def comma_list(text: str) -> object:
    """A list in a variable: `10.0.0.0/8, 127.0.0.1`."""
    return [part.strip() for part in text.split(",") if part.strip()]


SWITCH: Final = Kind(_switch, lambda text: _SWITCHES.get(text.lower(), text))
LANGUAGE: Final = Kind(_language)
RATE: Final = Kind(_rate)
PERCENT: Final = Kind(_percent)
NAME: Final = Kind(_name)
HOST: Final = Kind(_host)
NETWORKS: Final = Kind(_networks, comma_list)
PATTERN: Final = Kind(_pattern)
