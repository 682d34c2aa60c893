"""`mailproof.testing`: the sandbox as a handle for anybody's tests."""

import asyncio
import socket
import subprocess
import sys
import threading

import pytest

from mailproof.testing import ManualClock, Sandbox
from tests.sandbox.api import Api

pytest_plugins = ["pytester"]


def test_a_test_waits_for_mail_by_event_and_gets_it(api: Api) -> None:
    sender = threading.Thread(target=api.sent)
    sender.start()
    (mail,) = api.sandbox.wait_for(1)
    sender.join()
    assert mail.sender == "Acme <news@acme.test>"
    assert mail.subject == "Your sign-in link"


def test_a_mail_that_does_not_come_is_told_with_what_came_instead(api: Api) -> None:
    api.send(to="500@fault.test")
    with pytest.raises(TimeoutError, match=r"0 mails were accepted.*POST /emails -> 500"):
        api.sandbox.wait_for(1, timeout_s=0.01)


async def test_it_serves_asyncio_as_well() -> None:
    async with Sandbox() as sandbox:
        await asyncio.to_thread(Api(sandbox).sent)
        (mail,) = await sandbox.arrived()
        assert mail.to == ("delivered@resend.dev",)


def test_a_wait_notices_what_time_alone_has_changed() -> None:
    with Sandbox() as sandbox:
        Api(sandbox).sent()
        sandbox.wait_until(lambda: sandbox.mails[0].last_event == "delivered")


def test_a_script_that_forgets_to_stop_it_ends_all_the_same() -> None:
    script = "from mailproof.testing import Sandbox; Sandbox().start()"
    assert subprocess.run([sys.executable, "-c", script], timeout=60, check=False).returncode == 0


def test_it_is_started_once(api: Api) -> None:
    with pytest.raises(RuntimeError, match="make a new one"):
        api.sandbox.start()


def test_its_mails_show_their_attachments(api: Api) -> None:
    api.sent(attachments=[{"filename": "a.txt", "content": "SGk="}])
    (file,) = api.sandbox.mails[0].attachments
    assert (file.filename, file.content, file.size_bytes) == ("a.txt", "SGk=", 2)


def test_it_can_be_prepared_before_it_starts() -> None:
    sandbox = Sandbox()
    sandbox.fail("500,count=1")
    sandbox.verify_domain("shop.test")
    with sandbox:
        api = Api(sandbox)
        assert api.send(**{"from": "a@shop.test"}).status == 500
        api.sent(**{"from": "a@shop.test"})


def test_its_mails_can_be_looked_at_after_it_has_stopped(api: Api) -> None:
    api.sent()
    api.sandbox.stop()
    assert len(api.sandbox.mails) == 1


def test_a_port_that_is_taken_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sandbox = Sandbox(port=taken.getsockname()[1])
        with pytest.raises(OSError, match="in use"):
            sandbox.start()


def test_its_environment_is_what_the_official_sdks_read(api: Api) -> None:
    sandbox = api.sandbox
    assert sandbox.env == {
        "RESEND_API_KEY": sandbox.api_key,
        "RESEND_BASE_URL": sandbox.url,
        "RESEND_API_URL": sandbox.url,
    }


def test_forgetting_starts_a_new_day(api: Api) -> None:
    api.send(key="k")
    api.sandbox.forget()
    assert not api.sandbox.mails
    assert api.send(key="k", subject="Another").status == 200


def test_a_manual_clock_never_runs_backwards() -> None:
    with pytest.raises(ValueError, match="does not run backwards"):
        ManualClock().advance(-1)


async def test_a_manual_clock_wakes_who_slept_long_enough() -> None:
    clock = ManualClock()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        short = group.create_task(clock.sleep_until(clock.now() + 1))
        long = group.create_task(clock.sleep_until(clock.now() + 3))
        await asyncio.sleep(0)
        clock.advance(2)
        await short
        assert not long.done()
        clock.advance(1)


@pytest.fixture
def elsewhere(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeini(
        "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function"
    )
    return pytester


def test_the_fixture_is_there_for_anyone_who_has_installed_mailproof(
    elsewhere: pytest.Pytester,
) -> None:
    elsewhere.makepyfile(
        """
        import resend

        def test_sign_up_sends_a_link(mailproof_sandbox, monkeypatch):
            monkeypatch.setattr(resend, "api_url", mailproof_sandbox.url)
            monkeypatch.setattr(resend, "api_key", mailproof_sandbox.api_key)
            resend.Emails.send({
                "from": "Acme <news@acme.test>", "to": "ada@kunde.test",
                "subject": "Activate your account", "text": "https://acme.test/activate",
            })
            (mail,) = mailproof_sandbox.wait_for(1)
            assert mail.to == ("ada@kunde.test",)
        """
    )
    elsewhere.runpytest_subprocess("-q").assert_outcomes(passed=1)


def test_the_plugin_loads_no_server_until_the_fixture_is_used(elsewhere: pytest.Pytester) -> None:
    elsewhere.makepyfile(
        """
        import sys

        def test_nothing_heavy_is_loaded():
            assert not {"uvicorn", "starlette", "aiohttp"} & set(sys.modules)
        """
    )
    elsewhere.runpytest_subprocess("-q", "-p", "no:hypothesispytest").assert_outcomes(passed=1)
