"""Real processes: two on one file, killed, stopped under load, dying of a bug."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailproof.testing import Sandbox
from tests.cli.running import mailproof
from tests.whole.house import MAIL, Answer, House, ask
from tests.whole.process import Served, write_config

READY_MAX_S = 1.5
# One bug in a part that no other part watches.
CRASHES = """
import sys
from mailproof import serving
from mailproof.cli import main

async def crash(self):
    await self.engine.started.wait()
    raise RuntimeError("a bug of ours")

serving._House.watch_where_the_duties_are = crash
main()
"""


class Place(msgspec.Struct, frozen=True):
    folder: Path
    sandbox: Sandbox
    config: Path

    def served(self, **given: Any) -> Served:
        return Served(self.config, key=self.sandbox.api_key, **given)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with Sandbox() as sandbox:
        config = write_config(tmp_path, provider_url=sandbox.url, key=sandbox.api_key)
        yield Place(tmp_path, sandbox, config)


def test_it_is_ready_soon_and_stops_cleanly(place: Place) -> None:
    with place.served() as warm:
        assert warm.send(MAIL).state == "sent"
    with place.served() as served:
        assert served.ready_s < READY_MAX_S
        assert served.stop() == 0
        assert served.log.found("server.stopped")


def test_a_bug_that_nothing_can_go_on_after_ends_it_loudly(place: Place) -> None:
    with place.served(code=CRASHES) as served:
        assert served.wait() != 0
        line = served.log.wait_for("task.crashed", level="critical")
        assert "a bug of ours" in line["exception"]


def test_the_second_process_stands_by_and_takes_over_when_the_first_is_killed(
    place: Place,
) -> None:
    with place.served() as first, place.served() as second:
        second.log.wait_for("engine.standing_by", level="warning")
        ready = ask(second.url, "GET", "/readyz")
        assert (ready.status, ready.json["status"]) == (200, "degraded")
        assert second.send(MAIL).state == "sent"  # the first one sends it

        # The provider has the first one's mail when it dies, and had not yet said so.
        place.sandbox.fail("accept-silent,count=1,to=*@slow.test")
        taken = first.send({**MAIL, "to": "ada@slow.test"}, prefer="respond-async").json["id"]
        place.sandbox.wait_until(lambda: _to(place.sandbox, "ada@slow.test") == 1)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(second.send, {**MAIL, "to": "eve@kunde.test"}, prefer="wait=10")
            first.kill()
            killed_at = time.monotonic()
            assert waiting.result().state == "sent"
            assert second.send(MAIL).state == "sent"
            assert time.monotonic() - killed_at < 5.0
        assert len(second.log.found("engine.standing_by")) == 1
        second.log.wait_for("email.sent", email_id=taken)
        assert _to(place.sandbox, "ada@slow.test") == 1


def _to(sandbox: Sandbox, address: str) -> int:
    return sum(address in mail.to for mail in sandbox.mails)


def test_stopped_under_load_every_answer_is_true_and_the_rest_goes_out_later(
    place: Place,
) -> None:
    answers: dict[str, Answer | None] = {}
    going = threading.Event()
    going.set()

    def load(served: Served, who: int) -> None:
        number = 0
        while going.is_set():
            to = f"c{who}.{number}@kunde.test"
            number += 1
            try:
                answers[to] = served.send({**MAIL, "to": to}, idempotency_key=to)
            except (OSError, ValueError):  # no answer: nobody knows, and we stop
                answers[to] = None
                return

    with place.served() as served, ThreadPoolExecutor(8) as pool:
        for who in range(8):
            pool.submit(load, served, who)
        place.sandbox.wait_for(100, timeout_s=20)
        served.process.terminate()
        assert served.wait() == 0
        going.clear()
    accepted = {to for to, answer in answers.items() if answer is not None and answer.status == 200}
    refused = {to for to, answer in answers.items() if answer is not None and answer.status != 200}
    assert len(accepted) >= 100
    assert all(answers[to].status == 503 for to in refused)  # type: ignore[union-attr]
    with place.served():
        place.sandbox.wait_until(
            lambda: accepted <= {mail.to[0] for mail in place.sandbox.mails}, timeout_s=20
        )
    arrived = [mail.to[0] for mail in place.sandbox.mails]
    assert len(arrived) == len(set(arrived))


def test_a_key_that_another_process_revokes_is_refused_within_a_second(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        config = write_config(tmp_path, provider_url=house.sandbox.url, key=house.sandbox.api_key)
        key_id = house.rows("SELECT id FROM api_keys")[0][0]
        assert house.send().status == 200
        done = mailproof("keys", "revoke", key_id, "--config", str(config))
        assert done.returncode == 0, done.stderr
        revoked_at = time.monotonic()
        house.log.until(lambda: house.send().status == 400, "it is refused")
        assert time.monotonic() - revoked_at < 1.0
        line = house.log.wait_for("application.refused", level="error")
        assert (line["kind"], line["app"]) == ("once_valid", "shop")
