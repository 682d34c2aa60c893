"""Requests: their bodies, their headers, their very bytes; webhooks; status tokens; cursors."""

import base64
import json
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any, Final
from urllib.parse import quote

from standardwebhooks.webhooks import Webhook

from mailproof.mail.status_token import Claims, address_mac, mint
from mailproof.store.nodes.keys import hash_key, status_secret_of
from tests.gateway.world import mail_id
from tests.hard.fuzzing.areas import Area, Check, Wrong
from tests.hard.fuzzing.house import Answered, Fuzzed, Line, fuzzed, judge, read_head
from tests.hard.fuzzing.mails import FIELDS, mail
from tests.hard.fuzzing.mutating import TROUBLE, spoiled_bytes, spoiled_json, spoiled_text
from tests.whole.canaries import HOOK_SECRET, PERSON, STRANGE_KEY

__all__ = ["AREAS"]

NOW_S: Final = 1_800_000_000
# Stands in what is drawn for what only the world has.
_KEY: Final = b"mp_TheKeyOfTheWorldTheKeyOfTheWorldTheKeyOfT"
_PATCH: Final = f"/emails/{mail_id(1)}"

Request = bytes


def _request(method: str, path: str, headers: list[tuple[str, bytes]], body: bytes = b"") -> bytes:
    """A whole one, well-formed whatever its parts are."""
    lines = [(name, _plain(value)) for name, value in headers]
    if body or method in {"POST", "PATCH"}:
        lines.append(("content-length", str(len(body)).encode()))
    head = b"".join(b"%s: %s\r\n" % (name.encode(), value) for name, value in lines)
    return f"{method} {path} HTTP/1.1\r\nhost: localhost\r\n".encode() + head + b"\r\n" + body


def _plain(value: bytes) -> bytes:
    return bytes(byte for byte in value if byte == 9 or (byte >= 32 and byte != 127))


def _keyed(*more: tuple[str, bytes]) -> list[tuple[str, bytes]]:
    return [("authorization", b"Bearer " + _KEY), *more]


def draw_json(lots: Random) -> bytes:
    method, path = lots.choice((("POST", "/emails"), ("POST", "/emails/batch"), ("PATCH", _PATCH)))
    tree: Any = mail(lots)
    if path == "/emails/batch":
        tree = [mail(lots) for _ in range(lots.randrange(4))]
    elif method == "PATCH":
        tree = {"scheduled_at": "in 5 minutes"}
    return _request(method, path, _keyed(), spoiled_json(lots, tree, FIELDS))


_HEADERS: Final = {
    "authorization": ("Bearer " + _KEY.decode(), "bearer x", "Basic YTpi", f"Bearer {STRANGE_KEY}"),
    "idempotency-key": ("welcome/1",),
    "prefer": ("respond-async, wait=10", 'handling="strict"; a=b', "wait=999999999999"),
    "mailproof-purpose": ("registration",),
    "x-batch-validation": ("strict", "permissive"),
    "x-request-id": ("trace-1",),
    "x-forwarded-for": ("192.0.2.1, 2001:db8::1", "[::1]:80, unknown"),
    "content-type": ("application/json", "text/plain; charset=utf-7"),
    "accept": ("*/*", "application/json;q=0.1, text/html"),
    "accept-language": ("zh-Hans-CN, en;q=0.5", "*;q=x"),
    "origin": ("https://app.test", "null"),
    "user-agent": ("resend-node:6.0.0",),
    "expect": ("100-continue",),
    "accept-encoding": ("gzip, br",),
    "range": ("bytes=0-1",),
    "if-none-match": ('"a"',),
    "cookie": ("a=b",),
}


def draw_headers(lots: Random) -> bytes:
    headers = dict(_keyed())
    for name in lots.sample(sorted(_HEADERS), lots.randrange(1, 5)):
        text = lots.choice(_HEADERS[name])
        headers[name] = (
            text.encode()
            if lots.random() < 0.2
            else spoiled_text(lots, text).encode("utf-8", "surrogatepass")[:8_000]
        )
    body = json.dumps(mail(lots)).encode()
    path = lots.choice(("/emails", "/emails/batch"))
    return _request("POST", path, list(headers.items()), body if path == "/emails" else b"[]")


def draw_cursor(lots: Random) -> bytes:
    """Lists and single mails, by parameters that are none."""
    odd = [spoiled_text(lots, lots.choice((mail_id(1), "20", "100"))) for _ in range(3)]
    parts = [quote(each.encode("utf-8", "surrogatepass")[:2_000], safe="") for each in odd]
    query = f"limit={parts[0]}&{lots.choice(('after', 'before', 'limit', 'x'))}={parts[1]}"
    path = lots.choice(
        (f"/emails?{query}", f"/emails/{parts[2]}", f"/v1/emails/{parts[2]}?{query}",
         f"/emails?after={parts[1]}", f"/emails/{parts[2]}/cancel", f"/{parts[2]}/{parts[1]}")
    )  # fmt: skip
    method = "POST" if path.endswith("/cancel") else lots.choice(("GET", "GET", "OPTIONS", "PUT"))
    return _request(method, path, _keyed())


_HTTP_TOKENS: Final = (
    b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"GET ", b"POST ", b"CONNECT ", b"PRI * ", b"OPTIONS * ",
    b"content-length: 5\r\n", b"content-length: 18446744073709551616\r\n", b"x: y\r\n z\r\n",
    b"transfer-encoding: chunked\r\n", b"transfer-encoding: gzip, chunked\r\n", b"5\r\n", b"0\r\n",
    b"expect: 100-continue\r\n", b"connection: upgrade\r\nupgrade: h2c\r\n", b"connection: \r\n",
    b"host: a\r\nhost: b\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"1;a=b\r\n", b"\r\nGET / HTTP/1.1\r\n\r\n",
    b"http://[", b"//", b"/../", b"?#", b"\r", b"\x00", b": ", b"keep-alive",
)  # fmt: skip


def draw_raw(lots: Random) -> bytes:
    """One or two requests, spoiled where it hurts."""
    body = json.dumps({"from": "a@acme.test", "to": "b@kunde.test", "subject": "x", "text": "y"})
    half = len(body) // 2
    chunks = f"{half:x}\r\n{body[:half]}\r\n{len(body) - half:x};x=1\r\n{body[half:]}\r\n0\r\n\r\n"
    close = ("connection", b"close")
    one = lots.choice(
        (
            _request("POST", "/emails", _keyed(close), body.encode()),
            _request("POST", "/emails", [("expect", b"100-continue"), *_keyed()], body.encode()),
            _request("GET", "/emails", _keyed(("transfer-encoding", b"chunked"), close))
            .replace(b"GET", b"POST") + chunks.encode(),
            _request("GET", "/healthz", [close]),
            _request("HEAD", "/status.js", []),
            _request("POST", "/webhooks/resend", [close], b"{}"),
            _request("GET", f"/status/{'a' * 30}.b?lang=zh", [("accept", b"text/event-stream")]),
        )
    )  # fmt: skip
    if lots.random() < 0.2:
        one = one.replace(b"connection: close\r\n", b"") + _request("GET", "/readyz", [close])
    return spoiled_bytes(lots, one, _HTTP_TOKENS)


_TYPES: Final = ("sent", "delivered", "bounced", "complained", "failed", "suppressed", "opened")


def draw_webhook(lots: Random) -> bytes:
    """Two thirds are signed well, whatever they hold."""
    data: dict[str, Any] = {
        "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
        "from": f"Acme <{PERSON}@acme.test>",
        "to": [f"Ada <{PERSON}@kunde.test>", "grace@kunde.test"],
        "subject": "Hello",
        "tags": lots.choice(({"mailproof_id": mail_id(1)}, [{"name": "mailproof_id", "value": 7}])),
        "bounce": {"type": "Permanent", "message": "No.", "diagnosticCode": ["smtp; 550 5.1.1 x"]},
    }
    kind = lots.choice(_TYPES)
    tree = {"type": f"email.{kind}", "created_at": "2026-10-06T23:47:56.678Z", "data": data}
    names = (*data, "type", "created_at", "data", "diagnosticCode", "message", "subType", "failed")
    body = spoiled_json(lots, tree, names)
    given = {"id": f"msg_{lots.random()}", "timestamp": str(NOW_S + lots.randrange(-320, 320))}
    if lots.random() < 0.5:
        given["timestamp"] = str(NOW_S)
    given["signature"] = _signature(given["id"], int(given["timestamp"]), body)
    if lots.random() < 0.33:
        name = lots.choice(sorted(given))
        given[name] = spoiled_text(lots, given[name])
    prefix = lots.choice(("svix", "svix", "webhook"))
    headers = [
        (f"{prefix}-{name}", value.encode("utf-8", "surrogatepass")[:4_000])
        for name, value in given.items()
    ]
    path = lots.choice(
        ("/webhooks/resend",) * 9
        + (f"/webhooks/{quote(lots.choice(TROUBLE[:40]).encode('utf-8', 'surrogatepass'))}",)
    )
    return _request("POST", path, headers, body)


def _signature(event_id: str, at_s: int, body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return Webhook(HOOK_SECRET).sign(event_id, datetime.fromtimestamp(at_s, UTC), text)


def draw_token(lots: Random) -> tuple[Any, ...]:
    """Which claims, what is done to the token, and how it is asked for."""
    claims: dict[str, Any] = {
        "v": 1,
        "p": lots.choice(("registration", "otp", "bulk", "")),
        "iat": NOW_S - lots.randrange(0, 90_000),
        "address": f"{lots.randrange(1_000)}@kunde.test",
        "m": lots.choice(("", "", mail_id(1))),
    }
    claims["exp"] = claims["iat"] + lots.randrange(1, 86_401)
    spoil = lots.random() < 0.5
    accept = lots.choice(("application/json", "text/html", "*/*", spoiled_text(lots, "text/html")))
    lang = quote(spoiled_text(lots, "zh").encode("utf-8", "surrogatepass")[:500], safe="")
    return claims, lots.randrange(2**32) if spoil else None, accept, lang


def _token_request(world: Fuzzed, case: tuple[Any, ...]) -> bytes:
    given, spoil, accept, lang = case
    secret = status_secret_of(world.key)
    claims = dict(given)
    mac = address_mac(secret, claims["p"], claims.pop("address"))
    claims["a"] = base64.urlsafe_b64encode(mac).rstrip(b"=").decode()
    claims["k"] = hash_key(world.key).hex()[:8]
    token = mint(secret, Claims(**claims))
    if spoil is not None:
        lots = Random(spoil)
        if lots.random() < 0.5:  # signed well, and not what it should be
            body = base64.urlsafe_b64encode(spoiled_json(lots, claims, tuple(claims)))
            token = f"{body.rstrip(b'=').decode()}.{token.partition('.')[2]}"
        else:
            token = spoiled_text(lots, token)
    path = quote(token.encode("utf-8", "surrogatepass")[:6_000], safe=".-_~=")
    headers = [("accept", accept.encode("utf-8", "surrogatepass")[:4_000])]
    return _request("GET", f"/status/{path}?lang={lang}", headers)


def _opened(
    made: Callable[[Fuzzed, Any], bytes],
) -> Callable[[], AbstractContextManager[Check]]:
    @contextmanager
    def opened() -> Iterator[Check]:
        with fuzzed() as world:
            line = Line(world)

            def check(case: Any) -> None:
                judge(world, line.ask(made(world, case)))

            try:
                yield check
            finally:
                line.close()

    return opened


def _with_key(world: Fuzzed, raw: bytes) -> bytes:
    return raw.replace(_KEY, world.key.encode())


_QUIET_S: Final = 0.2
_END_S: Final = 8.0


@contextmanager
def _open_raw() -> Iterator[Check]:
    with fuzzed() as world:

        def check(cases: list[bytes]) -> None:
            raws = [_with_key(world, raw) for raw in cases]
            for raw, (heard, ended) in zip(raws, _spoken(world, raws), strict=True):
                _judge_raw(world, raw, heard, ended=ended)

        yield check


def _spoken(world: Fuzzed, raws: list[bytes]) -> list[tuple[bytes, bool]]:
    """What each of them hears, on a connection of its own, all at once; and did it end?"""
    heard = [b""] * len(raws)
    ended = [False] * len(raws)
    began = last = time.monotonic()
    with selectors.DefaultSelector() as waiting:
        lines = []
        for number, raw in enumerate(raws):
            line = world.connect()
            lines.append(line)
            try:
                line.sendall(raw)
            except ConnectionError:
                ended[number] = True
            waiting.register(line, selectors.EVENT_READ, number)
        while waiting.get_map() and time.monotonic() - began < _END_S:
            for key, _ in waiting.select(_QUIET_S / 4):
                line = key.fileobj  # type: ignore[assignment]
                more, last = _heard(line), time.monotonic()
                heard[key.data] += more
                if not more:
                    ended[key.data] = True
                    waiting.unregister(line)
            if time.monotonic() - last > _QUIET_S and all(
                heard[key.data] for key in waiting.get_map().values()
            ):
                break
        for line in lines:
            line.close()
    return list(zip(heard, ended, strict=True))


def _heard(line: socket.socket) -> bytes:
    try:
        return line.recv(1 << 16)
    except ConnectionError:
        return b""


def _judge_raw(world: Fuzzed, raw: bytes, heard: bytes, *, ended: bool) -> None:
    if not heard and not ended:
        raise Wrong(f"neither an answer nor an end within {_END_S:.0f} s: {raw[:300]!r}")
    judge(world, Answered(200, {}, b""))
    rest = heard
    while rest:
        head, found, rest = rest.partition(b"\r\n\r\n")
        if not found:
            raise Wrong(f"half an answer: {heard[-300:]!r}, to {raw[:300]!r}")
        status, headers = read_head(head)
        size = int(headers.get(b"content-length", b"0")) if status != 100 else 0
        if raw.startswith(b"HEAD") or b"content-length" not in headers:
            rest = rest[rest.find(b"HTTP/1.1 ") :] if b"HTTP/1.1 " in rest else b""
            continue
        judge(world, Answered(status, headers, rest[:size]))
        rest = rest[size:]


AREAS: Final = (
    Area("json", 15, draw_json, _opened(_with_key)),
    Area("headers", 10, draw_headers, _opened(_with_key)),
    Area("cursors", 6, draw_cursor, _opened(_with_key)),
    Area("raw", 8, draw_raw, _open_raw, batch=400),
    Area("webhooks", 10, draw_webhook, _opened(_with_key)),
    Area("tokens", 10, draw_token, _opened(_token_request)),
)
