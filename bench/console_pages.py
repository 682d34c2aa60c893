"""What a page of the console costs beside 1,000,000 mails: milliseconds on the server.

Usage: python bench/console_pages.py [--mails N]

On SQLite, filled as bench/console.py fills it, without a browser: each page is asked for by an
admin who is signed in. Prints the median and the slowest of some rounds and the size of the answer;
exits 1 when a page takes longer than 200 ms, or is not there.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from console import in_sqlite, now_ms
from mailproof.config.settings import ProviderSettings, Secret, Settings
from mailproof.console.pages import PAGES
from mailproof.console.pages.strip import tell_strip
from mailproof.console.serving import Console
from mailproof.console.sessions import hash_token
from mailproof.console.visit import Parts
from mailproof.gateway.exchange import Answer, Request
from mailproof.store.base import Database, Tx
from mailproof.store.console.people import add_person, begin_session
from mailproof.store.console.search import Query, search
from mailproof.store.nodes.installation import installation
from mailproof.store.sqlite.database import open_sqlite

MAILS = 1_000_000
ROUNDS = 9
MOST_MS = 200.0
TOKEN = "bench"  # noqa: S105 - of a session in a file that is deleted again
DAY_MS = 86_400_000


async def nothing(name: str) -> None:
    """No provider is asked."""


async def parts_of(database: Database) -> Parts:
    provider = ProviderSettings(
        name="first",
        type="resend",
        api_key=Secret("env:RESEND_API_KEY", lambda: "re_bench"),
        base_url="https://api.resend.com",
        rate=None,
        webhook_secrets=(),
        accept_as_app_key=False,
    )
    return Parts(
        database=database,
        settings=Settings(
            file="", language="en", store_url=Secret("default", str), providers=(provider,)
        ),
        installation=await database.write(installation),
        clock=lambda: datetime.fromtimestamp(now_ms() / 1000, UTC),
        version="bench",
        check=nothing,
    )


async def ids(tx: Tx, count: int) -> Mapping[str, str]:
    """A mail that waits behind a closed route, one that went out, one that failed."""
    newest = (await search(tx, Query(), limit=100)).mails
    by_state = {mail.state.value: mail.id for mail in newest}
    return {name: by_state[name] for name in ("held", "sent", "failed")}


def pages(found: Mapping[str, str], count: int) -> dict[str, str]:
    mails = "/console/mails"
    urls = {
        "overview": "/console",
        "mails": mails,
        "mails, drawn again while 1,000s came": f"{mails}?upto={count - 5_000}",
        "mails, an older page": f"{mails}?before={count // 2}",
        "mails, back to a newer page": f"{mails}?after={count // 2}",
        "mails, waiting": f"{mails}?tab=waiting",
        "mails, ended badly": f"{mails}?tab=bad",
        "mails, other ends": f"{mails}?tab=other",
        "mails, of today": f"{mails}?time=today",
        "mails, for a reason that none has": f"{mails}?tab=bad&reason=greylisted",
        "mails, of a purpose": f"{mails}?purpose=otp&time=week",
        "mails, of an address": f"{mails}?text=READER999@mail5",
        "mails, of an address that nobody has": f"{mails}?text=nobody@nowhere.example",
        "mails, words of a subject": f"{mails}?text=order%2077",
        "ask: retry 50": f"{mails}/ask?deed=retry&{'&'.join(f'id={i}' for i in found.values())}",
        "ask: retry all that ended badly": f"{mails}/ask?deed=retry&tab=bad&all=1",
        "ask: cancel all that wait": f"{mails}/ask?deed=cancel&tab=waiting&all=1",
    }
    for state, email_id in found.items():
        urls[f"one mail, {state}"] = f"{mails}/{email_id}"
    for name in ("routes", "refusals", "suppressions", "alerts", "keys", "settings"):
        urls[name] = f"/console/{name}"
    return urls


async def ask(console: Console, url: str, cookie: str) -> Answer:
    split = urlsplit(url)
    scope: dict[str, Any] = {
        "method": "GET",
        "path": split.path,
        "query_string": split.query.encode(),
        "headers": [(b"host", b"localhost"), (b"cookie", cookie.encode())],
        "client": ("127.0.0.1", 50_000),
        "state": {},
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    return await console.answer(Request(scope, receive))


async def measured(count: int) -> bool:
    """Prints a line for each page. True: one of them was too slow, or not there."""
    late = False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mailproof.db"
        database = await open_sqlite(path, now_ms=now_ms)
        in_sqlite(path, count)
        parts = await parts_of(database)
        await database.write(add_person, "bench", "admin", "", actor="bench")
        await database.write(begin_session, hash_token(TOKEN), "bench")
        cookie = f"mailproof_session_{parts.installation.id[:8]}={TOKEN}"
        console = Console(parts, PAGES, tell_strip)
        found = await database.read(ids, count)
        for name, url in pages(found, count).items():
            times, answer = [], await ask(console, url, cookie)
            for _ in range(ROUNDS):
                began = time.perf_counter()
                answer = await ask(console, url, cookie)
                times.append((time.perf_counter() - began) * 1e3)
            median, slowest = statistics.median(times), max(times)
            late |= median > MOST_MS or answer.status != 200
            sys.stdout.write(
                f"{name:40} {answer.status} {median:8.1f} ms {slowest:8.1f} ms"
                f" {len(answer.body) / 1024:7.1f} KiB\n"
            )
            sys.stdout.flush()
        await database.close()
    return late


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=MAILS)
    given = parser.parse_args()
    return 1 if asyncio.run(measured(given.mails)) else 0


if __name__ == "__main__":
    raise SystemExit(main())
