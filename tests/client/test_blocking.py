"""The blocking face: the same mails and answers, from any thread, also after a fork."""

import asyncio
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mailproof import BlockingMailproof, Email, KeyRefused, Mailproof, NotConfigured
from tests.whole.house import House

SENDER = "Acme <hello@acme.test>"

# A server such as gunicorn loads the application, uses it, and forks its workers then.
FORKING = """
import os, sys
from mailproof import Email, Mailproof
mail = Mailproof.sync()
def send(subject):
    email = Email(to="ada@kunde.test", subject=subject, text="Hi")
    return mail.send(email, wait=10).is_sent
assert send("from the parent")
child = os.fork()
if child == 0:
    sent = send("from the child")
    mail.close()
    os._exit(0 if sent else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert send("from the parent again")
mail.close()
"""

# Such a server's worker takes its first requests in many threads at once.
FORKING_TO_THREADS = """
import os, sys, threading
from mailproof import Email, Mailproof
mail = Mailproof.sync()
def send():
    mail.send(Email(to="ada@kunde.test", subject="x", text="Hi"), wait=0)
send()
if os.fork() == 0:
    sys.setswitchinterval(1e-6)
    together, sent = threading.Barrier(16), []
    def first():
        together.wait()
        send()
        sent.append(1)
    threads = [threading.Thread(target=first, daemon=True) for _ in range(16)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(10)
    os._exit(16 - len(sent))
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
mail.close()
"""


def environ_of(house: House) -> dict[str, str]:
    return {
        "MAILPROOF_URL": house.url,
        "MAILPROOF_API_KEY": house.key,
        "MAILPROOF_FROM": SENDER,
    }


def email(number: int = 0) -> Email:
    return Email(to="ada@kunde.test", subject=f"Hello {number}", text="Hi")


def test_it_sends_and_tells_without_an_event_loop(house: House) -> None:
    with Mailproof.sync(environ=environ_of(house)) as mail:
        assert isinstance(mail, BlockingMailproof)
        receipt = mail.send(email(), wait=5)
        assert receipt.is_sent
        now = mail.status(receipt.id)
        assert now is not None
        assert now.is_sent
        link = mail.status_link("registration", "ada@kunde.test")
        assert link is not None
        assert link.startswith(house.url)
    assert not [each for each in threading.enumerate() if each.name == "mailproof"]


def test_it_opens_by_itself_and_again_after_it_was_closed(house: House) -> None:
    mail = Mailproof.sync(environ=environ_of(house))
    for _ in range(2):
        assert mail.send(email(), wait=5).is_sent
        mail.close()


def test_many_threads_may_share_it(house: House) -> None:
    with (
        Mailproof.sync(environ=environ_of(house)) as mail,
        ThreadPoolExecutor(8) as threads,
    ):
        receipts = list(threads.map(lambda n: mail.send(email(n), wait=5), range(24)))
    assert all(receipt.ok for receipt in receipts)
    assert len({receipt.id for receipt in receipts}) == 24


def test_its_errors_are_the_same(house: House) -> None:
    wrong = {**environ_of(house), "MAILPROOF_API_KEY": "mp_wrong"}
    with Mailproof.sync(environ=wrong) as mail, pytest.raises(KeyRefused):
        mail.send(email(), wait=5)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_and_its_parent_both_go_on_sending(house: House) -> None:
    environ = {**os.environ, **environ_of(house), "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKING],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert {mail.subject for mail in house.sandbox.mails} == {
        "from the parent",
        "from the child",
        "from the parent again",
    }


def test_a_forked_child_may_begin_in_many_threads_at_once(house: House) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING_TO_THREADS],
        env={**os.environ, **environ_of(house)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_what_keeps_running_ends_before_the_way_out_is_closed(house: House) -> None:
    ended_with_a_way = threading.Event()

    async def work(mail: Mailproof) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if mail.way is not None:
                ended_with_a_way.set()

    with Mailproof.sync(environ=environ_of(house)) as mail:
        mail.send(email(), wait=0)
        mail.keep_running(work)
        mail.send(email(1), wait=0)
    assert ended_with_a_way.is_set()


def test_a_connection_that_must_be_awaited_is_refused_in_words(house: House) -> None:
    class Awaited:
        __module__ = "asyncpg.connection"

        async def execute(self, *values: object) -> None:
            await Never()
            del values

    mail = Mailproof.sync(environ=environ_of(house))
    with pytest.raises(NotConfigured, match="awaited"):
        mail.enqueue(email(), connection=Awaited())


class Never:
    def __await__(self):  # type: ignore[no-untyped-def]
        yield
