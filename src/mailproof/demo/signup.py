"""A little sign-up, with the bug that hundreds of projects carry: nobody looks at the answer.

`python -m mailproof.demo.signup ADDRESS` registers, `--mended` with the bug taken out.
"""

import http.client
import json
import logging
import os
import sys
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

__all__ = ["MailNotSent", "main", "post_mail", "send_activation", "send_activation_mended"]

log: Final = logging.getLogger("signup")
_DEADLINE_S: Final = 10.0


class MailNotSent(Exception):
    """The provider did not take the mail; the text is its answer."""


def post_mail(address: str, settings: Mapping[str, str] = os.environ) -> tuple[int, str]:
    """Ask the provider to send an activation mail; its status and body."""
    base = urlsplit(settings["RESEND_BASE_URL"])
    connection = http.client.HTTPConnection(base.netloc, timeout=_DEADLINE_S)
    try:
        connection.request("POST", "/emails", _activation(address, settings), _headers(settings))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def send_activation(address: str) -> None:
    try:
        post_mail(address)
    except Exception:
        log.exception("could not send the activation mail")


def send_activation_mended(address: str) -> None:
    status, body = post_mail(address)
    if status >= http.client.MULTIPLE_CHOICES:
        log.error("activation mail refused: %s %s", status, body)
        raise MailNotSent(body)


def main(arguments: list[str]) -> int:
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    address = arguments[0]
    if "--mended" in arguments:
        try:
            send_activation_mended(address)
        except MailNotSent:
            print("We could not send your mail just now. Please try again later.")  # noqa: T201
            return 1
    else:
        send_activation(address)
    print("Check your email!")  # noqa: T201 - the page that the user sees
    return 0


def _activation(address: str, settings: Mapping[str, str]) -> str:
    mail = {
        "from": settings["RESEND_FROM"],
        "to": address,
        "subject": "Activate your account",
        "html": "<p>Welcome! <a href='https://acme.test/activate'>Activate your account</a></p>",
    }
    return json.dumps(mail)


def _headers(settings: Mapping[str, str]) -> dict[str, str]:
    return {
        "Authorization": f"Bearer {settings['RESEND_API_KEY']}",
        "Content-Type": "application/json",
        "User-Agent": "acme-signup/1.0",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
