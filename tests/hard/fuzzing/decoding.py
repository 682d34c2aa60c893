"""Our own decoders: times, addresses, settings."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from mailproof.config.problems import ConfigInvalid
from mailproof.config.reading import load
from mailproof.config.showing import rows_of
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.schedule import FURTHEST, read_schedule
from tests.hard.fuzzing.areas import Area, Check, Wrong, alone
from tests.hard.fuzzing.mutating import spoiled_bytes, spoiled_text
from tests.whole.canaries import HOOK_SECRET, MAIL_PASSWORD, PERSON, PROVIDER_KEY, leaks

__all__ = ["AREAS"]

_NOW: Final = datetime(2026, 12, 1, 9, tzinfo=UTC)
_TIMES: Final = (
    "in 5 minutes", "in 1 hr", "in an hour", "in 30 days", "2026-12-24T18:00:00Z",
    "2026-12-24T18:00:00.123456+14:00", "2026-12-24 18:00-00:01", "20261224T180000Z",
    "2026-W52-4T18:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-23:59",
)  # fmt: skip
_ADDRESSES: Final = (
    "ada@example.com", "Ada Lovelace <ada@example.com>", '"Lovelace, Ada" <ada@example.com>',
    "田中 <t@例え.jp>", '"a b"@example.com', "a+b@sub.example.co.uk", "Ünïcödé <ü@müller.test>",
    "x@xn--r8jz45g.jp", "\"\\\"q\\\\\" <q@acme.test>", "a@[192.0.2.1]", "用户@例子.广告",
)  # fmt: skip
_SETTINGS: Final = f'''
language = "zh"
public_url = "https://mail.example.com"
trusted_proxies = ["127.0.0.1/32", "::1/128"]
[delivery]
wait = "5s"
[[providers]]
name = "resend"
type = "resend"
api_key = "{PROVIDER_KEY}"
base_url = "https://api.resend.com"
rate = "5/s"
webhook_secret = ["{HOOK_SECRET}"]
[[providers]]
name = "backup"
type = "smtp"
url = "smtps://canary:{MAIL_PASSWORD}@relay.test:465"
[purposes.registration]
match = {{ subject = "^(Activate|Sign-in)" }}
on_hold = "promise"
[[alerts.channels]]
url = "json://127.0.0.1:9/x"
[retention]
contents = "7d"
'''.encode()
_TOML: Final = (
    b"=", b"[", b"]]", b"[[providers]]", b"[a.b.c]", b'"""', b"'''", b"\\", b"#", b"env:X",
    b"file:/nowhere", b"1979-05-27T07:32:00Z", b"0x", b"inf", b"nan", b"true", b"{}", b". ",
    b'"5/s"', b'"-5s"', b'"99999999999999d"', b'"(((((a+)+)+)+)$"', b'"::/0"', b"\xef\xbb\xbf",
)  # fmt: skip
_NEVER: Final = {
    "the provider's key": PROVIDER_KEY,
    "the webhook's secret": HOOK_SECRET,
    "the relay's password": MAIL_PASSWORD,
}


def draw_time(lots: Random) -> str:
    return spoiled_text(lots, lots.choice(_TIMES))


def check_time(text: str) -> None:
    try:
        due = read_schedule(text, where="scheduled_at", clock=lambda: _NOW)
    except InvalidInput:
        return
    if due.tzinfo is not UTC or due - _NOW > FURTHEST:
        raise Wrong(f"{text!r} is {due!r}")


def draw_address(lots: Random) -> str:
    text = spoiled_text(lots, lots.choice((*_ADDRESSES, f"{PERSON}@kunde.test")))
    return spoiled_text(lots, text) if lots.random() < 0.3 else text


def check_address(text: str) -> None:
    try:
        address = Address.parse(text, where="to")
    except InvalidInput:
        return
    again = Address.parse(address.as_text(), where="to")
    if again != address:
        raise Wrong(f"{address.as_text()!r} is read back as {again.as_text()!r}")
    address.wire.rpartition("@")[2].encode("ascii")
    if any(char in address.as_text() for char in "\r\n\0"):
        raise Wrong("it would break out of its line")
    if len(address.local) > 1 and address.mailbox in repr(address):
        raise Wrong(f"{address!r} shows the address")


def draw_settings(lots: Random) -> bytes:
    return spoiled_bytes(lots, _SETTINGS, _TOML)


@contextmanager
def _open_settings() -> Iterator[Check]:
    with tempfile.TemporaryDirectory(prefix="mailproof-fuzz-") as folder:
        place = Path(folder)

        def check(raw: bytes) -> None:
            (place / "mailproof.toml").write_bytes(raw)
            try:
                loaded = load(path=None, environ={}, cwd=place)
            except ConfigInvalid as invalid:
                said = str(invalid)
            else:
                said = " ".join(f"{row.path} {row.value}" for row in rows_of(loaded))
            if told := leaks(said, _NEVER):
                raise Wrong(told[0])

        yield check


AREAS: Final = (
    Area("times", 4, draw_time, alone(check_time)),
    Area("addresses", 8, draw_address, alone(check_address)),
    Area("settings", 3, draw_settings, _open_settings),
)
