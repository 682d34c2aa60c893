"""Without a gateway: the application accepts into the store itself, and sends only where asked."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mailproof import Email, KeyConflict, Mailproof, NotConfigured, Receipt, State
from mailproof.app import open_store
from mailproof.config.reading import read_settings
from mailproof.store.nodes.keys import create_key, make_key
from mailproof.testing import Sandbox
from tests.whole.process import Served, write_config

MAIL = Email(
    to="ada@kunde.test",
    subject="Hello",
    text="Hi",
    sender="Acme <hello@acme.test>",
    purpose="registration",
)


@pytest.fixture(scope="module")
def provider() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(provider: Sandbox) -> Sandbox:
    provider.forget()
    return provider


def configured(folder: Path, sandbox: Sandbox, more: str = "") -> Mapping[str, str]:
    config = write_config(folder, provider_url=sandbox.url, key=sandbox.api_key, more=more)
    return {"MAILPROOF_CONFIG": str(config)}


async def sent(environ: Mapping[str, str], *, engine: bool, wait: float = 10) -> Receipt:
    async with Mailproof.from_env(environ=environ, engine=engine) as mail:
        return await mail.send(MAIL, wait=wait)


async def test_a_mail_is_kept_and_waits_for_whoever_sends(folder: Path, sandbox: Sandbox) -> None:
    receipt = await sent(configured(folder, sandbox), engine=False, wait=1)
    assert receipt.state is State.QUEUED, "nobody has tried it, in a second"
    assert receipt.ok
    assert not receipt.is_sent
    assert sandbox.mails == []


async def test_a_server_on_the_same_store_sends_what_the_application_accepted(
    folder: Path, sandbox: Sandbox
) -> None:
    environ = configured(folder, sandbox)
    with Served(Path(environ["MAILPROOF_CONFIG"]), key=sandbox.api_key):
        receipt = await sent(environ, engine=False)
    assert receipt.is_sent
    assert len(sandbox.mails) == 1


async def test_an_application_that_asks_for_an_engine_sends_itself(
    folder: Path, sandbox: Sandbox
) -> None:
    environ = configured(folder, sandbox)
    async with Mailproof.from_env(environ=environ, engine=True) as mail:
        receipt = await mail.send(MAIL, wait=10)
        assert receipt.is_sent
        now = await mail.status(receipt.id)
    assert now is not None
    assert now.is_sent


async def test_of_two_that_ask_for_an_engine_one_sends_and_each_mail_goes_once(
    folder: Path, sandbox: Sandbox
) -> None:
    environ = configured(folder, sandbox)
    async with (
        Mailproof.from_env(environ=environ, engine=True) as one,
        Mailproof.from_env(environ=environ, engine=True) as other,
    ):
        assert (await one.send(MAIL, wait=10)).is_sent
        assert (await other.send(MAIL, wait=10)).is_sent
    assert len(sandbox.mails) == 2


async def test_what_was_accepted_before_an_engine_came_goes_then(
    folder: Path, sandbox: Sandbox
) -> None:
    environ = configured(folder, sandbox)
    await sent(environ, engine=False, wait=0)
    async with Mailproof.from_env(environ=environ, engine=True):
        await sandbox.arrived(1)


async def test_one_key_for_two_different_mails_is_a_conflict(
    folder: Path, sandbox: Sandbox
) -> None:
    async with Mailproof.from_env(environ=configured(folder, sandbox)) as mail:
        one = Email(to="a@b.test", sender="c@d.test", subject="1", text="x", idempotency_key="k")
        two = Email(to="a@b.test", sender="c@d.test", subject="2", text="x", idempotency_key="k")
        first = await mail.send(one, wait=0)
        assert (await mail.send(one, wait=0)).id == first.id
        with pytest.raises(KeyConflict):
            await mail.send(two, wait=0)


async def test_mails_of_another_application_are_not_shown(folder: Path, sandbox: Sandbox) -> None:
    environ = configured(folder, sandbox)
    receipt = await sent({**environ, "MAILPROOF_APP": "shop"}, engine=False, wait=0)
    async with Mailproof.from_env(environ=environ, app="other") as mail:
        assert await mail.status(receipt.id) is None


async def test_an_application_that_has_a_key_has_links_for_its_readers(
    folder: Path, sandbox: Sandbox
) -> None:
    environ = configured(folder, sandbox, 'public_url = "https://mail.example.com"')
    database = await open_store(read_settings(path=None, environ=environ, cwd=folder))
    await database.write(create_key, make_key(), "shop", actor="test")
    await database.close()
    async with Mailproof.from_env(environ=environ, app="shop") as mail:
        receipt = await mail.send(MAIL, wait=0)
        assert receipt.status_url is not None
        link = mail.status_link("registration", "ada@kunde.test")
        assert link is not None
        assert link.startswith("https://mail.example.com/status/")


async def test_a_store_that_others_send_from_by_other_ways_is_not_touched(
    folder: Path, sandbox: Sandbox
) -> None:
    environ = configured(folder, sandbox)
    async with Mailproof.from_env(environ=environ, engine=True) as mail:
        await mail.send(MAIL, wait=10)
    renamed = (folder / "mailproof.toml").read_text(encoding="utf-8")
    renamed = renamed.replace('name = "resend"', 'name = "another"')
    (folder / "mailproof.toml").write_text(renamed, encoding="utf-8")
    with pytest.raises(NotConfigured, match="resend"):
        await sent(environ, engine=True)


async def test_a_store_that_cannot_be_opened_says_which(folder: Path, sandbox: Sandbox) -> None:
    missing = f"sqlite:///{folder}/missing/mailproof.db"
    environ = {**configured(folder, sandbox), "MAILPROOF_DATABASE_URL": missing}
    with pytest.raises(NotConfigured, match="missing"):
        await sent(environ, engine=False)


def test_an_engine_beside_a_gateway_is_a_contradiction() -> None:
    environ = {"MAILPROOF_URL": "http://127.0.0.1:7025", "MAILPROOF_API_KEY": "mp_k"}
    with pytest.raises(NotConfigured, match="engine=True"):
        Mailproof.from_env(environ=environ, engine=True)
