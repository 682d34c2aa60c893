"""Django's own mail through Mailproof: at once, or on its transaction."""

import os
import subprocess
import sys
from pathlib import Path

from tests.integrations.world import accepted, accepting
from tests.whole.house import House

PROJECT = """
import sys, django
from django.conf import settings
settings.configure(
    INSTALLED_APPS=["mailproof.integrations.django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[1]}},
    EMAIL_BACKEND="mailproof.integrations.django.backend.EmailBackend",
    DEFAULT_FROM_EMAIL="Acme <hello@acme.test>",
    MAILPROOF_OUTBOX=sys.argv[2] == "outbox",
    USE_TZ=True,
)
django.setup()
from django.core.mail import EmailMultiAlternatives, send_mail
from django.core.management import call_command
from django.db import connection, transaction
from django.utils.translation import gettext_lazy
from email.message import MIMEPart
"""
AT_ONCE = """
mail = EmailMultiAlternatives(
    "Hello", "Hi", to=["Ada <ada@kunde.test>"], cc=["bob@kunde.test"], reply_to=["h@acme.test"],
    headers={"Mailproof-Purpose": "registration", "X-Kind": "welcome"},
)
mail.attach_alternative("<p>Hi</p>", "text/html")
mail.attach("a.txt", "inside", "text/plain")
assert mail.send() == 1
part = MIMEPart()  # what Django attaches from its version 6 on
part.set_content(b"inside", "application", "pdf", filename="b.pdf")
lazy = EmailMultiAlternatives(gettext_lazy("Lazy"), gettext_lazy("Soon"), to=["eve@kunde.test"])
lazy.attachments.append(part)
assert lazy.send() == 1
assert send_mail("Only HTML", "", None, ["eve@kunde.test"], html_message="<b>x</b>") == 1
assert send_mail("Wrong", "x", None, ["nobody"], fail_silently=True) == 0
try:
    send_mail("Wrong", "x", None, ["nobody"])
except ValueError as error:
    assert error.where == "to[0]"
else:
    raise AssertionError
"""
IN_THE_OUTBOX = """
call_command("migrate", verbosity=0)
with transaction.atomic():
    send_mail("Kept", "x", None, ["ada@kunde.test"])
try:
    with transaction.atomic():
        send_mail("Never was", "x", None, ["ada@kunde.test"])
        raise KeyError
except KeyError:
    pass
with connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM mailproof_outbox")
    assert cursor.fetchone() == (1,)
"""


def run(program: str, folder: Path, way: str, environ: dict[str, str]) -> None:
    command = [sys.executable, "-c", PROJECT + program, f"{folder}/app.db", way]
    done = subprocess.run(
        command,
        env={**os.environ, **environ, "PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


def test_what_django_sends_arrives_whole(tmp_path: Path) -> None:
    with House(tmp_path) as house:
        environ = {"MAILPROOF_URL": house.url, "MAILPROOF_API_KEY": house.key}
        run(AT_ONCE, tmp_path, "at once", environ)
        mails = {mail.subject: mail for mail in house.sandbox.wait_for(3)}
    hello = mails["Hello"]
    assert (hello.sender, hello.to, hello.cc, hello.reply_to) == (
        "Acme <hello@acme.test>",
        ("Ada <ada@kunde.test>",),
        ("bob@kunde.test",),
        ("h@acme.test",),
    )
    assert (hello.text, hello.html) == ("Hi", "<p>Hi</p>")
    assert hello.headers["X-Kind"] == "welcome"
    assert "Mailproof-Purpose" not in hello.headers
    assert [file.filename for file in hello.attachments] == ["a.txt"]
    assert mails["Only HTML"].html == "<b>x</b>"
    assert mails["Lazy"].text == "Soon"
    assert [file.filename for file in mails["Lazy"].attachments] == ["b.pdf"]


def test_with_the_outbox_djangos_transaction_decides(tmp_path: Path) -> None:
    environ = dict(accepting(tmp_path))
    run(IN_THE_OUTBOX, tmp_path, "outbox", environ)
    assert accepted(tmp_path) == []
    drained = subprocess.run(
        [
            *(sys.executable, "-m", "mailproof", "outbox", "drain", "--once"),
            *("--url", f"sqlite:///{tmp_path}/app.db"),
        ],
        env={**os.environ, **environ},
        timeout=60,
        check=True,
        capture_output=True,
    )
    assert drained.returncode == 0
    assert accepted(tmp_path) == ["Kept"]
