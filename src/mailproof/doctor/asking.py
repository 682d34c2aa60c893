"""Ask Resend: what it says to this key and this From address, without ever sending a mail.

Two questions go out at once. `GET /domains` is answered to full-access keys only. `POST /emails`
with everything but `to` can deliver nothing, since `to` is the recipient and Resend requires it
(API reference, "Send Email"); what it is refused with tells whether key, account and sender would
do, also to a key that may only send. In which order Resend looks at key, domain and fields is not
documented; so a complaint about `to` proves the key, and says nothing about the domain.
"""

import asyncio
import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

import mailproof
from mailproof.diagnosis.evidence import Context, Evidence, HttpAnswer, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reading.harvest import parse_body
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.doctor.keys import Key
from mailproof.doctor.sender import Sender
from mailproof.doctor.settings import Setting
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.providers.diagnose import diagnose
from mailproof.providers.http import Http, open_http

__all__ = ["RESEND", "Answer", "ApiSeen", "ask", "base_url_of", "is_loopback", "is_resend"]

RESEND: Final = "https://api.resend.com"
_PROBE_SUBJECT: Final = "Mailproof doctor: a probe without a recipient, it can reach nobody"
_TEST_SUBJECT: Final = "Mailproof doctor: it works"
_TESTING_SENDER: Final = "Mailproof doctor <onboarding@resend.dev>"

Answer = HttpAnswer | Raised


class Domain(msgspec.Struct, frozen=True):
    """A domain as Resend lists it; `name` in lower case and ASCII, unknown fields left out."""

    name: str
    status: str = ""
    id: str = ""
    region: str = ""


class Record(msgspec.Struct, frozen=True):
    """A DNS record that Resend wants to see, and whether it does (`status`)."""

    name: str = ""
    type: str = ""
    value: str = ""
    status: str = ""
    record: str = ""
    priority: int | None = None


class ApiSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and answered. `listing`, `probe`, `test`: None when it was not asked.

    `records`: what Resend wants in the DNS of the From domain, when it told. `more`: the account
    has more domains than were listed.
    """

    base_url: str
    sender: str = ""
    with_key: bool = False
    listing: Answer | None = None
    probe: Answer | None = None
    test: Answer | None = None
    domains: tuple[Domain, ...] | None = None
    more: bool = False
    records: tuple[Record, ...] = ()

    @property
    def answers(self) -> tuple[Answer, ...]:
        return tuple(each for each in (self.listing, self.probe, self.test) if each is not None)

    def failure(self, answer: Answer) -> Failure:
        return diagnose(Evidence(answer, provider="resend", context=Context(sender=self.sender)))


def base_url_of(setting: Setting | None) -> str:
    """Where the app's calls go, without the slash at the end; Resend itself by default."""
    value = setting.value.strip().strip("\"'").rstrip("/") if setting is not None else ""
    return value or RESEND


def without_login(url: str) -> str:
    """The URL as it may be shown."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}" if mark else url


def is_resend(url: str) -> bool:
    """Is this Resend itself, not a stand-in on this machine or another server?"""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return host == "resend.com" or host.endswith(".resend.com")


def is_loopback(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def ask(  # noqa: PLR0913 - what one round of questions needs
    base_url: str,
    key: Key,
    sender: Sender | None,
    environ: Mapping[str, str],
    *,
    test_to: str,
    deadline_s: float,
) -> ApiSeen:
    """Ask all questions at once; `deadline_s` for each. With `test_to`, one real mail goes there.

    A key that cannot be one is not sent: without it, an answer still shows that Resend is there.
    `environ` names the proxy, if there is one.
    """
    headers = {"Authorization": f"Bearer {key.value}"} if key.usable else {}
    address = sender.mailbox if sender is not None else _TESTING_SENDER
    async with open_http(f"mailproof-doctor/{mailproof.__version__}", environ) as http:
        async with asyncio.TaskGroup() as group:
            listing = group.create_task(
                http.get(f"{base_url}/domains?limit=100", headers=headers, deadline_s=deadline_s)
            )
            probe = test = None
            if key.usable:
                body = {"from": address, "subject": _PROBE_SUBJECT, "text": _PROBE_SUBJECT}
                probe = group.create_task(
                    http.post(f"{base_url}/emails", body, headers=headers, deadline_s=deadline_s)
                )
            if key.usable and test_to:
                body = {"from": address, "subject": _TEST_SUBJECT, "text": _TEST_SUBJECT}
                test = group.create_task(
                    http.post(
                        f"{base_url}/emails",
                        body | {"to": [test_to]},
                        headers=headers,
                        deadline_s=deadline_s,
                    )
                )
        domains, more = _domains(listing.result())
        records: tuple[Record, ...] = ()
        if sender is not None:
            records = await _records(http, base_url, domains, sender, headers, deadline_s)
    return ApiSeen(
        base_url=base_url,
        sender=address,
        with_key=key.usable,
        listing=listing.result(),
        probe=probe.result() if probe else None,
        test=test.result() if test else None,
        domains=domains,
        more=more,
        records=records,
    )


def json_of(answer: Answer) -> dict[str, Any]:
    """The body when it is a JSON object, else empty."""
    if not isinstance(answer, HttpAnswer) or not isinstance(answer.body, str):
        return {}
    body = parse_body(answer.body)
    return body if isinstance(body, dict) else {}


def accepted(answer: Answer) -> bool:
    """Was it taken for sending?"""
    is_success = isinstance(answer, HttpAnswer) and answer.status < 300
    return is_success and isinstance(json_of(answer).get("id"), str)


def shown(answer: Answer) -> str:
    """The answer in one line, as evidence: status and first words, without secrets in them."""
    if isinstance(answer, HttpAnswer):
        body = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", str(answer.body), flags=re.DOTALL)
        to = f"location: {answer.headers['location']} " if "location" in answer.headers else ""
        return f"HTTP {answer.status} {redact_text(to + ' '.join(body.split()))[:300]}".strip()
    speaking = answer  # the outermost that has words, else the outermost
    while speaking.cause is not None and not speaking.message:
        speaking = speaking.cause
    speaking = speaking if speaking.message else answer
    return redact_text(f"{speaking.type}: {speaking.message}")[:300].strip(": ")


def _domains(answer: Answer) -> tuple[tuple[Domain, ...] | None, bool]:
    if not isinstance(answer, HttpAnswer) or answer.status != 200:
        return None, False
    body = json_of(answer)
    try:
        found = msgspec.convert(body.get("data"), tuple[Domain, ...])
    except msgspec.ValidationError:
        return None, False
    named = tuple(msgspec.structs.replace(each, name=_in_ascii(each.name)) for each in found)
    return named, body.get("has_more") is True


def _in_ascii(domain: str) -> str:
    """As the From domain is written, to be compared with it: small letters, `xn--` for others."""
    try:
        return Address.parse(f"a@{domain}", where="domain").wire.rpartition("@")[2].lower()
    except InvalidInput:
        return domain.lower()


async def _records(  # noqa: PLR0913 - what one call needs
    http: Http,
    base_url: str,
    domains: tuple[Domain, ...] | None,
    sender: Sender,
    headers: dict[str, str],
    deadline_s: float,
) -> tuple[Record, ...]:
    """What Resend wants in the DNS; empty when it does not tell, which costs only the detail."""
    own = next((each for each in domains or () if each.name == sender.domain), None)
    if own is None or not re.fullmatch(r"[\w-]+", own.id):
        return ()
    answer = await http.get(f"{base_url}/domains/{own.id}", headers=headers, deadline_s=deadline_s)
    try:
        return msgspec.convert(json_of(answer).get("records", ()), tuple[Record, ...])
    except msgspec.ValidationError:
        return ()
