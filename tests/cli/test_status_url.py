"""`mailproof emails show` gives the link that a reader follows their mail by."""

from typing import Any

from mailproof.mail.status_token import Token, read
from mailproof.store.base import Database
from mailproof.store.nodes.keys import create_key, make_key, revoke_key, status_secret_of
from tests.cli.desk import CONFIG, KEY, Desk, desk
from tests.store.mails import ONE, accepted, new_mail

__all__ = ["desk"]

PUBLIC = 'public_url = "https://mail.acme.test/"\n'


async def a_mail(database: Database, **given: Any) -> str:
    (email_id,) = await accepted(database, new_mail(database.now(), **given), routing=ONE)
    return email_id


async def a_mail_of_an_app_with_two_keys(database: Database) -> tuple[str, str]:
    """The mail, and the key that is still good."""
    good, revoked = make_key(), make_key()
    for made in (good, revoked):
        await database.write(create_key, made, "shop", actor="test")
    await database.write(revoke_key, revoked.id, actor="test")
    return await a_mail(database), good.secret


def link(desk: Desk, email_id: str) -> Token:
    url = desk.json("emails", "show", email_id)["status_url"]
    assert url.startswith("https://mail.acme.test/status/")
    return read(url.rpartition("/")[2])


def test_the_link_is_made_with_a_good_key_of_the_mails_app(desk: Desk) -> None:
    email_id, secret = desk.seed(a_mail_of_an_app_with_two_keys)
    desk.config.write_text(PUBLIC + CONFIG, encoding="utf-8")
    token = link(desk, email_id)
    assert token.claims.m == email_id
    assert token.is_signed_with(status_secret_of(secret))


def test_where_apps_keep_the_providers_key_the_link_is_made_with_that(desk: Desk) -> None:
    email_id = desk.seed(lambda database: a_mail(database, app="resend"))
    taken = f"{PUBLIC}{CONFIG}accept_as_app_key = true\n"
    desk.config.write_text(taken, encoding="utf-8")
    assert link(desk, email_id).is_signed_with(status_secret_of(KEY))


def test_without_a_public_address_or_a_key_there_is_no_link(desk: Desk) -> None:
    email_id, _ = desk.seed(a_mail_of_an_app_with_two_keys)
    assert desk.json("emails", "show", email_id)["status_url"] is None
    other = desk.seed(lambda database: a_mail(database, app="gone"))
    desk.config.write_text(PUBLIC + CONFIG, encoding="utf-8")
    assert desk.json("emails", "show", other)["status_url"] is None
